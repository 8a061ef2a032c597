import { type HistogramData, LATENCY_BOUNDS } from './metrics-histogram.js';
import type { MetricsJson } from './metrics-merge.js';

export type Labels = Readonly<Record<string, string | number>>;

export interface Sample {
  readonly labels: Labels;
  readonly value: number;
  /** Differs from the metric's own name in histograms (`_bucket`, `_sum`, `_count`). */
  readonly metricName?: string;
}

export interface CollectedMetric {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** Names of the labels its series have, "le" of histograms left out. Default: none. */
  readonly labels?: readonly string[];
  /** How the values of several processes become one. Default: sum. */
  readonly aggregator?: 'sum' | 'max' | 'first' | 'average';
}

/**
 * Metrics that are read when they are scraped, out of counters that are plain fields: what counts never meets prom-client,
 * whose `inc` with labels makes an object and a string each time, and which an idle process need not load.
 */
export class CollectedMetrics {
  readonly #metrics: { readonly head: CollectedMetric; readonly samples: () => readonly Sample[] }[] = [];

  add(metric: CollectedMetric, samples: () => readonly Sample[]): void {
    this.#metrics.push({ head: { aggregator: 'sum', ...metric }, samples });
  }

  /** What there is, in the order in which it was added. */
  heads(): readonly CollectedMetric[] {
    return this.#metrics.map(({ head }) => head);
  }

  /** As prom-client's registry gives its own. */
  json(): MetricsJson {
    return this.#metrics.map(({ head: { labels: _, ...head }, samples }) => ({
      ...head,
      values: samples(),
    })) as unknown as MetricsJson;
  }
}

/** One histogram as Prometheus spells it: cumulative buckets, sum and count. */
export function histogramSamples(name: string, labels: Labels, data: HistogramData): Sample[] {
  const samples: Sample[] = [];
  let below = 0;
  data.counts.forEach((count, i) => {
    below += count;
    const le = LATENCY_BOUNDS[i] ?? '+Inf';
    samples.push({ metricName: `${name}_bucket`, labels: { ...labels, le }, value: below });
  });
  samples.push({ metricName: `${name}_sum`, labels, value: data.sum });
  samples.push({ metricName: `${name}_count`, labels, value: below });
  return samples;
}

/** The first `most` names as they are, whatever comes later as `other`: a label can never grow without bound. */
export function boundedNames(most: number): (name: string) => string {
  const known = new Set<string>();
  return (name) => {
    if (known.has(name)) return name;
    if (known.size >= most) return 'other';
    known.add(name);
    return name;
  };
}
