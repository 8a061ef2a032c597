import { NO_REQUEST_DIRECTIVES, type RequestDirectives } from './cache-control.js';

/** What is known of a stored response, as numbers kept since it was stored. Durations in ms. */
export interface StoredTimes {
  /** current_age now (RFC 9111 section 4.2.3). */
  readonly ageMs: number;
  readonly lifetimeMs: number;
  /** RFC 5861 windows after the lifetime; 0 for none. */
  readonly staleWhileRevalidateMs: number;
  readonly staleIfErrorMs: number;
  /** Unqualified no-cache: never reused without validation, however fresh. */
  readonly noCache: boolean;
  /** must-revalidate, proxy-revalidate, s-maxage or no-cache: never served stale (`forbidsStale`). */
  readonly forbidsStale: boolean;
}

/**
 * - `fresh`: answer with it.
 * - `stale-while-revalidate`: answer with it and refresh in the background.
 * - `stale-if-error-only`: ask the origin; answer with it only when that fails.
 * - `must-validate`: ask the origin; never answer with it unvalidated.
 * - `unusable`: the client wants a stored response only and this one may not be used: 504.
 */
export type ReuseKind =
  | 'fresh'
  | 'stale-while-revalidate'
  | 'stale-if-error-only'
  | 'must-validate'
  | 'unusable';

export type ReuseReason =
  | 'within-lifetime'
  | 'within-swr'
  | 'within-sie'
  | 'request-max-stale'
  | 'request-no-cache'
  | 'request-max-age'
  | 'request-min-fresh'
  | 'no-cache'
  | 'stale-forbidden'
  | 'expired'
  | 'only-if-cached';

export interface ReuseVerdict {
  readonly kind: ReuseKind;
  readonly reason: ReuseReason;
}

export interface ReuseOptions {
  /** max-stale lets a client loosen freshness; honoured only when the operator says so. */
  readonly honourMaxStale?: boolean | undefined;
}

// One object per outcome: a verdict is made for every hit.
const FRESH = verdict('fresh', 'within-lifetime');
const SWR = verdict('stale-while-revalidate', 'within-swr');
const MAX_STALE = verdict('stale-while-revalidate', 'request-max-stale');
const SIE = verdict('stale-if-error-only', 'within-sie');
const SIE_MAX_AGE = verdict('stale-if-error-only', 'request-max-age');
const SIE_MIN_FRESH = verdict('stale-if-error-only', 'request-min-fresh');
const REQUEST_NO_CACHE = verdict('must-validate', 'request-no-cache');
const REQUEST_MAX_AGE = verdict('must-validate', 'request-max-age');
const REQUEST_MIN_FRESH = verdict('must-validate', 'request-min-fresh');
const NO_CACHE = verdict('must-validate', 'no-cache');
const STALE_FORBIDDEN = verdict('must-validate', 'stale-forbidden');
const EXPIRED = verdict('must-validate', 'expired');
const UNUSABLE = verdict('unusable', 'only-if-cached');

/**
 * Whether a stored response may answer a request (RFC 9111 sections 4, 4.2.4 and 5.2.1). A request's no-store does not
 * apply to what is already stored (section 5.2.1.5), so it plays no part here.
 */
export function judgeReuse(
  stored: StoredTimes,
  request: RequestDirectives = NO_REQUEST_DIRECTIVES,
  options: ReuseOptions = {},
): ReuseVerdict {
  const judged = judge(stored, request, options);
  if (!request.onlyIfCached || judged.kind === 'fresh' || judged.kind === 'stale-while-revalidate')
    return judged;
  return UNUSABLE; // section 5.2.1.7
}

function judge(stored: StoredTimes, request: RequestDirectives, options: ReuseOptions): ReuseVerdict {
  if (stored.noCache) return NO_CACHE;
  if (request.noCache) return REQUEST_NO_CACHE;
  const staleness = stored.ageMs - stored.lifetimeMs; // fresh while negative (section 4.2)

  if (request.maxAge !== undefined && stored.ageMs > request.maxAge) {
    return mayStandIn(stored, request, staleness) ? SIE_MAX_AGE : REQUEST_MAX_AGE;
  }
  if (request.minFresh !== undefined && -staleness < request.minFresh) {
    return mayStandIn(stored, request, staleness) ? SIE_MIN_FRESH : REQUEST_MIN_FRESH;
  }
  if (staleness < 0) return FRESH;
  if (stored.forbidsStale) return STALE_FORBIDDEN;
  if (options.honourMaxStale && request.maxStale !== undefined && staleness <= request.maxStale)
    return MAX_STALE;
  // Section 5.2.1.1: with max-age and no max-stale the client does not want a stale answer.
  if (staleness < stored.staleWhileRevalidateMs && request.maxAge === undefined) return SWR;
  return mayStandIn(stored, request, staleness) ? SIE : EXPIRED;
}

/** Whether the response may be sent when asking the origin fails. A client may shorten that, never lengthen it. */
function mayStandIn(stored: StoredTimes, request: RequestDirectives, staleness: number): boolean {
  if (staleness < 0) return true;
  if (stored.forbidsStale) return false;
  return staleness < Math.min(stored.staleIfErrorMs, request.staleIfError ?? Number.POSITIVE_INFINITY);
}

function verdict(kind: ReuseKind, reason: ReuseReason): ReuseVerdict {
  return Object.freeze({ kind, reason });
}
