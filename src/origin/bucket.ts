/** A token bucket: pure arithmetic on the times it is given (ms, of the steady clock). */
export class TokenBucket {
  private tokens: number;
  private at: number;
  private perSecond: number;
  private most: number;

  /** `rate` per second, at most `burst` tokens at hand; starts full. */
  constructor(rate: number, burst: number, now: number) {
    this.perSecond = rate;
    this.most = burst;
    this.tokens = burst;
    this.at = now;
  }

  get rate(): number {
    return this.perSecond;
  }

  get burst(): number {
    return this.most;
  }

  /** Another rate and burst from now on, with the tokens that are at hand: a change is no gift of a burst. */
  retune(rate: number, burst: number, now: number): void {
    this.tokens = Math.min(this.available(now), burst);
    this.perSecond = rate;
    this.most = burst;
  }

  available(now: number): number {
    if (now > this.at) {
      this.tokens = Math.min(this.burst, this.tokens + ((now - this.at) / 1000) * this.rate);
      this.at = now;
    }
    return this.tokens;
  }

  take(now: number): void {
    this.tokens = Math.max(0, this.available(now) - 1);
  }

  /** Time until `needed` tokens are at hand, ms; 0 when they are. Rounded up, so that a timer set to it suffices. */
  waitMs(now: number, needed = 1): number {
    const missing = needed - this.available(now);
    if (missing <= EPSILON) return 0;
    return Math.ceil((missing / this.rate) * 1000 + Math.max(0, this.at - now));
  }

  /** Leaves one token and adds no more before `until`: after a 429 requests resume at the rate, not in a burst. */
  restrain(until: number): void {
    this.tokens = Math.min(this.tokens, 1);
    this.at = Math.max(this.at, until);
  }
}

/** Rounding of the refill must not cost a timer's round. */
const EPSILON = 1e-9;
