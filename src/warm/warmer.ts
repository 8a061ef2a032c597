import type { Filler } from '../cache/fill.js';
import type { Want } from '../cache/landed.js';
import { freshFor, type Lookup } from '../cache/lookup.js';
import type { PurgeTable } from '../cache/purge-table.js';
import type { SharedRoute, SitePolicy } from '../cache/site.js';
import type { Clock } from '../clock.js';
import { ProxyError } from '../errors.js';
import { field } from '../http/headers.js';
import { parseRetryAfter } from '../http/retry-after.js';
import { pause, untilAborted } from './pause.js';
import { requestOf } from './target.js';

export interface WarmerParts {
  readonly site: SitePolicy;
  readonly lookup: Pick<Lookup, 'look'>;
  readonly filler: Pick<Filler, 'obtain'>;
  readonly purges: Pick<PurgeTable, 'stamp'>;
  readonly clock: Clock;
  /** What processes have in memory of a primary key has been replaced in L2. */
  readonly replaced: (primaryKey: string) => void;
}

/** What became of one target. `refused`: the origin does not take our key. */
export type Warmed =
  | { readonly result: 'hits' | 'filled' | 'skipped' }
  | { readonly result: 'errors'; readonly why: string; readonly refused?: boolean };

/** What asks for patience rather than being an error. */
const WAIT_CODES: ReadonlySet<string> = new Set([
  'budget_exhausted',
  'origin_rate_limited',
  'origin_breaker_open',
]);
/** Where nobody says how long, ms. */
const WAIT_MS = 5000;

/** Fills single targets, behind everybody else: a client of the engine with the lowest priority. */
export class Warmer {
  readonly #parts: WarmerParts;
  /** By upstream: it is left alone until then (by the steady clock, ms), and why. */
  readonly #held = new Map<string, { readonly until: number; readonly why: string }>();

  constructor(parts: WarmerParts) {
    this.#parts = parts;
  }

  /** Why nothing is asked at present. */
  get waitingFor(): string | undefined {
    const now = this.#parts.clock.steady();
    return [...this.#held.values()].find(({ until }) => until > now)?.why;
  }

  /** Brings one target into the cache unless it is fresh there. Rejects only when `signal` fires or the node stops. */
  async warm(target: string, signal: AbortSignal): Promise<Warmed> {
    const route = this.#parts.site.route(requestOf(target));
    if (route.kind !== 'shared') return { result: 'skipped' };
    for (;;) {
      await this.#released(route.upstream, signal);
      const warmed = await this.#once(route, signal);
      if (warmed !== 'again') return warmed;
    }
  }

  async #released(upstream: string, signal: AbortSignal): Promise<void> {
    for (;;) {
      const left = (this.#held.get(upstream)?.until ?? 0) - this.#parts.clock.steady();
      if (left <= 0) break;
      await pause(this.#parts.clock, left, signal);
    }
    this.#held.delete(upstream);
  }

  #hold(upstream: string, ms: number, why: string): 'again' {
    const until = this.#parts.clock.steady() + Math.max(1000, ms);
    if (until > (this.#held.get(upstream)?.until ?? 0)) this.#held.set(upstream, { until, why });
    return 'again';
  }

  async #once(route: SharedRoute, signal: AbortSignal): Promise<Warmed | 'again'> {
    const { lookup, purges, clock, replaced } = this.#parts;
    // I-2: before the first await.
    const stamp = purges.stamp();
    const looked = await lookup.look(route);
    const whole = typeof looked !== 'string' && looked.entry.status !== 206 ? looked : undefined;
    if (whole !== undefined && freshFor(whole, clock.now()) > 0) return { result: 'hits' };
    const forward = typeof looked === 'string' ? looked : whole === undefined ? 'partial' : 'stale';
    const want: Want = { route, stored: whole?.entry, stamp, forward };
    try {
      const warmed = await this.#obtain(want, signal);
      if (warmed !== 'again' && warmed.result === 'filled' && looked !== 'uri-miss') replaced(route.key);
      return warmed;
    } catch (thrown) {
      if (signal.aborted || !(thrown instanceof ProxyError) || thrown.code === 'shutting_down') throw thrown;
      if (!WAIT_CODES.has(thrown.code)) return { result: 'errors', why: thrown.message };
      return this.#hold(route.upstream, (thrown.retryAfter ?? 0) * 1000 || WAIT_MS, thrown.message);
    }
  }

  async #obtain(want: Want, signal: AbortSignal): Promise<Warmed | 'again'> {
    const answer = await this.#parts.filler.obtain(want, signal, 'background');
    if (answer.kind === 'entry') return { result: 'filled' };
    if (answer.kind === 'arriving') {
      const stored = answer.whole();
      answer.body.cancel();
      const entry = await untilAborted(stored, signal);
      return entry === undefined ? { result: 'errors', why: 'the answer could not be stored' } : FILLED;
    }
    const { status, headers } = answer.head;
    answer.body.cancel();
    if (status === 429) {
      const ms = parseRetryAfter(field(headers, 'retry-after'), this.#parts.clock.now()) ?? WAIT_MS;
      return this.#hold(want.route.upstream, ms, 'the origin has asked everybody to wait');
    }
    if (status < 400) return { result: 'skipped' };
    return { result: 'errors', why: `the origin answered ${status}`, refused: status === 401 };
  }
}

const FILLED: Warmed = { result: 'filled' };
