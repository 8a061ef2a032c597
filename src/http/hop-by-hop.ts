import { field, fieldValue, type RawHeaders, withoutFields } from './headers.js';
import { splitList } from './list.js';
import { TARGET_LIST } from './targeted.js';

/**
 * Fields of one connection or one proxy: neither forwarded nor stored (RFC 9110 section 7.6.1, RFC 9111 section 3.1,
 * RFC 9110 section 11.7). Trailer goes too, since trailers are not forwarded.
 */
export const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'proxy-connection',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-authentication-info',
]);

/**
 * Fields a Connection header cannot take away: they are meant for all recipients, so naming them is an error of the
 * sender (section 7.6.1) or an attempt to make a private answer look public.
 */
const NEVER_NOMINATED: ReadonlySet<string> = new Set([
  'host',
  'authorization',
  'cache-control',
  'pragma',
  ...TARGET_LIST,
  'vary',
  'date',
  'age',
  'expires',
  'set-cookie',
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
]);

/** A copy of request or response headers without hop-by-hop fields and those that Connection names. */
export function withoutHopByHop(headers: RawHeaders): string[] {
  if (field(headers, 'connection') === undefined) return withoutFields(headers, HOP_BY_HOP);
  const names = new Set(HOP_BY_HOP);
  for (const option of splitList(fieldValue(headers, 'connection')!)) {
    const name = option.toLowerCase();
    if (!NEVER_NOMINATED.has(name)) names.add(name);
  }
  return withoutFields(headers, names);
}
