import { type ErrorCode, ProxyError } from '../errors.js';
import type { OriginRequest } from '../origin/source.js';

/** Failures of a request that was not sent. */
const NOT_SENT: ReadonlySet<ErrorCode> = new Set([
  'origin_breaker_open',
  'budget_exhausted',
  'origin_rate_limited',
]);

/** Failures that leave open how much of the body went out. */
const UNFINISHED: ReadonlySet<ErrorCode> = new Set(['client_closed', 'upload_slow']);

/** What node:net and undici call a connection that never was. */
const NOT_CONNECTED: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/**
 * Whether the origin may have acted on a request that failed. Not if it cannot have had the whole of it: else clients that give
 * up, and an origin that is down, would empty the cache.
 */
export function mayHaveActed({ body }: OriginRequest, thrown: unknown): boolean {
  if (!(thrown instanceof ProxyError)) return true;
  if (NOT_SENT.has(thrown.code)) return false;
  if (UNFINISHED.has(thrown.code)) return body === undefined || body.readableEnded;
  const { cause } = thrown;
  return !(cause instanceof Error && 'code' in cause && NOT_CONNECTED.has(cause.code));
}
