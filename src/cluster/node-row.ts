import type { NodeRow } from '../admin/answers/cluster.js';
import { nodeState } from './node-state.js';
import type { NodeDescription } from './registry.js';

/** As `/cluster/nodes` shows it. `ageMs`: of its last heartbeat; `now`: ms. */
export function nodeRow(node: NodeDescription, ageMs: number, now: number, self: boolean): NodeRow {
  const { server_id, region, version, started, workers, figures } = node;
  const { signals, ...state } = nodeState({ ...node.signals, heartbeatAgeMs: ageMs });
  const last_seen = new Date(now - ageMs).toISOString();
  return {
    server_id,
    region,
    version,
    started,
    last_seen,
    self,
    ...state,
    signals: { ...signals, workers },
    ...(figures !== undefined && { figures }),
  };
}
