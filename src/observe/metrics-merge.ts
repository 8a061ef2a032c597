import type { MetricObjectWithValues, MetricValue } from 'prom-client';

/** What one process answers a scrape with; survives structured clone and JSON. */
export type MetricsJson = MetricObjectWithValues<MetricValue<string>>[];

/** Gauges of which a store shared by all processes must count once, the memory of each process by itself. */
const TIER_GAUGES = new Set([
  'tmdb_proxy_tier_entries',
  'tmdb_proxy_tier_bytes',
  'tmdb_proxy_tier_max_bytes',
]);

/** Several processes' metrics as one Prometheus text. */
export async function mergeMetrics(parts: readonly MetricsJson[]): Promise<string> {
  const { AggregatorRegistry } = await import('prom-client');
  return AggregatorRegistry.aggregate(countSharedOnce(parts)).metrics();
}

/**
 * What remains of processes that are gone: their counters and histograms added up. Gauges said what they held, and go with them.
 */
export function retireMetrics(gone: readonly MetricsJson[]): MetricsJson {
  const heads = new Map<string, MetricsJson[number]>();
  const sums = new Map<string, Map<string, MetricValue<string>>>();
  for (const metric of gone.flat()) {
    if (!COUNTED.has(String(metric.type))) continue;
    heads.set(metric.name, metric);
    const values = sums.get(metric.name) ?? new Map<string, MetricValue<string>>();
    sums.set(metric.name, values);
    for (const value of metric.values) {
      const labels = Object.entries(value.labels).sort(([a], [b]) => (a < b ? -1 : 1));
      const id = JSON.stringify([nameOf(value), labels]);
      values.set(id, { ...value, value: value.value + (values.get(id)?.value ?? 0) });
    }
  }
  return [...heads.values()].map((head) => ({ ...head, values: [...(sums.get(head.name)?.values() ?? [])] }));
}

const COUNTED: ReadonlySet<string> = new Set(['counter', 'histogram']);

/** Set in histograms: `_bucket`, `_sum` and `_count`. */
function nameOf(value: MetricValue<string> & { readonly metricName?: string }): string | undefined {
  return value.metricName;
}

/** Of what several processes say of the same store, the largest value alone is kept, so that the sum is right. */
function countSharedOnce(parts: readonly MetricsJson[]): MetricsJson[] {
  const largest = new Map<string, MetricValue<string>>();
  const shared = parts.flatMap((part) => part.filter((metric) => TIER_GAUGES.has(metric.name)));
  for (const metric of shared)
    for (const value of metric.values) {
      const id = `${metric.name} ${value.labels.tier}`;
      const known = largest.get(id);
      if (known === undefined || value.value > known.value) largest.set(id, value);
    }
  const keep = (name: string, value: MetricValue<string>) =>
    value.labels.tier === 'memory' || largest.get(`${name} ${value.labels.tier}`) === value;
  return parts.map((part) =>
    part.map((metric) =>
      TIER_GAUGES.has(metric.name)
        ? { ...metric, values: metric.values.filter((value) => keep(metric.name, value)) }
        : metric,
    ),
  );
}
