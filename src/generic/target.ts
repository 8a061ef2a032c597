/**
 * Targets of a generic upstream, whose reading of a URI is not known: the path and query are kept as received, and only
 * what no two readers agree on is resolved or refused.
 */

export interface BadTarget {
  readonly fault: string;
}

export interface GenericTarget {
  readonly path: string;
  /** With its question mark; '' without. `/a?` and `/a` are two URIs (RFC 3986 section 6.2.3). */
  readonly query: string;
}

const PLAIN = /^(?:\/[A-Za-z0-9_~-][A-Za-z0-9_~.-]*)+\/?$/;
/** Controls, space and DEL; text above Latin-1 does not come from a socket. */
const UNSENDABLE = /[^\u0021-\u007e\u0080-\u00ff]|#/;
const BAD_ESCAPE = /%(?![0-9A-Fa-f]{2})/;
const ENCODED_CONTROL = /%(?:[01][0-9a-f]|7f)/i;
const DOT_SEGMENT = /\/(?:\.|%2e){1,2}(?=\/|$)/i;
const ENCODED_DOT_SEGMENT = /\/(?:%2e|\.%2e|%2e\.|%2e%2e)(?=\/|$)/i;

/** Splits and checks an origin-form target. */
export function readTarget(target: string): GenericTarget | BadTarget {
  const mark = target.indexOf('?');
  const rawPath = mark < 0 ? target : target.slice(0, mark);
  const query = mark < 0 ? '' : target.slice(mark);
  if (UNSENDABLE.test(query) || /%00/.test(query)) {
    return { fault: 'The query holds a NUL, a fragment or a character that must be percent-encoded' };
  }
  const path = PLAIN.test(rawPath) ? rawPath : uncommonPath(rawPath);
  return typeof path === 'string' ? { path, query: encodeBytes(query) } : path;
}

function uncommonPath(raw: string): string | BadTarget {
  if (!raw.startsWith('/')) return { fault: 'The target must be a path that starts with a slash' };
  if (UNSENDABLE.test(raw) || raw.includes('\\') || /%5c/i.test(raw)) {
    return { fault: 'The path holds a backslash, a fragment or a character that must be percent-encoded' };
  }
  if (BAD_ESCAPE.test(raw)) return { fault: 'The path holds an incomplete percent escape' };
  if (ENCODED_CONTROL.test(raw)) return { fault: 'The path holds an encoded control character' };
  if (ENCODED_DOT_SEGMENT.test(raw)) return { fault: 'The path holds an encoded dot segment' };
  return encodeBytes(DOT_SEGMENT.test(raw) ? withoutDotSegments(raw) : raw);
}

/** RFC 3986 section 5.2.4. Empty segments are segments: `//` may mean something to the upstream. */
function withoutDotSegments(path: string): string {
  const kept: string[] = [];
  const segments = path.split('/').slice(1);
  segments.forEach((segment, i) => {
    const dots = segment === '.' || segment === '..';
    if (segment === '..') kept.pop();
    if (!dots) kept.push(segment);
    else if (i === segments.length - 1) kept.push('');
  });
  return `/${kept.join('/')}`;
}

/** Raw bytes beyond ASCII become the escapes every browser sends for them. */
function encodeBytes(text: string): string {
  return text.replace(/[\u0080-\u00ff]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`);
}
