import type { NodeRow } from '../../../src/admin/answers/cluster.js';
import type { NodeFigures } from '../../../src/admin/answers/figures.js';
import { EMPTY_HISTOGRAM, LATENCY_BOUNDS } from '../../../src/observe/metrics-histogram.js';

/** Counts of a node that has just started. */
export function figures(more: Partial<NodeFigures> = {}): NodeFigures {
  const tier = { entries: 0, bytes: 0, max_bytes: 1000, hits: 0, misses: 0, evictions: 0 };
  return {
    uptime_ms: 0,
    requests: { hit: 0, stale: 0, miss: 0, bypass: 0, error: 0 },
    l1: tier,
    l2: { ...tier, type: 'disk' },
    origin: { requests: 0, budgeted: 0, errors: 0, in_flight: 0 },
    latency: { l1: buckets(), l2: buckets(), origin: buckets() },
    ...more,
  };
}

/** So many requests in the bucket that ends with `seconds`. */
export function buckets(seconds?: number, count = 0): number[] {
  const counts = [...EMPTY_HISTOGRAM.counts];
  if (seconds !== undefined) counts[LATENCY_BOUNDS.indexOf(seconds)] = count;
  return counts;
}

export function nodeRow(server_id: string, more: Partial<NodeRow> = {}): NodeRow {
  return {
    server_id,
    region: 'eu',
    version: '1.0.0',
    started: '2026-01-01T00:00:00.000Z',
    last_seen: '2026-01-01T00:00:00.000Z',
    self: server_id === 'self',
    state: 'healthy',
    weight: 1,
    signals: { workers: 2 },
    figures: figures(),
    ...more,
  };
}
