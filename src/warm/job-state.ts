import type { Clock } from '../clock.js';
import { ProxyError } from '../errors.js';
import { MAX_LINES } from './command.js';
import { isOver, type WarmJob, type WarmStatus } from './job.js';
import type { Counts, JobRecord } from './job-record.js';
import { Meter } from './meter.js';
import { TargetQueue } from './target-queue.js';
import type { TargetsFile } from './targets-file.js';
import type { Warmed } from './warmer.js';

const MAX_LIST_BYTES = 64 * 1024 * 1024;

/** How often what was done is written down: after so long, or so many targets. */
const SAVE_MS = 2000;
const SAVE_EVERY = 500;

export interface JobParts {
  readonly record: JobRecord;
  readonly list: TargetsFile;
  readonly save: (record: JobRecord) => Promise<void>;
  readonly clock: Clock;
  /** What was done could not be written down while the job ran. */
  readonly onUnsaved: (error: unknown) => void;
}

/** One job: its record, kept in step with the disk, and its list. What to do with it is decided in jobs.ts. */
export class JobState {
  readonly #parts: JobParts;
  #record: JobRecord;
  #queue: TargetQueue;
  #meter: Meter;
  /** Writes one after the other, the latest state each. */
  #saving: Promise<void> = Promise.resolve();
  #appending: Promise<void> = Promise.resolve();
  #unsaved = 0;
  #cancelTimer: (() => void) | undefined;
  /** Last time somebody added to the list, by the steady clock, ms. */
  fedAt: number;

  constructor(parts: JobParts) {
    this.#parts = parts;
    this.#record = parts.record;
    this.#queue = this.#newQueue();
    this.#meter = new Meter(parts.clock);
    this.fedAt = parts.clock.steady();
  }

  get record(): JobRecord {
    return this.#record;
  }

  get queue(): TargetQueue {
    return this.#queue;
  }

  /** `waitingFor`: why nothing is asked at present. */
  row(waitingFor?: string): WarmJob {
    const { id, source, status, lines, unusable, counts, lastError } = this.#record;
    const skipped = counts.skipped + unusable;
    const total = lines + unusable;
    const done = counts.hits + counts.filled + counts.errors + skipped;
    const running = status === 'running';
    const rate = running ? Math.round(this.#meter.rate * 10) / 10 : 0;
    const waiting = running && waitingFor !== undefined ? `waiting: ${waitingFor}` : undefined;
    return {
      id,
      source,
      status,
      total,
      done,
      hits: counts.hits,
      filled: counts.filled,
      skipped,
      errors: counts.errors,
      rate,
      left_s: rate > 0 ? Math.ceil((total - done) / rate) : null,
      last_error: waiting ?? lastError,
    };
  }

  /** Adds to the list. Rejects with `bad_request` beyond its bounds and with the system's error when it can't be written. */
  append(targets: readonly string[], unusable: number): Promise<void> {
    const appended = this.#appending.then(() => this.#append(targets, unusable));
    this.#appending = appended.catch(() => {});
    return appended;
  }

  async #append(targets: readonly string[], unusable: number): Promise<void> {
    const { lines, bytes } = this.#record;
    const more = targets.reduce((sum, target) => sum + target.length + 1, 0);
    if (lines + targets.length > MAX_LINES || bytes + more > MAX_LIST_BYTES) {
      const bounds = `${MAX_LINES} targets and ${MAX_LIST_BYTES / 1024 / 1024} MiB`;
      throw new ProxyError(
        'bad_request',
        `a list has at most ${bounds}: take fewer (--top), or several jobs`,
      );
    }
    const end = await this.#parts.list.append(bytes, targets);
    this.#record = {
      ...this.#record,
      lines: lines + targets.length,
      bytes: end,
      unusable: this.#record.unusable + unusable,
    };
    this.fedAt = this.#parts.clock.steady();
    await this.save();
    this.#queue.wake();
  }

  /** Changes what is known of the job, writes it down, and wakes whoever waits for more. */
  async update(change: Partial<JobRecord>): Promise<void> {
    this.#record = { ...this.#record, ...change };
    this.#queue.wake();
    await this.save();
  }

  async setStatus(status: WarmStatus, lastError = this.#record.lastError): Promise<void> {
    const { clock, list } = this.#parts;
    if (status === 'running') {
      this.#queue = this.#newQueue();
      this.#meter = new Meter(clock);
    }
    await this.update({ status, lastError, finished: isOver(status) ? clock.now() : null });
    if (status === 'done' || status === 'cancelled') await list.remove();
  }

  /** A target is done: told to the disk soon. */
  count(warmed: Warmed): void {
    const { counts } = this.#record;
    const next: Counts = { ...counts, [warmed.result]: counts[warmed.result] + 1 };
    const failed = warmed.result === 'errors' ? { lastError: warmed.why } : {};
    this.#record = { ...this.#record, counts: next, ...failed };
    this.#meter.count();
    if (++this.#unsaved >= SAVE_EVERY) this.#saveBehind();
    else this.#cancelTimer ??= this.#parts.clock.after(SAVE_MS, () => this.#saveBehind());
  }

  /** Resolves when the present state is on disk. Rejects with the system's error. */
  save(): Promise<void> {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#unsaved = 0;
    const saved = this.#saving.then(() => {
      this.#record = { ...this.#record, ...this.#queue.position() };
      return this.#parts.save(this.#record);
    });
    this.#saving = saved.catch(() => {});
    return saved;
  }

  #saveBehind(): void {
    this.save().catch(this.#parts.onUnsaved);
  }

  #newQueue(): TargetQueue {
    return new TargetQueue(this.#parts.list, this.#record, () => this.#record);
  }
}
