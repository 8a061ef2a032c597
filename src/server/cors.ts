import { fieldLines, fieldValue, hasField, type RawHeaders } from '../http/headers.js';
import { splitList, TOKEN } from '../http/list.js';

/** Fields a browser app may read (Fetch standard, 3.2.2): by itself it sees seven, ETag and Age not among them. */
const EXPOSED = [
  'ETag',
  'Age',
  'Cache-Control',
  'Cache-Status',
  'Content-Length',
  'Content-Range',
  'Date',
  'Retry-After',
  'Server-Timing',
  'X-Cache',
  'X-Request-Id',
  'X-TMDB-Proxy',
  'X-TMDB-Proxy-Version',
];
const EXPOSED_TEXT = EXPOSED.join(', ');
export const PROXIED_METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';
/** What clients of TMDB send, for preflights that name nothing or nothing sane. */
const USUAL_REQUEST_FIELDS = 'Authorization, Content-Type, Accept, Accept-Language, X-Request-Id';
/** A longer list is no browser's. */
const MAX_REQUEST_FIELDS = 64;

/** The fields that open an answer to every site. No credentials mode: TMDB's are in the query or Authorization. */
export function corsFields(originHeaders: RawHeaders): string[] {
  const fields = ['Access-Control-Allow-Origin', '*'];
  const theirs = fieldLines(originHeaders, 'access-control-expose-headers');
  if (theirs.length === 0) {
    fields.push('Access-Control-Expose-Headers', EXPOSED_TEXT);
  } else {
    const known = new Set(EXPOSED.map((name) => name.toLowerCase()));
    const extra = splitList(theirs.join(',')).filter(
      (name) => TOKEN.test(name) && !known.has(name.toLowerCase()),
    );
    fields.push('Access-Control-Expose-Headers', [...EXPOSED, ...extra].join(', '));
  }
  return fields;
}

/** Fields of the origin that `corsFields` replaces; lower-case. */
export const CORS_REPLACED: ReadonlySet<string> = new Set([
  'access-control-allow-origin',
  'access-control-expose-headers',
]);

/** A preflight is what a browser sends by itself before the request a page wants to make. */
export function isPreflight(method: string, headers: RawHeaders): boolean {
  return (
    method === 'OPTIONS' && hasField(headers, 'access-control-request-method') && hasField(headers, 'origin')
  );
}

/** Answer to a preflight: given here, since the origin's budget is for answers. */
export function preflightFields(headers: RawHeaders): string[] {
  return [
    'Access-Control-Allow-Origin',
    '*',
    'Access-Control-Allow-Methods',
    PROXIED_METHODS,
    'Access-Control-Allow-Headers',
    requestFields(headers),
    'Access-Control-Max-Age',
    '86400',
    'Vary',
    'Access-Control-Request-Headers',
  ];
}

/** The fields asked for, each a token (so nothing else gets into our header), or the usual ones. */
function requestFields(headers: RawHeaders): string {
  const asked = splitList(fieldValue(headers, 'access-control-request-headers') ?? '');
  const sane =
    asked.length > 0 && asked.length <= MAX_REQUEST_FIELDS && asked.every((name) => TOKEN.test(name));
  return sane ? asked.join(', ') : USUAL_REQUEST_FIELDS;
}
