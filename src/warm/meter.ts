import type { Clock } from '../clock.js';

/** The stretch a rate is measured over, and the pieces it is taken in, ms. */
const WINDOW_MS = 30_000;
const STEP_MS = 1000;

/** How many a second, of late. */
export class Meter {
  readonly #clock: Pick<Clock, 'steady'>;
  /** When a step began, and the count by then; the oldest first. */
  #steps: { readonly at: number; readonly count: number }[];
  #count = 0;

  constructor(clock: Pick<Clock, 'steady'>) {
    this.#clock = clock;
    this.#steps = [{ at: clock.steady(), count: 0 }];
  }

  count(): void {
    const now = this.#clock.steady();
    if (now - this.#steps.at(-1)!.at >= STEP_MS) {
      this.#steps.push({ at: now, count: this.#count });
      this.#forget(now);
    }
    this.#count++;
  }

  /** Per second; 0 before anything was counted. */
  get rate(): number {
    const now = this.#clock.steady();
    this.#forget(now);
    const oldest = this.#steps[0]!;
    return (this.#count - oldest.count) / Math.max(0.1, (now - oldest.at) / 1000);
  }

  #forget(now: number): void {
    while (this.#steps.length > 1 && now - this.#steps[0]!.at > WINDOW_MS) this.#steps.shift();
  }
}
