import type { DiskStats, DiskStore, DurableArea } from './disk-types.js';
import type { ListPage, SetResult } from './tier.js';

const NOTHING: DurableArea = {
  get: () => undefined,
  put: () => Promise.reject(new Error('there is no disk store')),
  remove: () => Promise.reject(new Error('there is no disk store')),
  entries: () => [],
};

/** Stands in a worker for a store whose files have gone: it has nothing, and the node goes on. */
export class AbsentDisk implements DiskStore {
  readonly name = 'disk';
  readonly sorted = true;
  readonly writable = false;

  #misses = 0;
  #refused = 0;

  async get(): Promise<undefined> {
    this.#misses++;
  }

  lookNow(): undefined {}

  async set(): Promise<SetResult> {
    this.#refused++;
    return 'read-only';
  }

  async delete(): Promise<boolean> {
    return false;
  }

  async list(): Promise<ListPage> {
    return { rows: [], next: null };
  }

  async clear(): Promise<number> {
    return 0;
  }

  async sweep(): Promise<number> {
    return 0;
  }

  touch(): void {}

  durable(): DurableArea {
    return NOTHING;
  }

  async flush(): Promise<void> {}

  stats(): DiskStats {
    return {
      entries: 0,
      bytes: 0,
      maxBytes: 0,
      hits: 0,
      misses: this.#misses,
      writes: 0,
      evictions: 0,
      corrupt: 0,
      // Each look fails; that the files have gone is one fault more.
      errors: 1 + this.#misses,
      fileBytes: 0,
      expired: 0,
      refused: this.#refused,
    };
  }

  async close(): Promise<void> {}
}
