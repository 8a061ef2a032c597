import type { NodeRow } from '../admin/answers/cluster.js';
import type { UpstreamStatus } from '../origin/status.js';

/** What a node's state is weighed from. */
export interface NodeSignals {
  readonly draining: boolean;
  readonly heartbeatAgeMs: number;
  readonly l2Errors: number;
  readonly l2Reads: number;
  readonly upstreams: readonly Pick<UpstreamStatus, 'status'>[];
  readonly eventLoopP99Ms: number;
}

/** Shares of the weight; they add up to 1. A node whose event loop lags is felt by every request, so it counts most. */
const WEIGHTS = { heartbeat: 0.25, l2: 0.2, origin: 0.2, eventLoop: 0.35 } as const;
/** A timer this late makes a node useless, ms. */
const USELESS_DELAY_MS = 1000;
const USELESS_HEARTBEAT_MS = 60_000;

/** Weighs the signals: 1 is fully usable. */
export function nodeState(signals: NodeSignals): Pick<NodeRow, 'state' | 'weight' | 'signals'> {
  const down = signals.upstreams.filter(({ status }) => status === 'down').length;
  const l2ErrorRatio = signals.l2Reads === 0 ? 0 : Math.min(1, signals.l2Errors / signals.l2Reads);
  const originDownRatio = signals.upstreams.length === 0 ? 0 : down / signals.upstreams.length;
  const weight =
    WEIGHTS.heartbeat * (1 - Math.min(1, signals.heartbeatAgeMs / USELESS_HEARTBEAT_MS)) +
    WEIGHTS.l2 * (1 - l2ErrorRatio) +
    WEIGHTS.origin * (1 - originDownRatio) +
    WEIGHTS.eventLoop * (1 - Math.min(1, signals.eventLoopP99Ms / USELESS_DELAY_MS));
  return {
    state: signals.draining
      ? 'draining'
      : weight >= 0.85
        ? 'healthy'
        : weight >= 0.5
          ? 'degraded'
          : 'unhealthy',
    weight: Math.round(weight * 1000) / 1000,
    signals: {
      draining: signals.draining,
      heartbeat_age_ms: signals.heartbeatAgeMs,
      l2_error_ratio: l2ErrorRatio,
      origin_down_ratio: originDownRatio,
      event_loop_p99_ms: signals.eventLoopP99Ms,
    },
  };
}
