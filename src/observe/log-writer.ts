import type { Clock } from '../clock.js';

export interface LogWriterParts {
  readonly clock: Clock;
  /** Writes without waiting and says how many bytes were taken; throws as `fs.writeSync` does. */
  readonly write: (bytes: string | Buffer) => number;
  /** Waits without doing anything else, ms: for the end of a process. */
  readonly pause: (ms: number) => void;
  /** Lines are taken again after so many were lost. */
  readonly onLost: (lines: number) => void;
}

/** Lines that wait to be taken, bytes; beyond that they are lost, and counted. */
const MOST_HELD = 1024 * 1024;
/** So much is written into a pipe whole or not at all (PIPE_BUF), bytes: lines of several processes do not mix. */
const PIECE = 4096;
/** Who reads is slow; or nobody reads, or the disk is full: until it is tried again, ms. */
const SLOW_MS = 20;
const BROKEN_MS = 500;
/** At its end a process waits so long for whoever reads, ms. */
const LAST_WORDS_MS = 1000;

/**
 * Lines on their way to standard output. Whoever reads there may be slow, hang or be gone, and a disk may be full: no request waits for
 * that. Each line is written at once where it is taken, so the last ones before a crash are not lost; else it is held, bounded, and
 * tried again.
 */
export class LogWriter {
  readonly #parts: LogWriterParts;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #lost = 0;
  #stopTimer: (() => void) | undefined;

  constructor(parts: LogWriterParts) {
    this.#parts = parts;
  }

  /** Takes one whole line. Never throws. */
  write(line: string): void {
    if (this.#held.length > 0) {
      this.#hold(Buffer.from(line));
      return;
    }
    const taken = this.#try(line);
    if (typeof taken !== 'number') {
      this.#later(taken.again);
      this.#hold(Buffer.from(line));
    } else if (taken < Buffer.byteLength(line)) {
      this.#hold(Buffer.from(line).subarray(taken));
    }
  }

  /** Writes what is held, as far as it is taken within a second: the process is about to end. */
  flushSync(): void {
    for (let waited = 0; ; waited += SLOW_MS) {
      const again = this.#drain();
      if (again === undefined || again > SLOW_MS || waited >= LAST_WORDS_MS) return;
      this.#parts.pause(SLOW_MS);
    }
  }

  #hold(bytes: Buffer): void {
    if (this.#heldBytes + bytes.length > MOST_HELD) {
      this.#lost++;
      return;
    }
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    this.#later(SLOW_MS);
  }

  #later(ms: number): void {
    this.#stopTimer ??= this.#parts.clock.after(ms, () => {
      this.#stopTimer = undefined;
      const again = this.#drain();
      if (again !== undefined) this.#later(again);
    });
  }

  /** Writes what is held; after how long to try again, ms, where not all was taken. */
  #drain(): number | undefined {
    while (this.#held.length > 0) {
      const piece = this.#piece();
      const taken = this.#try(piece);
      if (typeof taken !== 'number') {
        this.#putBack(piece);
        return taken.again;
      }
      if (taken < piece.length) {
        this.#putBack(piece.subarray(taken));
        return SLOW_MS;
      }
    }
    const lost = this.#lost;
    this.#lost = 0;
    if (lost > 0) this.#parts.onLost(lost);
    return this.#held.length > 0 ? SLOW_MS : undefined;
  }

  /** Takes the next lines out that can be written in one go. */
  #piece(): Buffer {
    let count = 0;
    let bytes = 0;
    for (const line of this.#held) {
      if (count > 0 && bytes + line.length > PIECE) break;
      bytes += line.length;
      count++;
    }
    this.#heldBytes -= bytes;
    const lines = this.#held.splice(0, count);
    return lines.length === 1 ? lines[0]! : Buffer.concat(lines, bytes);
  }

  #putBack(bytes: Buffer): void {
    this.#held.unshift(bytes);
    this.#heldBytes += bytes.length;
  }

  #try(bytes: string | Buffer): number | { readonly again: number } {
    try {
      return this.#parts.write(bytes);
    } catch (thrown) {
      return { again: (thrown as NodeJS.ErrnoException).code === 'EAGAIN' ? SLOW_MS : BROKEN_MS };
    }
  }
}
