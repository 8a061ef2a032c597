import { type CollectedMetric, type CollectedMetrics, histogramSamples } from './metrics-collected.js';
import { LatencyHistogram } from './metrics-histogram.js';

type Head = Omit<CollectedMetric, 'type'>;

/** One thing per combination of label values, made when first asked for. The values must be bounded. */
class Series<T> {
  readonly #rows = new Map<string, { readonly labels: Record<string, string>; readonly item: T }>();

  constructor(
    private readonly names: readonly string[],
    private readonly make: () => T,
  ) {}

  at(values: readonly string[]): T {
    const id = values.join('\n');
    let row = this.#rows.get(id);
    if (row === undefined) {
      const labels = Object.fromEntries(this.names.map((name, i) => [name, values[i]!]));
      row = { labels, item: this.make() };
      this.#rows.set(id, row);
    }
    return row.item;
  }

  rows() {
    return [...this.#rows.values()];
  }
}

/** A counter with labels: `labels` are their values in the order of `names`. */
export class LabelledValues {
  readonly #series: Series<{ value: number }>;

  constructor(metrics: CollectedMetrics, metric: CollectedMetric, names: readonly string[]) {
    this.#series = new Series(names, () => ({ value: 0 }));
    metrics.add({ ...metric, labels: names }, () =>
      this.#series.rows().map(({ labels, item }) => ({ labels, value: item.value })),
    );
  }

  inc(...labels: readonly string[]): void {
    this.#series.at(labels).value += 1;
  }

  /** Makes a series that begins at 0: Prometheus does not see the first event of one that begins at 1. */
  begin(...labels: readonly string[]): void {
    this.#series.at(labels);
  }
}

/** A histogram of durations with labels. */
export class LabelledHistogram {
  readonly #series: Series<LatencyHistogram>;

  constructor(metrics: CollectedMetrics, metric: Head, names: readonly string[]) {
    this.#series = new Series(names, () => new LatencyHistogram());
    metrics.add({ ...metric, type: 'histogram', labels: names }, () =>
      this.#series.rows().flatMap(({ labels, item }) => histogramSamples(metric.name, labels, item.data())),
    );
  }

  /** See `LabelledValues`. */
  begin(...labels: readonly string[]): void {
    this.#series.at(labels);
  }

  observe(seconds: number, ...labels: readonly string[]): void {
    this.#series.at(labels).observe(seconds);
  }
}
