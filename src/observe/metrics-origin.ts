import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { OriginEvent } from '../origin/events.js';
import type { BreakerState } from '../origin/status.js';
import { boundedNames } from './metrics-collected.js';
import { LATENCY_BOUNDS } from './metrics-histogram.js';

const BREAKER_VALUE: Readonly<Record<BreakerState, number>> = { closed: 0, half_open: 1, open: 2 };
/** Configured hosts are few; this bounds what a strange configuration could do. */
const MOST_SERVERS = 32;

/** What the origin side tells, counted. Returns the listener for its events. */
export function originMetrics(registry: Registry): (event: OriginEvent) => void {
  const registers = [registry];
  const buckets = [...LATENCY_BOUNDS];
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Counter<L>({ name: `tmdb_proxy_origin_${name}`, help, labelNames, registers });
  const upstream = boundedNames(8);
  const server = boundedNames(MOST_SERVERS);

  const attempts = counter('attempts_total', 'Requests to origin servers by how each ended.', [
    'upstream',
    'outcome',
  ]);
  const retries = counter('retries_total', 'Attempts after the first of a request.', ['upstream']);
  const failovers = counter('failover_attempts_total', 'Attempts at a stand-in after a failure.', [
    'upstream',
  ]);
  const switches = counter('failovers_total', 'Changes of the preferred server of a group.', ['upstream']);
  const limited = counter('rate_limited_total', 'Answers 429 that held a group back.', ['upstream']);
  const bodies = counter('bodies_failed_total', 'Bodies that broke after their head.', [
    'upstream',
    'reason',
  ]);
  const refused = counter('queue_rejected_total', 'Requests the budget turned away.', [
    'upstream',
    'priority',
    'reason',
  ]);
  const breaker = new Gauge({
    name: 'tmdb_proxy_origin_breaker_state',
    help: 'Circuit breaker of a server: 0 closed, 1 half open, 2 open; the worst of all workers.',
    labelNames: ['upstream', 'server'] as const,
    aggregator: 'max',
    registers,
  });
  const duration = new Histogram({
    name: 'tmdb_proxy_origin_attempt_duration_seconds',
    help: 'From dispatch to the head of the answer or the failure.',
    labelNames: ['upstream'] as const,
    buckets,
    registers,
  });
  const wait = new Histogram({
    name: 'tmdb_proxy_origin_queue_wait_seconds',
    help: 'Waiting for the budget, also of requests that did not have to.',
    labelNames: ['upstream', 'priority'] as const,
    buckets,
    registers,
  });

  return (event) => {
    const labels = { upstream: upstream(event.upstream) };
    switch (event.type) {
      case 'attempt':
        attempts.inc({ ...labels, outcome: event.error ?? statusClass(event.status) });
        duration.observe(labels, event.ms / 1000);
        if (event.retry > 0) retries.inc(labels);
        if (event.failover) failovers.inc(labels);
        return;
      case 'queue':
        wait.observe({ ...labels, priority: event.priority }, event.ms / 1000);
        if (event.outcome !== 'admitted')
          refused.inc({ ...labels, priority: event.priority, reason: event.outcome });
        return;
      case 'body_failed':
        return bodies.inc({ ...labels, reason: event.error });
      case 'breaker':
        return breaker.set({ ...labels, server: server(event.server) }, BREAKER_VALUE[event.state]);
      case 'rate_limited':
        return limited.inc(labels);
      case 'failover':
        return switches.inc(labels);
    }
  };
}

function statusClass(status: number | undefined): string {
  const first = Math.floor((status ?? 0) / 100);
  return first >= 1 && first <= 5 ? `${first}xx` : 'other';
}
