/** Upper bounds in seconds, the same in every process, so that histograms add up. The last bucket has no bound. */
export const LATENCY_BOUNDS: readonly number[] = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
];

/** Plain data: survives structured clone. `counts` has one place more than the bounds, and is not cumulative. */
export interface HistogramData {
  readonly counts: readonly number[];
  /** Sum of what was observed, seconds. */
  readonly sum: number;
}

export const EMPTY_HISTOGRAM: HistogramData = { counts: LATENCY_BOUNDS.map(() => 0).concat(0), sum: 0 };

/** Durations counted in fixed buckets. `observe` allocates nothing. */
export class LatencyHistogram {
  readonly #counts = new Float64Array(LATENCY_BOUNDS.length + 1);
  #sum = 0;

  observe(seconds: number): void {
    let low = 0;
    let high = LATENCY_BOUNDS.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (LATENCY_BOUNDS[middle]! < seconds) low = middle + 1;
      else high = middle;
    }
    this.#counts[low]! += 1;
    this.#sum += seconds;
  }

  data(): HistogramData {
    return { counts: [...this.#counts], sum: this.#sum };
  }
}

export function mergeHistograms(parts: readonly HistogramData[]): HistogramData {
  const counts = [...EMPTY_HISTOGRAM.counts];
  let sum = 0;
  for (const part of parts) {
    for (let i = 0; i < counts.length; i++) counts[i]! += part.counts[i] ?? 0;
    sum += part.sum;
  }
  return { counts, sum };
}

function countOf(histogram: HistogramData): number {
  return histogram.counts.reduce((sum, count) => sum + count, 0);
}

/**
 * The quantile (0 to 1) in seconds, interpolated linearly in its bucket as Prometheus' `histogram_quantile` does; what
 * lies beyond the last bound counts as that bound. Null when nothing was observed.
 */
export function quantile(histogram: HistogramData, q: number): number | null {
  const total = countOf(histogram);
  if (total === 0) return null;
  const rank = q * total;
  let before = 0;
  for (let i = 0; i < LATENCY_BOUNDS.length; i++) {
    const count = histogram.counts[i] ?? 0;
    if (count > 0 && before + count >= rank) {
      const from = i === 0 ? 0 : LATENCY_BOUNDS[i - 1]!;
      return from + (LATENCY_BOUNDS[i]! - from) * Math.max(0, (rank - before) / count);
    }
    before += count;
  }
  return LATENCY_BOUNDS.at(-1)!;
}

/** In ms, to the microsecond; null when nothing was observed. */
export function percentilesOf(histogram: HistogramData) {
  const ms = (q: number) => {
    const seconds = quantile(histogram, q);
    return seconds === null ? null : Math.round(seconds * 1e6) / 1e3;
  };
  return { p50: ms(0.5), p95: ms(0.95), p99: ms(0.99) };
}
