import type { CollectedMetrics } from './metrics-collected.js';

/** Warm-up, as it counts itself. */
export interface WarmFigures {
  /** Jobs by status. */
  readonly jobs: Readonly<Record<string, number>>;
  /** Targets done by result. */
  readonly targets: Readonly<Record<string, number>>;
  /** Targets still to do. */
  readonly left: number;
}

/** Metrics of warm-up. */
export function warmMetrics(metrics: CollectedMetrics, prefix: string, warm: () => WarmFigures): void {
  const by = (label: string, figures: Readonly<Record<string, number>>) =>
    Object.entries(figures).map(([name, value]) => ({ labels: { [label]: name }, value }));
  metrics.add(
    {
      name: `${prefix}warm_jobs`,
      help: 'Warm-up jobs of the last day by status.',
      type: 'gauge',
      labels: ['status'],
    },
    () => by('status', warm().jobs),
  );
  metrics.add(
    {
      name: `${prefix}warm_targets_total`,
      help: 'Targets of warm-up jobs by what became of them: hits were fresh already.',
      type: 'counter',
      labels: ['result'],
    },
    () => by('result', warm().targets),
  );
  metrics.add(
    { name: `${prefix}warm_left`, help: 'Targets that warm-up jobs have still to do.', type: 'gauge' },
    () => [{ labels: {}, value: warm().left }],
  );
}
