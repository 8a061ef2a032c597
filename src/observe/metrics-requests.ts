import type { NoStoreReason, Outcome, Result, Served, StaleReason } from '../cache/outcome.js';
import { type HistogramData, LatencyHistogram } from './metrics-histogram.js';

export const RESULTS = ['hit', 'stale', 'miss', 'bypass', 'error'] as const satisfies readonly Result[];
export const SERVED = ['memory', 'disk', 'redis', 'origin', 'none'] as const satisfies readonly Served[];
export const STATUS_CLASSES = ['1xx', '2xx', '3xx', '4xx', '5xx', 'other'] as const;
export type StatusClass = (typeof STATUS_CLASSES)[number];

/** Classes that have a label of their own; whatever else a site policy says counts as `other`. */
export const LABELLED_CLASSES = [
  'image',
  'detail',
  'search',
  'changes',
  'static',
  'other',
  'negative',
] as const;

/** One series of the request counter. */
export interface RequestCount {
  readonly result: Result;
  readonly served: Served;
  readonly class: string;
  readonly status: StatusClass;
  readonly count: number;
}

/** Plain data: survives structured clone. Only series that are not zero. */
export interface RequestSnapshot {
  readonly counts: readonly RequestCount[];
  /** By what served; seconds. */
  readonly latency: Readonly<Record<Served, HistogramData>>;
  readonly noStore: Readonly<Partial<Record<NoStoreReason, number>>>;
  readonly stale: Readonly<Partial<Record<StaleReason, number>>>;
  readonly collapsed: number;
  /** Bodies decoded for clients that take no gzip. */
  readonly decoded: number;
}

const RESULT_INDEX = indexOf(RESULTS);
const SERVED_INDEX = indexOf(SERVED);
const CLASS_INDEX = indexOf(LABELLED_CLASSES);
const OTHER_CLASS = LABELLED_CLASSES.indexOf('other');
const SIZE = RESULTS.length * SERVED.length * LABELLED_CLASSES.length * STATUS_CLASSES.length;

/**
 * Counts of finished client requests, one per process. `record` runs for every request, the fast path included: some
 * array reads, no string is made, nothing is allocated. Prometheus sees them when it scrapes.
 */
export class RequestCounters {
  readonly #counts = new Float64Array(SIZE);
  readonly #latency = SERVED.map(() => new LatencyHistogram());
  readonly #noStore = new Map<NoStoreReason, number>();
  readonly #stale = new Map<StaleReason, number>();
  #collapsed = 0;
  #decoded = 0;

  /** @param ms from the arrival of the request to the end of its answer, milliseconds */
  record(outcome: Outcome, status: number, ms: number): void {
    const served = SERVED_INDEX[outcome.served]!;
    const place = RESULT_INDEX[outcome.result]! * SERVED.length + served;
    const inClass = place * LABELLED_CLASSES.length + (CLASS_INDEX[outcome.class] ?? OTHER_CLASS);
    const slot = inClass * STATUS_CLASSES.length + statusIndex(status);
    this.#counts[slot]! += 1;
    this.#latency[served]!.observe(ms / 1000);
    if (outcome.collapsed === true) this.#collapsed += 1;
    if (outcome.noStore !== undefined) bump(this.#noStore, outcome.noStore);
    if (outcome.stale !== undefined) bump(this.#stale, outcome.stale);
  }

  /** A stored body was decoded for a client that takes no gzip. */
  countDecoded(): void {
    this.#decoded += 1;
  }

  snapshot(): RequestSnapshot {
    const counts: RequestCount[] = [];
    let slot = 0;
    for (const result of RESULTS)
      for (const served of SERVED)
        for (const name of LABELLED_CLASSES)
          for (const status of STATUS_CLASSES) {
            const count = this.#counts[slot++]!;
            if (count > 0) counts.push({ result, served, class: name, status, count });
          }
    const latency = Object.fromEntries(SERVED.map((served, i) => [served, this.#latency[i]!.data()]));
    return {
      counts,
      latency: latency as Record<Served, HistogramData>,
      noStore: Object.fromEntries(this.#noStore),
      stale: Object.fromEntries(this.#stale),
      collapsed: this.#collapsed,
      decoded: this.#decoded,
    };
  }
}

function statusIndex(status: number): number {
  const index = Math.floor(status / 100) - 1;
  return index >= 0 && index < 5 ? index : 5;
}

function bump<K>(map: Map<K, number>, key: K): void {
  map.set(key, (map.get(key) ?? 0) + 1);
}

function indexOf(names: readonly string[]): Readonly<Record<string, number>> {
  const index: Record<string, number> = Object.create(null);
  names.forEach((name, i) => {
    index[name] = i;
  });
  return index;
}
