import { z } from '@hono/zod-openapi';
import { time } from './time.js';

export const l2Type = z.enum(['disk', 'redis', 'none']);

const ttl = z
  .record(z.string(), z.number())
  .describe('Seconds by class: how long memory answers by itself, or how long an entry is fresh in L2');

const hitRate = z.number().min(0).max(1);

export const cacheInfoAnswer = z
  .object({
    cache_enabled: z.boolean(),
    architecture: z.string().describe('e.g. L1 (Memory) + L2 (Disk)'),
    memory_cache: z.object({
      enabled: z.boolean(),
      max_size: z.number().describe('Most entries that fit if each were empty; bytes are the real bound'),
      current_size: z.number().int().describe('Entries'),
      bytes: z.number(),
      max_bytes: z.number(),
      hits: z.number().int(),
      misses: z.number().int(),
      hit_rate: hitRate,
      ttl,
    }),
    l2_cache: z.object({
      type: l2Type.describe('As configured'),
      enabled: z.boolean(),
      nodes: z.array(z.string()).describe('host:port of the Redis nodes; the directory of the disk store'),
      current_size: z.number().int().describe('Entries; an estimate where the store cannot count'),
      total_size: z.number().describe('Bytes'),
      max_bytes: z.number(),
      hits: z.number().int(),
      misses: z.number().int(),
      hit_rate: hitRate,
      ttl,
      pool_size: z.number().int().describe('Connections in use per Redis node; 0 for the disk store'),
      in_use: l2Type.describe('What answers at present; differs from `type` while Redis is away'),
      in_use_reason: z.string().nullable().describe('Why it differs; null when it does not'),
    }),
  })
  .openapi('CacheInfo');

export const CLEAR_TYPES = ['all', 'memory', 'l2', 'disk', 'redis'] as const;

const peerResult = z.object({
  peer: z.string().describe('Base URL without credentials'),
  ok: z.boolean(),
  status: z.number().int().nullable().describe('Its HTTP status; null when it did not answer'),
  detail: z.string(),
});

/** Entries removed per tier; null: not counted (invalidated at once, reclaimed in the background). */
const cleared = z.object({
  memory: z.number().int().nullable().optional(),
  disk: z.number().int().nullable().optional(),
  redis: z.number().int().nullable().optional(),
});

export const clearAnswer = z
  .object({
    message: z.string(),
    type: z.enum(CLEAR_TYPES),
    soft: z.boolean(),
    cleared: cleared.describe('Entries per tier; null where they are invalid at once and reclaimed later'),
    nodes_reached: z.number().int().describe('Nodes known to have it, this one included'),
    pending: z.boolean().describe('Redis is away: other nodes follow within 10 s of its return'),
    peers: z.array(peerResult).optional().describe('With cascade=true: what each configured peer answered'),
    timestamp: time,
  })
  .openapi('Cleared');

export const purgeAnswer = z
  .object({
    message: z.string(),
    soft: z.boolean(),
    epochs_raised: z.number().int().describe('Rules for everything, a class, a tag or a prefix'),
    tombstones_written: z.number().int().describe('Rules for single keys and paths'),
    nodes_reached: z.number().int().describe('Nodes known to have it, this one included'),
    pending: z.boolean().describe('Redis is away: other nodes follow within 10 s of its return'),
    timestamp: time,
  })
  .openapi('Purged');

export type L2Type = z.infer<typeof l2Type>;
export type CacheInfoAnswer = z.infer<typeof cacheInfoAnswer>;
export type ClearType = (typeof CLEAR_TYPES)[number];
export type ClearedCounts = z.infer<typeof cleared>;
export type PeerResult = z.infer<typeof peerResult>;
export type ClearAnswer = z.infer<typeof clearAnswer>;
export type PurgeAnswer = z.infer<typeof purgeAnswer>;
