import { z } from '@hono/zod-openapi';
import { nodeFigures } from './figures.js';
import { time } from './time.js';

const nodeRow = z
  .object({
    server_id: z.string(),
    region: z.string(),
    version: z.string(),
    started: time.describe('By the clock of that node'),
    last_seen: time,
    self: z.boolean(),
    state: z.enum(['healthy', 'degraded', 'unhealthy', 'draining']),
    weight: z.number().min(0).max(1).describe('1 is fully usable; the weighted sum of the signals'),
    signals: z.record(z.string(), z.union([z.number(), z.string(), z.boolean(), z.null()])),
    figures: nodeFigures.optional().describe('Counts since its start; absent from nodes of an older version'),
  })
  .openapi('Node');

export const nodesAnswer = z.object({ nodes: z.array(nodeRow), timestamp: time }).openapi('Nodes');

const priorities = z.object({ user: z.number(), refresh: z.number(), background: z.number() });

const upstreamRow = z
  .object({
    upstream: z.string().describe('Group: api, image or custom'),
    url: z.string(),
    status: z.enum(['healthy', 'degraded', 'down', 'unknown']),
    requests: z.number().int(),
    successes: z.number().int(),
    errors: z.number().int(),
    p50_ms: z.number().nullable(),
    p95_ms: z.number().nullable(),
    in_flight: z.number().int(),
    max_connections: z.number(),
    queued: z.number().int(),
    last_error: z.string().nullable(),
    last_error_at: time.nullable(),
    breaker: z.enum(['closed', 'open', 'half_open']),
    failover: z.object({ rank: z.number(), preferred: z.boolean(), consecutive_failures: z.number() }),
    rate_limited_until: time.nullable(),
    budget: z.object({
      tokens: z.number().nullable(),
      rate: z.number().nullable().describe('Per second'),
      burst: z.number().nullable(),
      queued: priorities,
    }),
    shared_budget: z
      .object({
        shared: z.boolean().describe('false: Redis is away, this node keeps to an equal share'),
        nodes: z.number().int().describe('Nodes the budget is for, as far as is known'),
        in_use: z.number().int().describe('Connections of all nodes, as this node last heard'),
      })
      .optional()
      .describe('Of all nodes together; absent when this node is alone'),
  })
  .openapi('Upstream');

const peerRow = z
  .object({
    url: z.string(),
    kind: z.enum(['peer', 'parent']),
    status: z.enum(['healthy', 'degraded', 'down', 'unknown']),
    same_program: z.boolean().describe('It says that it is this program'),
    version: z.string().nullable(),
    server_id: z.string().nullable(),
    region: z.string().nullable(),
    latency_ms: z.number().nullable(),
    detail: z.string().nullable(),
  })
  .openapi('Peer');

const credentialRow = z
  .object({
    number: z.number().int().describe('Place in TMDB_API_KEY, from 1'),
    kind: z.enum(['v3', 'v4']),
    state: z.enum(['in-use', 'ready', 'refused']).describe('in-use: asked with first'),
    refused_until: time.nullable().describe('A refused key is left alone until then while there is another'),
  })
  .openapi('Credential');

export const upstreamAnswer = z
  .object({
    upstreams: z.array(upstreamRow),
    peers: z.array(peerRow),
    credentials: z.array(credentialRow),
    timestamp: time,
  })
  .openapi('Upstreams');

export type NodeRow = z.infer<typeof nodeRow>;
export type PeerRow = z.infer<typeof peerRow>;
