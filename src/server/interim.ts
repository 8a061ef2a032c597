import type { ServerResponse } from 'node:http';
import { fieldLines, type RawHeaders } from '../http/headers.js';
import type { OriginRequest } from '../origin/source.js';

/**
 * Forwards the origin's interim responses: 102, and the links of a 103. Others are dropped, which RFC 9110 section 15.2
 * allows, as is sending none to HTTP/1.0, where they don't exist.
 */
export function informer(response: ServerResponse, httpMinor: number): OriginRequest['onInfo'] {
  if (httpMinor < 1) return undefined;
  return (status, headers) => {
    if (response.headersSent || response.destroyed) return;
    if (status === 102) response.writeProcessing();
    else if (status === 103) earlyHints(response, headers);
  };
}

/** What Node's `writeEarlyHints` takes; it throws at anything else. */
const LINK = /^<[^>]*>(?:\s*;\s*[^;"\s]+(?:=(?:"[^"]*"|[^;"\s]*))?)*$/;

function earlyHints(response: ServerResponse, headers: RawHeaders): void {
  const links = fieldLines(headers, 'link').filter((link) => LINK.test(link));
  if (links.length === 0) return;
  try {
    response.writeEarlyHints({ link: links });
  } catch (error) {
    // Its grammar differs between Node's versions. A hint that can't be printed is dropped like any other.
    if ((error as NodeJS.ErrnoException).code !== 'ERR_INVALID_ARG_VALUE') throw error;
  }
}
