import { randomBytes } from 'node:crypto';
import { field, type RawHeaders, withField, withoutFields } from '../http/headers.js';
import { multipartByteranges } from '../http/multipart.js';
import { type ByteRange, printContentRange, printUnsatisfiedRange } from '../http/ranges.js';

/** The head and the pieces of a partial response. Pieces are views: nothing of the entry is copied (I-18). */
export interface Partial {
  readonly headers: string[];
  readonly pieces: readonly Buffer[];
  /** Content-Length, bytes. */
  readonly length: number;
}

/** A 206 of one range, or of several as multipart/byteranges (RFC 9110 section 15.3.7). */
export function partial(lasting: RawHeaders, body: Buffer, ranges: readonly ByteRange[]): Partial {
  const [first] = ranges;
  if (ranges.length === 1 && first !== undefined) {
    const headers = withField(lasting, 'Content-Range', printContentRange(first, body.length));
    const piece = body.subarray(first.start, first.end + 1);
    return { headers, pieces: [piece], length: piece.length };
  }
  const boundary = randomBytes(18).toString('base64url');
  const multipart = multipartByteranges(ranges, body.length, field(lasting, 'content-type'), boundary);
  const pieces: Buffer[] = [];
  for (const { head, range } of multipart.parts) {
    pieces.push(Buffer.from(head, 'latin1'), body.subarray(range.start, range.end + 1));
  }
  pieces.push(Buffer.from(multipart.tail, 'latin1'));
  return {
    headers: withField(withoutFields(lasting, CONTENT_RANGE), 'Content-Type', multipart.contentType),
    pieces,
    length: multipart.length,
  };
}

const CONTENT_RANGE: ReadonlySet<string> = new Set(['content-range']);

const NOT_IN_416: ReadonlySet<string> = new Set([
  'content-type',
  'content-encoding',
  'content-language',
  'content-disposition',
  'etag',
  'last-modified',
  'expires',
]);

/** Fields of a 416 (RFC 9110 section 15.5.17): the length there is, and nothing that describes the absent content. */
export function unsatisfiable(lasting: RawHeaders, size: number): string[] {
  return withField(withoutFields(lasting, NOT_IN_416), 'Content-Range', printUnsatisfiedRange(size));
}
