import { readdirSync, rmSync, statSync } from 'node:fs';
import { type FileHandle, open, truncate, unlink } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import type { FailureLog } from './disk-errors.js';
import { MAX_KEY_BYTES } from './disk-key.js';
import { type Place, type SegmentReader, segmentPath } from './disk-segments.js';

/*
 * Bodies are appended to segment files, oldest first out: the space they take is known to the byte, freeing it is one
 * unlink, and large bodies cannot fragment what small ones need (docs/adr/0003-disk-store.md). A record:
 *
 *    0  4  magic "TCPR"
 *    4  4  bytes of the key
 *    8  4  bytes of the body
 *   12  4  crc32 of the key
 *   16  …  key, UTF-8; it is needed when the segment is reclaimed
 *    …  …  body
 */

const MAGIC = 0x52504354; // "TCPR"
const FIXED = 16;
const BLOCK = 4096;

/** Bytes read at once when looking through a segment: many small records, or the head of the one after a large body. */
const WINDOW = 64 * 1024;
const PEEK = 4096;

/** Segments that may be on their way to the medium before the next one waits. */
const MAX_SEALING = 4;

export interface Record {
  readonly key: Buffer;
  readonly body: Buffer;
}

/** One segment as the accounting knows it. */
export interface Segment {
  readonly id: number;
  /** Bytes of the file. */
  size: number;
  /** Records in it, dead ones too; unknown (0) in segments of an earlier process. */
  records: number;
  /** Bytes of records that the index still names. */
  live: number;
  entries: number;
}

/** A record found in a segment: its key, and where its body lies. */
export interface Found {
  readonly key: string;
  readonly place: Place;
}

/** What one record takes in its segment, bytes; of its full key and its body. */
export function recordBytes(keyLength: number, bodyLength: number): number {
  return FIXED + keyLength + bodyLength;
}

/** What a file of so many bytes takes of the file system, bytes. */
export function onDisk(bytes: number): number {
  return Math.ceil(bytes / BLOCK) * BLOCK;
}

/** The writer's side of the segment files. Only one call of `append` or `drop` runs at a time. */
export class SegmentLog {
  readonly segments = new Map<number, Segment>();
  #current: { segment: Segment; file: FileHandle } | undefined;
  #nextId = 1;
  #bytes = 0;
  #dirty = false;
  readonly #sealing = new Set<Promise<void>>();

  constructor(
    readonly directory: string,
    /** A segment is sealed at whichever comes first. */
    readonly limits: { readonly segmentBytes: number; readonly segmentRecords: number },
    readonly reader: SegmentReader,
    readonly failures: FailureLog,
  ) {
    for (const name of readdirSync(directory)) {
      const id = /^(\d{10})\.seg$/.exec(name)?.[1];
      if (id === undefined) continue;
      const size = statSync(segmentPath(directory, Number(id))).size;
      this.segments.set(Number(id), { id: Number(id), size, records: 0, live: 0, entries: 0 });
      this.#bytes += onDisk(size);
      this.#nextId = Math.max(this.#nextId, Number(id) + 1);
    }
  }

  /** Bytes of all segment files in blocks. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Segment being filled; 0 when there is none. */
  get current(): number {
    return this.#current?.segment.id ?? 0;
  }

  /** Where the next batch of `bytes` goes: a full segment is sealed first. Throws when the medium refuses. */
  async append(records: readonly Record[]): Promise<Place[]> {
    let total = 0;
    for (const { key, body } of records) total += recordBytes(key.length, body.length);
    if (this.#current !== undefined && this.#isFull(this.#current.segment, total)) await this.seal();
    const { segment, file } = this.#current ?? (await this.#start());
    const parts: Buffer[] = [];
    const places: Place[] = [];
    let at = segment.size;
    for (const { key, body } of records) {
      parts.push(recordHead(key, body.length), key, body);
      places.push({ segment: segment.id, offset: at + FIXED + key.length, length: body.length });
      at += recordBytes(key.length, body.length);
    }
    const before = onDisk(segment.size);
    try {
      await writeAll(file, parts, segment.size, total);
    } catch (error) {
      // A torn tail must not be counted as free: cut it off, and leave this segment alone from here on.
      await this.#abandonTail(error);
      throw error;
    }
    segment.size = at;
    segment.records += records.length;
    this.#bytes += onDisk(at) - before;
    this.#dirty = true;
    return places;
  }

  #isFull(segment: Segment, growth: number): boolean {
    return segment.size + growth > this.limits.segmentBytes || segment.records >= this.limits.segmentRecords;
  }

