import { STATUS_CODES } from 'node:http';
import type { ProxyError } from '../errors.js';
import { corsFields, PROXIED_METHODS } from './cors.js';
import type { Exchange } from './exchange.js';
import { failureOutcome } from './failure-outcome.js';
import { pushOwnFields } from './own-fields.js';

/** Whose format an error takes: the site's own under proxied paths, problem+json elsewhere (CONTRACT, Paths). */
export type ErrorSide = 'proxied' | 'management';

const NO_FIELDS: readonly string[] = Object.freeze([]);

/** Answers with a failure of our own, unless the client has left or has already been sent a head. */
export function sendError(exchange: Exchange, error: ProxyError, side: ErrorSide): void {
  const { response, settings, method } = exchange;
  if (exchange.gone || response.destroyed) return;
  if (response.headersSent) {
    exchange.cut(false);
    return;
  }
  if (error.code === 'client_closed') {
    // Nobody to answer; a socket that is half open is closed.
    response.destroy();
    return;
  }
  settings.observer.failure(error, exchange.requestId);
  if (side === 'proxied') exchange.outcome = failureOutcome(exchange);
  const { type, body } =
    side === 'proxied'
      ? settings.site.errorBody(error.status, error.code, error.message)
      : problemBody(error);
  const bytes = Buffer.from(body);
  const headers = ['Content-Type', type, 'Content-Length', String(bytes.length), 'Cache-Control', 'no-store'];
  if (error.retryAfter !== undefined) headers.push('Retry-After', String(Math.ceil(error.retryAfter)));
  if (error.status === 401) headers.push('WWW-Authenticate', 'Bearer realm="proxy"');
  if (error.status === 405) headers.push('Allow', PROXIED_METHODS);
  if (side === 'proxied') {
    if (settings.cors) headers.push(...corsFields(NO_FIELDS));
    headers.push('X-TMDB-Proxy', settings.serverId, 'X-TMDB-Proxy-Version', settings.version);
  }
  pushOwnFields(headers, exchange, '', { error: error.code });
  if (exchange.expectsContinue || !settings.isReady()) response.shouldKeepAlive = false;
  exchange.headReady();
  response.writeHead(error.status, STATUS_CODES[error.status] ?? '', headers);
  if (method === 'HEAD') {
    response.end();
  } else {
    exchange.bytes = bytes.length;
    response.end(bytes);
  }
}

/** RFC 9457. `code` is ours and stable; the detail is for people and says what to do next. `status` is the error's own. */
export function problemBody(error: ProxyError, status = error.status): { type: string; body: string } {
  const stop = /[.!?]$/.test(error.message) ? '' : '.';
  const problem = {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    code: error.code,
    detail: error.code === 'internal' ? error.advice : `${error.message}${stop} ${error.advice}`,
  };
  return { type: 'application/problem+json', body: JSON.stringify(problem) };
}
