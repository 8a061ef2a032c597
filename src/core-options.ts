import type { Engine } from './cache/engine.js';
import type { Coherence } from './cluster/coherence.js';
import type { Member } from './cluster/member.js';
import type { NodeManagement } from './cluster/node-management.js';
import type { PeerQueue } from './cluster/peer-queue.js';
import type { ReloaderParts } from './cluster/reloader.js';
import type { Basis } from './compose.js';
import type { Jobs } from './compose-jobs.js';
import type { Metrics } from './observe/metrics.js';

export interface CoreOptions extends Basis, Pick<ReloaderParts, 'loaded' | 'reread'> {
  /** Whether this process also answers clients. */
  readonly alone: boolean;
  /** Worker processes, where there are any. */
  readonly workers: () => readonly Member[];
  readonly draining: () => boolean;
}

/** Parts that others call which are made before them: nothing of it may be used before all are there. */
export interface Later {
  engine: Engine;
  metrics: Metrics;
  management: NodeManagement;
  coherence: Coherence | undefined;
  peers: PeerQueue;
  jobs: Jobs;
  serving: () => number;
}
