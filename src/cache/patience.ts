import type { Clock } from '../clock.js';

/** Another proxy's request may be one half of a circle of proxies that wait for each other: it waits no longer, ms. */
export const PROXY_PATIENCE_MS = 1000;

/** A bound on waiting: its signal aborts when the time is up or when nobody wants the result any more. */
export class Patience {
  readonly #controller = new AbortController();
  readonly #stop: () => void;

  /** `ms` from now at the most; `wanted` aborts it early. */
  constructor(clock: Clock, ms: number, wanted: AbortSignal) {
    const abort = () => this.#controller.abort();
    const stopTimer = clock.after(ms, abort);
    wanted.addEventListener('abort', abort, { once: true });
    if (wanted.aborted) abort();
    this.#stop = () => {
      stopTimer();
      wanted.removeEventListener('abort', abort);
    };
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get over(): boolean {
    return this.#controller.signal.aborted;
  }

  /** Lets go of the timer. Idempotent. */
  end(): void {
    this.#stop();
  }
}
