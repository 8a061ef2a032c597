import { createHash } from 'node:crypto';

/** LMDB's keys end at 1978 bytes with 4 KiB pages; what is longer keeps this many and ends in a digest. */
const PREFIX_BYTES = 1024;
const MAX_PLAIN_BYTES = 1200;

/** Longest key that is stored at all; a request line is bounded far below. */
export const MAX_KEY_BYTES = 60_000;

/**
 * The key under which the index keeps an entry. Up to 1200 bytes it is the key itself, so that the index is in key
 * order. A longer one is its first 1024 bytes, a NUL (which no key contains) and its SHA-256: still in order against
 * all keys that differ within the prefix. The full key stands in the entry's head and is compared on every read.
 */
export function indexKey(key: string): Buffer {
  const bytes = Buffer.from(key, 'utf8');
  if (bytes.length <= MAX_PLAIN_BYTES) return bytes;
  const digest = createHash('sha256').update(bytes).digest();
  return Buffer.concat([bytes.subarray(0, PREFIX_BYTES), Buffer.from([0]), digest]);
}

/** The key itself when the index key holds all of it, else undefined. */
export function plainKey(bytes: Buffer): string | undefined {
  const shortened = bytes.length === PREFIX_BYTES + 33 && bytes[PREFIX_BYTES] === 0;
  return shortened ? undefined : bytes.toString('utf8');
}
