import { randomInt } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { seeded } from './load.js';

/** What one file of a family measured; `npm run soak` adds the files of a family together. */
export interface SoakCounts {
  /** Requests sent to the proxy, each with its answer looked at. */
  requests: number;
  /** Different inputs tried, by their kind. */
  readonly inputs: Record<string, number>;
  /** What was broken on purpose, by its kind. */
  readonly faults: Record<string, number>;
  /** Requests that had a right to an answer and got none, or an error that is not allowed for the fault of that moment. */
  lost: number;
  /** Answers whose bytes are not those of the origin, by hash; or that were meant for somebody else. */
  wrong: number;
  /** The longest that a client waited while the proxy should have answered, ms. */
  longestStallMs: number;
  /** Whatever else the family measures; the name ends in its unit. */
  readonly measures: Record<string, number>;
}

/**
 * The budget and the report of a file of test/soak. Under `npm test` each loop has its short form, of a number of rounds;
 * under `npm run soak -- <family> --minutes N` it goes on for its share of the minutes.
 */
export class Soak implements SoakCounts {
  requests = 0;
  lost = 0;
  wrong = 0;
  longestStallMs = 0;
  readonly inputs: Record<string, number> = {};
  readonly faults: Record<string, number> = {};
  readonly measures: Record<string, number> = {};
  /** Why requests count as lost, or bytes as wrong: at most twenty, for the message of a test that fails. */
  readonly complaints: string[] = [];
  /** What this file has, ms; 0 for the short form. */
  readonly budgetMs = Number(process.env.SOAK_MINUTES ?? 0) * 60_000;
  readonly seed = Number(process.env.SOAK_SEED ?? randomInt(1, 2 ** 31 - 1));
  /** Repeatable by `--seed`. */
  readonly random = seeded(this.seed);

  /** @param file the name of the test file, without folder and ending */
  constructor(private readonly file: string) {}

  get long(): boolean {
    return this.budgetMs > 0;
  }

  /** How long a test with this share of the budget may take, ms: the third argument of `it`. */
  timeout(share: number): number {
    return 120_000 + this.budgetMs * share * 1.5;
  }

  /**
   * Calls `round` one time after the other: `short` times under `npm test`, else until `share` of the budget is over.
   * @param share 0 to 1: the part of the minutes that this loop may take
   * @param least so many are to be in any case, however long that takes
   */
  async rounds(
    short: number,
    share: number,
    round: (index: number) => Promise<void>,
    least = 0,
  ): Promise<number> {
    const end = performance.now() + this.budgetMs * share;
    const goesOn = (index: number) =>
      index < least || (this.long ? index === 0 || performance.now() < end : index < short);
    let index = 0;
    while (goesOn(index)) await round(index++);
    return index;
  }

  /** A property, tried `short` times under `npm test`, else in batches until `share` of the budget is over. */
  async property<Ts>(short: number, share: number, property: fc.IAsyncProperty<Ts>): Promise<void> {
    let batch = 0;
    await this.rounds(1, share, () =>
      fc.assert(property, {
        numRuns: this.long ? 200 : short,
        seed: this.seed + batch++,
        endOnFailure: false,
      }),
    );
  }

  input(kind: string, count = 1): void {
    this.inputs[kind] = (this.inputs[kind] ?? 0) + count;
  }

  fault(kind: string, count = 1): void {
    this.faults[kind] = (this.faults[kind] ?? 0) + count;
  }

  stalled(ms: number): void {
    this.longestStallMs = Math.max(this.longestStallMs, Math.round(ms));
  }

  /** One request: counted, with the time that its client waited. */
  async timed<T>(ask: () => T | Promise<T>): Promise<T> {
    const began = performance.now();
    this.requests++;
    try {
      return await ask();
    } finally {
      this.stalled(performance.now() - began);
    }
  }

  lose(why: string): void {
    this.lost++;
    this.complain(`lost: ${why}`);
  }

  mistake(why: string): void {
    this.wrong++;
    this.complain(`wrong: ${why}`);
  }

  private complain(text: string): void {
    if (this.complaints.length < 20) this.complaints.push(`${text} (seed ${this.seed})`);
  }

  /** For `afterAll`: leaves the counts where `npm run soak` reads them. */
  end(): void {
    const folder = process.env.SOAK_REPORTS;
    if (folder === undefined) return;
    const { requests, inputs, faults, lost, wrong, longestStallMs, measures, seed } = this;
    const report = { seed, requests, inputs, faults, lost, wrong, longestStallMs, measures };
    writeFileSync(join(folder, `${this.file}.json`), JSON.stringify(report));
  }
}

/** Resident memory of a process, bytes. */
export function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}
