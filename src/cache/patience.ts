import type { Clock } from '../clock.js';
import type { Flight, Landing } from './flight.js';

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

/**
 * The head of a flight, for what asks on behalf of another cache. Two proxies that are each other's parent, with a flight each for one
 * key, would wait for each other: after a while it goes on alone, and its chain then shows the loop.
 */
export async function waitBriefly(
  flight: Pick<Flight, 'wait'>,
  clock: Clock,
  wanted = new AbortController().signal,
): Promise<Landing | 'late'> {
  const patience = new Patience(clock, PROXY_PATIENCE_MS, wanted);
  try {
    return await flight.wait(patience.signal);
  } catch (thrown) {
    if (patience.over && !wanted.aborted) return 'late';
    throw thrown;
  } finally {
    patience.end();
  }
}
