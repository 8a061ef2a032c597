import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 20;
const NS_PER_MS = 1e6;

/** How late timers of this process are, ms; what it reports is since the last `read`. */
export class EventLoopMonitor {
  readonly #histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });

  constructor() {
    this.#histogram.enable();
  }

  read(): { mean: number; p99: number; max: number } {
    const { mean, max } = this.#histogram;
    const p99 = this.#histogram.percentile(99);
    this.#histogram.reset();
    return { mean: late(mean), p99: late(p99), max: late(max) };
  }

  close(): void {
    this.#histogram.disable();
  }
}

/** Node counts from one tick to the next, the resolution included; NaN and a huge minimum stand for no sample. */
function late(ns: number): number {
  if (!Number.isFinite(ns)) return 0;
  return Math.max(0, Math.round((ns / NS_PER_MS - RESOLUTION_MS) * 1000) / 1000);
}
