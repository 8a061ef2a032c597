const KEY_ADVICE = 'Send the key you were given as api_key= or Authorization: Bearer.';

/**
 * Every failure this program reports to a client, in one place: a stable code, the HTTP status it becomes, whether
 * trying again later can help, and what to do about it.
 */
const CATALOGUE = {
  origin_unreachable: [502, true, 'The origin could not be reached. Try again shortly.'],
  origin_protocol: [502, true, 'The origin sent something that is not valid HTTP. Try again shortly.'],
  origin_timeout: [504, true, 'The origin did not answer in time. Try again shortly.'],
  origin_rate_limited: [429, true, 'The origin asked us to wait. Honour Retry-After.'],
  origin_breaker_open: [
    503,
    true,
    'The origin has been failing and is being left alone. Honour Retry-After.',
  ],
  budget_exhausted: [503, true, 'Too many requests wait for the origin. Honour Retry-After.'],
  client_closed: [499, false, 'The client went away.'],
  shutting_down: [503, true, 'This node is stopping. Ask another one.'],
  bad_target: [
    400,
    false,
    'Send a plain path without encoded slashes, backslashes, NULs or encoded dot segments.',
  ],
  bad_request: [400, false, 'Correct the request as the message says.'],
  method_refused: [405, false, 'Use GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS.'],
  loop_detected: [
    508,
    false,
    'This node was asked by way of itself: its PARENT_PROXY leads back to it. Whoever asked may ask TMDB instead.',
  ],
  misdirected: [421, false, "Send the request to this proxy's own address, in origin form."],
  only_if_cached: [504, false, 'Nothing is stored for this request; drop only-if-cached.'],
  offline: [504, false, 'Only what is stored is answered until its operator sets OFFLINE=false.'],
  proxy_key_missing: [401, false, KEY_ADVICE],
  proxy_key_unknown: [401, false, KEY_ADVICE],
  proxy_key_expired: [401, false, 'Ask the operator of this proxy for a new key.'],
  proxy_key_class: [401, false, 'Ask the operator of this proxy to allow it for your key.'],
  node_full: [503, true, 'This node has as many connections and requests as it takes. Honour Retry-After.'],
  client_full: [429, true, 'Close connections that you do not need, and honour Retry-After.'],
  target_too_long: [414, false, 'Send a shorter URL.'],
  too_many_fields: [431, false, 'Send fewer header fields.'],
  body_too_large: [413, false, 'Send at most 64 KiB.'],
  upload_slow: [408, true, 'Send it again, and faster.'],
  body_coded: [415, false, 'Send it without Content-Encoding.'],
  tenant_rate: [429, true, 'Honour Retry-After.'],
  tenant_quota: [429, true, 'Honour Retry-After: the quota begins anew at midnight UTC.'],
  conflict: [409, false, 'Look at its present state first.'],
  config_invalid: [422, false, 'Correct it and ask again; what held before still holds.'],
  not_found: [404, false, 'See /docs for what this server answers; TMDB is under /3, /4 and /t/p.'],
  unauthorized: [401, false, 'Send the admin key as X-API-Key or Authorization: Bearer.'],
  forbidden: [403, false, 'Set ADMIN_API_KEY to use management paths from another machine.'],
  too_many_attempts: [429, true, 'Too many wrong keys. Wait a few seconds.'],
  internal: [500, true, 'A fault in the proxy. The log has the details under this request id.'],
} as const satisfies Record<string, readonly [status: number, retryable: boolean, advice: string]>;

export type ErrorCode = keyof typeof CATALOGUE;

export interface ProxyErrorDetails {
  cause?: unknown;
  /** Seconds a client should wait, when known. */
  retryAfter?: number;
  /** What to do about it, where the code's own advice says less. */
  advice?: string;
}

/** A failure with a stable code. `message` is for people and holds no secret. */
export class ProxyError extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  readonly retryable: boolean;
  readonly advice: string;
  readonly retryAfter: number | undefined;

  constructor(code: ErrorCode, message: string, details: ProxyErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'ProxyError';
    this.code = code;
    const [status, retryable, advice] = CATALOGUE[code];
    this.status = status;
    this.retryable = retryable;
    this.advice = details.advice ?? advice;
    this.retryAfter = details.retryAfter;
  }
}

/** Any thrown value as a ProxyError; what is unknown becomes `internal` with the original as its cause. */
export function asProxyError(thrown: unknown): ProxyError {
  if (thrown instanceof ProxyError) return thrown;
  return new ProxyError('internal', 'unexpected failure', { cause: thrown });
}
