import { z } from '@hono/zod-openapi';
import { TIER_NAMES } from '../../tiers/tier.js';
import { time } from './time.js';

const tierName = z.enum(TIER_NAMES);

const keyRow = z
  .object({
    key: z.string(),
    tier: tierName.describe('The nearest tier that holds it'),
    tiers: z.array(tierName).describe('All tiers in which this page found it'),
    class: z.string(),
    status: z.number().int(),
    size: z.number().describe('Bytes it occupies: key, headers and body'),
    age: z.number().describe('Seconds, RFC 9111 section 4.2.3'),
    ttl: z.number().describe('Seconds of freshness left; negative when stale'),
  })
  .openapi('KeyRow');

export const keysAnswer = z
  .object({
    keys: z.array(keyRow),
    count: z.number().int().describe('Rows on this page'),
    total: z.number().int(),
    total_is_estimate: z.boolean().describe('`total` is an upper bound or a guess, not a count of matches'),
    limit: z.number().int(),
    next_cursor: z.string().nullable().describe('null on the last page'),
  })
  .openapi('Keys');

export const entryAnswer = z
  .object({
    key: z.string(),
    primary_key: z.string().describe('What a purge by key names'),
    state: z.enum(['fresh', 'stale', 'expired', 'purged']),
    tier: tierName,
    copies: z.array(z.object({ tier: tierName, bytes: z.number(), stored_at: time })),
    status: z.number().int(),
    headers: z
      .array(z.tuple([z.string(), z.string()]).openapi({ minItems: 2, maxItems: 2 }))
      .describe('Name and value, as the origin sent them'),
    coding: z.enum(['identity', 'gzip', 'other']),
    recoded: z.boolean(),
    class: z.string(),
    tags: z.array(z.string()),
    epoch: z.number().describe('Reading of the purge clock when the fill began'),
    marker: z.boolean().describe('Names the fields that choose among variants; has no body'),
    vary: z.array(z.string()),
    size: z.number().describe('Bytes'),
    stored_at: time,
    fresh_until: time,
    useful_until: time,
    age: z.number().describe('Seconds'),
    ttl: z.number().describe('Seconds; negative when stale'),
    lifetime: z.number().describe('Seconds'),
    memory_ttl: z.number().describe('Seconds'),
    stale_while_revalidate: z.number().describe('Seconds'),
    stale_if_error: z.number().describe('Seconds'),
  })
  .openapi('Entry');

export type KeyRow = z.infer<typeof keyRow>;
export type KeysAnswer = z.infer<typeof keysAnswer>;
export type EntryAnswer = z.infer<typeof entryAnswer>;
