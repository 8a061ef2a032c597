import { close, closeSync, openSync, read, readSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from './disk-errors.js';

/** Where a body lies. */
export interface Place {
  readonly segment: number;
  /** Of the body's first byte. */
  readonly offset: number;
  readonly length: number;
}

/** Up to here a read is synchronous: a few µs from the page cache; the round trip to the thread pool costs more. */
export const SYNC_READ_BYTES = 64 * 1024;

/** Files kept open for reading. */
const MAX_OPEN = 256;

interface OpenFile {
  readonly fd: number;
  readers: number;
  /** Left the table; closed when its last reader is done. */
  dropped: boolean;
}

export function segmentPath(directory: string, segment: number): string {
  return join(directory, `${String(segment).padStart(10, '0')}.seg`);
}

/**
 * Reads bodies out of segment files. A file's name is never used twice and its bytes are never overwritten, so what
 * is read under a place is that body or (file gone, shortened by the writer, torn by a crash) too short: undefined.
 */
export class SegmentReader {
  readonly #open = new Map<number, OpenFile>();

  constructor(readonly directory: string) {}

  /** Throws on an error of the medium; undefined when the body is no longer there. */
  readNow(place: Place): Buffer | undefined {
    const file = this.#file(place.segment);
    if (file === undefined) return undefined;
    const body = Buffer.allocUnsafeSlow(place.length);
    if (readSync(file.fd, body, 0, place.length, place.offset) === place.length) return body;
    this.forget(place.segment);
    return undefined;
  }

  /** As `readNow`, in the thread pool: a large body that is not in the page cache must not hold up everybody. */
  async read(place: Place): Promise<Buffer | undefined> {
    const file = this.#file(place.segment);
    if (file === undefined) return undefined;
    const body = Buffer.allocUnsafeSlow(place.length);
    file.readers += 1;
    try {
      if ((await readAt(file.fd, body, place.offset)) === place.length) return body;
    } finally {
      file.readers -= 1;
      if (file.dropped && file.readers === 0) close(file.fd);
    }
    this.forget(place.segment);
    return undefined;
  }

  /** Closes the file as soon as nobody reads it. */
  forget(segment: number): void {
    const file = this.#open.get(segment);
    if (file === undefined) return;
    this.#open.delete(segment);
    file.dropped = true;
    if (file.readers === 0) closeSync(file.fd);
  }

  close(): void {
    for (const segment of [...this.#open.keys()]) this.forget(segment);
  }

  #file(segment: number): OpenFile | undefined {
    const known = this.#open.get(segment);
    if (known !== undefined) return known;
    try {
      const file = { fd: openSync(segmentPath(this.directory, segment), 'r'), readers: 0, dropped: false };
      this.#open.set(segment, file);
      if (this.#open.size > MAX_OPEN) this.forget(this.#open.keys().next().value ?? segment);
      return file;
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }
}

function readAt(fd: number, target: Buffer, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    read(fd, target, 0, target.length, position, (error, count) => (error ? reject(error) : resolve(count)));
  });
}
