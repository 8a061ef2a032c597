import { LRUCache } from 'lru-cache';
import { RecentMarks } from './recent-marks.js';

/** What the queues need to know of a record. */
export interface Queued {
  /** Bytes charged against the bound. */
  readonly bytes: number;
  /** How often it was asked for since it came or was last spared; kept up to `MOST_USES`. */
  uses: number;
}

/** Share of the bytes that newcomers wait in once the cache is full. */
const NEWCOMERS = 0.1;
/** More uses than this are not counted: what was popular once must be able to leave. */
export const MOST_USES = 3;
/** Records spared for one that leaves. Without a bound a full cache of popular records would be walked three times at once; this is about 1 ms. */
const MOST_SPARED = 256;

/**
 * A cache bounded in bytes that evicts by S3-FIFO (docs/adr/0007). Newcomers queue in a small part of the space; who is asked
 * for there, or comes back soon after it left, gets into the main part, where the oldest is spared as often as it was
 * asked for. A scan passes through the small part. A hit moves nothing: it is one look into a Map and one number.
 */
export class SecondChanceCache<R extends Queued> {
  #maxBytes: number;
  readonly #onEvict: (unused: boolean) => void;
  readonly #newcomers: LRUCache<string, R>;
  readonly #main: LRUCache<string, R>;
  /** Who left from among the newcomers without having been asked for. */
  readonly #left = new RecentMarks();

  /** `maxBytes` > 0; a record must not be larger. `onEvict`: whether nobody had asked for it since it came. */
  constructor(maxBytes: number, onEvict: (unused: boolean) => void) {
    this.#maxBytes = maxBytes;
    this.#onEvict = onEvict;
    this.#newcomers = queue();
    this.#main = queue();
  }

  /** Another bound; evicts at most so many records for it. Whether it holds now; until then the bound is what is there. */
  resize(maxBytes: number, mostEvicted: number): boolean {
    this.#maxBytes = maxBytes;
    for (let evicted = 0; this.bytes > maxBytes && evicted < mostEvicted; evicted++) this.#evict();
    this.#maxBytes = Math.max(maxBytes, this.bytes);
    return this.#maxBytes === maxBytes;
  }

  get size(): number {
    return this.#main.size + this.#newcomers.size;
  }

  get bytes(): number {
    return this.#main.calculatedSize + this.#newcomers.calculatedSize;
  }

  get(key: string): R | undefined {
    // `peek`: it neither moves the record nor touches its neighbours.
    return this.#main.peek(key) ?? this.#newcomers.peek(key);
  }

  /** Takes the record in, always; what is evicted for it are others. One under the same key is replaced. */
  set(key: string, record: R): void {
    // A refreshed record is as popular as the one it replaces.
    record.uses = this.get(key)?.uses ?? 0;
    const isProven = this.#main.delete(key) || this.#left.take(key);
    this.#newcomers.delete(key);
    while (this.bytes + record.bytes > this.#maxBytes) this.#evict();
    (isProven ? this.#main : this.#newcomers).set(key, record);
  }

  delete(key: string): boolean {
    return this.#main.delete(key) || this.#newcomers.delete(key);
  }

  /** Copied, so that it may be walked while the cache changes. In no order. */
  keys(): string[] {
    return [...this.#main.keys(), ...this.#newcomers.keys()];
  }

  #evict(): void {
    const fromNewcomers =
      this.#main.size === 0 || this.#newcomers.calculatedSize > this.#maxBytes * NEWCOMERS;
    const from = fromNewcomers && this.#newcomers.size > 0 ? this.#newcomers : this.#main;
    for (let spared = 0; ; spared++) {
      const key = oldest(from);
      if (key === undefined) return;
      const record = from.peek(key)!;
      from.delete(key);
      if (record.uses === 0 || spared === MOST_SPARED) {
        const isNew = from === this.#newcomers;
        if (isNew) this.#left.note(key, this.size);
        this.#onEvict(isNew && record.uses === 0);
        return;
      }
      // Who comes from among the newcomers has yet to show that it is asked for in the long run.
      record.uses = from === this.#main ? record.uses - 1 : 0;
      this.#main.set(key, record);
    }
  }
}

/** Only counts: room is made before, and the bound may change. */
function queue<R extends Queued>(): LRUCache<string, R> {
  return new LRUCache<string, R>({
    maxSize: Number.MAX_SAFE_INTEGER,
    sizeCalculation: (record) => record.bytes,
  });
}

function oldest<R extends Queued>(records: LRUCache<string, R>): string | undefined {
  for (const key of records.rkeys()) return key;
  return undefined;
}
