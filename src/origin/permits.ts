import type { Priority } from './source.js';

/**
 * The connections of one server: at most `max` requests in flight, bodies included, so that undici never queues.
 * Background work may use half of them and refreshes three quarters: the rest is for people who wait.
 */
export class Permits {
  private used = 0;
  private readonly caps: Record<Priority, number>;

  constructor(readonly max: number) {
    this.caps = { user: max, refresh: Math.ceil(max * 0.75), background: Math.ceil(max / 2) };
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
