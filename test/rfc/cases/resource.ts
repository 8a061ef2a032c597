import type { Answer, Fields, Resource } from '../exchange.js';

/**
 * A resource that serves ranges as RFC 9110 section 14 wants: a GET with one byte range gets a 206 unless If-Range names
 * another version; If-None-Match with its tag gets a 304.
 */
export function resource(body: string, fields: Fields): Resource {
  const tag = typeof fields.ETag === 'string' ? fields.ETag : undefined;
  const modified = typeof fields['Last-Modified'] === 'string' ? fields['Last-Modified'] : undefined;
  return ({ fields: sent }) => {
    if (tag !== undefined && sent['if-none-match']?.includes(tag)) return { status: 304, fields };
    const range = /^bytes=(\d*)-(\d*)$/.exec(sent.range ?? '');
    const ifRange = sent['if-range'];
    const holds = ifRange === undefined || (ifRange === tag && !tag.startsWith('W/')) || ifRange === modified;
    if (range === null || !holds) return { fields, body };
    const [first, last] = [range[1]!, range[2]!];
    const start = first === '' ? Math.max(0, body.length - Number(last)) : Number(first);
    const end = first === '' || last === '' ? body.length - 1 : Math.min(Number(last), body.length - 1);
    if (start >= body.length) return { status: 416, fields: { 'Content-Range': `bytes */${body.length}` } };
    return part(body, start, end, fields);
  };
}

/** A 206 with bytes `start` to `end` of `body`, both included. */
export function part(
  body: string,
  start: number,
  end: number,
  fields: Fields,
  size = String(body.length),
): Answer {
  return {
    status: 206,
    fields: { ...fields, 'Content-Range': `bytes ${start}-${end}/${size}` },
    body: body.slice(start, end + 1),
  };
}
