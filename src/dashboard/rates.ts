import type { NodeFigures, TierFigures } from '../admin/answers/figures.js';
import { RESULTS, type Result } from '../cache/outcome.js';
import { EMPTY_HISTOGRAM, mergeHistograms, percentilesOf } from '../observe/metrics-histogram.js';
import type { Fill, Rates } from './wire.js';

/** Percentiles and hit rates are of the last so long, ms: within two seconds a quiet proxy sees a handful of requests. */
const WINDOW_MS = 30_000;

type Buckets = NodeFigures['latency'];

/** What one node did between readings, in numbers that add up over nodes. */
export interface Step {
  /** Per second. */
  readonly requests: Record<Result, number>;
  readonly origin: Rates['origin'];
  /** Counts of the window. */
  readonly looked: { readonly all: Looked; readonly l1: Looked; readonly l2: Looked };
  readonly latency: Buckets;
  readonly l1: Fill;
  readonly l2: Fill & { readonly shared: boolean };
}

interface Looked {
  readonly hits: number;
  readonly misses: number;
}

/** Readings of one node; a restart of it, or of one of its processes, begins anew. */
export class Track {
  #readings: NodeFigures[] = [];

  /** The same reading again (another node's until its next heartbeat) changes nothing. */
  add(figures: NodeFigures): void {
    const last = this.#readings.at(-1);
    if (last !== undefined && figures.uptime_ms === last.uptime_ms) return;
    if (last !== undefined && !follows(last, figures)) this.#readings = [];
    this.#readings.push(figures);
    while (this.#readings.length > 2 && figures.uptime_ms - this.#readings[1]!.uptime_ms >= WINDOW_MS)
      this.#readings.shift();
  }

  /** Undefined until there are two readings. */
  step(): Step | undefined {
    const [first] = this.#readings;
    const before = this.#readings.at(-2);
    const last = this.#readings.at(-1);
    if (first === undefined || before === undefined || last === undefined) return undefined;
    const seconds = (last.uptime_ms - before.uptime_ms) / 1000;
    const perSecond = (pick: (figures: NodeFigures) => number) => (pick(last) - pick(before)) / seconds;
    return {
      requests: byResult((name) => perSecond(({ requests }) => requests[name])),
      origin: {
        requests: perSecond(({ origin }) => origin.requests),
        budgeted: perSecond(({ origin }) => origin.budgeted),
        errors: perSecond(({ origin }) => origin.errors),
        in_flight: last.origin.in_flight,
      },
      looked: { all: answered(first, last), l1: looked(first.l1, last.l1), l2: looked(first.l2, last.l2) },
      latency: {
        l1: less(last.latency.l1, first.latency.l1),
        l2: less(last.latency.l2, first.latency.l2),
        origin: less(last.latency.origin, first.latency.origin),
      },
      l1: fill(last.l1),
      l2: { ...fill(last.l2), shared: last.l2.type === 'redis' },
    };
  }
}

/** What one or several nodes did, as it is drawn. */
export function ratesOf(steps: readonly Step[]): Rates {
  const sum = (pick: (step: Step) => number) => steps.reduce((total, step) => total + pick(step), 0);
  const share = (tier: keyof Step['looked']) => {
    const hits = sum(({ looked }) => looked[tier].hits);
    const all = hits + sum(({ looked }) => looked[tier].misses);
    return all === 0 ? null : hits / all;
  };
  const percentiles = (tier: keyof Buckets) => {
    const parts = steps.map(({ latency }) => latency[tier]).filter(sameBuckets);
    return percentilesOf(mergeHistograms(parts.map((counts) => ({ counts, sum: 0 }))));
  };
  return {
    requests: byResult((name) => sum(({ requests }) => requests[name])),
    hit_rate: { all: share('all'), l1: share('l1'), l2: share('l2') },
    latency: { l1: percentiles('l1'), l2: percentiles('l2'), origin: percentiles('origin') },
    origin: {
      requests: sum(({ origin }) => origin.requests),
      budgeted: sum(({ origin }) => origin.budgeted),
      errors: sum(({ origin }) => origin.errors),
      in_flight: sum(({ origin }) => origin.in_flight),
    },
    l1: filled(steps.map(({ l1 }) => l1)),
    l2: filledL2(steps),
  };
}

/** One Redis is seen by each of its nodes, disk stores are one each. */
function filledL2(steps: readonly Step[]): Fill {
  const own = steps.filter(({ l2 }) => !l2.shared).map(({ l2 }) => l2);
  const shared = steps.filter(({ l2 }) => l2.shared).map(({ l2 }) => l2);
  const fullest = shared.reduce<Fill>((most, l2) => (l2.entries > most.entries ? l2 : most), NOTHING);
  return filled([...own, ...(shared.length === 0 ? [] : [fullest])]);
}

const NOTHING: Fill = { entries: 0, bytes: 0, max_bytes: 0 };

function filled(parts: readonly Fill[]): Fill {
  return parts.reduce<Fill>(
    (sum, { entries, bytes, max_bytes }) => ({
      entries: sum.entries + entries,
      bytes: sum.bytes + bytes,
      max_bytes: sum.max_bytes + max_bytes,
    }),
    NOTHING,
  );
}

function fill({ entries, bytes, max_bytes }: TierFigures): Fill {
  return { entries, bytes, max_bytes };
}

/** Counters of a node only grow while all of its processes live. */
function follows(before: NodeFigures, after: NodeFigures): boolean {
  if (after.uptime_ms <= before.uptime_ms) return false;
  if (RESULTS.some((name) => after.requests[name] < before.requests[name])) return false;
  return (['l1', 'l2', 'origin'] as const).every((tier) => {
    const old = before.latency[tier];
    const counts = after.latency[tier];
    return counts.length === old.length && counts.every((count, i) => count >= old[i]!);
  });
}

function answered(first: NodeFigures, last: NodeFigures): Looked {
  const { hit, stale, miss } = last.requests;
  const was = first.requests;
  return { hits: hit + stale - was.hit - was.stale, misses: miss - was.miss };
}

/** Counters of a tier start anew when it is replaced (Redis by the disk): then nothing is known of the time before. */
function looked(first: TierFigures, last: TierFigures): Looked {
  return { hits: Math.max(0, last.hits - first.hits), misses: Math.max(0, last.misses - first.misses) };
}

function less(after: readonly number[], before: readonly number[]): number[] {
  return after.map((count, i) => count - (before[i] ?? 0));
}

function byResult(count: (name: Result) => number): Record<Result, number> {
  return Object.fromEntries(RESULTS.map((name) => [name, count(name)])) as Record<Result, number>;
}

/** Nodes of another version may have other buckets: they are left out. */
function sameBuckets(counts: readonly number[]): boolean {
  return counts.length === EMPTY_HISTOGRAM.counts.length;
}
