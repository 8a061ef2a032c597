import { crc32 } from 'node:zlib';
import type { Entry, EntryHead } from './entry.js';
import { decodeMetadata, encodeMetadata } from './metadata.js';
import type { SharedBodies } from './shared-bodies.js';

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
 *   24  …  metadata.ts
 *    …  …  body, as it came
 *
 * Two checksums, so that a listing trusts a head without reading its body. crc32 finds every burst of up to 32 flipped
 * bits. It costs 2.5 µs for 10 kB and 1.2 ms for 5 MB; xxhash-wasm 1.9 µs and 0.8 ms (bench/stores/codec.mjs), which is
 * not worth an asynchronous start and a copy of every body into its memory.
 */

/** Raise it when the layout or the meaning of a field changes: older values then become misses. */
const ENTRY_SCHEMA = 2;

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

/** The bytes before the body. Followed by the body they are what `encodeEntry` gives. */
export function encodeHead(entry: Entry): Buffer {
  const metadata = encodeMetadata(entry);
  const { length } = metadata;
  const bytes = Buffer.allocUnsafe(FIXED + length);
  bytes.writeUInt32LE(MAGIC, 0);
  bytes.writeUInt32LE(ENTRY_SCHEMA, 4);
  bytes.writeUInt32LE(length, 8);
  bytes.writeUInt32LE(entry.body.length, 12);
  bytes.writeUInt32LE(crc32(entry.body), 16);
  metadata.copy(bytes, FIXED);
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
  const head = decodeMetadata(view, FIXED, end);
  if (head === undefined) return failed('malformed');
  return { ok: true, value: { head, bodyLength: view.readUInt32LE(12), bodyCrc: view.readUInt32LE(16) } };
}

/** Whether these are the bytes the head was stored with. */
export function bodyMatches(stored: StoredHead, body: Uint8Array): boolean {
  return body.length === stored.bodyLength && crc32(body) === stored.bodyCrc;
}

/**
 * The entry. Its body is copied once into memory of its own (I-18): a view would keep the whole reply it came in
 * alive, or change under us when the client reuses its buffer. `storedAt`: in place of the stored one, ms; `shared`: who may
 * have that copy already. Never throws.
 */
export function decodeEntry(bytes: Uint8Array, storedAt?: number, shared?: SharedBodies): Decoded<Entry> {
  const stored = decodeHead(bytes);
  if (!stored.ok) return stored;
  const { head, bodyLength } = stored.value;
  const start = bytes.length - bodyLength;
  if (start < FIXED) return failed('truncated');
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (start !== FIXED + view.readUInt32LE(8)) return failed('truncated');
  const known = shared?.find(stored.value);
  if (known !== undefined) return { ok: true, value: withBody(head, known, storedAt) };
  const body = Buffer.allocUnsafeSlow(bodyLength);
  view.copy(body, 0, start);
  if (!bodyMatches(stored.value, body)) return failed('checksum');
  shared?.keep(stored.value, body);
  return { ok: true, value: withBody(head, body, storedAt) };
}

function failed(reason: DecodeFailure): { readonly ok: false; readonly reason: DecodeFailure } {
  return { ok: false, reason };
}

function headCrc(bytes: Buffer, end: number): number {
  return crc32(bytes.subarray(FIXED, end), crc32(bytes.subarray(0, 20)));
}

/** The entry. Each property by name, no spread: this is on the way of every hit in L2. */
export function withBody(head: EntryHead, body: Buffer, storedAt = head.storedAt): Entry {
  return {
    key: head.key,
    primaryKey: head.primaryKey,
    status: head.status,
    statusText: head.statusText,
    headers: head.headers,
    coding: head.coding,
    recoded: head.recoded,
    class: head.class,
    tags: head.tags,
    stamp: head.stamp,
    storedAt,
    ageAtStore: head.ageAtStore,
    lifetime: head.lifetime,
    memoryFor: head.memoryFor,
    staleWhileRevalidate: head.staleWhileRevalidate,
    staleIfError: head.staleIfError,
    vary: head.vary,
    marker: head.marker,
    body,
  };
}
