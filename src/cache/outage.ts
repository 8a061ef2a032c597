import type { Clock } from '../clock.js';
import { type ErrorCode, ProxyError } from '../errors.js';
import { forbidsStale } from '../http/freshness.js';
import { isServerFailure } from '../http/status.js';
import { responsePolicy } from '../http/targeted.js';
import { ageAt, type EntryHead } from '../tiers/entry.js';
import type { Answer } from './answer.js';
import type { SitePolicy } from './site.js';

/** TMDB's terms: nothing is served that is older than six months. */
const MAX_AGE_MS = 180 * 24 * 3600 * 1000;
/** A breaker lets a request through at least so often (origin/breaker.ts), ms: who sees none for longer knows nothing of it. */
export const REMEMBERED_MS = 120_000;

/** What the request that a breaker lets through ends with, when the origin is still away. */
const STILL_AWAY: ReadonlySet<ErrorCode> = new Set([
  'origin_breaker_open',
  'origin_unreachable',
  'origin_protocol',
  'origin_timeout',
]);

/**
 * Whether what is stored may be served, however stale, when there is nobody to ask. By the letter its origin may have forbidden
 * that (RFC 9111 section 4.2.4). `now` in ms since epoch.
 */
export function mayBeServedOffline(entry: EntryHead, now: number, policy: SitePolicy['ttlPolicy']): boolean {
  if (ageAt(entry, now) > MAX_AGE_MS) return false;
  return policy === 'content-type' || !forbidsStale(responsePolicy(entry.headers).directives);
}

/** Nothing is stored, and nobody may be asked: `OFFLINE`. */
export function offlineError(what: string): ProxyError {
  return new ProxyError('offline', `this proxy is offline (OFFLINE=true): ${what}`);
}

/**
 * Upstreams whose servers are all left alone by their breakers, as this process has been told. The one request that a breaker lets
 * through now and then fails with an error of its own, but is no worse off than the others.
 */
export class Outages {
  readonly #clock: Clock;
  readonly #seen = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What was asked of an upstream, or `stored()`, if that gives something, where the upstream is left alone. */
  async bridged(upstream: string, asked: Promise<Answer>, stored: () => Answer | undefined): Promise<Answer> {
    try {
      const answer = await asked;
      this.heard(upstream, answer);
      if (answer.kind !== 'raw' || !isServerFailure(answer.head.status)) return answer;
      const instead = this.#lasts(upstream) ? stored() : undefined;
      if (instead !== undefined) answer.body.cancel();
      return instead ?? answer;
    } catch (thrown) {
      const instead = this.#tells(upstream, thrown) ? stored() : undefined;
      if (instead === undefined) throw thrown;
      return instead;
    }
  }

  /** An answer that the origin has given, and not as a failure of its own, ends what was known of an outage. */
  heard(upstream: string, { outcome: { forwardStatus } }: Answer): void {
    if (forwardStatus !== undefined && !isServerFailure(forwardStatus)) this.#seen.delete(upstream);
  }

  /** Whether an error means that the upstream is left alone. */
  #tells(upstream: string, thrown: unknown): boolean {
    if (!(thrown instanceof ProxyError) || !STILL_AWAY.has(thrown.code)) return false;
    if (thrown.code !== 'origin_breaker_open') return this.#lasts(upstream);
    this.#seen.set(upstream, this.#clock.steady());
    return true;
  }

  /** Whether it was left alone a moment ago. */
  #lasts(upstream: string): boolean {
    const seen = this.#seen.get(upstream);
    return seen !== undefined && this.#clock.steady() - seen < REMEMBERED_MS;
  }
}
