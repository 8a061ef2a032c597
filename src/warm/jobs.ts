import type { SitePolicy } from '../cache/site.js';
import type { Clock } from '../clock.js';
import { ProxyError } from '../errors.js';
import type { WarmCommand } from './command.js';
import type { ExportChoice } from './export-list.js';
import { watchFeeding } from './feeding.js';
import { isOver, type WarmJob } from './job.js';
import { type Counts, EMPTY_JOB, type JobRecord } from './job-record.js';
import { JobState } from './job-state.js';
import type { JobStore } from './job-store.js';
import { inParts, type Listed, usableTargets } from './listing.js';
import { runTargets } from './runner.js';
import { type Ending, STEERABLE, type Steering, type Stop, stoppedBy } from './transitions.js';
import { whyOf, writable } from './trouble.js';
import type { Warmed, Warmer } from './warmer.js';

export interface WarmJobsParts {
  readonly store: JobStore;
  readonly site: SitePolicy;
  readonly warmer: Pick<Warmer, 'warm' | 'waitingFor'>;
  readonly clock: Clock;
  readonly newId: () => string;
  /** Why this node warms nothing up (`OFFLINE`), if so. */
  readonly obstacle: string | undefined;
  /** Targets of a daily export. Rejects with what to tell people. */
  readonly exported: (choice: ExportChoice, signal: AbortSignal) => Promise<Iterable<string>>;
  /** The keys asked for most; rejects with `conflict` where nobody counts. */
  readonly hottest: (most: number) => Promise<readonly string[]>;
  readonly onEvent: (event: WarmEvent) => void;
}

export type WarmEvent =
  | { readonly type: 'job'; readonly job: WarmJob }
  | { readonly type: 'damaged'; readonly name: string }
  | { readonly type: 'unreadable'; readonly error: unknown };

/** Jobs that are neither over nor running: one runs, the others wait. */
const MAX_WAITING = 16;
/** How long, and how many, jobs that are over are remembered. */
const REMEMBERED_MS = 24 * 3_600_000;
const MAX_REMEMBERED = 100;

interface Running {
  readonly job: JobState;
  readonly stop: AbortController;
  readonly over: Promise<void>;
}

/** The warm-up jobs of a node: one runs, others wait, all survive a restart. */
export class WarmJobs {
  readonly #parts: WarmJobsParts;
  /** In order of creation. */
  readonly #jobs = new Map<string, JobState>();
  readonly #results: Record<keyof Counts, number> = { hits: 0, filled: 0, skipped: 0, errors: 0 };
  #loaded: Promise<void> = Promise.resolve();
  #running: Running | undefined;
  #closing = false;

  constructor(parts: WarmJobsParts) {
    this.#parts = parts;
  }

  /** Takes up what an earlier run has left. Never rejects. */
  start(): Promise<void> {
    this.#loaded = this.#load();
    return this.#loaded;
  }

  /** Rejects with `conflict`, `bad_request` or `not_found`. */
  async command(command: WarmCommand): Promise<WarmJob> {
    await this.#loaded;
    if (this.#closing) throw new ProxyError('conflict', 'this node is stopping');
    const { obstacle } = this.#parts;
    if (obstacle !== undefined && command.kind !== 'cancel')
      throw new ProxyError('conflict', obstacle, { advice: 'Nothing is warmed up until that is changed.' });
    const job = await writable(this.#obey(command));
    this.#pump();
    return this.#row(job);
  }

  /** One job (rejects with `not_found`), or all, the newest first. */
  async status(id?: string): Promise<WarmJob[]> {
    await this.#loaded;
    if (id !== undefined) return [this.#row(this.#find(id))];
    return [...this.#jobs.values()].reverse().map((job) => this.#row(job));
  }

  /** By status, by result since the start, and what is left to do. */
  figures(): { jobs: Record<string, number>; targets: Record<string, number>; left: number } {
    const jobs: Record<string, number> = {};
    let left = 0;
    for (const job of this.#jobs.values()) {
      const { status, total, done } = job.row();
      jobs[status] = (jobs[status] ?? 0) + 1;
      if (!isOver(status)) left += total - done;
    }
    return { jobs, targets: { ...this.#results }, left };
  }

  /** Stops what runs, which goes on after the next start. Resolves when that is written down. Never rejects. */
  async close(): Promise<void> {
    this.#closing = true;
    await this.#loaded;
    this.#running?.stop.abort('closing' satisfies Stop);
    await this.#running?.over;
  }

  async #load(): Promise<void> {
    const { store, onEvent } = this.#parts;
    try {
      const records = await store.load((name) => onEvent({ type: 'damaged', name }));
      // What ran goes first again.
      records.sort((a, b) => Number(b.status === 'running') - Number(a.status === 'running'));
      for (const record of records)
        this.#jobs.set(
          record.id,
          this.#made({ ...record, status: record.status === 'running' ? 'queued' : record.status }),
        );
      await this.#forgetOld();
    } catch (error) {
      onEvent({ type: 'unreadable', error });
    }
    this.#pump();
  }

  #obey(command: WarmCommand): Promise<JobState> {
    switch (command.kind) {
      case 'urls':
        return this.#beginList(command);
      case 'export': {
        const { kind, top } = command.choice;
        return this.#begin(
          { source: `export ${kind}, top ${top}`, choice: command.choice },
          command.concurrency,
        );
      }
      case 'hot':
        return this.#beginHot(command);
      case 'append':
        return this.#append(command);
      default:
        return this.#steer(command.kind, this.#find(command.id));
    }
  }

  async #beginList({ urls, last, source, concurrency }: Extract<WarmCommand, { kind: 'urls' }>) {
    const list = await usableTargets(this.#parts.site, urls);
    return this.#begin({ source, open: !last }, concurrency, list);
  }

  async #beginHot({ top, concurrency }: Extract<WarmCommand, { kind: 'hot' }>): Promise<JobState> {
    const list = await usableTargets(this.#parts.site, await this.#parts.hottest(top));
    return this.#begin({ source: `hottest ${top}` }, concurrency, list);
  }

  async #begin(
    more: Partial<JobRecord>,
    concurrency: number,
    { targets, unusable }: Listed = { targets: [], unusable: 0 },
  ): Promise<JobState> {
    const waiting = [...this.#jobs.values()].filter(({ record }) => !isOver(record.status));
    if (waiting.length > MAX_WAITING)
      throw new ProxyError('conflict', `${MAX_WAITING} jobs wait already; cancel one of them, or wait`);
    const { clock, newId, store } = this.#parts;
    const id = newId();
    const job = this.#made({ ...EMPTY_JOB, id, created: clock.now(), concurrency, ...more });
    try {
      await job.append(targets, unusable);
    } catch (thrown) {
      await store.remove(id).catch(() => {});
      throw thrown;
    }
    // Only now: before its list is written nobody may run it.
    this.#jobs.set(id, job);
    void this.#forgetOld();
    return job;
  }

  async #append({ id, urls, last }: Extract<WarmCommand, { kind: 'append' }>): Promise<JobState> {
    const job = this.#find(id);
    const { targets, unusable } = await usableTargets(this.#parts.site, urls);
    const { status, open } = job.record;
    if (isOver(status) || !open) throw new ProxyError('conflict', `the list of job ${id} is complete`);
    await job.append(targets, unusable);
    if (last) await job.update({ open: false });
    return job;
  }

  async #steer(kind: Steering, job: JobState): Promise<JobState> {
    const { status, id } = job.record;
    if (!STEERABLE[kind].has(status)) throw new ProxyError('conflict', `job ${id} is ${status}`);
    if (kind === 'resume') {
      await job.setStatus('queued', null);
      return job;
    }
    const stop = kind === 'pause' ? 'paused' : 'cancelled';
    if (this.#running?.job === job) {
      this.#running.stop.abort(stop satisfies Stop);
      await this.#running.over;
    } else {
      await job.setStatus(stop);
    }
    return job;
  }

  #pump(): void {
    if (this.#closing || this.#running !== undefined || this.#parts.obstacle !== undefined) return;
    const job = [...this.#jobs.values()].find(({ record }) => record.status === 'queued');
    if (job === undefined) return;
    const stop = new AbortController();
    const over = this.#run(job, stop).then(() => {
      this.#running = undefined;
      this.#pump();
    });
    this.#running = { job, stop, over };
  }

