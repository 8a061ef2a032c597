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
export function warmMetrics(_metrics: CollectedMetrics, _prefix: string, _warm: () => WarmFigures): void {}