  /** Finishes the segment being filled. It becomes durable behind it: nobody waits, unless the medium falls far behind. */
  async seal(): Promise<void> {
    const current = this.#current;
    if (current === undefined) return;
    this.#current = undefined;
    const sealed = syncAndClose(current.file)
      .catch((error: unknown) => this.failures.failed('sync', error))
      .finally(() => this.#sealing.delete(sealed));
    this.#sealing.add(sealed);
    if (this.#sealing.size > MAX_SEALING) await Promise.race(this.#sealing);
  }

  /** Makes what was appended durable; a no-op when there is nothing new. */
  async sync(): Promise<void> {
    await Promise.all(this.#sealing);
    if (!this.#dirty || this.#current === undefined) return;
    this.#dirty = false;
    await this.#current.file.datasync();
  }

  /** Removes a segment that is not being filled. Emptied first: a reader elsewhere may hold it open. */
  async drop(segment: Segment): Promise<void> {
    this.reader.forget(segment.id);
    const path = segmentPath(this.directory, segment.id);
    await truncate(path, 0).catch(ignoreMissing);
    await unlink(path).catch(ignoreMissing);
    if (this.segments.delete(segment.id)) this.#bytes -= onDisk(segment.size);
  }

  /** Removes segments that no entry names; what a crash left behind. */
  dropOrphans(): { files: number; bytes: number } {
    let files = 0;
    let bytes = 0;
    for (const segment of [...this.segments.values()]) {
      if (segment.entries > 0) continue;
      rmSync(segmentPath(this.directory, segment.id), { force: true });
      this.segments.delete(segment.id);
      this.#bytes -= onDisk(segment.size);
      files += 1;
      bytes += segment.size;
    }
    return { files, bytes };
  }

  /** Every record of a segment, in order, until its end or the first that cannot be read. Bodies are not touched. */
  async *records(segment: Segment): AsyncGenerator<Found> {
    let window: Buffer = Buffer.alloc(0);
    let windowAt = 0;
    let reach = WINDOW;
    const bytesAt = async (at: number, length: number): Promise<Buffer> => {
      if (at < windowAt || at + length > windowAt + window.length) {
        const wanted = Math.min(Math.max(reach, length), segment.size - at);
        window =
          (await this.reader.read({ segment: segment.id, offset: at, length: wanted })) ?? Buffer.alloc(0);
        windowAt = at;
      }
      return window.subarray(at - windowAt, at - windowAt + length);
    };
    for (let at = 0; at + FIXED <= segment.size; ) {
      const head = await bytesAt(at, FIXED);
      if (head.length < FIXED || head.readUInt32LE(0) !== MAGIC) return;
      const keyLength = head.readUInt32LE(4);
      const length = head.readUInt32LE(8);
      const keyCrc = head.readUInt32LE(12);
      const offset = at + FIXED + keyLength;
      if (keyLength > MAX_KEY_BYTES || offset + length > segment.size) return;
      const key = await bytesAt(at + FIXED, keyLength);
      if (key.length < keyLength || crc32(key) !== keyCrc) return;
      yield { key: key.toString('utf8'), place: { segment: segment.id, offset, length } };
      at = offset + length;
      reach = length > WINDOW ? PEEK : WINDOW;
    }
  }

  async #start(): Promise<{ segment: Segment; file: FileHandle }> {
    const id = this.#nextId;
    const file = await open(segmentPath(this.directory, id), 'wx');
    this.#nextId += 1;
    const segment = { id, size: 0, records: 0, live: 0, entries: 0 };
    this.segments.set(id, segment);
    this.#current = { segment, file };
    return this.#current;
  }

  async #abandonTail(cause: unknown): Promise<void> {
    const current = this.#current;
    if (current === undefined) return;
    this.#current = undefined;
    try {
      await current.file.truncate(current.segment.size);
    } catch (error) {
      throw new AggregateError([cause, error], 'a failed write could not be undone');
    } finally {
      await current.file.close();
    }
  }
}

async function syncAndClose(file: FileHandle): Promise<void> {
  try {
    await file.datasync();
  } finally {
    await file.close();
  }
}

function recordHead(key: Buffer, bodyLength: number): Buffer {
  const head = Buffer.allocUnsafe(FIXED);
  head.writeUInt32LE(MAGIC, 0);
  head.writeUInt32LE(key.length, 4);
  head.writeUInt32LE(bodyLength, 8);
  head.writeUInt32LE(crc32(key), 12);
  return head;
}

/** One system call as a rule; a short write (disk nearly full) is finished or fails with the reason. */
async function writeAll(file: FileHandle, parts: Buffer[], position: number, total: number): Promise<void> {
  const { bytesWritten } = await file.writev(parts, position);
  if (bytesWritten === total) return;
  const rest = Buffer.concat(parts).subarray(bytesWritten);
  let done = 0;
  while (done < rest.length) {
    const { bytesWritten: more } = await file.write(
      rest,
      done,
      rest.length - done,
      position + bytesWritten + done,
    );
    if (more === 0) throw new Error('the medium takes no more bytes');
    done += more;
  }
}

function ignoreMissing(error: unknown): void {
  if (typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT') return;
  throw error;
}
