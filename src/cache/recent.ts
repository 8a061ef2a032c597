import { LRUCache } from 'lru-cache';
import type { Clock } from '../clock.js';

/** Bounds what is remembered of keys that are not stored (I-17): a flood of keys forgets the oldest. */
const MAX_KEYS = 20_000;

/** Keys of which something was noted a short while ago. Time is the injected clock's. */
export class RecentKeys {
  readonly #until = new LRUCache<string, number>({ max: MAX_KEYS });
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Notes `key` for `ms` from now. */
  note(key: string, ms: number): void {
    this.#until.set(key, this.#clock.steady() + ms);
  }

  has(key: string): boolean {
    const until = this.#until.get(key);
    if (until === undefined) return false;
    if (this.#clock.steady() < until) return true;
    this.#until.delete(key);
    return false;
  }

  forget(key: string): void {
    this.#until.delete(key);
  }
}
