import type { FillEnd } from '../../src/cache/fetcher.js';
import type { Claim, Leases, Waited } from '../../src/cache/lease.js';
import { MemoryTier } from '../../src/tiers/memory.js';
import type { SetResult } from '../../src/tiers/tier.js';
import type { FakeClock } from './fake-clock.js';

interface Held {
  readonly fence: number;
  readonly stamp: number;
  readonly waiting: Set<(waited: Waited) => void>;
}

/** The leases of a cluster, in one process and without Redis. A held lease stays until it is released or `lose`d. */
export class FakeLeases implements Leases {
  /** What was claimed, in order: the kind of each answer. */
  readonly claims: Claim['kind'][] = [];
  /** How each lease ended. */
  readonly ends: FillEnd[] = [];
  /** Redis is away: every claim is answered `alone`. */
  away = false;
  filledBefore = true;
  readonly #held = new Map<string, Held>();
  readonly #marks = new Map<string, number>();
  readonly #clock: FakeClock;
  #fence = 0;

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  holds(key: string): boolean {
    return this.#held.has(key);
  }

  /** Fence of the newest lease of any key. */
  get newest(): number {
    return this.#fence;
  }

  async claim(key: string, stamp: number, purgedAt: number): Promise<Claim> {
    const claim = this.#answer(key, stamp, purgedAt);
    this.claims.push(claim.kind);
    return claim;
  }

  /** A lease runs out, as that of a crashed or paused leader does. */
  lose(key: string): void {
    this.#tell(key, 'gone');
  }

  #answer(key: string, stamp: number, purgedAt: number): Claim {
    if (this.away || (this.#marks.get(key) ?? 0) > this.#clock.now()) return { kind: 'alone' };
    const held = this.#held.get(key);
    if (held !== undefined && held.stamp >= purgedAt) {
      return { kind: 'theirs', wait: (signal) => this.#wait(held, signal) };
    }
    const mine: Held = { fence: ++this.#fence, stamp, waiting: new Set() };
    this.#tell(key, 'gone');
    this.#held.set(key, mine);
    const release = async (end: FillEnd) => {
      this.ends.push(end);
      if (this.#held.get(key) !== mine) return;
      if (typeof end === 'object') this.#marks.set(key, this.#clock.now() + end.uncacheableForMs);
      this.#tell(key, typeof end === 'object' ? 'not-stored' : end);
    };
    return { kind: 'ours', lease: { fence: mine.fence, release }, filledBefore: this.filledBefore };
  }

  #tell(key: string, waited: Waited): void {
    const held = this.#held.get(key);
    this.#held.delete(key);
    for (const tell of held?.waiting ?? []) tell(waited);
  }

  #wait(held: Held, signal: AbortSignal): Promise<Waited> {
    return new Promise((resolve) => {
      held.waiting.add(resolve);
      signal.addEventListener('abort', () => resolve('gone'), { once: true });
      if (signal.aborted) resolve('gone');
    });
  }
}

/** An L2 that several nodes write: it keeps the newest fence, and its writes take as long as a test wants. */
export class FencedTier extends MemoryTier {
  /** Set: writes wait for it. */
  gate: Promise<void> | undefined;
  /** What each write was answered. */
  readonly results: SetResult[] = [];
  readonly #fences = new Map<string, number>();

  constructor() {
    super({ maxBytes: 64 * 1024 * 1024 });
  }

  override async set(entry: Parameters<MemoryTier['set']>[0], fence = 0): Promise<SetResult> {
    await this.gate;
    const late = fence > 0 && fence < (this.#fences.get(entry.key) ?? 0);
    if (!late) this.#fences.set(entry.key, fence);
    const result = late ? 'fenced' : await super.set(entry);
    this.results.push(result);
    return result;
  }
}
