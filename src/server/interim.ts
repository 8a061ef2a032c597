import { type ServerResponse, STATUS_CODES } from 'node:http';
import { type RawHeaders, withoutFields } from '../http/headers.js';
import { withoutHopByHop } from '../http/hop-by-hop.js';
import type { OriginRequest } from '../origin/source.js';
import { REPLACED } from './own-fields.js';

/** 101 changes the protocol and 100 answers an expectation; both are settled with each neighbour on its own. */
const FIRST_FORWARDED = 102;

/** Framing no interim response has (RFC 9110 section 8.6), and what this node says of itself in the final one. */
const NOT_COPIED: ReadonlySet<string> = new Set([
  ...REPLACED,
  'cache-status',
  'content-length',
  'server-timing',
]);

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** RFC 9110 section 5.5, in the latin1 reading that fields are kept in. */
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * Forwards the origin's interim responses as they come, which RFC 9110 section 15.2 requires of a proxy; HTTP/1.0 has
 * none. Nothing of them is kept or finds its way into the final response.
 *
 * Written to the socket, since Node's `writeEarlyHints` is silent without a Link and `writeProcessing` has no fields. A
 * response has a socket only while it is its turn among pipelined ones: before that, `socket` is null, and the interim
 * response is dropped rather than put into the answer to another request. A client that does not read gets none
 * either, so that an origin that sends them without end fills no memory.
 */
export function informer(response: ServerResponse, httpMinor: number): OriginRequest['onInfo'] {
  if (httpMinor < 1) return undefined;
  return (status, headers) => {
    const { socket } = response;
    if (status < FIRST_FORWARDED || status > 199 || response.headersSent) return;
    if (socket === null || !socket.writable || socket.writableNeedDrain) return;
    socket.write(printed(status, headers), 'latin1');
  };
}

function printed(status: number, headers: RawHeaders): string {
  const fields = withoutFields(withoutHopByHop(headers), NOT_COPIED);
  let text = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`;
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i]!;
    const value = fields[i + 1]!;
    if (TOKEN.test(name) && FIELD_VALUE.test(value)) text += `${name}: ${value}\r\n`;
  }
  return `${text}\r\n`;
}
