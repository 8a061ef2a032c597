import type { Clock } from '../clock.js';
import type { Limits } from './limits.js';

const DAY_MS = 86_400_000;

/** Whole days since the epoch, UTC. */
export function dayOf(ms: number): number {
  return Math.floor(ms / DAY_MS);
}

/** When a day ends, ms since epoch. */
export function endOf(day: number): number {
  return (day + 1) * DAY_MS;
}

/** When something is, by the wall clock that days go by, and by the one that nobody sets; ms. */
export interface Moment {
  readonly now: number;
  readonly steady: number;
}

/** Both clocks at once, ms. */
export function momentOf(clock: Clock): Moment {
  return { now: clock.now(), steady: clock.steady() };
}

/** Used (or, below zero, given back) elsewhere, of the quota of one day. */
export interface Change {
  readonly amount: number;
  readonly day: number;
}

/** What was taken; with nothing, why, and when asking again can help, ms. */
export interface Taken {
  readonly given: number;
  readonly refused?: 'rate' | 'quota';
  readonly waitMs: number;
  /** Of the day's quota, this included. */
  readonly used: number;
  readonly day: number;
}

/**
 * What one tenant has used: a bucket that fills at its rate, and a count for the day. The script in redis/tenant-store.ts
 * does the same by Redis' clock. Plain arithmetic; the caller says when it is.
 */
export class Account {
  #day: number;
  #used = 0;
  #level: number | undefined;
  #at: number;

  /** @param level what may be taken at once now; undefined: all that the limits allow */
  constructor({ now, steady }: Moment, level?: number) {
    this.#day = dayOf(now);
    this.#at = steady;
    this.#level = level;
  }

  get used(): { readonly day: number; readonly used: number } {
    return { day: this.#day, used: this.#used };
  }

  /** What an earlier run had used of this day. */
  remember({ day, used }: { readonly day: number; readonly used: number }): void {
    if (day === this.#day) this.#used = Math.max(this.#used, used);
  }

  take(limits: Limits, want: number, change: Change, { now, steady }: Moment): Taken {
    this.#turnDay(now);
    const amount = change.day === this.#day ? change.amount : 0;
    this.#used = Math.max(0, this.#used + amount);
    const { rate, quota } = limits;
    const level =
      rate === undefined ? Number.POSITIVE_INFINITY : this.#refill(rate, limits.capacity, amount, steady);
    const left = quota === undefined ? want : Math.max(0, quota - this.#used);
    const given = Math.min(want, left, Math.floor(level));
    if (this.#level !== undefined) this.#level -= given;
    this.#used += given;
    const told = { given, used: this.#used, day: this.#day };
    if (given > 0 || want < 1) return { ...told, waitMs: 0 };
    if (left < 1) return { ...told, refused: 'quota', waitMs: endOf(this.#day) - now };
    return { ...told, refused: 'rate', waitMs: Math.ceil(((1 - level) * 1000) / rate!) };
  }

  /** A clock that was set back across midnight does not give the quota a second time. */
  #turnDay(now: number): void {
    const today = dayOf(now);
    if (today <= this.#day && this.#day <= today + 1) return;
    this.#day = today;
    this.#used = 0;
  }

  #refill(rate: number, capacity: number, used: number, steady: number): number {
    const grown = (this.#level ?? capacity) + ((steady - this.#at) * rate) / 1000;
    this.#at = steady;
    this.#level = Math.max(0, Math.min(capacity, Math.min(capacity, grown) - used));
    return this.#level;
  }
}
