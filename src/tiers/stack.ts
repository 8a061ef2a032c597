import type { Clock } from '../clock.js';
import { RemoteBreaker, type RemoteState } from './breaker.js';
import type { Entry, EntryHead } from './entry.js';
import type { ListPage, ListQuery, NamedStats, SetResult, Tier, TierName, TierStats } from './tier.js';

/** A tier that can be away. `read`, `write` and `ping` reject when it is, each within a deadline of its own. */
export interface RemoteTier extends Tier {
  read(key: string): Promise<Entry | undefined>;
  write(entry: Entry, fence?: number): Promise<SetResult>;
  /** Proves that values can be read and, where this process may, written. */
  ping(): Promise<void>;
  /** Refreshes what `stats` tells of the whole tier. */
  measure(): Promise<void>;
}

export interface Stage {
  readonly label: 'primary' | 'fallback';
  readonly tier: RemoteTier;
  /** Resolves when every purge made while the tier was away is known here; only then it is used again. */
  readonly beforeReturn: () => Promise<void>;
}

export interface StageStatus {
  readonly label: Stage['label'];
  readonly state: RemoteState;
  /** When it came into use or went out of it, ms. */
  readonly since: number;
  /** Why it is not in use. */
  readonly reason: string | undefined;
  /** Calls that failed, ever. */
  readonly failures: number;
}

export interface StackStatus {
  readonly inUse: 'primary' | 'fallback' | 'disk' | 'none';
  readonly stages: readonly StageStatus[];
}

export interface StackParts {
  /** In order of preference. */
  readonly stages: readonly Stage[];
  /** What is used when no stage is: the disk store. */
  readonly last: Tier | undefined;
  readonly clock: Clock;
  /** A stage came into use or went out of it. */
  readonly onChange: (status: StackStatus) => void;
}

interface WatchedStage extends Stage {
  readonly breaker: RemoteBreaker;
}

/**
 * L2 with something behind it: the first stage that works, else the last tier. What a stage holds when it returns may
 * be older than what was kept below meanwhile; that is an ordinary old entry, which purges (read again before the
 * return) and freshness judge.
 */
export class FallbackTier implements Tier {
  readonly #stages: readonly WatchedStage[];
  readonly #last: Tier | undefined;
  readonly #whence = new WeakMap<Entry, TierName>();
  /** The latest change of each key that is under way: an older one that failed above must not land below it. */
  readonly #changes = new Map<string, symbol>();

