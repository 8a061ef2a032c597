import { z } from '@hono/zod-openapi';

const rate = z.number().min(0).max(1).describe('hits / (hits + misses), 0 to 1; 0 before the first request');

/** Percentiles in ms, null before the first request. Interpolated in fixed buckets, hence approximate. */
export const percentiles = z.object({
  p50: z.number().nullable(),
  p95: z.number().nullable(),
  p99: z.number().nullable(),
});

export const tierStats = z
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

export const upstreamStats = z.object({
  status: z.enum(['healthy', 'degraded', 'down', 'unknown']),
  requests: z.number().int(),
  successes: z.number().int(),
  errors: z.number().int(),
  p50_ms: z.number().nullable(),
  p95_ms: z.number().nullable(),
  in_flight: z.number().int(),
  last_error: z.string().nullable(),
});

export const statsAnswer = z
  .object({
    requests: z.object({
      total: z.number().int(),
      by_outcome: z.object({
        hit: z.number().int(),
        stale: z.number().int(),
        miss: z.number().int(),
        bypass: z.number().int(),
        error: z.number().int(),
      }),
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
      l2: tierStats.extend({ type: z.enum(['disk', 'redis', 'none']) }),
    }),
    upstreams: z.record(z.string(), upstreamStats).describe('By base URL'),
    latency_ms: percentiles.extend({ l1: percentiles, l2: percentiles, origin: percentiles }),
    uptime: z.number().describe('Seconds'),
    workers: z.number().int(),
    timestamp: z.string(),
  })
  .openapi('Stats');

export type Percentiles = z.infer<typeof percentiles>;
export type TierStatsAnswer = z.infer<typeof tierStats>;
export type UpstreamStats = z.infer<typeof upstreamStats>;
export type StatsAnswer = z.infer<typeof statsAnswer>;
