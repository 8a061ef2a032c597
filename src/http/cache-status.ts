import { parseList, serializeString } from 'structured-headers';

/** A request with this field, whatever its value, is told its cache key. It is for the first cache and goes no further. */
export const DEBUG_FIELD = 'x-cache-debug';

/** Why a request went forward, RFC 9211 section 2.2: the most specific reason known. */
export type ForwardReason =
  | 'bypass'
  | 'method'
  | 'uri-miss'
  | 'vary-miss'
  | 'miss'
  | 'request'
  | 'stale'
  | 'partial';

/** One cache's account of a request, RFC 9211 section 2. */
export interface CacheStatus {
  /** Name of the cache. */
  readonly cache: string;
  /** Answered without going forward; excludes `fwd`. */
  readonly hit?: boolean | undefined;
  readonly fwd?: ForwardReason | undefined;
  /** Status the next hop answered, when it differs from what the client gets or says something. */
  readonly fwdStatus?: number | undefined;
  /** Remaining freshness in seconds, cut to whole ones; negative when stale. */
  readonly ttlSeconds?: number | undefined;
  readonly stored?: boolean | undefined;
  readonly collapsed?: boolean | undefined;
  readonly key?: string | undefined;
  readonly detail?: string | undefined;
}

const SF_TOKEN = /^[A-Za-z*][!#$%&'*+\-.^_`|~0-9A-Za-z:/]*$/;

/** One member of Cache-Status. Written for every response, hence by hand rather than through maps. */
export function printCacheStatus(status: CacheStatus): string {
  let text = tokenOrString(status.cache);
  if (status.hit) text += '; hit';
  else if (status.fwd !== undefined) {
    text += `; fwd=${status.fwd}`;
    if (status.fwdStatus !== undefined) text += `; fwd-status=${status.fwdStatus}`;
    if (status.stored) text += '; stored';
    if (status.collapsed) text += '; collapsed';
  }
  if (status.ttlSeconds !== undefined) text += `; ttl=${Math.trunc(status.ttlSeconds) + 0}`;
  if (status.key !== undefined) text += `; key=${sfString(bounded(status.key))}`;
  if (status.detail !== undefined) text += `; detail=${tokenOrString(status.detail)}`;
  return text;
}

/**
 * The field's value with this cache's member last, nearest to the client (RFC 9211 section 2). An `upstream` value that
 * is no structured list is dropped: it would make the whole field unreadable.
 */
export function appendCacheStatus(upstream: string | undefined, own: string): string {
  if (upstream === undefined || upstream.trim() === '' || !isList(upstream)) return own;
  return `${upstream.trim()}, ${own}`;
}

/**
 * Freshness left, in seconds, of what the cache named `cache` had; undefined unless it is the last member, the one that
 * answered, and says so. Of what it had just fetched or validated (`stored`) the `ttl` says no more than the response does.
 */
export function cacheStatusTtl(value: string | undefined, cache: string): number | undefined {
  if (value === undefined || !isList(value)) return undefined;
  const [name, parameters] = parseList(value).at(-1) ?? [];
  if (name === undefined || String(name) !== cache) return undefined;
  if (parameters?.get('stored') === true) return undefined;
  const ttl = parameters?.get('ttl');
  return typeof ttl === 'number' ? ttl : undefined;
}

function isList(value: string): boolean {
  try {
    parseList(value);
    return true;
  } catch {
    return false;
  }
}

function tokenOrString(value: string): string {
  return SF_TOKEN.test(value) ? value : sfString(value);
}

/** Keys are as long as URLs may be; a field that some client refuses would cost it the response. */
const MAX_KEY_CHARS = 1024;

function bounded(key: string): string {
  return key.length <= MAX_KEY_CHARS ? key : `${key.slice(0, MAX_KEY_CHARS - 3)}...`;
}

/** A String holds printable ASCII only (RFC 9651 section 3.3.3). */
function sfString(value: string): string {
  return serializeString(value.replace(/[^\x20-\x7e]/g, '?'));
}
