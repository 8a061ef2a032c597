import type { Entry, EntryHead } from './entry.js';

export const TIER_NAMES = ['memory', 'disk', 'redis'] as const;
export type TierName = (typeof TIER_NAMES)[number];

/** Why a tier did or did not keep an entry. `fenced`: a later leader has taken the key over (I-4). */
export type SetResult = 'stored' | 'too-large' | 'not-admitted' | 'read-only' | 'fenced' | 'failed';

/** One row of a listing: what is known of an entry without its body. */
export interface Row {
  readonly head: EntryHead;
  /** Bytes the entry occupies: key, headers and body. */
  readonly bytes: number;
  readonly tier: TierName;
}

export interface ListQuery {
  /**
   * '' for the first page, else `next` of the page before. In a sorted tier any key may stand here: rows follow whose
   * key sorts strictly after it.
   */
  readonly after: string;
  readonly limit: number;
  /** Plain substring of the key; '' for all. Never a pattern. */
  readonly contains: string;
  readonly class?: string;
  /** Upper bound of keys looked at in one call, so that a search never blocks: the page may then be short. */
  readonly scanLimit: number;
}

export interface ListPage {
  readonly rows: Row[];
  /** Where to continue, or null when the end was reached. In a sorted tier a key, else opaque. */
  readonly next: string | null;
  /** Something that this tier holds may have been left out: a part of it is away, or another tier stands in for it. */
  readonly incomplete?: true;
}

export interface TierStats {
  readonly entries: number;
  readonly bytes: number;
  readonly maxBytes: number;
  readonly hits: number;
  readonly misses: number;
  readonly writes: number;
  /** To make room. */
  readonly evictions: number;
  /** Of these, entries nobody had asked for since they came; undefined where that is not known. */
  readonly unused?: number;
  /** Removed because there was no use for them any more; undefined where nothing is. */
  readonly expired?: number;
  /** Values that could not be read or were of another schema; each was a miss (I-25). */
  readonly corrupt: number;
  readonly errors: number;
}

/** Figures of one tier of several. */
export interface NamedStats {
  readonly name: TierName;
  readonly stats: TierStats;
}

/**
 * A place entries live. Every implementation passes `test/contract/tier.ts`.
 * No method throws for a missing, damaged or expired value: that is a miss. A tier judges neither freshness nor
 * purges; the engine does.
 */
export interface Tier {
  readonly name: TierName;
  /**
   * Whether `list` goes by key. An unsorted one (Redis) gives every entry that is there throughout at least once, in
   * no order.
   */
  readonly sorted: boolean;
  /** The entry under exactly this key, or undefined. */
  get(key: string): Promise<Entry | undefined>;
  /**
   * As `get`, told at once: the entry, or undefined when it is not there. 'ask': that takes waiting, and nothing was
   * counted; `get` tells. A tier that can never tell at once has no such method.
   */
  lookNow?(key: string): Entry | undefined | 'ask';
  /** `fence`: token of the lease this entry was filled under; a tier that several nodes write keeps the newest. */
  set(entry: Entry, fence?: number): Promise<SetResult>;
  /** Whether there was something to delete. */
  delete(key: string): Promise<boolean>;
  list(query: ListQuery): Promise<ListPage>;
  /** Removes every entry; resolves with how many there were. */
  clear(): Promise<number>;
  /** Removes, in small steps and in the background, entries for which `dead` holds; resolves with how many. */
  sweep(dead: (head: EntryHead) => boolean): Promise<number>;
  stats(): TierStats;
  /** The same of each tier it is made of, where that is more than one. */
  statsOfEach?(): readonly NamedStats[];
  /** Which tier gave this very object, where `get` and `lookNow` may answer from more than one. */
  whence?(entry: Entry): TierName;
  /** Flushes what is pending and releases everything. Idempotent. */
  close(): Promise<void>;
}
