import type { Clock } from '../clock.js';
import { parseRetryAfter } from '../http/retry-after.js';

/** Hold when a 429 does not say how long, ms; doubled for each further one in a row, jittered upwards. */
const DEFAULT_HOLD_MS = 1_000;
const LONGEST_DEFAULT_MS = 30_000;

/** Turns 429s into how long nobody of the group may ask. TMDB limits by IP, which all requests of a proxy share. */
export class RateLimit {
  private inARow = 0;
  /** End of the last hold of ours, on the steady clock. */
  private usualUntil = 0;

  constructor(private readonly clock: Clock) {}

  /** `retryAfter` is the field's value: seconds or an HTTP date (RFC 9110 section 10.2.3), sometimes 0. Returns ms, at most an hour. */
  holdMs(retryAfter: string | undefined): number {
    const told = parseRetryAfter(retryAfter, this.clock.now());
    if (told !== undefined) return told;
    // Nobody is sent meanwhile: this one was under way with the one that began the hold, and says nothing that it did not.
    const leftMs = this.usualUntil - this.clock.steady();
    if (leftMs > 0) return leftMs;
    const usual = Math.min(LONGEST_DEFAULT_MS, DEFAULT_HOLD_MS * 2 ** this.inARow++);
    const ms = usual * (1 + this.clock.random() / 2);
    this.usualUntil = this.clock.steady() + ms;
    return ms;
  }

  /** Something else than a 429 came. */
  answered(): void {
    this.inARow = 0;
  }
}
