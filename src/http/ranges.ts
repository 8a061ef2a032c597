import { parseHttpDate } from './dates.js';
import { parseEntityTag, strongMatch } from './entity-tag.js';
import { field, fieldLines, type RawHeaders } from './headers.js';
import { trimOws } from './list.js';

/** Bytes `start` to `end`, both included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export type RangeVerdict =
  | { readonly kind: 'full' } // no Range, or one that is ignored: 200
  | { readonly kind: 'unsatisfiable' } // 416 with `Content-Range: bytes */size`
  | { readonly kind: 'ranges'; readonly ranges: readonly ByteRange[] }; // 206

/** More ranges than this are ignored and answered in full (RFC 9110 section 14.2 allows it against floods). */
export const MAX_RANGES = 16;

const FULL: RangeVerdict = Object.freeze({ kind: 'full' });
const UNSATISFIABLE: RangeVerdict = Object.freeze({ kind: 'unsatisfiable' });

/**
 * What to send of a complete response of `size` bytes (RFC 9110 sections 13.2.2 and 14.2). Ranges apply to GET and 200
 * only, after other conditions, and only while If-Range holds. `entryHeaders` are those the client would be sent.
 * `now` in ms.
 */
export function selectRange(
  method: string,
  requestHeaders: RawHeaders,
  status: number,
  entryHeaders: RawHeaders,
  size: number,
  now: number,
): RangeVerdict {
  const value = field(requestHeaders, 'range');
  if (value === undefined || method !== 'GET' || status !== 200) return FULL;
  if (fieldLines(requestHeaders, 'range').length > 1) return FULL; // not a list field: invalid
  if (!ifRangeHolds(requestHeaders, entryHeaders, now)) return FULL;
  return parseRange(value, size);
}

/** Reads a Range value against `size` bytes. Invalid, unknown units and floods: in full. */
export function parseRange(value: string, size: number): RangeVerdict {
  const m = /^bytes=(.*)$/is.exec(value);
  if (m === null || size === 0) return FULL;
  const specs = m[1]!
    .split(',')
    .map(trimOws)
    .filter((spec) => spec !== '');
  if (specs.length === 0 || specs.length > MAX_RANGES) return FULL;
  const ranges: ByteRange[] = [];
  for (const spec of specs) {
    const range = parseSpec(spec, size);
    if (range === 'invalid') return FULL;
    if (range !== undefined) ranges.push(range);
  }
  return ranges.length === 0 ? UNSATISFIABLE : { kind: 'ranges', ranges: coalesce(ranges) };
}

/** `a-b`, `a-` or `-n`; undefined when it lies outside the `size` bytes (RFC 9110 section 14.1.2). */
function parseSpec(spec: string, size: number): ByteRange | 'invalid' | undefined {
  const m = /^([0-9]*)-([0-9]*)$/.exec(spec);
  if (m === null || spec === '-') return 'invalid';
  const [first, last] = [m[1]!, m[2]!];
  if (first === '') {
    const length = Math.min(Number(last), size); // a longer suffix is the whole
    return length === 0 ? undefined : { start: size - length, end: size - 1 };
  }
  const start = Number(first);
  const end = last === '' ? Number.POSITIVE_INFINITY : Number(last);
  if (end < start) return 'invalid';
  return start >= size ? undefined : { start, end: Math.min(end, size - 1) };
}

/**
 * Joins ranges that overlap or touch, at the place of the first of them that was asked for: no byte is sent twice
 * (RFC 9110 section 15.3.7.2).
 */
function coalesce(ranges: readonly ByteRange[]): ByteRange[] {
  if (ranges.length === 1) return [...ranges];
  const ordered = ranges.map((range, place) => ({ ...range, place })).sort((a, b) => a.start - b.start);
  const joined: { start: number; end: number; place: number }[] = [];
  for (const range of ordered) {
    const last = joined.at(-1);
    if (last !== undefined && range.start <= last.end + 1) {
      last.end = Math.max(last.end, range.end);
      last.place = Math.min(last.place, range.place);
    } else {
      joined.push(range);
    }
  }
  return joined.sort((a, b) => a.place - b.place).map(({ start, end }) => ({ start, end }));
}

/**
 * Whether If-Range lets a range be sent (RFC 9110 section 13.1.5): absent; a strong entity-tag that matches strongly; or
 * a date that is exactly Last-Modified, itself strong because Date is at least a second later (section 8.8.2.2).
 */
export function ifRangeHolds(requestHeaders: RawHeaders, entryHeaders: RawHeaders, now: number): boolean {
  const value = field(requestHeaders, 'if-range');
  if (value === undefined) return true;
  const asked = parseEntityTag(value);
  if (asked !== undefined) {
    const tag = parseEntityTag(field(entryHeaders, 'etag') ?? '');
    return tag !== undefined && strongMatch(asked, tag);
  }
  const since = parseHttpDate(value, now);
  const lastModified = parseHttpDate(field(entryHeaders, 'last-modified') ?? '', now);
  const date = parseHttpDate(field(entryHeaders, 'date') ?? '', now);
  return since !== undefined && since === lastModified && date !== undefined && date - lastModified >= 1000;
}

/** Content-Range of a part, `bytes 0-499/1234`. */
export function printContentRange(range: ByteRange, size: number): string {
  return `bytes ${range.start}-${range.end}/${size}`;
}

/** Content-Range of a 416, `bytes` with a star in place of the range. */
export function printUnsatisfiedRange(size: number): string {
  return `bytes */${size}`;
}

/** Content-Range of a 206 received; undefined when invalid. `size` is undefined for an unknown length (`*`). */
export function parseContentRange(value: string): (ByteRange & { size: number | undefined }) | undefined {
  const m = /^bytes ([0-9]{1,15})-([0-9]{1,15})\/([0-9]{1,15}|\*)$/i.exec(value);
  if (m === null) return undefined;
  const [start, end] = [Number(m[1]), Number(m[2])];
  const size = m[3] === '*' ? undefined : Number(m[3]);
  return end < start || (size !== undefined && end >= size) ? undefined : { start, end, size };
}
