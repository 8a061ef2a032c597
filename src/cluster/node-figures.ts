import type { NodeFigures, TierFigures } from '../admin/answers/figures.js';
import type { TierStatsAnswer } from '../admin/answers/stats.js';
import { latencyOf, mergeStats } from '../admin/merge-stats.js';
import type { CoreReport, WorkerReport } from '../admin/report.js';
import type { Served } from '../cache/outcome.js';

/** What a node tells of itself in numbers. `now`: ms, by the clock that `core.startedAt` was read from. */
export function figuresOf(reports: readonly WorkerReport[], core: CoreReport, now: number): NodeFigures {
  const { requests, cache, upstreams } = mergeStats(reports, core, now);
  const servers = Object.values(upstreams);
  const budgeted = [...core.upstreams, ...reports.flatMap((report) => report.upstreams)]
    .filter(({ budget }) => budget.rate !== null)
    .reduce((total, server) => total + server.requests, 0);
  const sum = (pick: (server: (typeof servers)[number]) => number) =>
    servers.reduce((total, server) => total + pick(server), 0);
  const buckets = (...served: Served[]) => [...latencyOf(reports, served).counts];
  return {
    uptime_ms: Math.max(0, now - core.startedAt),
    requests: { ...requests.by_outcome },
    l1: tier(cache.l1),
    l2: { ...tier(cache.l2), type: cache.l2.type },
    origin: {
      requests: sum((server) => server.requests),
      budgeted,
      errors: sum((server) => server.errors),
      in_flight: sum((server) => server.in_flight),
    },
    latency: { l1: buckets('memory'), l2: buckets('disk', 'redis'), origin: buckets('origin') },
  };
}

function tier({ entries, bytes, max_bytes, hits, misses, evictions }: TierStatsAnswer): TierFigures {
  return { entries, bytes, max_bytes, hits, misses, evictions };
}
