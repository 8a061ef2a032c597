import type { CollectedMetrics, Sample } from './metrics-collected.js';

/** Purges across nodes, as `Coherence` counts them. */
export interface BusFigures {
  readonly state: 'synced' | 'away';
  /** From the call for a purge to another node's acknowledgement, by this node's clock. */
  readonly lagMs: {
    readonly count: number;
    readonly sum: number;
    readonly buckets: readonly { readonly le: number; readonly count: number }[];
  };
  readonly gaps: number;
  readonly rereads: number;
  readonly reconciles: number;
  readonly pending: number;
  readonly raised: number;
  readonly applied: number;
}

/** Of a node that is alone: there is nobody to learn from, and nobody to tell. */
const ALONE: BusFigures = {
  state: 'synced',
  lagMs: { count: 0, sum: 0, buckets: [] },
  gaps: 0,
  rereads: 0,
  reconciles: 0,
  pending: 0,
  raised: 0,
  applied: 0,
};

/** Metrics of the bus. `bus`: undefined where the node is alone. */
export function busMetrics(
  metrics: CollectedMetrics,
  prefix: string,
  bus: () => BusFigures | undefined,
): void {
  const one = (name: string, help: string, type: 'gauge' | 'counter', pick: (now: BusFigures) => number) =>
    metrics.add({ name: `${prefix}bus_${name}`, help, type }, () => [
      { labels: {}, value: pick(bus() ?? ALONE) },
    ]);
  one(
    'synced',
    '1 while this node and Redis know the same purges; 1 where there are no others.',
    'gauge',
    (now) => Number(now.state === 'synced'),
  );
  one('pending_purges', 'Purges that other nodes have not been told of.', 'gauge', (now) => now.pending);
  one('gaps_total', 'Messages that did not follow the one before.', 'counter', (now) => now.gaps);
  one('reads_total', 'Readings of the purge log.', 'counter', (now) => now.rereads);
  one('reconciles_total', 'Full comparisons with the purge log.', 'counter', (now) => now.reconciles);
  one('raised_total', 'Purge rules made by this node.', 'counter', (now) => now.raised);
  one('applied_total', 'Purge rules learnt from other nodes.', 'counter', (now) => now.applied);
  const name = `${prefix}bus_purge_lag_seconds`;
  const help = 'From the call for a purge to the acknowledgement of another node.';
  metrics.add({ name, help, type: 'histogram' }, () => {
    const lag = (bus() ?? ALONE).lagMs;
    const buckets = lag.buckets.map(
      ({ le, count }): Sample => ({ metricName: `${name}_bucket`, labels: { le: le / 1000 }, value: count }),
    );
    return [
      ...buckets,
      { metricName: `${name}_bucket`, labels: { le: '+Inf' }, value: lag.count },
      { metricName: `${name}_sum`, labels: {}, value: lag.sum / 1000 },
      { metricName: `${name}_count`, labels: {}, value: lag.count },
    ];
  });
}
