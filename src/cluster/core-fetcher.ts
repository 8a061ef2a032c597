import type { Answer } from '../cache/answer.js';
import type { Fetched, Fetcher } from '../cache/fetcher.js';
import type { Filler } from '../cache/fill.js';
import type { Want } from '../cache/landed.js';
import { freshFor, type Lookup } from '../cache/lookup.js';
import { completable, holds } from '../cache/part.js';
import type { OnPhase } from '../cache/phases.js';
import type { PurgeTable } from '../cache/purge-table.js';
import { isReusable } from '../cache/reusable.js';
import type { Clock } from '../clock.js';
import { ProxyError } from '../errors.js';
import type { OriginRequest, OriginResponse, Priority } from '../origin/source.js';
import type { HubFetcher } from './hub-server.js';
import type { WireRequest } from './wire.js';

export interface CoreFetcherParts {
  readonly lookup: Lookup;
  readonly filler: Filler;
  readonly fetcher: Fetcher;
  readonly purges: PurgeTable;
  readonly clock: Clock;
  /** What workers have in memory of a primary key has been replaced in L2 before it was stale. */
  readonly replaced: (primaryKey: string) => void;
}

/** What the core does for its workers: one flight per key for the whole node (I-6), and the one writer of L2. */
export class CoreFetcher implements HubFetcher {
  readonly #parts: CoreFetcherParts;

  constructor(parts: CoreFetcherParts) {
    this.#parts = parts;
  }

  pass(request: OriginRequest): Promise<OriginResponse> {
    return this.#parts.fetcher.pass(request);
  }

  async fill(
    request: Extract<WireRequest, { kind: 'fill' }>,
    signal: AbortSignal,
    onInfo?: OriginRequest['onInfo'],
    onPhase?: OnPhase,
  ): Promise<Fetched> {
    const { lookup, filler, purges, clock } = this.#parts;
    const { route, storedAt, forward, trace } = request;
    const stamp = purges.stamp();
    const looked = await lookup.look(route);
    const near = typeof looked === 'string' ? undefined : looked;
    const found = near !== undefined && holds(near.entry, route) ? near : undefined;
    const fresh = found !== undefined && freshFor(found, clock.now()) > 0;
    // By the letter the client's directives are among the fields; they count also where the worker has nothing stored.
    if (fresh && forward !== 'request' && isReusable(found.entry, route.headers, clock.now())) {
      // Another worker has just filled it. A worker that holds this very entry wants it validated nevertheless.
      const newer = storedAt === undefined || found.entry.storedAt > storedAt;
      if (newer)
        return { kind: 'current', entry: found.entry, forwardStatus: found.entry.status, collapsed: true };
    }
    const stored = found?.entry ?? completable(near, route, clock.now());
    const want: Want = { route, stored, stamp, forward, standIn: request.standIn, onInfo, onPhase, trace };
    const answer = request.standIn
      ? await this.#withNet(want, request.priority, signal)
      : await filler.obtain(want, signal, request.priority);
    // Other workers may hold what is replaced, or a marker that does not know of this variant.
    if (looked !== 'uri-miss') this.#announce(answer, route.key);
    const { collapsed = false, forwardStatus = 200 } = answer.outcome;
    switch (answer.kind) {
      case 'entry':
        return {
          kind: 'current',
          entry: answer.entry,
          forwardStatus,
          ...(answer.own && { own: answer.own }),
          collapsed,
        };
      case 'arriving': {
        const { head, length, own, making, body } = answer;
        return { kind: 'storable', head, length, ...(own && { own }), making, body, collapsed };
      }
      case 'raw': {
        const { head, body, share } = answer;
        return { kind: 'uncacheable', head, body, reason: answer.outcome.noStore ?? 'status', share };
      }
    }
  }

  #announce(answer: Answer, key: string): void {
    const { replaced } = this.#parts;
    if (answer.kind === 'entry') replaced(key);
    else if (answer.kind === 'arriving') void answer.stored.then(() => replaced(key));
  }

  /**
   * The worker holds a stale value that may stand in, so a failure is remembered for the node: a dead origin costs one
   * request per interval, not one per worker (I-10). What an answer shows of trouble `obtain` remembers itself.
   */
  async #withNet(want: Want, priority: Priority, signal: AbortSignal): Promise<Answer> {
    const { filler } = this.#parts;
    if (filler.resting(want.route)) {
      throw new ProxyError('origin_unreachable', 'the origin failed a moment ago and is left alone');
    }
    try {
      return await filler.obtain(want, signal, priority);
    } catch (thrown) {
      if (!signal.aborted) filler.rest(want.route);
      throw thrown;
    }
  }
}
