import { type ByteRange, printContentRange } from './ranges.js';

/** A multipart/byteranges body (RFC 9110 section 14.6): each part is its head and then the bytes of its range. */
export interface MultipartByteranges {
  /** Content-Type of the whole; the parts carry the representation's own. */
  readonly contentType: string;
  readonly parts: readonly { readonly head: string; readonly range: ByteRange }[];
  readonly tail: string;
  /** Content-Length of the whole in bytes. */
  readonly length: number;
}

/** `boundary` must not occur in the body: draw it at random. `contentType` is the representation's, if it has one. */
export function multipartByteranges(
  ranges: readonly ByteRange[],
  size: number,
  contentType: string | undefined,
  boundary: string,
): MultipartByteranges {
  const type = contentType === undefined ? '' : `Content-Type: ${contentType}\r\n`;
  const tail = `\r\n--${boundary}--\r\n`;
  let length = tail.length;
  const parts = ranges.map((range, i) => {
    const start = i === 0 ? '' : '\r\n';
    const head = `${start}--${boundary}\r\n${type}Content-Range: ${printContentRange(range, size)}\r\n\r\n`;
    length += head.length + range.end - range.start + 1; // heads are latin1: one byte a character
    return { head, range };
  });
  return { contentType: `multipart/byteranges; boundary=${boundary}`, parts, tail, length };
}
