import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

const NEWLINE = 0x0a;

/** The bytes of a gzip member decoded; anything else as it is. Rejects when the member is damaged or breaks off. */
export async function* decoded(bytes: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  const source = bytes[Symbol.asyncIterator]();
  let start = Buffer.alloc(0);
  while (start.length < 2) {
    const { value, done } = await source.next();
    if (done) break;
    start = Buffer.concat([start, value]);
  }
  const whole = following(start, source);
  if (start[0] !== 0x1f || start[1] !== 0x8b) {
    yield* whole;
    return;
  }
  const plain = createGunzip();
  // Destroys each of the two when the other ends early; the error is thrown below.
  pipeline(Readable.from(whole, { objectMode: true }), plain, () => {});
  yield* plain;
}

async function* following(start: Buffer, rest: AsyncIterator<Buffer>): AsyncIterable<Buffer> {
  try {
    if (start.length > 0) yield start;
    for (;;) {
      const { value, done } = await rest.next();
      if (done) return;
      yield value;
    }
  } finally {
    await rest.return?.();
  }
}

/**
 * Lines without their ends, those of one piece together (one by one a million of them costs seconds); null in place of one longer than
 * `maxBytes`. Holds one line and one piece at a time.
 */
export async function* linesOf(
  bytes: AsyncIterable<Buffer>,
  maxBytes: number,
): AsyncIterable<readonly (string | null)[]> {
  let held: Buffer[] = [];
  let heldBytes = 0;
  const take = (last: Buffer): string | null => {
    const length = heldBytes + last.length;
    const line = length > maxBytes ? null : held.length === 0 ? last : Buffer.concat([...held, last]);
    held = [];
    heldBytes = 0;
    return line && withoutReturn(line.toString());
  };
  for await (const chunk of bytes) {
    const lines: (string | null)[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      lines.push(take(chunk.subarray(start, end)));
      start = end + 1;
    }
    const rest = chunk.subarray(start);
    heldBytes += rest.length;
    if (heldBytes <= maxBytes) held.push(rest);
    else held = [];
    if (lines.length > 0) yield lines;
  }
  if (heldBytes > 0) yield [take(Buffer.alloc(0))];
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}
