import type { Clock } from '../clock.js';

/**
 * After a return every node keeps to its own share for so long on top of what Redis allows, ms: nodes notice the return
 * at different times, and those that have not yet must find their share unused (I-15). Longer than the slowest notices.
 */
const GRACE_MS = 5000;

/** Whether the nodes' common counts can be used, and since when. One for the whole budget: its keys are of one slot. */
export class SharedMode {
  #away = false;
  #lostAt = Number.NEGATIVE_INFINITY;
  #graceUntil = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly clock: Clock,
    private readonly count: () => number,
    private readonly onChange: (shared: boolean) => void,
  ) {}

  /** Whether Redis is asked. */
  get shared(): boolean {
    return !this.#away;
  }

  /** Whether this node's equal share bounds it. */
  get ownShare(): boolean {
    return !this.shared || this.clock.steady() < this.#graceUntil;
  }

  /** Whether it is worth looking if Redis is back. */
  get mayReturn(): boolean {
    return this.#away;
  }

  /** Living nodes last known, at least this one. */
  get nodes(): number {
    return Math.max(1, this.count());
  }

  /** How long a window of `ms` that may still be open in Redis keeps this node from beginning its own share, ms. */
  pause(ms: number): number {
    return this.#away ? Math.max(0, this.#lostAt + ms - this.clock.steady()) : 0;
  }

  lost(): void {
    if (this.#away) return;
    this.#away = true;
    this.#lostAt = this.clock.steady();
    this.onChange(false);
  }

  returned(): void {
    if (!this.#away) return;
    this.#away = false;
    this.#graceUntil = this.clock.steady() + GRACE_MS;
    this.onChange(true);
  }
}
