import { Account } from './disk-account.js';
import { DurableTable } from './disk-durable.js';
import { FailureLog } from './disk-errors.js';
import { DiskIndex } from './disk-index.js';
import { IndexGrowth, usedBytesOf } from './disk-index-growth.js';
import { indexKey } from './disk-key.js';
import { type DiskSizes, limitsFor } from './disk-limits.js';
import type { WriterLock } from './disk-lock.js';
import { SegmentLog } from './disk-log.js';
import { type Environment, type Layout, openEnvironment, opened } from './disk-open.js';
import { SegmentReader } from './disk-segments.js';
import { UseBits } from './disk-touch.js';
import {
  type DiskOptions,
  type DiskStats,
  type DurableArea,
  MIN_DISK_BYTES,
  type OwnDiskStore,
} from './disk-types.js';
import { DiskView } from './disk-view.js';
import { DiskWriter } from './disk-writer.js';
import type { Entry, EntryHead } from './entry.js';
import type { ListPage, ListQuery, SetResult } from './tier.js';

/** Rows looked at between two turns of the event loop; about a millisecond. */
const STEP = 500;
/** Rows a background step looks at. */
const BACKGROUND_ROWS = 1000;
const MiB = 1024 * 1024;
/** Times of the bound at the start: the index, a good half of the bound at most, stays within its address space. */
const MOST_GROWTH = 3;

/** The writer's store. Made by `openDiskStore`, which holds the lock and has checked the files. */
export class WritableDiskStore implements OwnDiskStore {
  readonly name = 'disk';
  readonly sorted = true;
  readonly writable = true;
  readonly #limits: DiskSizes;
  readonly #environment: Environment;
  readonly #index: DiskIndex;
  readonly #bodies: SegmentReader;
  readonly #log: SegmentLog;
  readonly #account: Account;
  readonly #failures: FailureLog;
  readonly #used = new UseBits();
  readonly #view: DiskView;
  readonly #growth: IndexGrowth;
  readonly #writer: DiskWriter;
  readonly #durable: DurableTable;
  /** Entries on their way to the files: this process reads its own writes. Bounded as the writer's queue is. */
  readonly #pending = new Map<string, Entry>();
  #expired = 0;
  #background: (() => void) | undefined;
  #backgroundAt: Buffer = Buffer.alloc(0);
  #closing: Promise<void> | undefined;

