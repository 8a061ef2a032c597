import type { OriginEvent } from '../origin/events.js';
import type { BreakerState } from '../origin/status.js';
import { boundedNames, type CollectedMetrics } from './metrics-collected.js';
import { LabelledHistogram, LabelledValues } from './metrics-series.js';

const BREAKER_VALUE: Readonly<Record<BreakerState, number>> = { closed: 0, half_open: 1, open: 2 };
/** Configured hosts are few; this bounds what a strange configuration could do. */
const MOST_SERVERS = 32;

/** What the origin side tells, counted. Returns the listener for its events. */
export function originMetrics(metrics: CollectedMetrics): (event: OriginEvent) => void {
  const head = (name: string, help: string) => ({ name: `tmdb_proxy_origin_${name}`, help });
  const counter = (name: string, help: string, ...labels: string[]) =>
    new LabelledValues(metrics, { ...head(name, help), type: 'counter' }, labels);
  const upstreamName = boundedNames(8);
  const serverName = boundedNames(MOST_SERVERS);

  const attempts = counter(
    'attempts_total',
    'Requests to origin servers by how each ended.',
    'upstream',
    'outcome',
  );
  const retries = counter('retries_total', 'Attempts after the first of a request.', 'upstream');
  const failovers = counter('failover_attempts_total', 'Attempts at a stand-in after a failure.', 'upstream');
  const switches = counter('failovers_total', 'Changes of the preferred server of a group.', 'upstream');
  const limited = counter('rate_limited_total', 'Answers 429 that held a group back.', 'upstream');
  const bodies = counter('bodies_failed_total', 'Bodies that broke after their head.', 'upstream', 'reason');
  const refused = counter(
    'queue_rejected_total',
    'Requests the budget turned away.',
    'upstream',
    'priority',
    'reason',
  );
  const breaker = new LabelledValues(
    metrics,
    {
      ...head(
        'breaker_state',
        'Circuit breaker of a server: 0 closed, 1 half open, 2 open; the worst of all workers.',
      ),
      type: 'gauge',
      aggregator: 'max',
    },
    ['upstream', 'server'],
  );
  const duration = new LabelledHistogram(
    metrics,
    head('attempt_duration_seconds', 'From dispatch to the head of the answer or the failure.'),
    ['upstream'],
  );
  const wait = new LabelledHistogram(
    metrics,
    head('queue_wait_seconds', 'Waiting for the budget, also of requests that did not have to.'),
    ['upstream', 'priority'],
  );

  return (event) => {
    const upstream = upstreamName(event.upstream);
    switch (event.type) {
      case 'attempt':
        attempts.inc(upstream, event.error ?? statusClass(event.status));
        duration.observe(event.ms / 1000, upstream);
        if (event.retry > 0) retries.inc(upstream);
        if (event.failover) failovers.inc(upstream);
        return;
      case 'queue':
        wait.observe(event.ms / 1000, upstream, event.priority);
        if (event.outcome !== 'admitted') refused.inc(upstream, event.priority, event.outcome);
        return;
      case 'body_failed':
        return bodies.inc(upstream, event.error);
      case 'breaker':
        return breaker.set(BREAKER_VALUE[event.state], upstream, serverName(event.server));
      case 'rate_limited':
        return limited.inc(upstream);
      case 'failover':
        return switches.inc(upstream);
    }
  };
}

function statusClass(status: number | undefined): string {
  const first = Math.floor((status ?? 0) / 100);
  return first >= 1 && first <= 5 ? `${first}xx` : 'other';
}
