import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 20;
const NS_PER_MS = 1e6;
/** A figure of less is one of chance, ms. */
const WINDOW_MS = 5000;

/** How long timers took from one tick to the next, ns; the part of Node's that is used. */
export interface TickHistogram {
  /** Anything while there is no sample. */
  percentile(percent: number): number;
  reset(): void;
}

/**
 * How late the timers of a process are. Its windows are its own: whoever looks, and however often, takes nothing from what others
 * see.
 */
export class EventLoopDelay {
  readonly #ticks: TickHistogram;
  readonly #now: () => number;
  #began: number;
  #last = 0;

  /** `now` in ms. */
  constructor(ticks: TickHistogram, now: () => number) {
    this.#ticks = ticks;
    this.#now = now;
    this.#began = now();
  }

  /** Of the last 5 s or more, ms. */
  p99(): number {
    const current = late(this.#ticks.percentile(99));
    const now = this.#now();
    if (now - this.#began < WINDOW_MS) return Math.max(this.#last, current);
    this.#ticks.reset();
    this.#began = now;
    this.#last = current;
    return current;
  }
}

/** Of this process, from now on. */
export function watchEventLoop(): EventLoopDelay {
  const ticks = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  ticks.enable();
  return new EventLoopDelay(ticks, () => performance.now());
}

/** Node counts from one tick to the next, the resolution included; NaN and a huge minimum stand for no sample. */
function late(ns: number): number {
  if (!Number.isFinite(ns)) return 0;
  return Math.max(0, Math.round((ns / NS_PER_MS - RESOLUTION_MS) * 1000) / 1000);
}
