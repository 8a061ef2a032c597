import type { Database, RootDatabase } from 'lmdb';
import type { Clock } from '../clock.js';
import { within } from '../deadline.js';
import type { Decoded, StoredHead } from './codec.js';
import { decodeHead } from './codec.js';
import type { Place } from './disk-segments.js';

/*
 * The index: an LMDB table in key order, one row an entry: where its body lies, then its head as the codec writes it.
 *
 *    0  4  segment
 *    4  4  offset of the body
 *    8  4  bytes of the body
 *   12  4  bytes of the record in the segment
 *   16  8  ms since epoch after which the entry is of no use (a double)
 *   24  …  head
 *
 * Rows are about a kilobyte: they lie within LMDB's own pages, need no runs of free pages, and listing or sweeping
 * reads no body.
 */

const FIXED = 24;

/** Larger heads are refused as 'too-large': the index holds rows, not content. */
export const MAX_HEAD_BYTES = 16 * 1024;

/** What the accounting needs of a row, without decoding its head. */
export interface RowFacts {
  readonly place: Place;
  readonly recordBytes: number;
  /** Bytes of key and value in the index. */
  readonly indexBytes: number;
  readonly expires: number;
}

export interface IndexRow extends RowFacts {
  readonly key: Buffer;
  readonly head: () => Decoded<StoredHead>;
}

export type IndexWrite = { readonly key: Buffer; readonly value: Buffer | undefined };

/** @param recordBytes what the record takes in its segment; `expires`: when the entry may be dropped, ms since epoch */
export function encodeRow(place: Place, recordBytes: number, expires: number, head: Buffer): Buffer {
  const row = Buffer.allocUnsafe(FIXED + head.length);
  row.writeUInt32LE(place.segment, 0);
  row.writeUInt32LE(place.offset, 4);
  row.writeUInt32LE(place.length, 8);
  row.writeUInt32LE(recordBytes, 12);
  row.writeDoubleLE(expires, 16);
  head.copy(row, FIXED);
  return row;
}

export function samePlace(a: Place, b: Place): boolean {
  return a.segment === b.segment && a.offset === b.offset && a.length === b.length;
}

function factsOf(key: Buffer, row: Buffer, length: number): RowFacts | undefined {
  if (length < FIXED) return undefined;
  return {
    place: { segment: row.readUInt32LE(0), offset: row.readUInt32LE(4), length: row.readUInt32LE(8) },
    recordBytes: row.readUInt32LE(12),
    indexBytes: rowBytes(key.length, length),
    expires: row.readDoubleLE(16),
  };
}

/** Bytes a row takes in a page, LMDB's node header and slot included. */
export function rowBytes(keyLength: number, valueLength: number): number {
  return keyLength + valueLength + 10;
}

/** Bytes of a row's value for a head of that many bytes. */
export function valueBytes(headLength: number): number {
  return FIXED + headLength;
}

/** Typed access to the table; the same class serves the writer and readers. */
export class DiskIndex {
  #unflushed = 0;
  /** The last commit failed: lmdb then never settles `flushed`, nor `close`, until another commit has succeeded. */
  #broken = false;

  constructor(
    readonly root: RootDatabase<Buffer, Buffer>,
    readonly table: Database<Buffer, Buffer>,
    readonly clock: Clock,
    /** Rows that may be written before the medium has to follow: pages given up by a commit are not used again before it is flushed. */
    readonly maxUnflushed: number,
  ) {}

  /** Where the body is, and the head; decoded here, out of the buffer that LMDB's next read will use again. */
  get(key: Buffer): { facts: RowFacts; stored: Decoded<StoredHead> } | undefined {
    const row = this.table.getBinaryFast(key);
    if (row === undefined) return undefined;
    const facts = factsOf(key, row, row.length);
    if (facts === undefined) return undefined;
    // `length` is set by lmdb to the row's; a subarray without an end goes on to the end of the buffer.
    return { facts, stored: decodeHead(row.subarray(FIXED, row.length)) };
  }

  facts(key: Buffer): RowFacts | undefined {
    const row = this.table.getBinaryFast(key);
    return row === undefined ? undefined : factsOf(key, row, row.length);
  }

  /** The head's bytes, to write the row again at another place. */
  headBytes(key: Buffer): Buffer | undefined {
    const row = this.table.getBinary(key);
    return row === undefined ? undefined : Buffer.from(row).subarray(FIXED);
  }

  /** Up to `limit` rows whose index key sorts strictly after `after` (empty: from the start). */
  rows(after: Buffer, limit: number): IndexRow[] {
    const rows: IndexRow[] = [];
    const start = after.length === 0 ? Buffer.from([0]) : Buffer.concat([after, Buffer.from([0])]);
    for (const { key, value } of this.table.getRange({ start, limit })) {
      const facts = factsOf(key, value, value.length);
      const place = { segment: 0, offset: 0, length: 0 };
      const damaged = { place, recordBytes: 0, indexBytes: rowBytes(key.length, value.length), expires: 0 };
      rows.push({ key, ...(facts ?? damaged), head: () => decodeHead(value.subarray(FIXED)) });
    }
    return rows;
  }

  /** All writes in one transaction; resolves when it is committed (visible to every process, safe from a crash of this one). */
  async write(writes: readonly IndexWrite[]): Promise<void> {
    if (writes.length === 0) return;
    await this.#commit(() =>
      this.table.batch(() => {
        for (const { key, value } of writes) {
          if (value === undefined) void this.table.remove(key);
          else void this.table.put(key, value);
        }
      }),
    );
    this.#unflushed += writes.length;
    if (this.#unflushed >= this.maxUnflushed) await this.flush();
  }

  async clear(): Promise<void> {
    await this.#commit(() => this.table.clearAsync());
    await this.flush();
  }

  /** Resolves once everything committed so far is on the medium. */
  async flush(): Promise<void> {
    if (this.#broken) throw new Error('the last commit failed; there is nothing to wait for');
    this.#unflushed = 0;
    await flushed(this.root, this.clock);
  }

  async close(): Promise<void> {
    if (!this.#broken) await this.root.close();
  }

  async #commit(write: () => Promise<unknown>): Promise<void> {
    this.#broken = true;
    await committed(write());
    this.#broken = false;
  }
}

/** ms after which a flush that does not come back counts as failed: lmdb never settles it after a failed commit. */
const FLUSH_DEADLINE = 10_000;

/** Resolves once everything committed so far is on the medium. */
export async function flushed(root: RootDatabase<Buffer, Buffer>, clock: Clock): Promise<void> {
  await within(clock, FLUSH_DEADLINE, root.flushed, () => {
    throw new Error('flushing the disk store took too long');
  });
}

/**
 * lmdb rejects with an error whose `commitError` is a second promise that rejects with the reason; left alone it
 * would end the process as an unhandled rejection.
 */
export async function committed(promise: Promise<unknown> | undefined): Promise<void> {
  try {
    await promise;
  } catch (error) {
    if (
      typeof error === 'object' &&
      error !== null &&
      'commitError' in error &&
      error.commitError instanceof Promise
    ) {
      await error.commitError;
    }
    throw error;
  }
}
