import { setTimeout as sleep } from 'node:timers/promises';
import type { MetricsJson } from './metrics-merge.js';

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

async function start(): Promise<() => Promise<MetricsJson>> {
  const { Counter, collectDefaultMetrics, Registry } = await import('prom-client');
  const registry = new Registry();
  const { user, system } = process.cpuUsage();
  collectDefaultMetrics({ register: registry });
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
