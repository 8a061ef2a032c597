import type { StaleReason } from '../cache/outcome.js';
import { type CollectedMetrics, histogramSamples } from './metrics-collected.js';
import { type RequestCounters, type RequestSnapshot, SERVED } from './metrics-requests.js';

const STALE_REASONS = {
  'while-revalidate': 0,
  'origin-error': 0,
  'soft-timeout': 0,
  'not-before': 0,
  offline: 0,
} as const satisfies Record<StaleReason, 0>;

/** Metrics of client requests, out of what `RequestCounters` has counted. */
export function requestMetrics(metrics: CollectedMetrics, prefix: string, requests: RequestCounters): void {
  const counter = (
    name: string,
    help: string,
    label: string | undefined,
    values: (now: RequestSnapshot) => Readonly<Record<string, number>> | number,
  ) =>
    metrics.add(
      { name: prefix + name, help, type: 'counter', labels: label === undefined ? [] : [label] },
      () => {
        const now = values(requests.snapshot());
        if (typeof now === 'number') return [{ labels: {}, value: now }];
        return Object.entries(now).map(([key, value]) => ({ labels: { [label ?? '']: key }, value }));
      },
    );
  metrics.add(
    {
      name: `${prefix}requests_total`,
      help: 'Client requests by what was asked for and what happened.',
      type: 'counter',
      labels: ['route', 'outcome', 'tier', 'class', 'status'],
    },
    () =>
      requests.snapshot().counts.map(({ route, result, served, class: of, status, count }) => ({
        labels: { route, outcome: result, tier: served, class: of, status },
        value: count,
      })),
  );
  const name = `${prefix}request_duration_seconds`;
  const help = 'From the arrival of a request to the end of its answer, by the tier that served it.';
  metrics.add({ name, help, type: 'histogram', labels: ['tier'] }, () => {
    const { latency } = requests.snapshot();
    return SERVED.flatMap((tier) => histogramSamples(name, { tier }, latency[tier]));
  });
  counter('response_body_bytes_total', 'Bytes of bodies sent to clients.', 'tier', (now) => now.bytes);
  counter('not_stored_total', 'Responses not stored, by reason.', 'reason', (now) => now.noStore);
  counter('stale_served_total', 'Stale answers, by reason.', 'reason', (now) => ({
    ...STALE_REASONS,
    ...now.stale,
  }));
  counter(
    'collapsed_requests_total',
    "Requests that shared another's fill.",
    undefined,
    (now) => now.collapsed,
  );
  counter(
    'decoded_bodies_total',
    'Bodies decoded for clients that take no gzip; kept for the next while there is room.',
    undefined,
    (now) => now.decoded,
  );
}
