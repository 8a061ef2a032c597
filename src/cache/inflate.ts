import { promisify } from 'node:util';
import { gunzip, gunzipSync } from 'node:zlib';

const unzip = promisify(gunzip);

/** A small gzip body can hold a huge one; nothing TMDB sends comes near this. */
const MAX_INFLATED_BYTES = 64 * 1024 * 1024;

/**
 * Up to this many bytes, decoded, are decoded where they are: that takes some 50 µs, and handing them to another thread
 * costs the event loop twice that.
 */
const MAX_HERE_BYTES = 32 * 1024;

/** The plain bytes of a gzip body, off the event loop but for small ones; undefined when it is damaged or grows beyond all reason. */
export async function inflated(bytes: Buffer): Promise<Buffer | undefined> {
  try {
    if (announced(bytes) > MAX_HERE_BYTES) return await unzip(bytes, { maxOutputLength: MAX_INFLATED_BYTES });
    // What the trailer says is a promise; the bound is what keeps the event loop free.
    return gunzipSync(bytes, { maxOutputLength: MAX_HERE_BYTES });
  } catch (thrown) {
    if (!isTooLarge(thrown)) return undefined;
    return unzip(bytes, { maxOutputLength: MAX_INFLATED_BYTES }).catch(() => undefined);
  }
}

/** The decoded length modulo 2^32 as the last four bytes tell it (RFC 1952), of the last member if there are several. */
function announced(bytes: Buffer): number {
  return bytes.length < 4 ? 0 : bytes.readUInt32LE(bytes.length - 4);
}

function isTooLarge(thrown: unknown): boolean {
  return (thrown as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
}
