import { z } from '@hono/zod-openapi';
import { time } from './time.js';

export const warmJobRow = z
  .object({
    id: z.string(),
    source: z.string(),
    status: z.enum(['queued', 'running', 'paused', 'done', 'cancelled', 'failed']),
    total: z.number().int(),
    done: z.number().int(),
    hits: z.number().int().describe('Fresh already'),
    filled: z.number().int(),
    skipped: z.number().int().describe('Not to be shared, hence not to be stored'),
    errors: z.number().int(),
    rate: z.number().describe('Per second'),
    left_s: z.number().nullable().describe('Seconds to go, estimated'),
    last_error: z.string().nullable(),
  })
  .openapi('WarmJob');

export const warmAnswer = z.object({ jobs: z.array(warmJobRow), timestamp: time }).openapi('WarmJobs');

export type WarmJobRow = z.infer<typeof warmJobRow>;
