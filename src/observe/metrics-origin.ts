import type { OriginEvent } from '../origin/events.js';
import type { Priority } from '../origin/source.js';
import { boundedNames, type CollectedMetrics } from './metrics-collected.js';
import { LabelledHistogram, LabelledValues } from './metrics-series.js';

/** As in origin/turns.ts, which a worker, that asks no origin, need not load. */
export const PRIORITIES = ['user', 'refresh', 'background'] as const satisfies readonly Priority[];

/** What the origin side tells, counted. Returns the listener for its events. `upstreams`: the groups there are, as far as known. */
export function originMetrics(
  metrics: CollectedMetrics,
  prefix: string,
  upstreams: readonly string[],
): (event: OriginEvent) => void {
  const head = (name: string, help: string) => ({ name: prefix + name, help });
  const counter = (name: string, help: string, ...labels: string[]) =>
    new LabelledValues(metrics, { ...head(name, help), type: 'counter' }, labels);
  const upstreamName = boundedNames(8);

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

  for (const upstream of upstreams) {
    const name = upstreamName(upstream);
    for (const perGroup of [retries, failovers, switches, limited, duration]) perGroup.begin(name);
    attempts.begin(name, '2xx');
    for (const priority of PRIORITIES) {
      wait.begin(name, priority);
      refused.begin(name, priority, 'budget_exhausted');
    }
  }

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
        return; // its state is read, not told (metrics-origin-status.ts)
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
