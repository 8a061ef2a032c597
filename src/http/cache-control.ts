import { MAX_DELTA_MS, parseDelta } from './delta.js';
import { fieldValue, hasField, type RawHeaders } from './headers.js';
import { splitList, TOKEN, unquote } from './list.js';

/**
 * Response directives, RFC 9111 section 5.2.2 and RFC 5861. Durations in ms; undefined when absent. Malformed input is
 * read the safe way: a bad duration is 0, a restriction counts whatever its argument, a permission only without one.
 */
export interface ResponseDirectives {
  readonly maxAge: number | undefined;
  readonly sMaxage: number | undefined;
  readonly staleWhileRevalidate: number | undefined;
  readonly staleIfError: number | undefined;
  readonly noStore: boolean;
  /** Unqualified no-cache: nothing is reused without validation. */
  readonly noCache: boolean;
  /** `no-cache="f"`: these fields (lower-case) are not reused without validation. */
  readonly noCacheFields: readonly string[];
  /** Unqualified private: a shared cache stores nothing. */
  readonly private: boolean;
  /** `private="f"`: these fields (lower-case) are not stored. */
  readonly privateFields: readonly string[];
  readonly public: boolean;
  readonly mustRevalidate: boolean;
  readonly proxyRevalidate: boolean;
  readonly mustUnderstand: boolean;
  /** must-understand as a permission (section 5.2.2.3): beside it no-store is for caches that do not know it. */
  readonly liftsNoStore: boolean;
  /** must-revalidate, public or s-maxage as a permission: an answer to Authorization may be stored (section 3.5). */
  readonly allowsAuthorized: boolean;
}

/** Request directives, RFC 9111 section 5.2.1 and RFC 5861 section 4. Durations in ms; undefined when absent. */
export interface RequestDirectives {
  readonly maxAge: number | undefined;
  /** Infinity for max-stale without an argument. */
  readonly maxStale: number | undefined;
  readonly minFresh: number | undefined;
  readonly staleIfError: number | undefined;
  readonly noCache: boolean;
  readonly noStore: boolean;
  readonly onlyIfCached: boolean;
}

/** What most requests say: nothing. Shared, so that `=== NO_REQUEST_DIRECTIVES` is the fast path's test. */
export const NO_REQUEST_DIRECTIVES: RequestDirectives = Object.freeze(requestDirectives([]));
/** A response without Cache-Control. */
const NO_RESPONSE_DIRECTIVES: ResponseDirectives = Object.freeze(responseDirectives([]));
const PRAGMA_NO_CACHE: RequestDirectives = Object.freeze({ ...NO_REQUEST_DIRECTIVES, noCache: true });

/** One directive; `value` is unquoted, undefined when there is no argument. */
export type Directive = readonly [name: string, value: string | undefined];

/** Directives of the Cache-Control lines of a response. Pragma means nothing there (RFC 9111 section 5.4). */
export function responseCacheControl(headers: RawHeaders): ResponseDirectives {
  const value = fieldValue(headers, 'cache-control');
  return value === undefined ? NO_RESPONSE_DIRECTIVES : responseDirectives(parseDirectives(value));
}

/** RFC 9111 section 5.2.2.6: nobody on the way may change the body. Asked on every hit, so it is parsed only where the word is. */
export function forbidsTransform(headers: RawHeaders): boolean {
  const value = fieldValue(headers, 'cache-control');
  return value !== undefined && /no-transform/i.test(value) && has(parseDirectives(value), 'no-transform');
}

/** Directives of a request. `Pragma: no-cache` counts when there is no Cache-Control (RFC 9111 section 5.4). */
export function requestCacheControl(headers: RawHeaders): RequestDirectives {
  const value = fieldValue(headers, 'cache-control');
  if (value !== undefined) return requestDirectives(parseDirectives(value));
  if (!hasField(headers, 'pragma')) return NO_REQUEST_DIRECTIVES;
  const pragma = parseDirectives(fieldValue(headers, 'pragma')!);
  return pragma.some(([name]) => name === 'no-cache') ? PRAGMA_NO_CACHE : NO_REQUEST_DIRECTIVES;
}

/**
 * Splits a Cache-Control value. Names are lower-cased. What follows a name but is no `=value` becomes a value that no
 * directive accepts, so `max-age =60` is an invalid max-age and `no-store x` is no-store.
 */
