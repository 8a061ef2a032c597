import { mkdir, open, rm, truncate } from 'node:fs/promises';
import { dirname } from 'node:path';
import { MAX_TARGET } from './target.js';

/** One read: holds many lines, and one of the longest at least (canonical targets are ASCII). */
const READ_BYTES = Math.max(64 * 1024, 2 * MAX_TARGET);

/** The targets of a job, one a line. What is behind `bytes` of its record was never confirmed to anyone. */
export class TargetsFile {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** Writes at byte `at` and returns the new end. Rejects with the system's error (a full disk). */
  async append(at: number, targets: readonly string[]): Promise<number> {
    if (targets.length === 0) return at;
    await mkdir(dirname(this.#path), { recursive: true });
    const file = await open(this.#path, at === 0 ? 'w' : 'r+', 0o600);
    try {
      const lines = Buffer.from(`${targets.join('\n')}\n`);
      const { bytesWritten } = await file.write(lines, 0, undefined, at);
      // A disk that fills up takes a part, and reports no error until the next write.
      if (bytesWritten !== lines.length)
        throw Object.assign(new Error('ENOSPC: the list was written in part'), { code: 'ENOSPC' });
      return at + bytesWritten;
    } finally {
      await file.close();
    }
  }

  /** Some of the lines between two bytes that both begin a line; none at the end. */
  async read(at: number, end: number): Promise<string[]> {
    if (at >= end) return [];
    const file = await open(this.#path, 'r');
    try {
      const buffer = Buffer.alloc(Math.min(READ_BYTES, end - at));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
      const lastEnd = buffer.lastIndexOf(0x0a, bytesRead - 1);
      return lastEnd < 0 ? [] : buffer.toString('utf8', 0, lastEnd).split('\n');
    } finally {
      await file.close();
    }
  }

  /** Cuts off what was written after the last record of the job. */
  async trim(bytes: number): Promise<void> {
    if (bytes > 0) await truncate(this.#path, bytes);
  }

  remove(): Promise<void> {
    return rm(this.#path, { force: true });
  }
}
