import type { Result, Served } from '../cache/outcome.js';
import type { FeedStatus } from '../feed/status.js';
import { type HistogramData, mergeHistograms, percentilesOf } from '../observe/metrics-histogram.js';
import type { TierStats } from '../tiers/tier.js';
import type { ChangeFeedStats, StatsAnswer, TierStatsAnswer } from './answers/stats.js';
import { mergeUpstreams } from './merge-upstreams.js';
import { addTierStats, type CoreReport, shareTierStats, type WorkerReport } from './report.js';

/** `GET /stats` for all workers together. `now` is ms of the wall clock. */
export function mergeStats(reports: readonly WorkerReport[], core: CoreReport, now: number): StatsAnswer {
  const by_outcome: Record<Result, number> = { hit: 0, stale: 0, miss: 0, bypass: 0, error: 0 };
  for (const report of reports)
    for (const { result, count } of report.requests.counts) by_outcome[result] += count;
  const hits = by_outcome.hit + by_outcome.stale;
  const latency = (...served: Served[]) => latencyOf(reports, served);
  // One row per URL here (CONTRACT): a host that serves API and images at once is two rows of `/upstream`.
  const upstreams = mergeUpstreams(
    [...core.upstreams, ...reports.flatMap((report) => report.upstreams)].map((row) => ({
      ...row,
      upstream: '',
    })),
  );

  return {
    requests: { total: Object.values(by_outcome).reduce((sum, count) => sum + count, 0), by_outcome },
    cache: {
      type: core.l2.inUse === 'none' ? 'memory' : `memory+${core.l2.inUse}`,
      hit_rate: hitRate(hits, by_outcome.miss),
      total_hits: hits,
      total_misses: by_outcome.miss,
      l1: tierAnswer(addTierStats(reports.map((report) => report.l1))),
      l2: { type: core.l2.inUse, ...tierAnswer(l2Stats(reports, core)) },
    },
    upstreams: Object.fromEntries(
      upstreams.map((upstream) => [
        upstream.url,
        {
          status: upstream.status,
          requests: upstream.requests,
          successes: upstream.successes,
          errors: upstream.errors,
          p50_ms: upstream.p50_ms,
          p95_ms: upstream.p95_ms,
          in_flight: upstream.in_flight,
          last_error: upstream.last_error,
        },
      ]),
    ),
    latency_ms: {
      ...percentilesOf(latency('memory', 'disk', 'redis', 'origin', 'none')),
      l1: percentilesOf(latency('memory')),
      l2: percentilesOf(latency('disk', 'redis')),
      origin: percentilesOf(latency('origin')),
    },
    change_feed: core.feed === undefined ? null : feedAnswer(core.feed),
    uptime: Math.max(0, Math.round((now - core.startedAt) / 1000)),
    workers: reports.filter(({ retired }) => retired !== true).length,
    timestamp: new Date(now).toISOString(),
  };
}

/** Of requests that were served from one of these, over all workers. */
export function latencyOf(reports: readonly WorkerReport[], served: readonly Served[]): HistogramData {
  return mergeHistograms(reports.flatMap((report) => served.map((name) => report.requests.latency[name])));
}

/** L2 over all processes that look at it. */
export function l2Stats(reports: readonly WorkerReport[], core: CoreReport): TierStats {
  const parts = [core.l2Stats, ...reports.map((report) => report.l2)];
  return shareTierStats(parts.filter((part) => part !== undefined));
}

/** 0 to 1; 0 before the first request, so that it is always a number. */
export function hitRate(hits: number, misses: number): number {
  return hits + misses === 0 ? 0 : Math.round((hits / (hits + misses)) * 10_000) / 10_000;
}

function tierAnswer(stats: TierStats): TierStatsAnswer {
  const { maxBytes, ...rest } = stats;
  return { ...rest, max_bytes: maxBytes, hit_rate: hitRate(stats.hits, stats.misses) };
}

function feedAnswer(feed: FeedStatus): ChangeFeedStats {
  const { healthy, leader, lastPoll, lagMs, reason, ordered, idsSeen, softened, skipped } = feed;
  return {
    healthy,
    leader,
    last_poll: lastPoll === null ? null : new Date(lastPoll).toISOString(),
    lag_ms: lagMs,
    reason,
    ordered,
    ids_seen: { ...idsSeen },
    softened: { ...softened },
    not_cached: { ...skipped },
    pages: { ...feed.pages },
    polls: { ...feed.polls },
    gaps: feed.gaps,
  };
}
