import { parseHttpDate } from './dates.js';
import { type EntityTag, parseEntityTag, parseEntityTags, strongMatch, weakMatch } from './entity-tag.js';
import { field, fieldValue, hasField, type RawHeaders, withoutFields } from './headers.js';

export type Precondition = 'none' | 'not-modified' | 'precondition-failed';

export interface ConditionalOptions {
  /** ms since epoch; decides the century of two-digit years. */
  readonly now: number;
  /** When the response was received, ms; stands in for Last-Modified and Date (RFC 9111 section 4.3.2). */
  readonly receivedAt?: number | undefined;
  /**
   * `cache` (default) leaves If-Match and If-Unmodified-Since alone, as RFC 9111 section 4.3.2 demands: see
   * `hasOriginPrecondition`. `origin` evaluates them too, for resources this program owns.
   */
  readonly role?: 'cache' | 'origin' | undefined;
}

/** Whether a request has preconditions that only the origin may evaluate: it is passed on, not answered from here. */
export function hasOriginPrecondition(requestHeaders: RawHeaders): boolean {
  return hasField(requestHeaders, 'if-match') || hasField(requestHeaders, 'if-unmodified-since');
}

/** Evaluates preconditions against the selected response, in the order of RFC 9110 section 13.2.2. */
export function evaluateConditional(
  method: string,
  requestHeaders: RawHeaders,
  entryHeaders: RawHeaders,
  status: number,
  options: ConditionalOptions,
): Precondition {
  // Section 13.2.1: conditions do not apply to what would not be a success without them.
  if (status < 200 || status > 299) return 'none';
  if (options.role === 'origin' && originFails(requestHeaders, entryHeaders, options.now)) {
    return 'precondition-failed';
  }
  const reading = method === 'GET' || method === 'HEAD';
  const ifNoneMatch = fieldValue(requestHeaders, 'if-none-match');
  if (ifNoneMatch !== undefined) {
    if (!matchesAny(ifNoneMatch, entryHeaders, weakMatch)) return 'none';
    return reading ? 'not-modified' : 'precondition-failed';
  }
  const ifModifiedSince = fieldValue(requestHeaders, 'if-modified-since'); // two lines are no date, so ignored
  if (ifModifiedSince === undefined || !reading) return 'none';
  return modifiedSince(ifModifiedSince, entryHeaders, options) ? 'none' : 'not-modified';
}

/** If-Match (strong) with precedence over If-Unmodified-Since, RFC 9110 sections 13.1.1 and 13.1.4. */
function originFails(requestHeaders: RawHeaders, entryHeaders: RawHeaders, now: number): boolean {
  const ifMatch = fieldValue(requestHeaders, 'if-match');
  if (ifMatch !== undefined) return !matchesAny(ifMatch, entryHeaders, strongMatch);
  const unmodifiedSince = fieldValue(requestHeaders, 'if-unmodified-since');
  const since = unmodifiedSince === undefined ? undefined : parseHttpDate(unmodifiedSince, now);
  const lastModified = dateField(entryHeaders, 'last-modified', now);
  return since !== undefined && lastModified !== undefined && lastModified > since;
}

function matchesAny(
  list: string,
  entryHeaders: RawHeaders,
  match: (a: EntityTag, b: EntityTag) => boolean,
): boolean {
  if (list.trim() === '*') return true;
  const value = field(entryHeaders, 'etag');
  if (value === undefined) return false;
  const tag = parseEntityTag(value);
  return tag !== undefined && parseEntityTags(list).some((candidate) => match(candidate, tag));
}

/** RFC 9111 section 4.3.2: without Last-Modified, Date decides, then the time of receipt. A bad date is ignored. */
function modifiedSince(value: string, entryHeaders: RawHeaders, options: ConditionalOptions): boolean {
  if (value === field(entryHeaders, 'last-modified')) return parseHttpDate(value, options.now) === undefined;
  const since = parseHttpDate(value, options.now);
  if (since === undefined) return true;
  const changed =
    dateField(entryHeaders, 'last-modified', options.now) ??
    dateField(entryHeaders, 'date', options.now) ??
    options.receivedAt;
  return changed === undefined || changed > since;
}

function dateField(headers: RawHeaders, name: string, now: number): number | undefined {
  const value = field(headers, name);
  return value === undefined ? undefined : parseHttpDate(value, now);
}

const NOT_IN_304: ReadonlySet<string> = new Set([
  'content-length',
  'content-encoding',
  'content-language',
  'content-range',
  'content-type',
  'content-md5',
  'content-digest',
  'transfer-encoding',
  'trailer',
]);
const NOT_IN_304_WITH_ETAG: ReadonlySet<string> = new Set([...NOT_IN_304, 'last-modified']);

/**
 * Fields of a 304 made from those a 200 would have had (RFC 9110 section 15.4.5): Cache-Control, Content-Location,
 * Date, ETag, Expires and Vary must stay; metadata of the absent content goes, and Last-Modified where an ETag says it
 * better. Others (CORS, Age, Cache-Status) stay, since browsers read them from the 304.
 */
export function notModifiedHeaders(headers: RawHeaders): string[] {
  return withoutFields(headers, hasField(headers, 'etag') ? NOT_IN_304_WITH_ETAG : NOT_IN_304);
}
