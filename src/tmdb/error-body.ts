import { type ErrorCode, ProxyError } from '../errors.js';

/** The number TMDB would most likely give for each of our own failures, so that clients which switch on it do right. */
const NUMBERS: Readonly<Record<ErrorCode, number>> = {
  origin_unreachable: 43,
  origin_protocol: 43,
  origin_timeout: 24,
  origin_rate_limited: 25,
  origin_breaker_open: 9,
  budget_exhausted: 9,
  client_closed: 11,
  shutting_down: 9,
  bad_target: 47,
  bad_request: 47,
  method_refused: 42,
  loop_detected: 43,
  misdirected: 47,
  only_if_cached: 24,
  offline: 24,
  proxy_key_missing: 7,
  proxy_key_unknown: 7,
  proxy_key_expired: 7,
  proxy_key_class: 3,
  node_full: 9,
  client_full: 25,
  target_too_long: 47,
  too_many_fields: 47,
  body_too_large: 47,
  upload_slow: 47,
  body_coded: 47,
  tenant_rate: 25,
  tenant_quota: 25,
  conflict: 8,
  config_invalid: 47,
  not_found: 34,
  unauthorized: 7,
  forbidden: 3,
  too_many_attempts: 25,
  internal: 11,
};

/** For codes that are not ours. */
const BY_STATUS: ReadonlyMap<number, number> = new Map([
  [400, 47],
  [401, 7],
  [403, 3],
  [404, 34],
  [405, 42],
  [429, 25],
  [502, 43],
  [503, 9],
  [504, 24],
]);

/** TMDB's error envelope (TMDB.md, Responses), whose message always says what to do next (CONTRACT.md, Paths). */
export function errorBody(status: number, code: string, message: string): { type: string; body: string } {
  const known = isErrorCode(code);
  const envelope = {
    success: false,
    status_code: known ? NUMBERS[code] : (BY_STATUS.get(status) ?? 11),
    status_message: known ? withAdvice(code, message) : message,
  };
  return { type: 'application/json;charset=utf-8', body: JSON.stringify(envelope) };
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(NUMBERS, code);
}

/** Adds the catalogue's advice unless the caller has done so. */
function withAdvice(code: ErrorCode, message: string): string {
  const { advice } = new ProxyError(code, message);
  if (message === '' || message.includes(advice)) return message === '' ? advice : message;
  return `${message}${/[.!?]$/.test(message) ? '' : '.'} ${advice}`;
}
