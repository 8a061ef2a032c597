/**
 * The one place where a TMDB path is decoded. Everything else (upstream, personal or not, class, tags, key) is decided
 * from the canonical path, and the canonical path is what the origin is asked, so no two parties can read a path
 * differently (CONTRACT.md, Settled details; RFC 3986 section 6.2.2).
 */

export interface BadTarget {
  readonly fault: string;
}

/** What nearly every path looks like: plain segments, nothing to decode, no dot segment, no doubled slash. */
const PLAIN = /^(?:\/[A-Za-z0-9_~-][A-Za-z0-9_~.-]*)+\/?$/;

/** Bytes no path may hold as they are: controls, space, DEL, raw non-ASCII, backslash, fragment. */
const FORBIDDEN_RAW = /[^!-~]|[\\#]/;
const BAD_ESCAPE = /%(?![0-9A-Fa-f]{2})/;
const ENCODED_SEPARATOR = /%(?:2f|5c)/i;
const ENCODED_CONTROL = /%(?:[01][0-9a-f]|7f)/i;
/** A percent sign that, decoded once, starts another escape. */
const DOUBLE_ENCODED = /%25[0-9a-f]{2}/i;
const ESCAPE = /%[0-9A-Fa-f]{2}/g;
const UNRESERVED = /[A-Za-z0-9._~-]/;
/** Printable characters that are not `pchar` (RFC 3986 section 3.3) and not a slash. */
const NOT_PCHAR = /["<>[\]^`{|}]/g;
/** `..;x`: some servers cut the parameter off and climb. */
const DOT_PARAMETER = /^\.{1,2}(?:;|%3B)/;

/** The canonical form of a path, or why it is refused. Case is kept: TMDB's paths are lower-case, ours decide nothing by case. */
export function canonicalPath(raw: string): string | BadTarget {
  return PLAIN.test(raw) ? raw : canonicalUncommon(raw);
}

function canonicalUncommon(raw: string): string | BadTarget {
  if (!raw.startsWith('/')) return { fault: 'The target must be a path that starts with a slash' };
  if (FORBIDDEN_RAW.test(raw)) {
    return { fault: 'The path holds a backslash, a fragment or a character that must be percent-encoded' };
  }
  if (raw.includes('%')) {
    const fault = escapeFault(raw);
    if (fault !== undefined) return { fault };
  }
  const kept: string[] = [];
  const segments = raw.split('/');
  for (let i = 1; i < segments.length; i += 1) {
    const given = segments[i]!;
    const segment = canonicalSegment(given);
    const last = i === segments.length - 1;
    if (segment === '.' || segment === '..') {
      if (given !== segment) return { fault: 'The path holds an encoded dot segment' };
      if (segment === '..') kept.pop();
      if (last) kept.push('');
    } else if (DOT_PARAMETER.test(segment)) {
      return { fault: 'The path holds a dot segment with a parameter' };
    } else {
      kept.push(segment);
    }
  }
  const path = collapse(kept);
  // Looked for at the end, since the digits may have been escapes themselves.
  return DOUBLE_ENCODED.test(path) ? { fault: 'The path is percent-encoded twice' } : path;
}

/** Empty segments go, but for a last one: `/3/movie/550/` stays a path of its own. */
function collapse(segments: readonly string[]): string {
  let path = '';
  for (const segment of segments) if (segment !== '') path += `/${segment}`;
  return path === '' || segments[segments.length - 1] === '' ? `${path}/` : path;
}

function escapeFault(raw: string): string | undefined {
  if (BAD_ESCAPE.test(raw)) return 'The path holds an incomplete percent escape';
  if (ENCODED_SEPARATOR.test(raw)) return 'The path holds an encoded slash or backslash';
  if (ENCODED_CONTROL.test(raw)) return 'The path holds an encoded control character';
  // Overlong forms (%C0%AF is a slash to lax decoders) are not UTF-8 and end here.
  return isUtf8(raw) ? undefined : 'The path holds escapes that are not UTF-8';
}

/** The result is looked at: a call of which only the exception counts is taken for useless by the bundler, and left out. */
function isUtf8(escaped: string): boolean {
  try {
    return decodeURIComponent(escaped) !== '';
  } catch {
    return false;
  }
}

function canonicalSegment(segment: string): string {
  return segment.replace(ESCAPE, canonicalEscape).replace(NOT_PCHAR, encodeAscii);
}

function canonicalEscape(triplet: string): string {
  const character = String.fromCharCode(Number.parseInt(triplet.slice(1), 16));
  return UNRESERVED.test(character) ? character : triplet.toUpperCase();
}

function encodeAscii(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}