function parseDirectives(value: string): Directive[] {
  const directives: Directive[] = [];
  for (const member of splitList(value)) {
    const name = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+/.exec(member)?.[0];
    if (name === undefined) continue;
    const rest = member.slice(name.length);
    const argument = rest === '' ? undefined : rest.startsWith('=') ? unquote(rest.slice(1)) : rest;
    directives.push([name.toLowerCase(), argument]);
  }
  return directives;
}

export function responseDirectives(directives: readonly Directive[]): ResponseDirectives {
  const noCache = qualified(directives, 'no-cache');
  const priv = qualified(directives, 'private');
  return {
    maxAge: shortest(directives, 'max-age'),
    sMaxage: shortest(directives, 's-maxage'),
    staleWhileRevalidate: shortest(directives, 'stale-while-revalidate'),
    staleIfError: shortest(directives, 'stale-if-error'),
    noStore: has(directives, 'no-store'),
    noCache: noCache.whole,
    noCacheFields: noCache.fields,
    private: priv.whole,
    privateFields: priv.fields,
    public: permits(directives, 'public'),
    mustRevalidate: has(directives, 'must-revalidate'),
    proxyRevalidate: has(directives, 'proxy-revalidate'),
    mustUnderstand: has(directives, 'must-understand'),
    liftsNoStore: permits(directives, 'must-understand'),
    allowsAuthorized:
      permits(directives, 'public') || permits(directives, 'must-revalidate') || has(directives, 's-maxage'), // a bad one is 0: stored, but never used unvalidated
  };
}

function requestDirectives(directives: readonly Directive[]): RequestDirectives {
  return {
    maxAge: shortest(directives, 'max-age'),
    maxStale: maxStale(directives),
    minFresh: longest(directives, 'min-fresh'),
    staleIfError: shortest(directives, 'stale-if-error'),
    noCache: has(directives, 'no-cache'),
    noStore: has(directives, 'no-store'),
    onlyIfCached: has(directives, 'only-if-cached'),
  };
}

function has(directives: readonly Directive[], wanted: string): boolean {
  return directives.some(([name]) => name === wanted);
}

/** A permission is given by the directive as defined, without an argument; `public=no` takes it back. */
function permits(directives: readonly Directive[], wanted: string): boolean {
  return (
    has(directives, wanted) && directives.every(([name, value]) => name !== wanted || value === undefined)
  );
}

/** The shortest duration given for `wanted`, a bad one being 0 (RFC 9111 section 4.2.1 encourages to be stricter). */
function shortest(directives: readonly Directive[], wanted: string): number | undefined {
  let found: number | undefined;
  for (const [name, value] of directives) {
    if (name !== wanted) continue;
    const duration = (value === undefined ? undefined : parseDelta(value)) ?? 0;
    if (found === undefined || duration < found) found = duration;
  }
  return found;
}

/** min-fresh grows stricter as it grows; a bad one demands the most. */
function longest(directives: readonly Directive[], wanted: string): number | undefined {
  let found: number | undefined;
  for (const [name, value] of directives) {
    if (name !== wanted) continue;
    found = Math.max(found ?? 0, (value === undefined ? undefined : parseDelta(value)) ?? MAX_DELTA_MS);
  }
  return found;
}

/** A permission, which a bad one takes back; without an argument any staleness is accepted (section 5.2.1.2). */
function maxStale(directives: readonly Directive[]): number | undefined {
  let found: number | undefined;
  for (const [name, value] of directives) {
    if (name !== 'max-stale') continue;
    const duration = value === undefined ? Number.POSITIVE_INFINITY : parseDelta(value);
    if (duration === undefined) return undefined;
    found = Math.min(found ?? Number.POSITIVE_INFINITY, duration);
  }
  return found;
}

/** Without these the stored bytes would be read wrongly or given to the wrong request: naming one means the whole. */
const NEEDED: ReadonlySet<string> = new Set([
  'cache-control',
  'content-encoding',
  'content-range',
  'content-type',
  'date',
  'etag',
  'vary',
]);

/** no-cache and private: unqualified wins over qualified, and an argument that names no field is unqualified. */
function qualified(directives: readonly Directive[], wanted: string): { whole: boolean; fields: string[] } {
  const fields = new Set<string>();
  let whole = false;
  for (const [name, value] of directives) {
    if (name !== wanted) continue;
    const names = value === undefined ? [] : splitList(value);
    if (names.length === 0 || !names.every((n) => TOKEN.test(n))) whole = true;
    if (names.some((n) => NEEDED.has(n.toLowerCase()))) whole = true;
    for (const n of names) fields.add(n.toLowerCase());
  }
  return { whole, fields: whole ? [] : [...fields] };
}
