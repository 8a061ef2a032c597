import { z } from 'zod';
import { RESULTS, type Result } from '../../cache/outcome.js';

const tier = z.object({
  entries: z.number(),
  bytes: z.number(),
  max_bytes: z.number(),
  hits: z.number(),
  misses: z.number(),
  evictions: z.number(),
});
/** A count of requests for each result. */
export function byResult<T extends z.ZodType>(count: T) {
  return z.object(Object.fromEntries(RESULTS.map((name) => [name, count])) as Record<Result, T>);
}

const buckets = z.array(z.number()).describe('Requests per bucket, not cumulative');

/**
 * What a node has counted since its start, with each heartbeat: two of them make rates. Plain zod, without OpenAPI: the registry reads
 * what other nodes wrote by it.
 */
export const nodeFigures = z.object({
  uptime_ms: z.number().describe('By that node; the time between two readings'),
  requests: byResult(z.number()),
  l1: tier,
  l2: tier.extend({ type: z.enum(['disk', 'redis', 'none']).describe('What answers at present') }),
  origin: z.object({
    requests: z.number(),
    budgeted: z.number().default(0).describe('Of these, to groups with a bound on their rate'),
    errors: z.number(),
    in_flight: z.number(),
  }),
  latency: z
    .object({ l1: buckets, l2: buckets, origin: buckets })
    .describe('Of client requests, by what served'),
});

export type NodeFigures = z.infer<typeof nodeFigures>;
export type TierFigures = z.infer<typeof tier>;
