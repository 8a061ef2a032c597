import type { Clock } from '../clock.js';

/** What draining needs of a listener, see `listener.ts`. */
export interface Drainable {
  /** Accepts no more connections; resolves when the last open one is gone. */
  stopAccepting(): Promise<void>;
  closeIdle(): void;
  closeAll(): void;
}

export interface DrainTimes {
  readonly clock: Clock;
  /** `SHUTDOWN_DELAY`: from "not ready" to closing the listeners, ms. */
  readonly delayMs: number;
  /** `SHUTDOWN_TIMEOUT`: from then to giving up on what is still in flight, ms. */
  readonly timeoutMs: number;
}

/** How often connections are looked at while the listeners are closed, ms. */
const SWEEP_MS = 50;

/**
 * The way out: not ready → a while for load balancers to notice → listeners closed → requests in flight finish → the
 * rest is cut (issue 2, Draining). Signals are main's business.
 */
export class Draining {
  readonly #times: DrainTimes;
  readonly #listeners: Drainable[] = [];
  #state: 'ready' | 'draining' = 'ready';
  #drained: Promise<void> | undefined;

  constructor(times: DrainTimes) {
    this.#times = times;
  }

  /** What `/readyz` answers. From the moment it is false every response also says `Connection: close`. */
  isReady = (): boolean => this.#state === 'ready';

  add(listener: Drainable): void {
    this.#listeners.push(listener);
  }

  /** Resolves when no connection is left. Calling it again returns the same promise. */
  drain(): Promise<void> {
    this.#drained ??= this.#run();
    return this.#drained;
  }

  async #run(): Promise<void> {
    const { clock, delayMs, timeoutMs } = this.#times;
    this.#state = 'draining';
    if (delayMs > 0) await new Promise<void>((resolve) => clock.after(delayMs, resolve));
    const closed = Promise.all(this.#listeners.map((listener) => listener.stopAccepting()));
    let stopSweeping: () => void;
    const sweep = () => {
      for (const listener of this.#listeners) listener.closeIdle();
      stopSweeping = clock.after(SWEEP_MS, sweep);
    };
    // Not at once: a request may be on its way over a connection that looks idle.
    stopSweeping = clock.after(SWEEP_MS, sweep);
    const stopTimer = clock.after(timeoutMs, () => {
      for (const listener of this.#listeners) listener.closeAll();
    });
    await closed;
    stopSweeping();
    stopTimer();
  }
}
