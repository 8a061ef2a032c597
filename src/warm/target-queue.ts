import type { Position } from './job-record.js';
import { untilAborted } from './pause.js';
import type { TargetsFile } from './targets-file.js';

export interface Taken {
  /** Number of the line. */
  readonly line: number;
  readonly target: string;
}

/** Lines that may be done beyond one that is not: what is remembered of them is bounded. */
const MAX_AHEAD = 1024;

/**
 * Hands out the lines of a list in order, to several at a time, and knows which are done: a job that is stopped anywhere goes on
 * with exactly those that are not.
 */
export class TargetQueue {
  readonly #file: Pick<TargetsFile, 'read'>;
  readonly #end: () => { readonly bytes: number; readonly open: boolean };
  #next: number;
  #at: number;
  readonly #ahead: Set<number>;
  /** Bytes of the lines from `#next` on that were read. */
  #sizes: number[] = [];
  /** Number and place of the line that is read next. */
  #readLine: number;
  #readAt: number;
  #waiting: Taken[] = [];
  #reading: Promise<void> | undefined;
  #waiters: (() => void)[] = [];

  /** `end`: where the list ends at present, and whether more may come. */
  constructor(
    file: Pick<TargetsFile, 'read'>,
    from: Position,
    end: () => { readonly bytes: number; readonly open: boolean },
  ) {
    this.#file = file;
    this.#end = end;
    this.#next = from.next;
    this.#at = from.at;
    this.#ahead = new Set(from.ahead);
    this.#readLine = from.next;
    this.#readAt = from.at;
  }

  /** The next line, waited for while the list is open; undefined at its end. Rejects when the signal fires or a read fails. */
  async take(signal: AbortSignal): Promise<Taken | undefined> {
    for (;;) {
      if (signal.aborted) return undefined;
      const first = this.#waiting[0];
      if (first !== undefined && first.line - this.#next < MAX_AHEAD) return this.#waiting.shift();
      const { bytes, open } = this.#end();
      if (this.#waiting.length === 0 && this.#readAt < bytes) {
        await this.#read(bytes);
      } else if (this.#waiting.length === 0 && !open) {
        return undefined;
      } else {
        await untilAborted(new Promise<void>((wake) => this.#waiters.push(wake)), signal);
      }
    }
  }

  done({ line }: Taken): void {
    this.#ahead.add(line);
    this.#settle();
    this.wake();
  }

  /** The end of the list has moved. */
  wake(): void {
    for (const wake of this.#waiters.splice(0)) wake();
  }

  position(): Position {
    return { next: this.#next, at: this.#at, ahead: [...this.#ahead] };
  }

  #read(end: number): Promise<void> {
    this.#reading ??= this.#readOn(end).finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readOn(end: number): Promise<void> {
    const lines = await this.#file.read(this.#readAt, end);
    if (lines.length === 0) throw new Error('the list is shorter than it was');
    for (const target of lines) {
      const size = Buffer.byteLength(target) + 1;
      const line = this.#readLine++;
      this.#readAt += size;
      this.#sizes.push(size);
      if (!this.#ahead.has(line)) this.#waiting.push({ line, target });
    }
    this.#settle();
  }

  #settle(): void {
    while (this.#sizes.length > 0 && this.#ahead.delete(this.#next)) {
      this.#at += this.#sizes.shift()!;
      this.#next++;
    }
  }
}
