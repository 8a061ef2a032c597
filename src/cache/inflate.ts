import { promisify } from 'node:util';
import { gunzip, gunzipSync } from 'node:zlib';

const unzip = promisify(gunzip);

/** A small gzip body can hold a huge one; nothing TMDB sends comes near this. */
const MAX_INFLATED_BYTES = 64 * 1024 * 1024;

/** Up to this many bytes, decoded, are decoded where they are. */
const MAX_HERE_BYTES = 32 * 1024;

/** Whether a gzip body says that it is small enough to be decoded where it is; it is not made of many empty pieces either. */
export function saysSmall(bytes: Buffer): boolean {
  return bytes.length <= MAX_HERE_BYTES + 1024 && announced(bytes) <= MAX_HERE_BYTES;
}

/**
 * The plain bytes of a gzip body that says it is small, decoded at once: that costs a fifth of decoding it off the event
 * loop (bench/stores/inflate.mjs). Undefined when it is larger, or damaged.
 */
export function inflatedHere(bytes: Buffer): Buffer | undefined {
  if (!saysSmall(bytes)) return undefined;
  try {
    // What the trailer says is a promise; the bound is what keeps the event loop free.
    return gunzipSync(bytes, { maxOutputLength: MAX_HERE_BYTES });
  } catch {
    return undefined;
  }
}

/** The plain bytes of a gzip body, off the event loop but for small ones; undefined when it is damaged or grows beyond all reason. */
export async function inflated(bytes: Buffer): Promise<Buffer | undefined> {
  return (
    inflatedHere(bytes) ??
    (await unzip(bytes, { maxOutputLength: MAX_INFLATED_BYTES }).catch(() => undefined))
  );
}

/** The decoded length modulo 2^32 as the last four bytes tell it (RFC 1952), of the last member if there are several. */
export function announced(bytes: Buffer): number {
  return bytes.length < 4 ? 0 : bytes.readUInt32LE(bytes.length - 4);
}
