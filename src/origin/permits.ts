import type { Priority } from './source.js';

/**
 * The connections of one server: at most `max` requests in flight, bodies included, so that undici never queues.
 * Background work may use half of them and refreshes three quarters: the rest is for people who wait.
 */
export class Permits {
  private used = 0;
  private caps: Record<Priority, number>;

  constructor(max: number) {
    this.caps = capsOf(max);
  }

  get max(): number {
    return this.caps.user;
  }

  /** Another number from now on; those above it go on to their end. */
  retune(max: number): void {
    this.caps = capsOf(max);
  }

  get inUse(): number {
    return this.used;
  }

  free(priority: Priority): boolean {
    return this.used < this.caps[priority];
  }

  take(): void {
    this.used++;
  }

  release(): void {
    this.used--;
  }
}

function capsOf(max: number): Record<Priority, number> {
  return { user: max, refresh: Math.ceil(max * 0.75), background: Math.ceil(max / 2) };
}
