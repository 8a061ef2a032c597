import type { Clock } from '../../src/clock.js';
import type { Entry, EntryHead } from '../../src/tiers/entry.js';
import type { RemoteTier } from '../../src/tiers/stack.js';
import type { ListPage, ListQuery, SetResult, Tier, TierName, TierStats } from '../../src/tiers/tier.js';

/**
 * `refused`: not done, told as failed. `unanswered`: done, told as failed. `hung`: nothing until the deadline, then
 * done and told as failed. `late`: done at once, answered later. `lost`: not done, told as done. `twice`: done twice.
 */
const HARMS = ['refused', 'unanswered', 'hung', 'late', 'lost', 'twice'] as const;
type Harm = (typeof HARMS)[number];

export interface ChaosOptions {
  readonly clock: Clock;
  /** In [0, 1), seeded. */
  readonly random: () => number;
  /** A call ends by then, ms of the clock. Default 200. */
  readonly deadlineMs?: number;
}

/** The trouble of any number of tiers: how much of it there is now, and what was harmed. */
export class Chaos {
  /** Share of the calls that are harmed. */
  rate = 0;
  readonly deadlineMs: number;
  readonly #options: ChaosOptions;
  readonly #harmed = new Map<string, number>();
  #disturbances = 0;
  #working = 0;

  constructor(options: ChaosOptions) {
    this.#options = options;
    this.deadlineMs = options.deadlineMs ?? 200;
  }

  /** Grows whenever something happened after which an older value of this key may be found. */
  harmsOf(key: string): number {
    return this.#disturbances + (this.#harmed.get(key) ?? 0);
  }

  /** Another tier answers from now on: counts for every key. */
  disturb(): void {
    this.#disturbances++;
  }

  /** Whether a tier beneath is at work: the clock stands still meanwhile, as real work takes none of its time. */
  get working(): boolean {
    return this.#working > 0;
  }

  /** Makes a call, or what chaos makes of it. `lost` and `failed` are what is then told. */
  async call<T>(key: string, plain: () => Promise<T>, lost: () => T, failed: () => T): Promise<T> {
    const { random } = this.#options;
    const call = async (): Promise<T> => {
      this.#working++;
      try {
        return await plain();
      } finally {
        this.#working--;
      }
    };
    if (random() >= this.rate) return call();
    const harm: Harm = HARMS[Math.floor(random() * HARMS.length)]!;
    this.#harmed.set(key, (this.#harmed.get(key) ?? 0) + 1);
    switch (harm) {
      case 'refused':
        return failed();
      case 'unanswered':
        await call();
        return failed();
      case 'hung':
        await this.#wait(this.deadlineMs);
        await call();
        return failed();
      case 'late': {
        const result = await call();
        await this.#wait(random() * this.deadlineMs);
        return result;
      }
      case 'lost':
        return lost();
      case 'twice':
        await call();
        return call();
    }
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#options.clock.after(ms, resolve);
    });
  }
}

/** The tier under chaos. With `rate` 0 nothing changes. */
export function chaotic(tier: RemoteTier, chaos: Chaos): RemoteTier;
export function chaotic(tier: Tier, chaos: Chaos): Tier;
export function chaotic(tier: Tier | RemoteTier, chaos: Chaos): Tier {
  return 'ping' in tier ? new ChaoticRemoteTier(tier, chaos) : new ChaoticTier(tier, chaos);
}

class ChaoticTier<T extends Tier> implements Tier {
  constructor(
    protected readonly tier: T,
    protected readonly chaos: Chaos,
  ) {}

  get name(): TierName {
    return this.tier.name;
  }
  get sorted(): boolean {
    return this.tier.sorted;
  }
  get(key: string): Promise<Entry | undefined> {
    return this.chaos.call(key, () => this.tier.get(key), nothing, nothing);
  }
  set(entry: Entry, fence?: number): Promise<SetResult> {
    const failed = (): SetResult => 'failed';
    return this.chaos.call(entry.key, () => this.tier.set(entry, fence), stored, failed);
  }
  delete(key: string): Promise<boolean> {
    return this.chaos.call(
      key,
      () => this.tier.delete(key),
      () => true,
      () => false,
    );
  }
  list(query: ListQuery): Promise<ListPage> {
    const end = (): ListPage => ({ rows: [], next: null });
    return this.chaos.call('', () => this.tier.list(query), end, end);
  }
  clear(): Promise<number> {
    return this.chaos.call('', () => this.tier.clear(), zero, zero);
  }
  sweep(dead: (head: EntryHead) => boolean): Promise<number> {
    return this.chaos.call('', () => this.tier.sweep(dead), zero, zero);
  }
  stats(): TierStats {
    return this.tier.stats();
  }
  close(): Promise<void> {
    return this.tier.close();
  }
}

class ChaoticRemoteTier extends ChaoticTier<RemoteTier> implements RemoteTier {
  read(key: string): Promise<Entry | undefined> {
    return this.chaos.call(key, () => this.tier.read(key), nothing, away);
  }
  write(entry: Entry, fence?: number): Promise<SetResult> {
    return this.chaos.call(entry.key, () => this.tier.write(entry, fence), stored, away);
  }
  ping(): Promise<void> {
    return this.chaos.call('', () => this.tier.ping(), nothing, away);
  }
  measure(): Promise<void> {
    return this.chaos.call('', () => this.tier.measure(), nothing, away);
  }
}

const nothing = (): undefined => undefined;
const stored = (): SetResult => 'stored';
const zero = (): number => 0;
function away(): never {
  throw new Error('chaos');
}

/** Numbers in [0, 1) that follow from the seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
