import type { Clock } from './clock.js';

/**
 * What a body has to move while it holds what others wait for, bytes/s. Twice what Apache asks of a client (mod_reqtimeout), and a
 * quarter of what a phone has whose contract is used up (32 kbit/s): it may load several things at a time.
 */
export const LEAST_RATE = 1024;

/**
 * How long a body may go on keeping others waiting. Time uses it up while `go` holds; bytes earn it back, at so many a second, up to what
 * there was at first. A standstill ends it, and so does a trickle, which a bound on silence never meets.
 */
export class Pace {
  readonly #clock: Pick<Clock, 'steady'>;
  readonly #mostMs: number;
  readonly #msPerByte: number;
  #leftMs: number;
  /** Undefined while time does not count. */
  #since: number | undefined;

  /** @param leastRate bytes/s; 0: however few bytes earn all of it back, so that silence alone ends it */
  constructor(clock: Pick<Clock, 'steady'>, mostMs: number, leastRate = LEAST_RATE) {
    this.#clock = clock;
    this.#mostMs = mostMs;
    this.#msPerByte = 1000 / leastRate;
    this.#leftMs = mostMs;
  }

  /** Time counts from here on. Idempotent, as is `stop`. */
  go(): void {
    this.#since ??= this.#clock.steady();
  }

  stop(): void {
    this.#leftMs = this.#left();
    this.#since = undefined;
  }

  moved(bytes: number): void {
    if (bytes === 0) return;
    const left = this.#left();
    if (this.#since !== undefined) this.#since = this.#clock.steady();
    this.#leftMs = Math.min(this.#mostMs, left + bytes * this.#msPerByte);
  }

  /** Nothing is left of it. */
  get over(): boolean {
    return this.#left() <= 0;
  }

  /** When to look again whether it is over, whole ms; 0: it is. */
  get lookMs(): number {
    return this.#since === undefined ? this.#mostMs : Math.max(0, Math.ceil(this.#left()));
  }

  #left(): number {
    if (this.#since === undefined) return this.#leftMs;
    // What is long over can be made up for.
    return Math.max(-this.#mostMs, this.#leftMs - (this.#clock.steady() - this.#since));
  }
}
