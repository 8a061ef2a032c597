import type { ResponseDirectives } from './cache-control.js';
import { parseHttpDate } from './dates.js';
import { field, fieldValue, hasField, type RawHeaders } from './headers.js';
import { isHeuristicallyCacheable } from './status.js';
import { type ResponsePolicy, responsePolicy } from './targeted.js';

/** Where a lifetime comes from, RFC 9111 section 4.2.1 and RFC 9213. */
export type LifetimeSource = 'targeted' | 's-maxage' | 'max-age' | 'expires' | 'heuristic' | 'none';

export interface Lifetime {
  readonly lifetimeMs: number;
  readonly source: LifetimeSource;
}

export interface FreshnessOptions {
  /** Clock when the response head arrived, ms since epoch: stands in for a missing or bad Date. */
  readonly responseTime: number;
  /** Already read directives, else they are read from the headers. */
  readonly policy?: ResponsePolicy | undefined;
  /** Upper bound of a heuristic lifetime in ms; default 24 h, after which RFC 9111 section 4.2.2 wanted a warning. */
  readonly heuristicCapMs?: number | undefined;
}

export interface StaleWindows {
  /** How long after the lifetime, in ms, an answer may be given while a refresh runs (RFC 5861 section 3). */
  readonly whileRevalidateMs: number;
  /** How long after the lifetime, in ms, an answer may stand in for an error (RFC 5861 section 4). */
  readonly ifErrorMs: number;
}

const DAY_MS = 86_400_000;
const HEURISTIC_FRACTION = 0.1;

/** How long a shared cache may take a response for fresh, counted from its generation (RFC 9111 section 4.2.1). */
export function freshnessLifetime(
  response: { readonly status: number; readonly headers: RawHeaders },
  options: FreshnessOptions,
): Lifetime {
  const { directives, targetedBy } = options.policy ?? responsePolicy(response.headers);
  if (directives.sMaxage !== undefined) {
    return { lifetimeMs: directives.sMaxage, source: targetedBy === undefined ? 's-maxage' : 'targeted' };
  }
  if (directives.maxAge !== undefined) {
    return { lifetimeMs: directives.maxAge, source: targetedBy === undefined ? 'max-age' : 'targeted' };
  }
  const date = dateOf(response.headers, options.responseTime);
  if (targetedBy === undefined && hasField(response.headers, 'expires')) {
    // Section 5.3: an invalid Expires, "0" above all, is in the past. Several lines are invalid together.
    const expires = parseHttpDate(fieldValue(response.headers, 'expires')!, options.responseTime);
    return { lifetimeMs: expires === undefined ? 0 : Math.max(0, expires - date), source: 'expires' };
  }
  return heuristicLifetime(response, directives, date, options);
}

/** Section 4.2.2: a tenth of the time since Last-Modified, for the statuses that allow it or marked `public`. */
function heuristicLifetime(
  response: { readonly status: number; readonly headers: RawHeaders },
  directives: ResponseDirectives,
  date: number,
  options: FreshnessOptions,
): Lifetime {
  const none: Lifetime = { lifetimeMs: 0, source: 'none' };
  if (!isHeuristicallyCacheable(response.status) && !directives.public) return none;
  const value = field(response.headers, 'last-modified');
  const lastModified = value === undefined ? undefined : parseHttpDate(value, options.responseTime);
  if (lastModified === undefined || lastModified >= date) return none;
  const lifetimeMs = Math.floor((date - lastModified) * HEURISTIC_FRACTION);
  return { lifetimeMs: Math.min(lifetimeMs, options.heuristicCapMs ?? DAY_MS), source: 'heuristic' };
}

/** Date of a response in ms, or `responseTime` when it has none that is valid (RFC 9110 section 6.6.1). */
export function dateOf(headers: RawHeaders, responseTime: number): number {
  const value = field(headers, 'date');
  return (value === undefined ? undefined : parseHttpDate(value, responseTime)) ?? responseTime;
}

/**
 * Whether the origin forbids any stale answer (RFC 9111 section 4.2.4). s-maxage includes proxy-revalidate for a
 * shared cache (section 5.2.2.10), also beside stale-while-revalidate.
 */
export function forbidsStale(directives: ResponseDirectives): boolean {
  return (
    directives.mustRevalidate ||
    directives.proxyRevalidate ||
    directives.noCache ||
    directives.sMaxage !== undefined
  );
}

/** Stale windows: the origin's own, else the operator's `defaults`, and none where staleness is forbidden. */
export function staleWindows(
  directives: ResponseDirectives,
  defaults: StaleWindows = NO_WINDOWS,
): StaleWindows {
  if (forbidsStale(directives)) return NO_WINDOWS;
  return {
    whileRevalidateMs: directives.staleWhileRevalidate ?? defaults.whileRevalidateMs,
    ifErrorMs: directives.staleIfError ?? defaults.ifErrorMs,
  };
}

const NO_WINDOWS: StaleWindows = Object.freeze({ whileRevalidateMs: 0, ifErrorMs: 0 });
