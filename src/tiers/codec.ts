import { crc32 } from 'node:zlib';
import type { Entry, EntryHead, StoredCoding } from './entry.js';

/*
 * One entry as one binary value, for Redis; its head alone, for the index of the disk store. Little-endian:
 *
 *    0  4  magic "TCPE"
 *    4  1  schema
 *    5  3  zero
 *    8  4  bytes of the metadata
 *   12  4  bytes of the body
 *   16  4  crc32 of the body
 *   20  4  crc32 of bytes 0 to 19 and the metadata
 *   24  …  metadata: a JSON array, UTF-8
 *    …  …  body, as it came
 *
 * Two checksums, so that a listing trusts a head without reading its body. crc32 finds every burst of up to 32 flipped
 * bits. It costs 2.5 µs for 10 kB and 1.2 ms for 5 MB; xxhash-wasm 1.9 µs and 0.8 ms (bench/stores/codec.mjs), which is
 * not worth an asynchronous start and a copy of every body into its memory.
 */

/** Raise it when the layout or the meaning of a field changes: older values then become misses. */
export const ENTRY_SCHEMA = 1;

const MAGIC = 0x45504354; // "TCPE"
const FIXED = 24;

/** Why bytes were not an entry; each is a miss, and is counted (I-25). */
export type DecodeFailure = 'not-an-entry' | 'other-schema' | 'truncated' | 'checksum' | 'malformed';

export type Decoded<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: DecodeFailure };

/** A head read without its body, and what is needed to check the body later. */
export interface StoredHead {
  readonly head: EntryHead;
  readonly bodyLength: number;
  readonly bodyCrc: number;
}

const CODINGS: readonly StoredCoding[] = ['identity', 'gzip', 'other'];

/** The bytes before the body. Followed by the body they are what `encodeEntry` gives. */
export function encodeHead(entry: Entry): Buffer {
  const metadata = JSON.stringify([
    entry.key,
    entry.primaryKey === entry.key ? 0 : entry.primaryKey,
    entry.status,
    entry.statusText,
    entry.headers,
    CODINGS.indexOf(entry.coding),
    entry.recoded ? 1 : 0,
    entry.class,
    entry.tags,
    entry.stamp,
    entry.storedAt,
    entry.ageAtStore,
    entry.lifetime,
    entry.memoryFor,
    entry.staleWhileRevalidate,
    entry.staleIfError,
    entry.vary,
    entry.marker ? 1 : 0,
  ]);
  const length = Buffer.byteLength(metadata);
  const bytes = Buffer.allocUnsafe(FIXED + length);
  bytes.writeUInt32LE(MAGIC, 0);
  bytes.writeUInt32LE(ENTRY_SCHEMA, 4);
  bytes.writeUInt32LE(length, 8);
  bytes.writeUInt32LE(entry.body.length, 12);
  bytes.writeUInt32LE(crc32(entry.body), 16);
  bytes.write(metadata, FIXED, 'utf8');
  bytes.writeUInt32LE(headCrc(bytes, FIXED + length), 20);
  return bytes;
}

/** The whole entry; the body is copied into the result. */
export function encodeEntry(entry: Entry): Buffer {
  const head = encodeHead(entry);
  return Buffer.concat([head, entry.body], head.length + entry.body.length);
}

/** Reads the head at the start of `bytes`; whatever follows it is not touched. Never throws. */
export function decodeHead(bytes: Uint8Array): Decoded<StoredHead> {
  const view = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.length < FIXED) return failed(view.length === 0 ? 'not-an-entry' : 'truncated');
  if (view.readUInt32LE(0) !== MAGIC) return failed('not-an-entry');
  if (view.readUInt32LE(4) !== ENTRY_SCHEMA) return failed('other-schema');
  const end = FIXED + view.readUInt32LE(8);
  if (view.length < end) return failed('truncated');
  if (headCrc(view, end) !== view.readUInt32LE(20)) return failed('checksum');
  const head = parseMetadata(view.toString('utf8', FIXED, end));
  if (head === undefined) return failed('malformed');
  return { ok: true, value: { head, bodyLength: view.readUInt32LE(12), bodyCrc: view.readUInt32LE(16) } };
}

/** Whether these are the bytes the head was stored with. */
export function bodyMatches(stored: StoredHead, body: Uint8Array): boolean {
  return body.length === stored.bodyLength && crc32(body) === stored.bodyCrc;
}

/**
 * The entry. Its body is copied once into memory of its own (I-18): a view would keep the whole reply it came in
 * alive, or change under us when the client reuses its buffer. Never throws.
 */
export function decodeEntry(bytes: Uint8Array): Decoded<Entry> {
  const stored = decodeHead(bytes);
  if (!stored.ok) return stored;
  const { head, bodyLength } = stored.value;
  const start = bytes.length - bodyLength;
  if (start < FIXED) return failed('truncated');
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (start !== FIXED + view.readUInt32LE(8)) return failed('truncated');
  const body = Buffer.allocUnsafeSlow(bodyLength);
  view.copy(body, 0, start);
  if (!bodyMatches(stored.value, body)) return failed('checksum');
  return { ok: true, value: { ...head, body } };
}

function failed(reason: DecodeFailure): { readonly ok: false; readonly reason: DecodeFailure } {
  return { ok: false, reason };
}

function headCrc(bytes: Buffer, end: number): number {
  return crc32(bytes.subarray(FIXED, end), crc32(bytes.subarray(0, 20)));
}

/** The checksum has proved that these are our bytes; the shape is checked all the same: a bug must be a miss. */
function parseMetadata(text: string): EntryHead | undefined {
  let row: unknown;
  try {
    row = JSON.parse(text);
  } catch {
    return undefined; // reported as 'malformed' by the caller
  }
  if (!Array.isArray(row) || row.length !== 18) return undefined;
  const [key, primary, status, statusText, headers, coding, recoded, className, tags] = row as unknown[];
  const [stamp, storedAt, ageAtStore, lifetime, memoryFor, swr, sie, vary, marker] = row.slice(
    9,
  ) as unknown[];
  const storedCoding = CODINGS[coding as number];
  if (typeof key !== 'string' || typeof statusText !== 'string' || typeof className !== 'string')
    return undefined;
  if (primary !== 0 && typeof primary !== 'string') return undefined;
  if (!isTexts(headers) || !isTexts(tags) || !isTexts(vary) || storedCoding === undefined) return undefined;
  if (!isNumber(status) || !isNumber(stamp) || !isNumber(storedAt) || !isNumber(ageAtStore)) return undefined;
  if (!isNumber(lifetime) || !isNumber(memoryFor) || !isNumber(swr) || !isNumber(sie)) return undefined;
  return {
    key,
    primaryKey: primary === 0 ? key : primary,
    status,
    statusText,
    headers,
    coding: storedCoding,
    recoded: recoded === 1,
    class: className,
    tags,
    stamp,
    storedAt,
    ageAtStore,
    lifetime,
    memoryFor,
    staleWhileRevalidate: swr,
    staleIfError: sie,
    vary,
    marker: marker === 1,
  };
}

function isTexts(value: unknown): value is string[] {
  if (!Array.isArray(value)) return false;
  for (const item of value) if (typeof item !== 'string') return false;
  return true;
}

/** `JSON.stringify` writes null for what is not finite. */
function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}
