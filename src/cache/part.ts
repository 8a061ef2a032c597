import { field, fieldValue, type RawHeaders, withField, withoutFields } from '../http/headers.js';
import {
  isWhole,
  missingRest,
  type Part,
  partOf,
  rangeWithin,
  sameStrongTag,
  union,
} from '../http/partial.js';
import { printContentRange } from '../http/ranges.js';
import type { Entry, EntryHead } from '../tiers/entry.js';
import { type Found, freshFor } from './lookup.js';
import type { SharedRoute } from './site.js';

/**
 * Parts of representations (RFC 9111 sections 3.3 and 3.4). A part is stored like any response, with status 206 and under the
 * key of the whole; the whole takes its place as soon as it is there.
 */

/** Whether a stored response can answer a route at all: a part answers nothing but ranges within it. */
export function holds(head: EntryHead, { range }: Pick<SharedRoute, 'range'>): boolean {
  if (head.status !== 206) return true;
  const part = partOf(head.headers, undefined);
  return part !== undefined && range !== undefined && rangeWithin(range, part) !== undefined;
}

/** The stored part that a route for the whole needs only the rest of: fresh, and lacking one end. */
export function completable(found: Found | undefined, route: SharedRoute, now: number): Entry | undefined {
  if (found === undefined || found.entry.status !== 206 || route.range !== undefined) return undefined;
  return freshFor(found, now) > 0 && restOf(found.entry) !== undefined ? found.entry : undefined;
}

/**
 * The fields that ask for what the stored part lacks: its Range, and If-Range where a strong validator makes sure that it is
 * the rest of the same bytes (else the answer's own validator has to).
 */
export function restHeaders(entry: Entry): string[] | undefined {
  const rest = restOf(entry);
  if (rest === undefined) return undefined;
  const tag = field(entry.headers, 'etag');
  return sameStrongTag(entry.headers, entry.headers) ? ['Range', rest, 'If-Range', tag!] : ['Range', rest];
}

/** A longer rest is not waited for: the whole is fetched, and its bytes go on as they come, bytes. */
const MAX_REST_BYTES = 1024 * 1024;

function restOf(entry: Entry): string | undefined {
  const part = partOf(entry.headers, entry.body.length);
  return part && part.size - entry.body.length <= MAX_REST_BYTES ? missingRest(part) : undefined;
}

/** The whole of a stored part and the `rest` that a 206 with the fields `update` has brought; else undefined. */
export function completed(
  part: Entry,
  merged: RawHeaders,
  update: RawHeaders,
  rest: Buffer,
  maxBytes: number,
): Entry | undefined {
  if (!sameStrongTag(part.headers, update)) return undefined;
  const headers = withField(merged, 'Content-Range', fieldValue(update, 'content-range') ?? '');
  const whole = combined(part, { ...part, headers, body: rest }, maxBytes);
  return whole?.status === 200 ? whole : undefined;
}

/**
 * `newer` and `older` as one, with the fields of the newer (section 3.4): the whole with status 200, or a larger part.
 * Undefined where they may not be combined, or would be larger than `maxBytes`.
 */
export function combined(older: Entry, newer: Entry, maxBytes: number): Entry | undefined {
  if (older.status !== 206 || !sameStrongTag(older.headers, newer.headers)) return undefined;
  const [a, b] = [partOf(older.headers, older.body.length), partOf(newer.headers, newer.body.length)];
  const together = a && b && union(a, b);
  if (together === undefined || together.end - together.start >= maxBytes) return undefined;
  const body = joined(a!, older.body, b!, newer.body, together);
  const headers = withField(newer.headers, 'Content-Range', printRange(together));
  const tags = [...new Set([...newer.tags, ...older.tags])];
  return asWhole({ ...newer, headers, tags, body });
}

/** An entry whose part is all there is, as the 200 that it stands for; any other entry as it is. */
export function asWhole(entry: Entry): Entry {
  const part = entry.status === 206 ? partOf(entry.headers, entry.body.length) : undefined;
  if (part === undefined || !isWhole(part)) return entry;
  return { ...entry, status: 200, statusText: 'OK', headers: withoutFields(entry.headers, CONTENT_RANGE) };
}

const CONTENT_RANGE: ReadonlySet<string> = new Set(['content-range']);

function printRange(part: Part): string {
  return printContentRange(part, part.size);
}

/** Where both have a byte, the newer one's is taken. */
function joined(a: Part, older: Buffer, b: Part, newer: Buffer, together: Part): Buffer {
  const body = Buffer.allocUnsafe(together.end - together.start + 1);
  older.copy(body, a.start - together.start);
  newer.copy(body, b.start - together.start);
  return body;
}
