import { describe, expect, it } from 'vitest';
import type { Entry } from '../../src/tiers/entry.js';
import type { Tier } from '../../src/tiers/tier.js';
import { FakeClock, settle } from '../support/fake-clock.js';
import { Chaos, seeded } from './chaos.js';
import { bodyFor, sample } from './samples.js';
import type { MadeTier } from './tier.js';

export interface ChaosTierMaker {
  /** Makes a tier whose trouble is `chaos`; its timers, but not those of real servers, run on `clock`. */
  readonly make: (chaos: Chaos, clock: FakeClock) => Promise<MadeTier>;
  /** A call may take as long as so many calls of what lies beneath: 1, and 1 more for every tier to fall back on. */
  readonly tries: number;
  /** Rounds of one run. Default 60. */
  readonly rounds?: number;
}

const KEYS = Array.from({ length: 8 }, (_, i) => `v1:api:/3/movie/${i}`);
/** Real work of a tier beneath ends within this long, real ms. */
const PATIENCE_MS = 5000;
const ALL = { after: '', limit: 1000, contains: '', scanLimit: 100_000 };

/** What every tier promises whatever happens to its calls. */
export function describeUnderChaos(name: string, maker: ChaosTierMaker): void {
  describe(`${name}: under chaos`, () => {
    it.each([1, 2, 3, 4])(
      'throws nothing, ends every call, mixes no values, never goes back unasked, and recovers (seed %i)',
      async (seed) => {
        const clock = new FakeClock();
        const random = seeded(seed);
        const chaos = new Chaos({ clock, random });
        const { tier, dispose } = await maker.make(chaos, clock);
        try {
          const run = new Run(tier, chaos, clock, random, maker.tries * chaos.deadlineMs);
          chaos.rate = 0.05 + 0.1 * seed;
          for (let round = 0; round < (maker.rounds ?? 60); round++) await run.round();
          expect(run.compared).toBeGreaterThan(0);
          chaos.rate = 0;
          await run.recovers();
        } finally {
          await tier.close();
          await dispose?.();
        }
      },
    );
  });
}

/** One run: versions of every key, and the oldest that a read may still give. */
class Run {
  #version = 0;
  /** Unless it was harmed since, reads of the key give this version, a later one, or nothing. */
  readonly #floor = new Map<string, { readonly version: number; readonly harms: number }>();
  /** Reads whose version was judged. */
  compared = 0;

  constructor(
    private readonly tier: Tier,
    private readonly chaos: Chaos,
    private readonly clock: FakeClock,
    private readonly random: () => number,
    private readonly boundMs: number,
  ) {}

  /** One change or look at every key, all at once. */
  async round(): Promise<void> {
    const steps = KEYS.map((key) => this.#step(key));
    if (this.random() < 0.2) steps.push(this.#listed());
    if (this.random() < 0.1) steps.push(this.#swept());
    await this.#ends(Promise.all(steps));
  }

  /** Afterwards everything works: after ten seconds of peace, in which breakers close, however slow real probes are. */
  async recovers(): Promise<void> {
    for (let passed = 0; passed < 10_000; passed += 100) {
      this.clock.advance(100);
      await this.#rest();
    }
    for (const key of KEYS) {
      const entry = versionOf(key, ++this.#version);
      expect(await this.#ends(this.tier.set(entry))).toBe('stored');
      expect((await this.#ends(this.tier.get(key)))?.body.equals(entry.body)).toBe(true);
    }
    const { rows } = await this.#ends(this.tier.list(ALL));
    expect(rows.map(({ head }) => head.key).sort()).toEqual(KEYS);
    for (const key of KEYS) {
      expect(await this.#ends(this.tier.delete(key))).toBe(true);
      expect(await this.#ends(this.tier.get(key))).toBeUndefined();
    }
  }

  #step(key: string): Promise<void> {
    const dice = this.random();
    if (dice < 0.25) return this.#write(key, 1);
    if (dice < 0.3) return this.#write(key, 3);
    if (dice < 0.4) return this.#remove(key);
    return this.#read(key);
  }

  /** Several writes of one key at once: the last one counts. */
  #write(key: string, times: number): Promise<void> {
    return this.#changed(key, async () => {
      const entries = Array.from({ length: times }, () => versionOf(key, ++this.#version));
      const version = this.#version;
      const results = await Promise.all(entries.map((entry) => this.tier.set(entry)));
      return results.at(-1) === 'stored' ? version : undefined;
    });
  }

  #remove(key: string): Promise<void> {
    const next = this.#version + 1;
    return this.#changed(key, async () => {
      await this.tier.delete(key);
      return next;
    });
  }

  /** What a change means for later reads: nothing when the key was harmed meanwhile. */
  async #changed(key: string, change: () => Promise<number | undefined>): Promise<void> {
    const harms = this.chaos.harmsOf(key);
    this.#floor.delete(key);
    const version = await change();
    if (version !== undefined && this.chaos.harmsOf(key) === harms) this.#floor.set(key, { version, harms });
  }

  async #read(key: string): Promise<void> {
    const entry = await this.tier.get(key);
    if (entry === undefined) return;
    expect(entry.key).toBe(key);
    const version = Number(entry.tags[0]);
    // The body apart: comparing bytes one by one takes most of a run.
    const { body, ...head } = entry;
    const { body: whole, ...told } = versionOf(key, version);
    expect(head).toEqual({ ...told, storedAt: entry.storedAt });
    expect(body.equals(whole)).toBe(true);
    const floor = this.#floor.get(key);
    if (floor === undefined || floor.harms !== this.chaos.harmsOf(key)) return;
    this.compared++;
    expect(version).toBeGreaterThanOrEqual(floor.version);
  }

  async #listed(): Promise<void> {
    const { rows } = await this.tier.list(ALL);
    for (const { head } of rows) expect(KEYS).toContain(head.key);
  }

  async #swept(): Promise<void> {
    const dead = KEYS[0]!;
    await this.tier.sweep((head) => head.key === dead);
  }

  /** Lets the clock run for as long as a call may take; then it must have ended. */
  async #ends<T>(call: Promise<T>): Promise<T> {
    let done = false;
    const ended = call.finally(() => {
      done = true;
    });
    ended.catch(() => {});
    const step = this.chaos.deadlineMs / 4;
    for (let passed = 0; passed < this.boundMs && !done; passed += step) {
      await this.#rest();
      this.clock.advance(step);
    }
    await this.#rest();
    if (!done) throw new Error(`a call did not end within ${this.boundMs} ms`);
    return ended;
  }

  /** Until everything waits for the clock or has ended. */
  async #rest(): Promise<void> {
    const until = Date.now() + PATIENCE_MS;
    do await settle(3);
    while (this.chaos.working && Date.now() < until);
  }
}

/** The entry of a key and version: each differs from any other in tags, length and every byte of its body. */
function versionOf(key: string, version: number): Entry {
  const body = bodyFor(`${key}@${version}`, (version * 7919) % 20_000);
  return sample(key, { tags: [String(version)], body });
}
