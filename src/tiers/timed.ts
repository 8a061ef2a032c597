import type { Entry, EntryHead } from './entry.js';
import type { ListPage, ListQuery, NamedStats, SetResult, Tier, TierName, TierStats } from './tier.js';

export type TierOperation = 'read' | 'write';

export interface TimedParts {
  readonly tier: Tier;
  /** Told how long each read and write took, seconds, and by which tier. */
  readonly observe: (operation: TierOperation, tier: TierName, seconds: number) => void;
  /** ms, of any clock that only goes forward. */
  readonly now?: () => number;
}

/** A tier that tells how long it takes. What it holds and how it fails is the inner one's alone. */
export class TimedTier implements Tier {
  readonly #tier: Tier;
  readonly #observe: TimedParts['observe'];
  readonly #now: () => number;

  constructor({ tier, observe, now = () => performance.now() }: TimedParts) {
    this.#tier = tier;
    this.#observe = observe;
    this.#now = now;
  }

  get name(): TierName {
    return this.#tier.name;
  }

  get sorted(): boolean {
    return this.#tier.sorted;
  }

  get(key: string): Promise<Entry | undefined> {
    return this.#timed('read', () => this.#tier.get(key));
  }

  /** What has to be waited for is counted by `get`. */
  lookNow(key: string): Entry | undefined | 'ask' {
    const tier = this.#tier;
    if (tier.lookNow === undefined) return 'ask';
    const began = this.#now();
    const told = tier.lookNow(key);
    if (told !== 'ask') this.#observe('read', tier.name, (this.#now() - began) / 1000);
    return told;
  }

  /** A tier that may not be written says so at once: no write. */
  set(entry: Entry, fence?: number): Promise<SetResult> {
    const wrote = (result: SetResult) => result !== 'read-only';
    return this.#timed('write', () => this.#tier.set(entry, fence), wrote);
  }

  delete(key: string): Promise<boolean> {
    return this.#tier.delete(key);
  }

  list(query: ListQuery): Promise<ListPage> {
    return this.#tier.list(query);
  }

  clear(): Promise<number> {
    return this.#tier.clear();
  }

  sweep(dead: (head: EntryHead) => boolean): Promise<number> {
    return this.#tier.sweep(dead);
  }

  stats(): TierStats {
    return this.#tier.stats();
  }

  statsOfEach(): readonly NamedStats[] {
    return statsOfEach(this.#tier);
  }

  whence(entry: Entry): TierName {
    return this.#tier.whence?.(entry) ?? this.#tier.name;
  }

  close(): Promise<void> {
    return this.#tier.close();
  }

  /** Of the tier that was in use when it began: one that hangs until another stands in is the one to be seen. */
  async #timed<T>(
    operation: TierOperation,
    task: () => Promise<T>,
    counts: (result: T) => boolean = () => true,
  ): Promise<T> {
    const { name } = this.#tier;
    const began = this.#now();
    let counted = true;
    try {
      const result = await task();
      counted = counts(result);
      return result;
    } finally {
      if (counted) this.#observe(operation, name, (this.#now() - began) / 1000);
    }
  }
}

/** What a tier is made of, by name. */
export function statsOfEach(tier: Tier): readonly NamedStats[] {
  return tier.statsOfEach?.() ?? [{ name: tier.name, stats: tier.stats() }];
}
