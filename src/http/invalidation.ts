import { parseList } from 'structured-headers';
import { field, fieldValue, type RawHeaders } from './headers.js';

const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/** Whether a method may change state (RFC 9110 section 9.2.1); an unknown one may. */
export function isUnsafe(method: string): boolean {
  return !SAFE.has(method);
}

/**
 * Absolute URIs whose stored responses a response invalidates (RFC 9111 section 4.4): for a non-error (2xx, 3xx) response
 * to an unsafe method the target itself, and what Location and Content-Location name on the same origin; another
 * origin's entries are not this one's to drop. `targetUri` is absolute.
 */
export function invalidatedUris(
  method: string,
  targetUri: string,
  status: number,
  responseHeaders: RawHeaders,
): string[] {
  if (!isUnsafe(method) || status < 200 || status > 399 || !URL.canParse(targetUri)) return [];
  const target = new URL(targetUri);
  const uris = new Set([withoutFragment(target)]);
  for (const name of ['location', 'content-location']) {
    const value = field(responseHeaders, name);
    if (value === undefined || !URL.canParse(value, targetUri)) continue;
    const uri = new URL(value, target);
    if (uri.origin === target.origin) uris.add(withoutFragment(uri));
  }
  return [...uris];
}

/** Groups a response belongs to, RFC 9875 section 2; empty when absent or not a list of Strings. */
export function cacheGroups(responseHeaders: RawHeaders): string[] {
  return strings(fieldValue(responseHeaders, 'cache-groups'));
}

/** Groups that a response to an unsafe method invalidates, RFC 9875 section 3; ignored on safe methods. */
export function invalidatedGroups(method: string, responseHeaders: RawHeaders): string[] {
  return isUnsafe(method) ? strings(fieldValue(responseHeaders, 'cache-group-invalidation')) : [];
}

/** Bounds on what one field may make a cache remember; RFC 9875 demands at least 32 of 32 characters. */
const MAX_GROUPS = 128;
const MAX_GROUP_LENGTH = 256;

function strings(value: string | undefined): string[] {
  if (value === undefined) return [];
  try {
    const groups = new Set<string>();
    for (const [item] of parseList(value)) {
      if (typeof item !== 'string') return [];
      if (item.length <= MAX_GROUP_LENGTH && groups.size < MAX_GROUPS) groups.add(item);
    }
    return [...groups];
  } catch {
    return []; // RFC 9651 section 4.2: a field that fails to parse is ignored
  }
}

function withoutFragment(uri: URL): string {
  uri.hash = '';
  return uri.href;
}
