import type { StackStatus } from '../tiers/stack.js';
import type { CollectedMetrics } from './metrics-collected.js';

/** What is used as L2; undefined where that is the disk store and nothing else. */
export type L2Figures = Pick<StackStatus, 'inUse' | 'stages'> | undefined;

const BREAKER = { closed: 0, half_open: 1, open: 2 } as const;
const NAME = { primary: 'redis', fallback: 'redis-fallback', disk: 'disk', none: 'none' } as const;

/** Metrics of which L2 is in use, and why. */
export function l2Metrics(metrics: CollectedMetrics, prefix: string, l2: () => L2Figures): void {
  const stages = () => l2()?.stages ?? [];
  metrics.add(
    {
      name: `${prefix}l2_in_use`,
      help: '1 for what the node uses as L2 now, 0 for what it could use.',
      type: 'gauge',
      labels: ['l2'],
    },
    () => {
      const now = l2();
      if (now === undefined) return [{ labels: { l2: NAME.disk }, value: 1 }];
      const all = [...now.stages.map(({ label }) => label), 'disk', 'none'] as const;
      return all.map((name) => ({ labels: { l2: NAME[name] }, value: Number(name === now.inUse) }));
    },
  );
  metrics.add(
    {
      name: `${prefix}l2_breaker_state`,
      help: 'Circuit breaker of Redis as L2: 0 closed, 1 half open, 2 open.',
      type: 'gauge',
      labels: ['l2'],
    },
    () => stages().map(({ label, state }) => ({ labels: { l2: NAME[label] }, value: BREAKER[state] })),
  );
  metrics.add(
    {
      name: `${prefix}l2_breaker_failures_total`,
      help: 'Calls of Redis as L2 that failed.',
      type: 'counter',
      labels: ['l2'],
    },
    () => stages().map(({ label, failures }) => ({ labels: { l2: NAME[label] }, value: failures })),
  );
}