  constructor(
    readonly options: DiskOptions,
    readonly layout: Layout,
    readonly lock: WriterLock,
  ) {
    const { clock, maxBytes } = options;
    this.#limits = limitsFor(maxBytes);
    this.#failures = new FailureLog(clock, options.onEvent ?? (() => {}));
    // Address space for a file twice the bound: never reached, so LMDB never has to map it again.
    this.#environment = openEnvironment(layout, 2 * Math.ceil(maxBytes / MiB) * MiB, false);
    const { root, rows, durable } = this.#environment;
    this.#index = new DiskIndex(root, rows, clock, 4 * this.#limits.batchEntries);
    this.#bodies = new SegmentReader(layout.bodies);
    this.#log = new SegmentLog(layout.bodies, this.#limits, this.#bodies, this.#failures);
    this.#account = new Account(this.#log);
    this.#durable = new DurableTable(root, durable, clock, this.#limits.durableBytes, true);
    this.#growth = new IndexGrowth({
      clock,
      fileBytes: () => this.#writer.indexFileBytes(),
      usedBytes: () => usedBytesOf(this.#environment),
      maxBytes: () => this.#limits.maxBytes,
    });
    this.#writer = new DiskWriter({
      index: this.#index,
      log: this.#log,
      account: this.#account,
      limits: this.#limits,
      failures: this.#failures,
      used: this.#used,
      growth: this.#growth,
      indexPath: layout.index,
      maxPendingBytes: options.maxPendingBytes ?? Math.min(64 * MiB, Math.max(8 * MiB, maxBytes / 8)),
      keepMs: options.keepMs ?? 0,
      now: () => clock.now(),
    });
    this.#view = new DiskView(this.#index, this.#bodies, this.#failures, (key, facts) => {
      void this.#writer.delete(Buffer.from(key), facts.place);
    });
  }

  /** Counts what the index names, removes what it does not, and starts the background work. */
  async start(): Promise<void> {
    const lost: { key: Buffer; place: { segment: number; offset: number; length: number } }[] = [];
    let after: Buffer = Buffer.alloc(0);
    for (;;) {
      const rows = this.#index.rows(after, STEP);
      for (const row of rows) {
        this.#account.add(row);
        const segment = this.#log.segments.get(row.place.segment);
        if (segment === undefined || row.place.offset + row.place.length > segment.size) lost.push(row);
      }
      const last = rows.at(-1);
      if (last === undefined) break;
      after = last.key;
      await new Promise(setImmediate);
    }
    const orphans = this.#log.dropOrphans();
    if (orphans.files > 0) this.options.onEvent?.({ type: 'orphans-removed', ...orphans });
    await Promise.all(lost.map(({ key, place }) => this.#writer.delete(key, place)));
    await this.#writer.trim();
    opened(this.layout);
    this.#later();
  }

  /**
   * Whether the index file holds so many free pages that bodies would lack the room: LMDB's file never shrinks, so a
   * bound that was lowered leaves one behind.
   */
  get indexOutgrown(): boolean {
    return this.#growth.outgrown;
  }

  async resize(maxBytes: number): Promise<number> {
    const most = Math.max(MIN_DISK_BYTES, Math.min(maxBytes, MOST_GROWTH * this.options.maxBytes));
    // The areas that outlive a restart keep theirs: what is in them must stay.
    const { durableBytes } = this.#limits;
    Object.assign(this.#limits, limitsFor(most), { durableBytes });
    await this.#writer.trim();
    return most;
  }

  /** Writes the index without its free pages to another file. */
  async copyIndex(path: string): Promise<void> {
    await this.flush();
    await this.#environment.root.backup(path, true);
  }

  async get(key: string): Promise<Entry | undefined> {
    this.#used.mark(key);
    return this.#pending.get(key) ?? this.#view.get(key);
  }

  lookNow(key: string): Entry | undefined | 'ask' {
    this.#used.mark(key);
    return this.#pending.get(key) ?? this.#view.lookNow(key);
  }

  async set(entry: Entry): Promise<SetResult> {
    const { key } = entry;
    this.#pending.set(key, entry);
    try {
      return await this.#writer.set(entry);
    } finally {
      if (this.#pending.get(key) === entry) this.#pending.delete(key);
    }
  }

  async delete(key: string): Promise<boolean> {
    this.#pending.delete(key);
    return this.#writer.delete(indexKey(key));
  }

  async list(query: ListQuery): Promise<ListPage> {
    return this.#view.closed ? { rows: [], next: null } : this.#view.list(query);
  }

  async clear(): Promise<number> {
    this.#pending.clear();
    return this.#writer.clear();
  }

  async sweep(dead: (head: EntryHead) => boolean): Promise<number> {
    let removed = 0;
    let after: Buffer = Buffer.alloc(0);
    while (this.#closing === undefined) {
      const rows = this.#index.rows(after, STEP);
      const last = rows.at(-1);
      if (last === undefined) break;
      after = last.key;
      const doomed = rows.filter((row) => {
        const stored = row.head();
        return !stored.ok || dead(stored.value.head);
      });
      const done = await Promise.all(doomed.map((row) => this.#writer.delete(row.key, row.place)));
      removed += done.filter(Boolean).length;
      await new Promise(setImmediate);
    }
    return removed;
  }

  touch(keys: readonly string[]): void {
    for (const key of keys) this.#used.mark(key);
  }

  durable(name: string): DurableArea {
    return this.#durable.area(name);
  }

  async flush(): Promise<void> {
    await this.#writer.idle();
    await this.#log.sync();
    await this.#index.flush();
  }

  stats(): DiskStats {
    const { reclaimer } = this.#writer;
    return {
      entries: this.#account.entries,
      bytes: this.#account.indexBytes + this.#account.recordBytes,
      maxBytes: this.#limits.maxBytes,
      hits: this.#view.hits,
      misses: this.#view.misses,
      writes: this.#writer.writes,
      evictions: reclaimer.evictions,
      corrupt: this.#view.corrupt,
      errors: this.#failures.count,
      fileBytes: this.#writer.fileBytes(),
      expired: reclaimer.expired + this.#expired,
      refused: this.#writer.refused,
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Lets go of the files as they are, to be opened again or moved; the lock stays with the caller. */
  async abandon(): Promise<void> {
    this.#closing ??= Promise.resolve();
    this.#background?.();
    await this.#writer.close();
    this.#view.closed = true;
    this.#bodies.close();
    await this.#index.close();
  }

  async #close(): Promise<void> {
    this.#background?.();
    await this.#writer.close();
    try {
      await this.#log.seal();
      await this.#log.sync();
      await this.#index.flush();
    } catch (error) {
      this.#failures.failed('close', error);
    }
    this.#view.closed = true;
    this.#bodies.close();
    await this.#index.close();
    this.lock.release();
  }

  #later(): void {
    if (this.#closing !== undefined) return;
    this.#background = this.options.clock.after(this.options.stepEvery ?? 1000, () => {
      this.#step()
        .catch((error: unknown) => this.#failures.failed('background', error))
        .finally(() => this.#later());
    });
  }

  /** A small part of the round through the index: rows past their use, and rows whose segment is gone, are removed. */
  async #step(): Promise<void> {
    const now = this.options.clock.now();
    this.#environment.root.readerCheck(); // a reader that was killed must not hold back free pages
    await this.lock.refresh();
    if (this.#closing !== undefined) return; // meanwhile
    const rows = this.#index.rows(this.#backgroundAt, BACKGROUND_ROWS);
    this.#backgroundAt = rows.length < BACKGROUND_ROWS ? Buffer.alloc(0) : Buffer.from(rows.at(-1)!.key);
    const doomed = rows.filter((row) => row.expires < now || !this.#log.segments.has(row.place.segment));
    const done = await Promise.all(doomed.map((row) => this.#writer.delete(row.key, row.place)));
    this.#expired += done.filter(Boolean).length;
    await this.#log.sync();
  }
}
