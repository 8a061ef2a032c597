import type { Incoming } from './api.js';
import type { Outgoing } from './delivery.js';
import { IMAGE_SECONDS, matchesTag } from './headers.js';
import { Gallery, type Picture } from './images.js';

/** Types that the host would send as WebP to those who take it. */
const NEGOTIATED: ReadonlySet<string> = new Set(['image/jpeg', 'image/png']);

/** One byte range of a body, both ends included. */
interface Span {
  readonly first: number;
  readonly last: number;
}

/** The single range asked for; undefined = none, or several, or one that makes no sense (then: the whole). */
function spanOf(field: string | undefined, length: number): Span | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(field?.trim() ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return undefined;
  if (match[1] === '') {
    const count = Number(match[2]);
    return count === 0 ? 'unsatisfiable' : { first: Math.max(0, length - count), last: length - 1 };
  }
  const first = Number(match[1]);
  const last = match[2] === '' ? length - 1 : Math.min(Number(match[2]), length - 1);
  if (match[2] !== '' && Number(match[2]) < first) return undefined;
  return first >= length ? 'unsatisfiable' : { first, last };
}

function notFound(now: number, what: string): Outgoing {
  const text = `<!DOCTYPE html>\n<html>\n<head><title>404 Not Found</title></head>\n<body>\n<h1>404 Not Found</h1>\n<p>${what}</p>\n<hr>\n</body>\n</html>\n`;
  return {
    status: 404,
    headers: [
      ['Content-Type', 'text/html; charset=utf-8'],
      ['Date', new Date(now).toUTCString()],
      ['Access-Control-Allow-Origin', '*'],
    ],
    body: Buffer.from(text),
  };
}

/** Whether an Accept field names WebP; a wildcard does not. */
function takesWebp(accept: string | undefined): boolean {
  return (accept ?? '')
    .split(',')
    .some((range) => /^\s*image\/webp\s*(;|$)/i.test(range) && !/;\s*q=0(\.0*)?\s*(;|$)/i.test(range));
}

/**
 * The form of a picture that an Accept field gets. There is no WebP encoder here: the other form has the same bytes
 * and type, but a tag of its own and `X-Negotiated: webp`, which is all that a cache has to keep apart.
 */
function negotiated(picture: Picture, accept: string | undefined): Picture & { readonly webp: boolean } {
  const webp = NEGOTIATED.has(picture.type) && takesWebp(accept);
  return { ...picture, webp, etag: webp ? picture.etag.replace(/"$/, '-webp"') : picture.etag };
}

function headersOf(picture: ReturnType<typeof negotiated>, now: number): [string, string][] {
  const form: [string, string][] = picture.webp ? [['X-Negotiated', 'webp']] : [];
  return [
    ...form,
    ['Content-Type', picture.type],
    ['Date', new Date(now).toUTCString()],
    ['Server', 'sample-origin'],
    ['Cache-Control', `public, max-age=${IMAGE_SECONDS}`],
    ['ETag', picture.etag],
    ['Last-Modified', picture.lastModified],
    ['Accept-Ranges', 'bytes'],
    ['Vary', 'Accept'],
    ['Access-Control-Allow-Origin', '*'],
  ];
}

function unchanged(incoming: Incoming, picture: Picture): boolean {
  const tags = incoming.header('if-none-match');
  if (tags !== undefined) return matchesTag(tags, picture.etag);
  const since = Date.parse(incoming.header('if-modified-since') ?? '');
  return !Number.isNaN(since) && Date.parse(picture.lastModified) <= since;
}

/** Answers `/t/p/{size}/{file}`: 200, 304, 206, 416, or 404 with an HTML body. */
export function imageAnswer(gallery: Gallery, incoming: Incoming, now: number): Outgoing {
  const [, size, file] = /^\/t\/p\/([^/]+)\/([^/]+)$/.exec(incoming.path) ?? [];
  if (size === undefined || file === undefined) return notFound(now, 'No such path.');
  if (!Gallery.knowsSize(size)) return notFound(now, 'No such size.');
  const drawn = gallery.picture(size, file);
  if (!drawn) return notFound(now, 'No such file.');
  const picture = negotiated(drawn, incoming.header('accept'));
  const headers = headersOf(picture, now);
  if (unchanged(incoming, picture)) {
    return {
      status: 304,
      headers: headers.filter(([name]) => name !== 'Content-Type'),
      body: Buffer.alloc(0),
      bodiless: true,
    };
  }
  const condition = incoming.header('if-range');
  const applies = condition === undefined || condition === picture.etag || condition === picture.lastModified;
  const span =
    incoming.method === 'GET' && applies ? spanOf(incoming.header('range'), picture.body.length) : undefined;
  if (span === undefined) return { status: 200, headers, body: picture.body };
  if (span === 'unsatisfiable') {
    return {
      status: 416,
      headers: [['Content-Range', `bytes */${picture.body.length}`]],
      body: Buffer.alloc(0),
    };
  }
  headers.push(['Content-Range', `bytes ${span.first}-${span.last}/${picture.body.length}`]);
  return { status: 206, headers, body: picture.body.subarray(span.first, span.last + 1) };
}
