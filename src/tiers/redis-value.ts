import { FENCE_OFFSET, VALUE_HEADER_BYTES, VALUE_MAGIC, VALUE_VERSION } from '../redis/value-header.js';
import { type DecodeFailure, decodeEntry, decodeHead, encodeEntry } from './codec.js';
import { type Entry, type EntryHead, keptUntil } from './entry.js';
import type { SharedBodies } from './shared-bodies.js';

/*
 * One value in Redis: 32 bytes of our own, then the entry as the codec writes it. Little-endian:
 *
 *    0 16  magic, version, fence: redis/value-header.ts, because scripts compare the fence
 *   16  8  float64: ms the value was given to live (PX)
 *   24  8  float64: ms since `storedAt` when it was written
 *   32  …  the entry
 *
 * What is left of PX tells how long ago it was written, so a reader knows the age without comparing its wall clock
 * with the writer's (I-13). The age misses the time the write took to arrive; a read adds its own way.
 */

const MAGIC = Buffer.from(VALUE_MAGIC, 'latin1').readUInt32LE(0);

/** Why a value was not used; each is a miss. All but `gone` are damage and are counted (I-25). */
export type ValueFailure = DecodeFailure | 'no-ttl' | 'other-key' | 'gone';

export type DecodedValue<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: ValueFailure };

export interface EncodedValue {
  readonly bytes: Buffer;
  /** ms the value may live: for as long as a store keeps it. Not above 0: of no use to anyone any more. */
  readonly px: number;
}

/** `keepMs`: see `keptUntil`. */
export function encodeValue(entry: Entry, now: number, fence = 0, keepMs = 0): EncodedValue {
  const px = Math.floor(keptUntil(entry, keepMs) - now);
  const header = Buffer.alloc(VALUE_HEADER_BYTES);
  header.writeUInt32LE(MAGIC, 0);
  header.writeUInt8(VALUE_VERSION, 4);
  header.writeDoubleLE(fence, FENCE_OFFSET);
  header.writeDoubleLE(px, 16);
  header.writeDoubleLE(Math.max(0, now - entry.storedAt), 24);
  // A number that this node gave itself while Redis was away (a fraction) means nothing to another node (ADR 0004).
  const shared = { ...entry, stamp: Math.floor(entry.stamp) };
  return { bytes: Buffer.concat([header, encodeEntry(shared)]), px };
}

/** `pttl` as Redis answered it, `now` this process' clock before it was asked; `shared`: see `decodeEntry`. Never throws. */
export function decodeValue(
  bytes: Buffer,
  pttl: number,
  now: number,
  shared?: SharedBodies,
): DecodedValue<Entry> {
  const storedAt = storedAtOf(bytes, pttl, now);
  if (!storedAt.ok) return storedAt;
  return decodeEntry(bytes.subarray(VALUE_HEADER_BYTES), storedAt.value, shared);
}

/** As `decodeValue`, of the beginning of a value alone; `truncated` when its head goes on behind `bytes`. */
export function decodeValueHead(bytes: Buffer, pttl: number, now: number): DecodedValue<EntryHead> {
  const storedAt = storedAtOf(bytes, pttl, now);
  if (!storedAt.ok) return storedAt;
  const stored = decodeHead(bytes.subarray(VALUE_HEADER_BYTES));
  return stored.ok ? { ok: true, value: { ...stored.value.head, storedAt: storedAt.value } } : stored;
}

/** When the entry was stored, on this process' clock. */
function storedAtOf(bytes: Buffer, pttl: number, now: number): DecodedValue<number> {
  if (bytes.length === 0 || pttl === -2) return { ok: false, reason: 'gone' };
  if (bytes.length < VALUE_HEADER_BYTES) return { ok: false, reason: 'truncated' };
  if (bytes.readUInt32LE(0) !== MAGIC) return { ok: false, reason: 'not-an-entry' };
  if (bytes.readUInt8(4) !== VALUE_VERSION) return { ok: false, reason: 'other-schema' };
  const px = bytes.readDoubleLE(16);
  const ageAtWrite = bytes.readDoubleLE(24);
  if (!Number.isFinite(px) || !Number.isFinite(ageAtWrite)) return { ok: false, reason: 'malformed' };
  // Somebody took the TTL away or made it longer: how old the entry is cannot be known any more (I-11).
  if (pttl < 0 || pttl > px) return { ok: false, reason: 'no-ttl' };
  return { ok: true, value: now - (px - pttl) - ageAtWrite };
}
