import type { Clock } from '../../src/clock.js';

/** A clock that stands still until a test moves it. Timers fire in order while it is moved. */
export class FakeClock implements Clock {
  /** The wall clock, but for what it was set by. */
  #now: number;
  readonly #began: number;
  #setBy = 0;
  #timers: { at: number; task: () => void }[] = [];
  /** What `random` answers. */
  randomValue = 0.5;

  constructor(now = Date.UTC(2026, 0, 1)) {
    this.#now = now;
    this.#began = now;
  }

  now = (): number => this.#now + this.#setBy;
  /** Begins at 0, as that of a process that has just started. */
  steady = (): number => this.#now - this.#began;
  random = (): number => this.randomValue;

  after(ms: number, task: () => void): () => void {
    const timer = { at: this.#now + ms, task };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Sets the wall clock forward, or back where `ms` is below zero. No time goes by. */
  set(ms: number): void {
    this.#setBy += ms;
  }

  /** Moves time on and runs what has become due. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const due = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#timers = this.#timers.filter((other) => other !== due);
      this.#now = Math.max(this.#now, due.at);
      due.task();
    }
    this.#now = end;
  }
}

/** Lets everything that is ready run: microtasks and immediates, some rounds of them. */
export async function settle(rounds = 10): Promise<void> {
  for (let i = 0; i < rounds; i++) await new Promise((resolve) => setImmediate(resolve));
}
