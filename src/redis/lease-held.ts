import type { Clock } from '../clock.js';
import { FillBell } from './fill-bell.js';
import { EXTEND, LEASE_DEADLINE_MS, RELEASE } from './lease-scripts.js';
import type { RedisLink } from './link.js';
import { asTrouble, type RedisTrouble } from './trouble.js';

/** A lease is let go after this long however its fill is doing, ms: a fill that never ends must not hold it (I-23). */
const MAX_HELD_MS = 10 * 60_000;

/** How a fill ended; for how long a key is known to be uncacheable, ms. As in cache/fetcher.ts. */
type FillEnd = 'stored' | 'not-stored' | { readonly uncacheableForMs: number };

export interface HeldLeaseParts {
  readonly link: RedisLink;
  readonly clock: Clock;
  readonly onTrouble: (trouble: RedisTrouble) => void;
  /** Length of the lease, ms. */
  readonly leaseMs: number;
  /** Where the doorbell rings. */
  readonly channel: string;
}

/** A lease that is ours, extended every third of its length until it is released or found to be lost. */
export class HeldLease {
  readonly fence: number;
  readonly #parts: HeldLeaseParts;
  readonly #key: string;
  readonly #value: string;
  readonly #since: number;
  #released = false;
  #stopTimer = () => {};

  constructor(parts: HeldLeaseParts, key: string, fence: number, stamp: number) {
    this.#parts = parts;
    this.#key = key;
    this.fence = fence;
    this.#value = `${fence}:${stamp}`;
    this.#since = parts.clock.steady();
    this.#extendLater();
  }

  /** Ends the lease and rings. Never rejects; only the first call counts. */
  async release(end: FillEnd): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    this.#stopTimer();
    const { link, channel } = this.#parts;
    const marked = typeof end === 'object';
    const mark = marked ? `${this.fence}:u` : '';
    const message = FillBell.message(this.#key, this.fence, marked ? 'not-stored' : end);
    const args = [this.#value, mark, marked ? end.uncacheableForMs : 0, channel, message];
    try {
      await link.run(RELEASE, [this.#key], args, LEASE_DEADLINE_MS);
    } catch (thrown) {
      this.#parts.onTrouble(asTrouble('lease release', thrown));
      // It ends by itself within its length; who waits polls.
    }
  }

  #extendLater(): void {
    this.#stopTimer = this.#parts.clock.after(this.#parts.leaseMs / 3, () => void this.#extend());
  }

  async #extend(): Promise<void> {
    const { link, leaseMs, clock } = this.#parts;
    if (clock.steady() - this.#since > MAX_HELD_MS) return;
    try {
      const ours = await link.run(EXTEND, [this.#key], [this.#value, leaseMs], LEASE_DEADLINE_MS);
      // Lost: somebody else is at it by now. The fill goes on, and its fence keeps a late write out.
      if (ours !== 1) return;
    } catch (thrown) {
      this.#parts.onTrouble(asTrouble('lease extension', thrown));
      // Two more attempts fit into its length.
    }
    if (!this.#released) this.#extendLater();
  }
}
