import { parseList } from 'structured-headers';
import { fieldLines, fieldValue, type RawHeaders } from './headers.js';

const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/** Whether a method may change state (RFC 9110 section 9.2.1); an unknown one may. */
export function isUnsafe(method: string): boolean {
  return !SAFE.has(method);
}

/**
 * Origin-form targets whose stored responses an answer invalidates (RFC 9111 section 4.4): for a non-error one (2xx, 3xx) to
 * an unsafe method the request's own, and what Location and Content-Location name on the same origin; another origin's
 * responses are not this one's to drop.
 *
 * `bases`: absolute URIs, perhaps with a path, under which the origin's targets are reached; references resolve against
 * the first, which is the origin's own.
 */
export function invalidatedTargets(
  { method, target }: { readonly method: string; readonly target: string },
  { status, headers }: { readonly status: number; readonly headers: RawHeaders },
  bases: readonly string[],
): string[] {
  if (!isUnsafe(method) || status < 200 || status > 399) return [];
  const targets = new Set([target]);
  for (const name of ['location', 'content-location']) {
    // There should be one line; of several, each may be what a client believes.
    for (const reference of fieldLines(headers, name)) {
      for (const named of namedTargets(reference, target, bases)) targets.add(named);
    }
  }
  return [...targets];
}

/**
 * A reference as origin-form targets, none when it leads elsewhere. Up to two: as written, which is what most clients send
 * back, and as URL parsers of browsers write it (`'` in a query becomes %27).
 */
function namedTargets(reference: string, target: string, bases: readonly string[]): string[] {
  const own = bases[0];
  if (own === undefined) return [];
  const base = withoutSlash(own) + target;
  if (!URL.canParse(reference, base)) return [];
  const uris = [new URL(reference, base).href, asWritten(reference, base)];
  return uris.flatMap((uri) => (uri === undefined ? [] : targetOf(uri, bases)));
}

const REFERENCE = /^(?:([a-z][a-z0-9+.-]*):)?(\/\/[^/?#]*)?([^?#]*)(\?[^#]*)?/i;
const DOT_SEGMENT = /(?:^|\/)\.{1,2}(?=\/|$)/;

/** RFC 3986 section 5.2 without re-encoding; undefined where there are dot segments to remove. */
function asWritten(reference: string, base: string): string | undefined {
  const [, scheme, authority, path = '', query = ''] = REFERENCE.exec(reference)!;
  if (DOT_SEGMENT.test(path)) return undefined;
  const [, baseScheme, baseAuthority, basePath = '', baseQuery = ''] = REFERENCE.exec(base)!;
  if (authority !== undefined) return `${scheme ?? baseScheme}:${authority}${path}${query}`;
  if (scheme !== undefined) return undefined;
  const root = `${baseScheme}:${baseAuthority}`;
  if (path === '') return `${root}${basePath}${query === '' ? baseQuery : query}`;
  if (path.startsWith('/')) return `${root}${path}${query}`;
  return `${root}${basePath.slice(0, basePath.lastIndexOf('/') + 1)}${path}${query}`;
}

/** What an absolute URI is called under each of the bases it lies under. */
function targetOf(uri: string, bases: readonly string[]): string[] {
  const [, scheme, authority, path = '', query = ''] = REFERENCE.exec(uri)!;
  const root = `${scheme}:${authority}`;
  if (!URL.canParse(root)) return [];
  const { origin } = new URL(root);
  return bases.flatMap((base) => {
    const { origin: baseOrigin, pathname } = new URL(base);
    const mount = withoutSlash(pathname);
    if (origin !== baseOrigin || !(path === mount || path.startsWith(`${mount}/`))) return [];
    return [(path.slice(mount.length) || '/') + query];
  });
}

function withoutSlash(base: string): string {
  return base.replace(/\/+$/, '');
}

/** Groups a response belongs to, RFC 9875 section 2; empty when absent or not a list of Strings. */
export function cacheGroups(responseHeaders: RawHeaders): string[] {
  return strings(fieldValue(responseHeaders, 'cache-groups'));
}

/** Groups that a response to an unsafe method invalidates, whatever its status, RFC 9875 section 3; none on safe methods. */
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
