import { z } from '@hono/zod-openapi';
import { l2Type } from './cache.js';
import { byResult } from './figures.js';
import { time } from './time.js';

const rate = z.number().min(0).max(1).describe('hits / (hits + misses), 0 to 1; 0 before the first request');

/** Percentiles in ms, null before the first request. Interpolated in fixed buckets, hence approximate. */
const percentiles = z.object({
  p50: z.number().nullable(),
  p95: z.number().nullable(),
  p99: z.number().nullable(),
});

const tierStats = z
  .object({
    entries: z.number().int(),
    bytes: z.number(),
    max_bytes: z.number(),
    hits: z.number().int(),
    misses: z.number().int(),
    hit_rate: rate,
    writes: z.number().int(),
    evictions: z.number().int(),
    corrupt: z.number().int().describe('Values that could not be read; each was a miss'),
    errors: z.number().int(),
  })
  .openapi('TierStats');

const upstreamStats = z.object({
  status: z.enum(['healthy', 'degraded', 'down', 'unknown']),
  requests: z.number().int(),
  successes: z.number().int(),
  errors: z.number().int(),
  p50_ms: z.number().nullable(),
  p95_ms: z.number().nullable(),
  in_flight: z.number().int(),
  last_error: z.string().nullable(),
});

const perKind = (what: string) =>
  z.object({ movie: z.number().int(), tv: z.number().int(), person: z.number().int() }).describe(what);

/** The change feed as this node sees it; its counters are this node's, since its start. */
const changeFeedStats = z
  .object({
    healthy: z.boolean().describe('Edits are told: details may be fresh for CHANGE_FEED_TTL'),
    leader: z.boolean().describe('This node reads the lists for all'),
    last_poll: time.nullable().describe('End of the last complete reading, by whichever node'),
    lag_ms: z.number().nullable().describe('Since then'),
    reason: z.string().nullable().describe('Why it is not healthy'),
    ordered: z.boolean().describe('The lists show the latest edit first'),
    ids_seen: perKind('Titles that may have changed since the reading before'),
    softened: perKind('Titles whose entries were made stale'),
    not_cached: perKind('Titles that may have changed and are not cached'),
    pages: perKind('Pages read'),
    polls: z.object({
      complete: z.number().int(),
      failed: z.number().int(),
      refused: z.number().int().describe('Another node had read later ones'),
    }),
    gaps: z.number().int().describe('Times for which edits were read up day by day, or given up on'),
  })
  .openapi('ChangeFeedStats');

export const statsAnswer = z
  .object({
    requests: z.object({
      total: z.number().int(),
      by_outcome: byResult(z.number().int()),
    }),
    cache: z.object({
      type: z.string().describe('Tiers in use, e.g. memory+disk'),
      hit_rate: rate,
      total_hits: z.number().int().describe('Requests answered from a tier, stale ones included'),
      total_misses: z
        .number()
        .int()
        .describe('Requests that could have been answered from a tier and were not'),
      l1: tierStats,
      l2: tierStats.extend({ type: l2Type }),
    }),
    upstreams: z.record(z.string(), upstreamStats).describe('By base URL'),
    latency_ms: percentiles.extend({ l1: percentiles, l2: percentiles, origin: percentiles }),
    change_feed: changeFeedStats.nullable().describe('null: this node follows none (CHANGE_FEED)'),
    uptime: z.number().describe('Seconds'),
    workers: z.number().int(),
    timestamp: time,
  })
  .openapi('Stats');

export type Percentiles = z.infer<typeof percentiles>;
export type TierStatsAnswer = z.infer<typeof tierStats>;
export type UpstreamStats = z.infer<typeof upstreamStats>;
export type ChangeFeedStats = z.infer<typeof changeFeedStats>;
export type StatsAnswer = z.infer<typeof statsAnswer>;
