import type { Entry, EntryHead } from './entry.js';
import { MOST_USES, type Queued } from './second-chance.js';
import { ShardedCache } from './sharded.js';
import type { ListPage, ListQuery, Row, SetResult, Tier, TierName, TierStats } from './tier.js';

/** What all records of a tier share: the number of times everything was to be looked up anew. */
interface Rechecks {
  count: number;
}

/**
 * What memory keeps of an entry. The engine holds on to records and mutates `until` and `checked`; a record that was
 * replaced or evicted may still be read, but is no longer found.
 */
export class MemoryRecord implements Queued {
  readonly entry: Entry;
  readonly bytes: number;
  uses = 0;
  /** Version of the purge table this record was last compared with. */
  checked: number;
  #until: number;
  #rechecks: number;
  readonly #all: Rechecks;

  constructor(entry: Entry, bytes: number, until: number, checked: number, all: Rechecks) {
    this.entry = entry;
    this.bytes = bytes;
    this.checked = checked;
    this.#until = until;
    this.#all = all;
    this.#rechecks = all.count;
  }

  /** ms since epoch until when this process may answer from here before it looks at L2 again. */
  get until(): number {
    return this.#rechecks === this.#all.count ? this.#until : 0;
  }

  set until(until: number) {
    this.#until = until;
    this.#rechecks = this.#all.count;
  }
}

export interface MemoryOptions {
  /** Bound of the bytes of all records: key, fields, tags, body and overhead. 0 keeps nothing. */
  readonly maxBytes: number;
  /** Largest share of the bound one entry may take. Default 1/8: one image must not empty the cache. */
  readonly maxShare?: number;
}

/**
 * Bytes an entry costs beside its texts and body: objects, Map and queue slots, and some 130 that the buffer takes outside of
 * the heap. Of one made by `compact`; measured by bench/stores/memory.mjs.
 */
export const RECORD_OVERHEAD = 560;

/**
 * What one costs more that was decoded a moment ago: its texts are parts of one, and each is its own. Making it compact takes
 * longer than decoding does, which every hit in L2 would wait for (bench/stores/memory.mjs).
 */
const DECODED_OVERHEAD = 1000;

/** Bytes V8 adds to a text in an array: header, padding and the pointer to it. */
const STRING_OVERHEAD = 28;

/** The same of a field name, which many entries share. */
const POINTER = 8;

/** Bytes an entry is charged: close to what the heap and the buffers grow by, not what goes over the wire. */
export function entryBytes(entry: EntryHead, bodyLength: number): number {
  let bytes = RECORD_OVERHEAD + bodyLength + entry.key.length + entry.statusText.length;
  if (entry.primaryKey !== entry.key) bytes += entry.primaryKey.length + STRING_OVERHEAD;
  for (const [i, text] of entry.headers.entries()) {
    bytes += text.length + (i % 2 === 0 ? POINTER : STRING_OVERHEAD);
  }
  for (const texts of [entry.tags, entry.vary]) {
    for (const text of texts) bytes += text.length + STRING_OVERHEAD;
  }
  return bytes;
}

/** L1: memory of this process. Synchronous at heart; the promises are for the interface. */
export class MemoryTier implements Tier {
  readonly name: TierName = 'memory';
  readonly sorted = true;
  #records: ShardedCache<MemoryRecord>;
  readonly #rechecks: Rechecks = { count: 0 };
  readonly #maxShare: number;
  #maxBytes: number;
  #maxEntryBytes: number;
  #hits = 0;
  #misses = 0;
  #writes = 0;
  #evictions = 0;
  #unused = 0;

  constructor(options: MemoryOptions) {
    this.#maxShare = options.maxShare ?? 1 / 8;
    this.#maxBytes = Math.max(0, Math.floor(options.maxBytes));
    this.#records = this.#none();
    this.#maxEntryBytes = this.#largest();
  }