  /** Never rejects. */
  async #run(job: JobState, stop: AbortController): Promise<void> {
    const { warmer, clock, onEvent } = this.#parts;
    const { signal } = stop;
    let ending: Ending = { status: 'done' };
    const stopWatching = watchFeeding(job, clock);
    try {
      await job.setStatus('running', null);
      onEvent({ type: 'job', job: job.row() });
      await this.#prepare(job, signal);
      const { concurrency } = job.record;
      const onWarmed = (warmed: Warmed) => {
        this.#results[warmed.result]++;
        job.count(warmed);
      };
      await runTargets({ warmer, queue: job.queue, clock, concurrency, onWarmed }, signal);
    } catch (thrown) {
      if (!signal.aborted) ending = { status: 'failed', why: whyOf(thrown) };
    }
    stopWatching();
    if (signal.aborted) ending = stoppedBy(signal.reason);
    // On a disk that takes nothing the status holds until the next start, which tries again.
    await job.setStatus(ending.status, ending.why).catch(() => {});
    onEvent({ type: 'job', job: job.row() });
  }

  async #prepare(job: JobState, signal: AbortSignal): Promise<void> {
    const { choice } = job.record;
    if (choice === null) return;
    // An earlier run may have got as far as writing some of it.
    await job.update({ lines: 0, bytes: 0, unusable: 0 });
    for (const part of inParts(await this.#parts.exported(choice, signal))) {
      if (signal.aborted) return;
      const { targets, unusable } = await usableTargets(this.#parts.site, part);
      await job.append(targets, unusable);
    }
    await job.update({ choice: null });
  }

  #made(record: JobRecord): JobState {
    const { store, clock } = this.#parts;
    const job: JobState = new JobState({
      record,
      list: store.list(record.id),
      save: (latest) => store.save(latest),
      clock,
      onUnsaved: (error) => {
        if (this.#running?.job === job) this.#running.stop.abort(error);
      },
    });
    return job;
  }

  #find(id: string): JobState {
    const job = this.#jobs.get(id);
    if (job === undefined)
      throw new ProxyError('not_found', 'there is no warm-up job of this id', {
        advice: `GET /cache/warm lists those there are; one that is over is forgotten after a day.`,
      });
    return job;
  }

  #row(job: JobState): WarmJob {
    return job.row(this.#running?.job === job ? this.#parts.warmer.waitingFor : undefined);
  }

  async #forgetOld(): Promise<void> {
    const { clock, store } = this.#parts;
    const over = [...this.#jobs.values()].filter(({ record }) => isOver(record.status)).reverse();
    const old = over.filter(
      ({ record }, i) => i >= MAX_REMEMBERED || clock.now() - (record.finished ?? 0) > REMEMBERED_MS,
    );
    for (const { record } of old) {
      this.#jobs.delete(record.id);
      await store.remove(record.id).catch(() => {});
    }
  }
}
