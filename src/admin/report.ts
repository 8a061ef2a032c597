import type { FeedStatus } from '../feed/status.js';
import type { RequestSnapshot } from '../observe/metrics-requests.js';
import type { UpstreamStatus } from '../origin/status.js';
import type { TierStats } from '../tiers/tier.js';
import type { L2Type } from './answers/cache.js';

/** What one worker process says of itself when the management side asks. Plain data. */
export interface WorkerReport {
  readonly requests: RequestSnapshot;
  readonly l1: TierStats;
  /**
   * L2 as this worker sees it: hits, misses, writes and errors are its own, entries and bytes those of the shared store.
   * Undefined where another process speaks for L2.
   */
  readonly l2: TierStats | undefined;
  /** Origins as this worker asks them; empty where another process asks for all. */
  readonly upstreams: readonly UpstreamStatus[];
  /** How late its timers are. */
  readonly eventLoopP99Ms: number;
  /** Stands for all that are gone: what they have counted (retire-reports.ts). */
  readonly retired?: boolean;
}

/** What is true of the node as a whole, whoever knows it. Plain data. */
export interface CoreReport {
  readonly startedAt: number;
  /** As configured and as in use at present. */
  readonly l2: { readonly type: L2Type; readonly inUse: L2Type; readonly reason: string | null };
  /** Of the shared store, where one process counts for all; its figures are added to the workers'. */
  readonly l2Stats: TierStats | undefined;
  /** Where one process asks the origin for all workers, else empty. */
  readonly upstreams: readonly UpstreamStatus[];
  /** Undefined: there is no change feed here. */
  readonly feed: FeedStatus | undefined;
}

export const NO_TIER_STATS: TierStats = {
  entries: 0,
  bytes: 0,
  maxBytes: 0,
  hits: 0,
  misses: 0,
  writes: 0,
  evictions: 0,
  corrupt: 0,
  errors: 0,
};

/** Of tiers of their own (each worker's memory): everything adds up. */
export function addTierStats(parts: readonly TierStats[]): TierStats {
  return parts.reduce(
    (sum, part) => ({
      entries: sum.entries + part.entries,
      bytes: sum.bytes + part.bytes,
      maxBytes: sum.maxBytes + part.maxBytes,
      hits: sum.hits + part.hits,
      misses: sum.misses + part.misses,
      writes: sum.writes + part.writes,
      evictions: sum.evictions + part.evictions,
      corrupt: sum.corrupt + part.corrupt,
      errors: sum.errors + part.errors,
    }),
    NO_TIER_STATS,
  );
}

/** Of one store that several processes look at: what happened adds up, what is there is the same thing seen twice. */
export function shareTierStats(parts: readonly TierStats[]): TierStats {
  const most = (pick: (part: TierStats) => number) =>
    parts.reduce((top, part) => Math.max(top, pick(part)), 0);
  return {
    ...addTierStats(parts),
    entries: most((part) => part.entries),
    bytes: most((part) => part.bytes),
    maxBytes: most((part) => part.maxBytes),
  };
}
