import type { Clock } from '../clock.js';

/** Time from ringing to another node's acknowledgement, ms, by the ringing node's own clock (I-13). */
export interface LagStats {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  readonly sum: number;
  /** Cumulative: how many were at most `le` ms. */
  readonly buckets: readonly { readonly le: number; readonly count: number }[];
}

const BOUNDS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000];
/** Quantiles are of the latest so many. */
const RECENT = 1024;
/** Acknowledgements of purges longer ago are not measured, ms. */
const MEASURED_FOR_MS = 10_000;
const MAX_TRACKED = 1000;

interface Purge {
  /** When it was rung; undefined while its number is not known here yet: the bell is faster than the answer. */
  rungAt: number | undefined;
  readonly heardAt: Map<string, number>;
  onHeard: () => void;
}

/** Which nodes have said that they apply a purge, and how long that took. Bounded; forgets what is old. */
export class Acks {
  readonly #clock: Clock;
  readonly #purges = new Map<number, Purge>();
  readonly #recent: number[] = [];
  readonly #counts = BOUNDS.map(() => 0);
  #count = 0;
  #sum = 0;
  #max = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Another node applies purge `seq`. */
  heard(seq: number, node: string): void {
    const purge = this.#of(seq);
    if (purge.heardAt.has(node)) return;
    purge.heardAt.set(node, this.#clock.steady());
    if (purge.rungAt === undefined) return;
    this.#measure(this.#clock.steady() - purge.rungAt);
    purge.onHeard();
  }

  /** Resolves with how many other nodes apply `seq`: as soon as `expected` do, else after `waitMs`. */
  wait(seq: number, rungAt: number, expected: number, waitMs: number): Promise<number> {
    const purge = this.#of(seq);
    purge.rungAt = rungAt;
    for (const at of purge.heardAt.values()) this.#measure(at - rungAt);
    if (purge.heardAt.size >= expected) return Promise.resolve(purge.heardAt.size);
    return new Promise((resolve) => {
      const cancel = this.#clock.after(waitMs, () => resolve(purge.heardAt.size));
      purge.onHeard = () => {
        if (purge.heardAt.size < expected) return;
        cancel();
        resolve(purge.heardAt.size);
      };
    });
  }

  stats(): LagStats {
    const sorted = [...this.#recent].sort((a, b) => a - b);
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    return {
      count: this.#count,
      p50: at(0.5),
      p99: at(0.99),
      max: this.#max,
      sum: this.#sum,
      buckets: BOUNDS.map((le, i) => ({ le, count: this.#counts[i]! })),
    };
  }

  #of(seq: number): Purge {
    const known = this.#purges.get(seq);
    if (known !== undefined) return known;
    const purge: Purge = { rungAt: undefined, heardAt: new Map(), onHeard: () => {} };
    this.#purges.set(seq, purge);
    if (this.#purges.size > MAX_TRACKED) this.#purges.delete(this.#purges.keys().next().value!);
    return purge;
  }

  #measure(lag: number): void {
    if (lag > MEASURED_FOR_MS) return;
    const ms = Math.max(0, lag);
    this.#count++;
    this.#sum += ms;
    this.#max = Math.max(this.#max, ms);
    BOUNDS.forEach((le, i) => {
      if (ms <= le) this.#counts[i]!++;
    });
    this.#recent.push(ms);
    if (this.#recent.length > RECENT) this.#recent.shift();
  }
}
