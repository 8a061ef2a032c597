import type { Outcome, Result } from '../cache/outcome.js';
import type { ErrorCode } from '../errors.js';
import { printCacheStatus } from '../http/cache-status.js';

/** What only one response adds to its outcome. */
export interface Telling {
  /** The failure answered with, when there was one. */
  readonly error?: ErrorCode | undefined;
  /** Freshness left as the head is sent, in seconds, where the engine could not know it yet. */
  readonly ttlSeconds?: number | undefined;
  /** The client wants to be told its cache key. */
  readonly withKey?: boolean | undefined;
}

export interface OutcomeFields {
  /** One member of `Cache-Status` (RFC 9211). */
  readonly cacheStatus: string;
  readonly xCache: string;
}

const X_CACHE: Readonly<Record<Result, string>> = {
  hit: 'HIT',
  stale: 'STALE',
  miss: 'MISS',
  bypass: 'BYPASS',
  error: 'ERROR',
};

/** Failures that came of asking the origin, or of trying to. */
const WENT_FORWARD: ReadonlySet<ErrorCode> = new Set([
  'origin_unreachable',
  'origin_protocol',
  'origin_timeout',
  'origin_rate_limited',
  'origin_breaker_open',
  'budget_exhausted',
]);

/**
 * Everything a client is told about what happened to its request, printed from the outcome and nothing else (I-24).
 * `cache` is this node's name. A stale value that stands in after the origin was asked is no hit: it went forward
 * (RFC 9211 section 2.1).
 */
export function outcomeFields(outcome: Outcome, cache: string, telling: Telling = {}): OutcomeFields {
  const { forward } = outcome;
  const { error } = telling;
  // What was to go forward may have failed before it did (a refused target, say).
  const forwarded = error === undefined ? forward !== undefined : WENT_FORWARD.has(error);
  return {
    cacheStatus: printCacheStatus({
      cache,
      hit: !forwarded && (outcome.result === 'hit' || outcome.result === 'stale'),
      // `miss`: what exactly was missing is not known of a failure.
      fwd: forwarded ? (forward ?? 'miss') : undefined,
      fwdStatus: outcome.forwardStatus,
      stored: outcome.stored,
      collapsed: outcome.collapsed,
      ttlSeconds: outcome.ttl ?? telling.ttlSeconds,
      key: telling.withKey ? outcome.key : undefined,
      detail: error ?? detailOf(outcome),
    }),
    xCache: X_CACHE[outcome.result],
  };
}

/** The one reason worth knowing: why stale, why not stored, why passed through; of a plain hit the tier. */
function detailOf(outcome: Outcome): string | undefined {
  if (outcome.stale !== undefined) return `${outcome.served}/${outcome.stale}`;
  return outcome.noStore ?? outcome.pass ?? (outcome.result === 'hit' ? outcome.served : undefined);
}
