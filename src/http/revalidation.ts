import { parseHttpDate } from './dates.js';
import { parseEntityTag } from './entity-tag.js';
import { field, type RawHeaders, withoutFields } from './headers.js';
import { withoutHopByHop } from './hop-by-hop.js';

/** Fields by which a client asks for less than the whole representation. */
export const CLIENT_CONDITIONS: ReadonlySet<string> = new Set([
  'if-match',
  'if-none-match',
  'if-modified-since',
  'if-unmodified-since',
  'if-range',
  'range',
]);

/** A copy of request headers without the client's own conditions and ranges: what a fill of a full entry sends. */
export function withoutConditions(requestHeaders: RawHeaders): string[] {
  return withoutFields(requestHeaders, CLIENT_CONDITIONS);
}

/** Whether a stored response can be validated at all: a valid ETag or Last-Modified. `now` in ms. */
export function hasValidator(storedHeaders: RawHeaders, now: number): boolean {
  return storedTag(storedHeaders) !== undefined || storedDate(storedHeaders, now) !== undefined;
}

/**
 * The request that validates a stored response (RFC 9111 section 4.3.1): If-None-Match with its ETag, If-Modified-Since
 * with its Last-Modified, in place of the client's own conditions. Undefined when the stored response has no valid validator. `now` in ms.
 */
export function revalidationHeaders(
  requestHeaders: RawHeaders,
  storedHeaders: RawHeaders,
  now: number,
): string[] | undefined {
  const tag = storedTag(storedHeaders);
  const date = storedDate(storedHeaders, now);
  if (tag === undefined && date === undefined) return undefined;
  const headers = withoutConditions(requestHeaders);
  if (tag !== undefined) headers.push('If-None-Match', tag);
  if (date !== undefined) headers.push('If-Modified-Since', date);
  return headers;
}

/**
 * Whether a 304 speaks of this stored response (RFC 9111 section 4.3.4). The request named one entity-tag, so the 304 can have
 * been about no other, even where it carries another tag: the section's comparison chooses among several, and real servers
 * name a compressed variant otherwise in their 304s (Apache's `-gzip`). Without tags the Last-Modified has to agree; without that
 * either nothing was asked, and the 304 answers nothing.
 */
export function selectsStored(storedHeaders: RawHeaders, notModified: RawHeaders): boolean {
  if (tagOf(storedHeaders) !== undefined) return true;
  if (tagOf(notModified) !== undefined) return false;
  const asked = field(storedHeaders, 'last-modified');
  if (asked === undefined || parseHttpDate(asked, 0) === undefined) return false;
  const date = field(notModified, 'last-modified');
  return date === undefined || date === asked;
}

/** Of the stored bytes, hence never changed by an update without bytes. Age is of the older message. */
const KEPT: ReadonlySet<string> = new Set([
  'content-length',
  'content-encoding',
  'content-range',
  'content-md5',
  'content-digest',
]);
const AGE: ReadonlySet<string> = new Set(['age']);

/**
 * Stored fields updated from a 304 (RFC 9111 section 3.2): every field of the
 * update replaces all stored lines of its name or is added, but hop-by-hop fields and those that describe the stored
 * bytes (Content-Length always; Content-Encoding, Content-Range and digests to keep the stored response whole). An
 * ETag that the stored bytes were named by stays theirs. A stored Age ends with the update. `exclude` names further
 * fields, lower-case, that are not taken over; Set-Cookie unless told otherwise (I-20, class table).
 */
export function mergeHeaders(
  storedHeaders: RawHeaders,
  update: RawHeaders,
  exclude: ReadonlySet<string> = SET_COOKIE,
): string[] {
  const stored = withoutFields(storedHeaders, AGE);
  const keepTag = tagOf(stored) !== undefined;
  const taken = new Map<string, Update>();
  const offered = withoutHopByHop(update);
  for (let i = 0; i + 1 < offered.length; i += 2) {
    const name = offered[i]!.toLowerCase();
    if (KEPT.has(name) || exclude.has(name) || (name === 'etag' && keepTag)) continue;
    const known = taken.get(name) ?? { spelt: offered[i]!, values: [] };
    known.values.push(offered[i + 1]!);
    taken.set(name, known);
  }
  return replaced(stored, taken);
}

interface Update {
  readonly spelt: string;
  readonly values: string[];
}

/**
 * New lines stand where the first old one of their name stood, and spell it so: either would tell that there has been a 304
 * (ADR 0010).
 */
function replaced(stored: RawHeaders, taken: ReadonlyMap<string, Update>): string[] {
  const left = new Map(taken);
  const merged: string[] = [];
  for (let i = 0; i + 1 < stored.length; i += 2) {
    const name = stored[i]!.toLowerCase();
    if (!taken.has(name)) merged.push(stored[i]!, stored[i + 1]!);
    for (const value of left.get(name)?.values ?? []) merged.push(stored[i]!, value);
    left.delete(name);
  }
  for (const { spelt, values } of left.values()) for (const value of values) merged.push(spelt, value);
  return merged;
}

const SET_COOKIE: ReadonlySet<string> = new Set(['set-cookie']);

function tagOf(headers: RawHeaders): ReturnType<typeof parseEntityTag> {
  const value = field(headers, 'etag');
  return value === undefined ? undefined : parseEntityTag(value);
}

function storedTag(headers: RawHeaders): string | undefined {
  const value = field(headers, 'etag');
  return value !== undefined && parseEntityTag(value) !== undefined ? value : undefined;
}

function storedDate(headers: RawHeaders, now: number): string | undefined {
  const value = field(headers, 'last-modified');
  return value !== undefined && parseHttpDate(value, now) !== undefined ? value : undefined;
}
