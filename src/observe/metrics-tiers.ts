import type { NamedStats, TierName, TierStats } from '../tiers/tier.js';
import type { TierOperation } from '../tiers/timed.js';
import type { CollectedMetrics } from './metrics-collected.js';
import { LabelledHistogram } from './metrics-series.js';

/** Metrics of what lies in the tiers, and of how long those beyond memory take. Returns what is to be told the latter. */
export function tierMetrics(
  metrics: CollectedMetrics,
  prefix: string,
  tiers: () => readonly NamedStats[],
): (operation: TierOperation, tier: TierName, seconds: number) => void {
  const each = (name: string, help: string, type: 'counter' | 'gauge', pick: (stats: TierStats) => number) =>
    metrics.add({ name: `${prefix}tier_${name}`, help, type, labels: ['tier'] }, () =>
      tiers().map(({ name: tier, stats }) => ({ labels: { tier }, value: pick(stats) })),
    );
  each('entries', 'Entries stored.', 'gauge', (stats) => stats.entries);
  each('bytes', 'Bytes stored: keys, fields and bodies.', 'gauge', (stats) => stats.bytes);
  each(
    'max_bytes',
    'Bound of the bytes stored; 0: none (Redis without maxmemory).',
    'gauge',
    (stats) => stats.maxBytes,
  );
  each('hits_total', 'Lookups that found an entry.', 'counter', (stats) => stats.hits);
  each('misses_total', 'Lookups that found none.', 'counter', (stats) => stats.misses);
  each('writes_total', 'Entries written.', 'counter', (stats) => stats.writes);
  metrics.add(
    {
      name: `${prefix}tier_evictions_total`,
      help: 'Entries that left by themselves: room was needed, also of such that nobody had asked for since they came (unused), or there was no use for them any more (expired).',
      type: 'counter',
      labels: ['tier', 'reason'],
    },
    () =>
      tiers().flatMap(({ name: tier, stats }) =>
        Object.entries(evictedBy(stats)).map(([reason, value]) => ({ labels: { tier, reason }, value })),
      ),
  );
  each(
    'corrupt_total',
    'Values that could not be read; each was a miss.',
    'counter',
    (stats) => stats.corrupt,
  );
  each('errors_total', 'Failed operations.', 'counter', (stats) => stats.errors);
  const durations = new LabelledHistogram(
    metrics,
    {
      name: `${prefix}tier_operation_duration_seconds`,
      help: 'Reads and writes of L2, failed ones included.',
    },
    ['tier', 'operation'],
  );
  return (operation, tier, seconds) => durations.observe(seconds, tier, operation);
}

function evictedBy({ evictions, unused, expired }: TierStats): Readonly<Record<string, number>> {
  return {
    room: evictions - (unused ?? 0),
    ...(unused !== undefined && { unused }),
    ...(expired !== undefined && { expired }),
  };
}
