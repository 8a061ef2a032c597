import { setTimeout as sleep } from 'node:timers/promises';
import type { Registry } from 'prom-client';
import type { CollectedMetric } from './metrics-collected.js';
import type { MetricsJson } from './metrics-merge.js';

/** Prometheus keeps `_total` for counters; the same numbers by kind stay. */
const GAUGES_CALLED_TOTAL = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

/**
 * What several processes make of a gauge where prom-client would take the mean, or leave it out: a node is as late as the latest of
 * its processes, and as old as the oldest.
 */
const OF_SEVERAL = [
  ['nodejs_eventloop_lag_seconds', 'max'],
  ['nodejs_eventloop_lag_p50_seconds', 'max'],
  ['nodejs_eventloop_lag_p90_seconds', 'max'],
  ['nodejs_eventloop_lag_p99_seconds', 'max'],
  ['process_start_time_seconds', 'min'],
] as const;

/** Of prom-client's monitor of the event loop: some ticks of its 10 ms, ms. */
const FIRST_SAMPLES_MS = 50;

/**
 * CPU, memory, event loop and garbage collection of this process, from the first scrape on: prom-client is 12 MB and 75 ms of
 * CPU that a process nobody scrapes does not spend. CPU time counts from the start of the process all the same.
 */
export class ProcessMetrics {
  #read: Promise<() => Promise<MetricsJson>> | undefined;

  async json(): Promise<MetricsJson> {
    this.#read ??= start();
    return (await this.#read)();
  }
}

/** What there is of the process, for the document. */
export async function processHeads(): Promise<readonly Omit<CollectedMetric, 'aggregator'>[]> {
  const registry = await processRegistry();
  return registry.getMetricsAsArray().map((metric) => {
    const { labelNames } = metric as { labelNames?: readonly string[] };
    // prom-client's types have it as a number; it is the word.
    const type = String(metric.type) as CollectedMetric['type'];
    return { name: metric.name, help: metric.help, type, labels: labelNames ?? [] };
  });
}

async function start(): Promise<() => Promise<MetricsJson>> {
  const { Counter } = await import('prom-client');
  const { user, system } = process.cpuUsage();
  const registry = await processRegistry();
  const before = { user, system, both: user + system };
  for (const [name, microseconds] of [
    ['process_cpu_user_seconds_total', before.user],
    ['process_cpu_system_seconds_total', before.system],
    ['process_cpu_seconds_total', before.both],
  ] as const) {
    const counter = registry.getSingleMetric(name);
    if (counter instanceof Counter) counter.inc(microseconds / 1e6);
  }
  // Without a sample the mean of the event loop's lag is not a number.
  await sleep(FIRST_SAMPLES_MS);
  return async () => (await registry.getMetricsAsJSON()) as MetricsJson;
}

async function processRegistry(): Promise<Registry> {
  const { collectDefaultMetrics, Registry } = await import('prom-client');
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const name of GAUGES_CALLED_TOTAL) registry.removeSingleMetric(name);
  for (const [name, aggregator] of OF_SEVERAL) {
    const metric = registry.getSingleMetric(name);
    if (metric !== undefined) Object.assign(metric, { aggregator });
  }
  return registry;
}
