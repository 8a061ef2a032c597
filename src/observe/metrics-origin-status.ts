import type { BreakerState, UpstreamStatus } from '../origin/status.js';
import type { CollectedMetrics, Sample } from './metrics-collected.js';
import { PRIORITIES } from './metrics-origin.js';

const BREAKER: Readonly<Record<BreakerState, number>> = { closed: 0, half_open: 1, open: 2 };
/** Configured servers are few; this bounds what a strange configuration could do. */
const MOST_SERVERS = 32;

/** Metrics of the state of the origin side: breakers, connections and what of the budget is left. */
export function originStatusMetrics(
  metrics: CollectedMetrics,
  prefix: string,
  status: () => readonly UpstreamStatus[],
): void {
  const servers = () => status().slice(0, MOST_SERVERS);
  const perServer = (name: string, help: string, pick: (row: UpstreamStatus) => number) =>
    metrics.add({ name: prefix + name, help, type: 'gauge', labels: ['upstream', 'server'] }, () =>
      servers().map((row) => ({ labels: { upstream: row.upstream, server: row.url }, value: pick(row) })),
    );
  // The budget is the group's: the same on each of its servers.
  const groups = () => [...new Map(servers().map((row) => [row.upstream, row])).values()];
  const perGroup = (name: string, help: string, pick: (row: UpstreamStatus) => number | null) =>
    metrics.add({ name: prefix + name, help, type: 'gauge', labels: ['upstream'] }, () =>
      groups().flatMap((row): Sample[] => {
        const value = pick(row);
        return value === null ? [] : [{ labels: { upstream: row.upstream }, value }];
      }),
    );
  perServer(
    'breaker_state',
    'Circuit breaker of a server: 0 closed, 1 half open, 2 open.',
    (row) => BREAKER[row.breaker],
  );
  perServer('preferred', '1 for the server of a group that is asked first.', (row) =>
    Number(row.failover.preferred),
  );
  perServer(
    'in_flight_requests',
    'Requests in flight, bodies included: the connections in use.',
    (row) => row.in_flight,
  );
  perServer('max_connections', 'Bound of the connections in use.', (row) => row.max_connections);
  perGroup('budget_tokens', 'Requests that may be sent at once.', (row) => row.budget.tokens);
  perGroup('budget_requests_per_second', 'Bound of the requests sent.', (row) => row.budget.rate);
  perGroup('held_back', '1 while an answer 429 holds the group back.', (row) =>
    Number(row.rate_limited_until !== null),
  );
  perGroup('budget_shared', '1 while all nodes share the budget, 0 while each keeps to its part.', (row) =>
    row.shared_budget === undefined ? null : Number(row.shared_budget.shared),
  );
  metrics.add(
    {
      name: `${prefix}queued_requests`,
      help: 'Requests that wait for the budget.',
      type: 'gauge',
      labels: ['upstream', 'priority'],
    },
    () =>
      groups().flatMap(({ upstream, budget }) =>
        PRIORITIES.map((priority) => ({ labels: { upstream, priority }, value: budget.queued[priority] })),
      ),
  );
}
