import type { Clock } from '../clock.js';
import type { HotKey } from './job.js';
import { MAX_TARGET } from './target.js';

/** Of so many hits one is counted, on average. */
const SAMPLE = 16;
const SLOTS = 4096;
/** What was hot an hour ago counts half, once enough else was counted since: a quiet night forgets nothing, ms. */
const HALVED_MS = 3_600_000;

/**
 * The hottest keys of a process: one hit in 16 is counted (or as `sample` says), by the space-saving algorithm (Metwally, Agrawal, El Abbadi 2005) in
 * 4 096 slots. A hit costs a decrement. Which hits are counted is drawn, so that no rhythm of clients hides a key.
 */
export class HotKeys {
  readonly #clock: Clock;
  readonly #slots: number;
  readonly #sample: number;
  readonly #counts = new Map<string, number>();
  /** Keys by their count, so that one of the least is found at once. */
  #byCount = new Map<number, Set<string>>();
  #least = 0;
  #skip: number;
  #halveAt: number;
  #counted = 0;

  constructor(clock: Clock, slots = SLOTS, sample = SAMPLE) {
    this.#clock = clock;
    this.#slots = slots;
    this.#sample = sample;
    this.#skip = this.#draw();
    this.#halveAt = clock.steady() + HALVED_MS;
  }

  saw(key: string | undefined): void {
    if (--this.#skip > 0) return;
    this.#skip = this.#draw();
    if (key !== undefined && key.length <= MAX_TARGET) this.#count(key);
  }

  /** The `most` hottest, the hottest first, with about how many hits each had of late. */
  top(most: number): HotKey[] {
    this.#age();
    const sorted = [...this.#counts].sort(([, a], [, b]) => b - a);
    return sorted.slice(0, most).map(([key, count]) => ({ key, hits: count * this.#sample }));
  }

  /** From 1 to 31, 16 on average; every one where each is to be counted. */
  #draw(): number {
    return 1 + Math.floor(this.#clock.random() * (2 * this.#sample - 1));
  }

  #count(key: string): void {
    this.#age();
    this.#counted++;
    const count = this.#counts.get(key);
    if (count !== undefined) {
      this.#move(key, count, count + 1);
    } else if (this.#counts.size < this.#slots) {
      this.#move(key, 0, 1);
      this.#least = 1;
    } else {
      this.#replaceLeast(key);
    }
  }

  /** The newcomer takes the place and the count of one of the least. */
  #replaceLeast(key: string): void {
    const inherited = this.#least;
    const [evicted] = this.#byCount.get(inherited)!;
    this.#counts.delete(evicted!);
    this.#move(key, inherited, inherited + 1, evicted!);
  }

  /** `leaving`: whose place among those with `from` is given up; the key's own unless it takes another's. */
  #move(key: string, from: number, to: number, leaving = key): void {
    this.#counts.set(key, to);
    const next = this.#byCount.get(to);
    if (next === undefined) this.#byCount.set(to, new Set([key]));
    else next.add(key);
    const before = this.#byCount.get(from);
    if (before === undefined) return;
    before.delete(leaving);
    if (before.size > 0) return;
    this.#byCount.delete(from);
    if (from === this.#least) this.#least = to;
  }

  #age(): void {
    const now = this.#clock.steady();
    if (now < this.#halveAt || this.#counted < this.#slots) return;
    this.#halveAt = now + HALVED_MS;
    this.#counted = 0;
    const kept = [...this.#counts];
    this.#counts.clear();
    this.#byCount = new Map();
    this.#least = Number.POSITIVE_INFINITY;
    for (const [key, count] of kept) {
      const half = Math.floor(count / 2);
      if (half < 1) continue;
      this.#move(key, 0, half);
      this.#least = Math.min(this.#least, half);
    }
  }
}
