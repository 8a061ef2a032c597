import type { CacheInfoAnswer } from '../admin/answers/cache.js';
import type { NodeRow, PeerRow } from '../admin/answers/cluster.js';
import type { HealthAnswer } from '../admin/answers/health.js';
import type { Percentiles, StatsAnswer } from '../admin/answers/stats.js';
import type { TenantRow } from '../admin/answers/tenants.js';
import type { WarmJobRow } from '../admin/answers/warm.js';
import type { HotRows, NodeStatus } from '../admin/management.js';
import type { Result } from '../cache/outcome.js';
import type { KeyStatus } from '../keyring/keyring.js';
import type { UpstreamStatus } from '../origin/status.js';

// What the server tells the page. All imports are of types: nothing of the server gets into the page's bundle.

/** How full a tier is. */
export interface Fill {
  readonly entries: number;
  readonly bytes: number;
  /** 0: no bound of ours (Redis has its own). */
  readonly max_bytes: number;
}

/** What happened between two readings. */
export interface Rates {
  /** Per second. */
  readonly requests: Readonly<Record<Result, number>>;
  /** Of the last half minute, 0 to 1; null when nothing was looked up. */
  readonly hit_rate: { readonly all: number | null; readonly l1: number | null; readonly l2: number | null };
  /** Of the last half minute, ms. */
  readonly latency: { readonly l1: Percentiles; readonly l2: Percentiles; readonly origin: Percentiles };
  /** Per second, but for those in flight. */
  readonly origin: {
    readonly requests: number;
    /** Of these, to groups that have a budget: pictures need none. */
    readonly budgeted: number;
    readonly errors: number;
    readonly in_flight: number;
  };
  readonly l1: Fill;
  readonly l2: Fill;
}

/** One look at everything that is drawn over time. */
export interface Sample {
  /** ms since epoch, by the node that was asked. */
  readonly at: number;
  readonly node: Rates;
  /** All nodes together; null: this one is alone. */
  readonly cluster: Rates | null;
}

/** A node and what it does at present; null until two of its heartbeats were heard. */
export interface NodeNow extends Omit<NodeRow, 'figures'> {
  readonly now: { readonly requests: number; readonly hit_rate: number | null } | null;
}

/** What is shown as it is now. Each member is sent when it has changed. */
export interface State {
  readonly status: NodeStatus;
  readonly health: Omit<HealthAnswer, 'timestamp'>;
  readonly stats: Pick<StatsAnswer, 'requests' | 'change_feed'>;
  readonly info: CacheInfoAnswer;
  readonly upstreams: {
    readonly upstreams: readonly UpstreamStatus[];
    readonly peers: readonly PeerRow[];
    readonly credentials: readonly KeyStatus[];
  };
  readonly nodes: readonly NodeNow[];
  /** Those with the most requests today, without their days. */
  readonly tenants: { readonly rows: readonly TenantRow[]; readonly total: number };
  readonly hot: HotRows;
  readonly jobs: readonly WarmJobRow[];
}

/** News since a position. */
export interface Watched {
  /** Where to go on. */
  readonly seq: number;
  readonly samples: readonly Sample[];
  readonly state: Partial<State>;
  /** Members of `state` that could not be read the last time: what is shown of them is old. */
  readonly failed: readonly (keyof State)[];
}