  /** Another bound. What is too much for it goes in steps, with turns for others between; resolves when it holds. */
  async resize(maxBytes: number): Promise<void> {
    this.#maxBytes = Math.max(0, Math.floor(maxBytes));
    const records = this.#records;
    const bound = Math.max(1, this.#maxBytes);
    let holds = records.resize(bound);
    this.#maxEntryBytes = this.#largest();
    // Until it was emptied or given another bound meanwhile.
    while (!holds && this.#records === records && Math.max(1, this.#maxBytes) === bound) {
      await new Promise(setImmediate);
      holds = records.resize(bound);
    }
  }

  /** What takes the place of all others of its shard is not worth it. */
  #largest(): number {
    return Math.min(Math.floor(this.#maxBytes * this.#maxShare), Math.floor(this.#records.shardBytes / 2));
  }

  /** The record without counting a hit or making it more likely to stay. */
  peek(key: string): MemoryRecord | undefined {
    return this.#records.get(key);
  }

  /** The record, counted, and more likely to stay. */
  getNow(key: string): MemoryRecord | undefined {
    const record = this.#records.get(key);
    if (record === undefined) this.#misses += 1;
    else this.use(record);
    return record;
  }

  /** Counts a hit of a record that was peeked at, as `getNow` would. */
  use(record: MemoryRecord): void {
    this.#hits += 1;
    if (record.uses < MOST_USES) record.uses += 1;
  }

  /**
   * Keeps a compact entry, replacing one under the same key. `until` defaults to the end of its memory TTL counted from
   * when it was stored, `checked` to its stamp.
   */
  setNow(entry: Entry, until = entry.storedAt + entry.memoryFor, checked = entry.stamp): SetResult {
    return this.#keep(entry, entryBytes(entry, entry.body.length), until, checked);
  }

  /** Keeps an entry as another tier has decoded it. */
  bringNow(entry: Entry, until: number): SetResult {
    return this.#keep(entry, entryBytes(entry, entry.body.length) + DECODED_OVERHEAD, until, 0);
  }

  #keep(entry: Entry, bytes: number, until: number, checked: number): SetResult {
    if (bytes > this.#maxEntryBytes) {
      // What is there is older than what was just offered: keeping it would answer with a replaced body.
      this.#records.delete(entry.key);
      return 'too-large';
    }
    this.#records.set(entry.key, new MemoryRecord(entry, bytes, until, checked, this.#rechecks));
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

  /** Looks at all keys: for people, not for the path of a request. */
  async list(query: ListQuery): Promise<ListPage> {
    const keys = await this.#first(query.scanLimit + 1, query.after);
    const rows: Row[] = [];
    let looked = 0;
    for (const key of keys) {
      if (rows.length >= query.limit || looked >= query.scanLimit) {
        return { rows, next: keys[looked - 1] ?? query.after };
      }
      looked += 1;
      const record = this.#records.get(key);
      if (record === undefined || !key.includes(query.contains)) continue;
      if (query.class !== undefined && record.entry.class !== query.class) continue;
      rows.push({ head: record.entry, bytes: record.bytes, tier: 'memory' });
    }
    return { rows, next: null };
  }

  async clear(): Promise<number> {
    const removed = this.#records.size;
    // Others than emptied ones: a million records are not walked.
    this.#records = this.#none();
    return removed;
  }

  /** Has this process look at L2 again before it answers with what is stored under exactly this key. */
  recheckKey(key: string): void {
    const record = this.#records.get(key);
    if (record !== undefined) record.until = 0;
  }

  /** The same for every record, at once however many there are. Returns how many. */
  recheck(): number {
    this.#rechecks.count += 1;
    return this.#records.size;
  }

  async sweep(dead: (head: EntryHead) => boolean): Promise<number> {
    const records = this.#records;
    let removed = 0;
    await this.#walk((key) => {
      const record = records.get(key);
      if (record !== undefined && dead(record.entry) && records.delete(key)) removed += 1;
    });
    return removed;
  }

  stats(): TierStats {
    return {
      entries: this.#records.size,
      bytes: this.#records.bytes,
      maxBytes: this.#maxBytes,
      hits: this.#hits,
      misses: this.#misses,
      writes: this.#writes,
      evictions: this.#evictions,
      unused: this.#unused,
      corrupt: 0,
      errors: 0,
    };
  }

  async close(): Promise<void> {
    this.#records = this.#none();
  }

  #none(): ShardedCache<MemoryRecord> {
    return new ShardedCache(Math.max(1, this.#maxBytes), (unused) => {
      this.#evictions += 1;
      if (unused) this.#unused += 1;
    });
  }

  /** The first keys after `after`, sorted. */
  async #first(count: number, after: string): Promise<string[]> {
    let keys: string[] = [];
    let last: string | undefined;
    await this.#walk((key) => {
      if (key <= after || (last !== undefined && key > last)) return;
      keys.push(key);
      if (keys.length < 2 * count) return;
      keys = keys.sort().slice(0, count);
      last = keys.at(-1);
    });
    return keys.sort().slice(0, count);
  }

  /** Calls `look` with every key, with a turn for others now and then. */
  async #walk(look: (key: string) => void): Promise<void> {
    let looked = 0;
    for (const key of this.#records.keys()) {
      look(key);
      looked += 1;
      if (looked % WALK_STEP === 0) await new Promise(setImmediate);
    }
  }
}

/** Keys looked at between two turns of the event loop: well under a millisecond. */
const WALK_STEP = 1000;
