import {
  type NoStoreReason,
  type Outcome,
  RESULTS,
  type Result,
  type Served,
  type StaleReason,
} from '../cache/outcome.js';
import { TIER_NAMES } from '../tiers/tier.js';
import { DoorCounts } from './metrics-doors.js';
import { type HistogramData, LatencyHistogram } from './metrics-histogram.js';

export const SERVED = [...TIER_NAMES, 'origin', 'none'] as const satisfies readonly Served[];
export const STATUS_CLASSES = ['1xx', '2xx', '3xx', '4xx', '5xx', 'other'] as const;
type StatusClass = (typeof STATUS_CLASSES)[number];

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

/** Requests without a template, and those of whatever comes after so many: a site policy cannot make series without end. */
const OTHER_ROUTE = 'other';
const MOST_ROUTES = 250;

/** One series of the request counter. */
export interface RequestCount {
  readonly route: string;
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
  /** Of bodies sent to clients, by what served. */
  readonly bytes: Readonly<Record<Served, number>>;
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
/** Slots of one route. */
const SIZE = RESULTS.length * SERVED.length * LABELLED_CLASSES.length * STATUS_CLASSES.length;

/**
 * Counts of finished client requests, one per process. `record` runs for every request, the fast path included: a look into a
 * Map, some array reads, no string is made, nothing is allocated (bench/stores/account.mjs). Prometheus sees them when it scrapes.
 */
export class RequestCounters {
  /** Of what comes before a request is known. */
  readonly doors = new DoorCounts();
  readonly #routes = new Map<string, Float64Array>();
  readonly #bytes = new Float64Array(SERVED.length);
  readonly #latency = SERVED.map(() => new LatencyHistogram());
  readonly #noStore = new Map<NoStoreReason, number>();
  readonly #stale = new Map<StaleReason, number>();
  #collapsed = 0;
  #decoded = 0;

  /**
   * @param ms from the arrival of the request to the end of its answer, milliseconds
   * @param bytes of the body that was sent
   */
  record(outcome: Outcome, status: number, ms: number, bytes = 0): void {
    const route = outcome.route ?? OTHER_ROUTE;
    const counts = this.#routes.get(route) ?? this.#countsOf(route);
    const served = SERVED_INDEX[outcome.served]!;
    const place = RESULT_INDEX[outcome.result]! * SERVED.length + served;
    const inClass = place * LABELLED_CLASSES.length + (CLASS_INDEX[outcome.class] ?? OTHER_CLASS);
    const slot = inClass * STATUS_CLASSES.length + statusIndex(status);
    counts[slot]! += 1;
    this.#bytes[served]! += bytes;
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
    for (const [route, slots] of this.#routes)
      slots.forEach((count, slot) => {
        if (count > 0) counts.push({ route, ...labelsOf(slot), count });
      });
    const latency = Object.fromEntries(SERVED.map((served, i) => [served, this.#latency[i]!.data()]));
    const bytes = Object.fromEntries(SERVED.map((served, i) => [served, this.#bytes[i]!]));
    return {
      counts,
      latency: latency as Record<Served, HistogramData>,
      bytes: bytes as Record<Served, number>,
      noStore: Object.fromEntries(this.#noStore),
      stale: Object.fromEntries(this.#stale),
      collapsed: this.#collapsed,
      decoded: this.#decoded,
    };
  }

  /** Of a route that was not met before. */
  #countsOf(route: string): Float64Array {
    const name = this.#routes.size < MOST_ROUTES ? route : OTHER_ROUTE;
    const known = this.#routes.get(name);
    if (known !== undefined) return known;
    const counts = new Float64Array(SIZE);
    this.#routes.set(name, counts);
    return counts;
  }
}

/** What a slot stands for: the reverse of how `record` finds it. */
function labelsOf(slot: number): Omit<RequestCount, 'route' | 'count'> {
  const inClass = Math.floor(slot / STATUS_CLASSES.length);
  const place = Math.floor(inClass / LABELLED_CLASSES.length);
  return {
    result: RESULTS[Math.floor(place / SERVED.length)]!,
    served: SERVED[place % SERVED.length]!,
    class: LABELLED_CLASSES[inClass % LABELLED_CLASSES.length]!,
    status: STATUS_CLASSES[slot % STATUS_CLASSES.length]!,
  };
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
