/** Statuses that may be given a heuristic lifetime (RFC 9110 section 15.1; 451: RFC 7725 section 3). */
const HEURISTIC: ReadonlySet<number> = new Set([
  200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 451, 501,
]);

/**
 * Final statuses whose caching rules are implemented here (RFC 9111 section 3, "understands the response status
 * code"). 304 updates and is never stored as such.
 */
const UNDERSTOOD: ReadonlySet<number> = new Set([
  200, 201, 202, 203, 204, 205, 206, 300, 301, 302, 303, 307, 308, 400, 401, 402, 403, 404, 405, 406, 407,
  408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 421, 422, 426, 428, 429, 431, 451, 500, 501, 502, 503,
  504, 505, 511,
]);

/** RFC 6585 sections 3 to 6: "MUST NOT be stored by a cache", whatever their fields say. */
const NEVER_STORED: ReadonlySet<number> = new Set([428, 429, 431, 511]);

export function isHeuristicallyCacheable(status: number): boolean {
  return HEURISTIC.has(status);
}

export function isNeverStored(status: number): boolean {
  return NEVER_STORED.has(status);
}

export function isUnderstood(status: number): boolean {
  return UNDERSTOOD.has(status);
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Names where else to ask, in Location (RFC 9110 section 15.4). */
export function isRedirect(status: number): boolean {
  return REDIRECTS.has(status);
}

/** 500, 502, 503 and 504 are the errors of RFC 5861 section 4 that a stale response may stand in for. */
export function isServerFailure(status: number): boolean {
  return status === 500 || status === 502 || status === 503 || status === 504;
}
