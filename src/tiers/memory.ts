import { LRUCache } from 'lru-cache';
import type { Entry, EntryHead } from './entry.js';
import type { ListPage, ListQuery, Row, SetResult, Tier, TierStats } from './tier.js';

/**
 * What memory keeps of an entry. The engine holds on to records and mutates `until` and `checked`; a record that was
 * replaced or evicted may still be read, but is no longer found.
 */
export interface MemoryRecord {
  readonly entry: Entry;
  /** Bytes charged against the bound. */
  readonly bytes: number;
  /** ms since epoch until when this process may answer from here before it looks at L2 again. */
  until: number;
  /** Version of the purge table this record was last compared with. */
  checked: number;
}

export interface MemoryOptions {
  /** Bound of the bytes of all records: key, fields, tags, body and overhead. 0 keeps nothing. */
  readonly maxBytes: number;
  /** Largest share of the bound one entry may take. Default 1/8: one image must not empty the cache. */
  readonly maxShare?: number;
}

/** Bytes an entry costs beside its strings and body: objects, buffer, map slots, list links (bench/stores/memory.mjs). */
export const RECORD_OVERHEAD = 1250;

/** Bytes V8 adds to a one-byte string in an array: header, padding and the pointer to it. */
const STRING_OVERHEAD = 28;

/** Bytes an entry is charged: close to what the heap and the buffers grow by, not what goes over the wire. */
export function entryBytes(entry: EntryHead, bodyLength: number): number {
  let bytes = RECORD_OVERHEAD + bodyLength + 2 * entry.key.length + entry.statusText.length;
  if (entry.primaryKey !== entry.key) bytes += entry.primaryKey.length + STRING_OVERHEAD;
  for (const texts of [entry.headers, entry.tags, entry.vary]) {
    for (const text of texts) bytes += text.length + STRING_OVERHEAD;
  }
  return bytes;
}

/** L1: memory of this process. Synchronous at heart; the promises are for the interface. */
export class MemoryTier implements Tier {
  readonly name = 'memory';
  readonly sorted = true;
  readonly #records: LRUCache<string, MemoryRecord>;
  readonly #maxBytes: number;
  readonly #maxEntryBytes: number;
  #hits = 0;
  #misses = 0;
  #writes = 0;
  #evictions = 0;

  constructor(options: MemoryOptions) {
    this.#maxBytes = Math.max(0, Math.floor(options.maxBytes));
    this.#maxEntryBytes = Math.floor(this.#maxBytes * (options.maxShare ?? 1 / 8));
    this.#records = new LRUCache<string, MemoryRecord>({
      maxSize: Math.max(1, this.#maxBytes),
      sizeCalculation: (record) => record.bytes,
      dispose: (_record, _key, reason) => {
        if (reason === 'evict') this.#evictions += 1;
      },
    });
  }

  /** The record without counting a hit or making it younger. */
  peek(key: string): MemoryRecord | undefined {
    return this.#records.peek(key);
  }

  /** The record, made the youngest; counted. */
  getNow(key: string): MemoryRecord | undefined {
    const record = this.#records.get(key);
    if (record === undefined) this.#misses += 1;
    else this.#hits += 1;
    return record;
  }

  /**
   * Keeps the entry, replacing one under the same key. `until` defaults to the end of its memory TTL counted from
   * when it was stored, `checked` to its stamp.
   */
  setNow(entry: Entry, until = entry.storedAt + entry.memoryFor, checked = entry.stamp): SetResult {
    const bytes = entryBytes(entry, entry.body.length);
    if (bytes > this.#maxEntryBytes) {
      // What is there is older than what was just offered: keeping it would answer with a replaced body.
      this.#records.delete(entry.key);
      return 'too-large';
    }
    this.#records.set(entry.key, { entry, bytes, until, checked });
    this.#writes += 1;
    return 'stored';
  }

  deleteNow(key: string): boolean {
    return this.#records.delete(key);
  }

  async get(key: string): Promise<Entry | undefined> {
    return this.getNow(key)?.entry;
  }

  async set(entry: Entry): Promise<SetResult> {
    return this.setNow(entry);
  }

  async delete(key: string): Promise<boolean> {
    return this.deleteNow(key);
  }

  /** Sorts all keys: for people, not for the path of a request. */
  async list(query: ListQuery): Promise<ListPage> {
    const keys = [...this.#records.keys()].filter((key) => key > query.after).sort();
    const rows: Row[] = [];
    let looked = 0;
    for (const key of keys) {
      if (rows.length >= query.limit || looked >= query.scanLimit) {
        return { rows, next: keys[looked - 1] ?? query.after };
      }
      looked += 1;
      const record = this.#records.peek(key);
      if (record === undefined || !key.includes(query.contains)) continue;
      if (query.class !== undefined && record.entry.class !== query.class) continue;
      rows.push({ head: record.entry, bytes: record.bytes, tier: 'memory' });
    }
    return { rows, next: null };
  }

  async clear(): Promise<number> {
    const removed = this.#records.size;
    this.#records.clear();
    return removed;
  }

  /** Has this process look at L2 again before it answers with what is stored under exactly this key. */
  recheckKey(key: string): void {
    const record = this.#records.peek(key);
    if (record !== undefined) record.until = 0;
  }

  /** The same for every record. Returns how many there are. */
  recheck(): number {
    for (const record of this.#records.values()) record.until = 0;
    return this.#records.size;
  }

  async sweep(dead: (head: EntryHead) => boolean): Promise<number> {
    let removed = 0;
    let looked = 0;
    for (const key of [...this.#records.keys()]) {
      const record = this.#records.peek(key);
      if (record !== undefined && dead(record.entry) && this.#records.delete(key)) removed += 1;
      looked += 1;
      if (looked % SWEEP_STEP === 0) await new Promise(setImmediate);
    }
    return removed;
  }

  stats(): TierStats {
    return {
      entries: this.#records.size,
      bytes: this.#records.calculatedSize,
      maxBytes: this.#maxBytes,
      hits: this.#hits,
      misses: this.#misses,
      writes: this.#writes,
      evictions: this.#evictions,
      corrupt: 0,
      errors: 0,
    };
  }

  async close(): Promise<void> {
    this.#records.clear();
  }
}

/** Records looked at between two turns of the event loop: well under a millisecond. */
const SWEEP_STEP = 1000;