  constructor({ stages, last, clock, onChange }: StackParts) {
    this.#last = last;
    this.#stages = stages.map((stage) => {
      const breaker = new RemoteBreaker({
        clock,
        probe: () => stage.tier.ping(),
        beforeReturn: stage.beforeReturn,
        onChange: () => onChange(this.status()),
      });
      return { ...stage, breaker };
    });
  }

  /** Begins to probe; until a stage has answered, the last tier is used. Resolves after the first probes, however they ended. */
  async start(): Promise<void> {
    await Promise.all(this.#stages.map(({ breaker }) => breaker.start()));
  }

  /** Of what is in use now. */
  get name(): TierName {
    return this.#inUse()?.name ?? 'redis';
  }

  get sorted(): boolean {
    return this.#inUse()?.sorted ?? false;
  }

  /** The first stage is in use and has answered its last call. */
  get steady(): boolean {
    return this.#stages[0]?.breaker.steady ?? false;
  }

  /** Which tier gave this very object. */
  whence(entry: Entry): TierName {
    return this.#whence.get(entry) ?? this.name;
  }

  status(): StackStatus {
    const stage = this.#stages.find(({ breaker }) => breaker.inUse);
    return {
      inUse: stage?.label ?? (this.#last === undefined ? 'none' : 'disk'),
      stages: this.#stages.map(({ label, breaker: { state, since, reason, failures } }) => ({
        label,
        state,
        since,
        reason,
        failures,
      })),
    };
  }

  /** From the first stage that answers; its miss is a miss. */
  async get(key: string): Promise<Entry | undefined> {
    for (const { breaker, tier } of this.#stages) {
      if (!breaker.inUse) continue;
      try {
        return this.#from(tier, await breaker.run(() => tier.read(key)));
      } catch {
        // Counted by the breaker; this very request goes on to the next.
      }
    }
    return this.#from(this.#last, await this.#last?.get(key));
  }

  /** Of the last tier while it is what is in use; a stage is elsewhere and takes waiting. */
  lookNow(key: string): Entry | undefined | 'ask' {
    for (const { breaker } of this.#stages) if (breaker.inUse) return 'ask';
    if (this.#last === undefined) return undefined;
    const told = this.#last.lookNow === undefined ? 'ask' : this.#last.lookNow(key);
    return told === 'ask' ? told : this.#from(this.#last, told);
  }

  /** Into the first stage that takes it. What it says of the entry itself (too large, fenced) is final. */
  async set(entry: Entry, fence?: number): Promise<SetResult> {
    const change = this.#begin(entry.key);
    try {
      for (const { breaker, tier } of this.#stages) {
        if (!breaker.inUse) continue;
        try {
          const result = await breaker.run(() => tier.write(entry, fence));
          if (result !== 'failed') return result;
        } catch {
          // Counted by the breaker; the next is tried.
        }
        if (this.#changes.get(entry.key) !== change) return 'failed';
      }
      return (await this.#last?.set(entry, fence)) ?? 'failed';
    } finally {
      this.#end(entry.key, change);
    }
  }

  /** From everything that can be reached, lest the key comes back from below. */
  async delete(key: string): Promise<boolean> {
    const change = this.#begin(key);
    const reached = this.#stages.filter(({ breaker }) => breaker.inUse).map(({ tier }) => tier);
    const answers = await Promise.all([...reached, ...this.#below()].map((tier) => tier.delete(key)));
    this.#end(key, change);
    return answers.includes(true);
  }

  async list(query: ListQuery): Promise<ListPage> {
    const tier = this.#inUse();
    if (tier === undefined) return { rows: [], next: null, incomplete: true };
    const page = await tier.list(query);
    return tier === this.#stages[0]?.tier ? page : { ...page, incomplete: true };
  }

  async clear(): Promise<number> {
    return sum(await Promise.all(this.#all().map((tier) => tier.clear())));
  }

  async sweep(dead: (head: EntryHead) => boolean): Promise<number> {
    return sum(await Promise.all(this.#all().map((tier) => tier.sweep(dead))));
  }

  /** Size of what is in use; counters of all together, so that they never run backwards. */
  stats(): TierStats {
    return together(this.#all(), this.#inUse());
  }

  /** Redis, the one that stands in included, and what is used without it. */
  statsOfEach(): readonly NamedStats[] {
    const remote = this.#stages.map(({ tier }) => tier);
    const inUse = this.#stages.find(({ breaker }) => breaker.inUse)?.tier;
    const redis = { name: 'redis' as const, stats: together(remote, inUse ?? remote[0]) };
    return [redis, ...this.#below().map((tier) => ({ name: tier.name, stats: tier.stats() }))];
  }

  async close(): Promise<void> {
    for (const { breaker } of this.#stages) breaker.stop();
    await Promise.all(this.#all().map((tier) => tier.close()));
  }

  #inUse(): Tier | undefined {
    return this.#stages.find(({ breaker }) => breaker.inUse)?.tier ?? this.#last;
  }

  #below(): Tier[] {
    return this.#last === undefined ? [] : [this.#last];
  }

  #all(): Tier[] {
    return [...this.#stages.map(({ tier }) => tier), ...this.#below()];
  }

  #from(tier: Tier | undefined, entry: Entry | undefined): Entry | undefined {
    if (tier !== undefined && entry !== undefined) this.#whence.set(entry, tier.name);
    return entry;
  }

  #begin(key: string): symbol {
    const change = Symbol();
    this.#changes.set(key, change);
    return change;
  }

  #end(key: string, change: symbol): void {
    if (this.#changes.get(key) === change) this.#changes.delete(key);
  }
}

/** Counters of all, size of one. */
function together(tiers: readonly Tier[], sized: Tier | undefined): TierStats {
  const all = tiers.map((tier) => tier.stats());
  const total = (counter: keyof TierStats) => sum(all.map((stats) => stats[counter] ?? 0));
  const { entries, bytes, maxBytes } = sized?.stats() ?? { entries: 0, bytes: 0, maxBytes: 0 };
  return {
    entries,
    bytes,
    maxBytes,
    hits: total('hits'),
    misses: total('misses'),
    writes: total('writes'),
    evictions: total('evictions'),
    expired: total('expired'),
    corrupt: total('corrupt'),
    errors: total('errors'),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
