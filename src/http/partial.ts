import { parseEntityTag, strongMatch } from './entity-tag.js';
import { field, fieldLines, hasField, type RawHeaders } from './headers.js';
import { type ByteRange, parseContentRange, parseRange } from './ranges.js';

/** The bytes `start` to `end` (both included) of a representation of `size` bytes. */
export interface Part extends ByteRange {
  readonly size: number;
}

const ONE_RANGE = /^bytes=(?:[0-9]{1,15}-[0-9]{0,15}|-[0-9]{1,15})$/i;
const PRECONDITIONS = ['if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since', 'if-range'];

/**
 * The Range of a GET that may be forwarded as it is: one range of bytes and no precondition, which would have to be judged
 * against the whole representation first (RFC 9110 section 13.2.2). Undefined of any other request.
 */
export function forwardableRange(method: string, requestHeaders: RawHeaders): string | undefined {
  if (method !== 'GET' || !hasField(requestHeaders, 'range')) return undefined;
  const lines = fieldLines(requestHeaders, 'range');
  if (lines.length !== 1 || !ONE_RANGE.test(lines[0]!)) return undefined;
  if (PRECONDITIONS.some((name) => hasField(requestHeaders, name))) return undefined;
  return lines[0]!.toLowerCase();
}

/**
 * Which part a 206 holds (RFC 9110 section 15.3.7.1); undefined without a valid Content-Range, without a known size, of
 * several parts, and where `bytes`, the body's length, disagrees with it.
 */
export function partOf(headers: RawHeaders, bytes: number | undefined): Part | undefined {
  const lines = fieldLines(headers, 'content-range');
  if (lines.length !== 1 || /^\s*multipart\//i.test(field(headers, 'content-type') ?? '')) return undefined;
  const range = parseContentRange(lines[0]!);
  if (range?.size === undefined) return undefined;
  if (bytes !== undefined && bytes !== range.end - range.start + 1) return undefined;
  return { start: range.start, end: range.end, size: range.size };
}

/** What a single-range Range asks of the representation, if the part holds all of it (RFC 9111 section 3.3). */
export function rangeWithin(range: string, part: Part): ByteRange | undefined {
  const verdict = parseRange(range, part.size);
  if (verdict.kind !== 'ranges' || verdict.ranges.length !== 1) return undefined;
  const asked = verdict.ranges[0]!;
  return asked.start >= part.start && asked.end <= part.end ? asked : undefined;
}

/** The Range that fetches what a part lacks of the whole; undefined when both of its ends are missing. */
export function missingRest({ start, end, size }: Part): string | undefined {
  if (start === 0 && end + 1 < size) return `bytes=${end + 1}-`;
  if (end + 1 === size && start > 0) return `bytes=0-${start - 1}`;
  return undefined;
}

/** Whether two responses have the same strong validator, so that their parts are of the same bytes (section 3.4). */
export function sameStrongTag(a: RawHeaders, b: RawHeaders): boolean {
  const [one, other] = [a, b].map((headers) => parseEntityTag(field(headers, 'etag') ?? ''));
  return one !== undefined && other !== undefined && strongMatch(one, other);
}

/** The part that two parts of one representation make together; undefined when a byte between them is missing. */
export function union(a: Part, b: Part): Part | undefined {
  if (a.size !== b.size || a.start > b.end + 1 || b.start > a.end + 1) return undefined;
  return { start: Math.min(a.start, b.start), end: Math.max(a.end, b.end), size: a.size };
}

export function isWhole({ start, end, size }: Part): boolean {
  return start === 0 && end + 1 === size;
}
