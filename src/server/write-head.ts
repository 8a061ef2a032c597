import type { RawHeaders } from '../http/headers.js';
import type { Exchange } from './exchange.js';

/** Writes a head with its fields in the order, case and number given. Nothing of it is sent before the first bytes. */
export function writeHead(exchange: Exchange, status: number, text: string, headers: RawHeaders): void {
  const { response, settings } = exchange;
  exchange.headReady();
  // Node then says `Connection: close` by itself; so does it to a client whose body it never invited.
  if (exchange.expectsContinue || !settings.isReady()) response.shouldKeepAlive = false;
  // Typed as mutable, only read.
  response.writeHead(status, text, headers as string[]);
}

/** Whether a response of this status to this method has a body (RFC 9110 section 6.4.1). */
export function allowsBody(method: string, status: number): boolean {
  return method !== 'HEAD' && status !== 204 && status !== 304 && status >= 200;
}
