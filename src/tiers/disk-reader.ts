import { existsSync } from 'node:fs';
import { checkIndexFile } from './disk-check.js';
import { DurableTable } from './disk-durable.js';
import { FailureLog, messageOf } from './disk-errors.js';
import { DiskIndex } from './disk-index.js';
import { type Environment, layoutOf, openEnvironment } from './disk-open.js';
import { SegmentReader } from './disk-segments.js';
import { TouchBatch } from './disk-touch.js';
import {
  type DiskReaderOptions,
  type DiskStats,
  type DiskStore,
  DiskStoreError,
  type DurableArea,
} from './disk-types.js';
import { DiskView } from './disk-view.js';
import type { Entry } from './entry.js';
import type { ListPage, ListQuery, SetResult } from './tier.js';

/** A worker's side of the store that another process writes. */
export class DiskReader implements DiskStore {
  readonly name = 'disk';
  readonly sorted = true;
  readonly writable = false;
  readonly #environment: Environment;
  readonly #bodies: SegmentReader;
  readonly #view: DiskView;
  readonly #durable: DurableTable;
  readonly #touches: TouchBatch | undefined;
  readonly #failures: FailureLog;
  #closing: Promise<void> | undefined;

  /** Throws DiskStoreError 'missing' when no writer has made the store yet, 'unusable' when it cannot be opened. */
  constructor(options: DiskReaderOptions) {
    const layout = layoutOf(options.directory);
    const check = existsSync(layout.marker)
      ? checkIndexFile(layout.index, false)
      : { state: 'absent' as const };
    if (check.state !== 'good') {
      throw new DiskStoreError('missing', `no disk store in ${layout.directory}; the writer opens it first`);
    }
    try {
      this.#environment = openEnvironment(layout, check.mapSize, true);
    } catch (error) {
      throw new DiskStoreError('unusable', `disk store ${layout.directory}: ${messageOf(error)}`, {
        cause: error,
      });
    }
    const { root, rows, durable } = this.#environment;
    this.#failures = new FailureLog(options.clock, options.onEvent ?? (() => {}));
    this.#bodies = new SegmentReader(layout.bodies);
    // Damage is met by the writer as well; only it may remove a row.
    const index = new DiskIndex(root, rows, options.clock, Number.POSITIVE_INFINITY);
    this.#view = new DiskView(index, this.#bodies, this.#failures, () => {});
    this.#durable = new DurableTable(root, durable, options.clock, 0, false);
    this.#touches =
      options.onTouch === undefined ? undefined : new TouchBatch(options.clock, options.onTouch);
  }

  async get(key: string): Promise<Entry | undefined> {
    const entry = await this.#view.get(key);
    if (entry !== undefined) this.#touches?.add(key);
    return entry;
  }

  lookNow(key: string): Entry | undefined | 'ask' {
    const told = this.#view.lookNow(key);
    if (told !== undefined && told !== 'ask') this.#touches?.add(key);
    return told;
  }

  async set(): Promise<SetResult> {
    return 'read-only';
  }

  async delete(): Promise<boolean> {
    return false;
  }

  async list(query: ListQuery): Promise<ListPage> {
    return this.#view.closed ? { rows: [], next: null } : this.#view.list(query);
  }

  async clear(): Promise<number> {
    return 0;
  }

  async sweep(): Promise<number> {
    return 0;
  }

  touch(keys: readonly string[]): void {
    for (const key of keys) this.#touches?.add(key);
  }

  durable(name: string): DurableArea {
    return this.#durable.area(name);
  }

  async flush(): Promise<void> {
    this.#touches?.flush();
  }

  /** Entries and bytes are the writer's to know; here they are 0. */
  stats(): DiskStats {
    const { hits, misses, corrupt } = this.#view;
    const nothing = {
      entries: 0,
      bytes: 0,
      maxBytes: 0,
      writes: 0,
      evictions: 0,
      fileBytes: 0,
      expired: 0,
      refused: 0,
    };
    return { ...nothing, hits, misses, corrupt, errors: this.#failures.count };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#touches?.flush();
    this.#view.closed = true;
    this.#bodies.close();
    await this.#environment.root.close();
  }
}
