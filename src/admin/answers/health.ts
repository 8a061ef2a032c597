import { z } from '@hono/zod-openapi';
import { time } from './time.js';

/** `off`: this part is not configured, which is no fault. */
const checkStatus = z.enum(['ok', 'degraded', 'failed', 'off']);

const healthCheck = z.object({
  status: checkStatus,
  latency_ms: z.number().nullable().describe('Time the check took; null when nothing was asked'),
  detail: z.string().describe('For people; holds no secret'),
});

export const healthAnswer = z
  .object({
    status: z.enum(['healthy', 'degraded', 'unhealthy']),
    timestamp: time,
    checks: z.object({ upstream: healthCheck, l1: healthCheck, l2: healthCheck, bus: healthCheck }),
  })
  .openapi('Health');

const redisNode = z.object({
  address: z.string().describe('host:port'),
  role: z.enum(['master', 'replica', 'sentinel', 'unknown']),
  slots: z.string().nullable().describe('Slot ranges as Redis prints them, e.g. 0-5460; null without any'),
  reachable: z.boolean(),
  latency_ms: z.number().nullable(),
  detail: z.string().nullable(),
});

export const redisHealthAnswer = z
  .object({
    status: z.enum(['healthy', 'degraded', 'unhealthy', 'off']),
    mode: z.enum(['cluster', 'sentinel', 'standalone', 'fallback', 'off']),
    demanded: z.boolean().describe('Redis is configured as L2: away is then unhealthy'),
    nodes: z.array(redisNode),
    detail: z.string(),
    timestamp: time,
  })
  .openapi('RedisHealth');

export const probeAnswer = z.object({ status: z.enum(['alive', 'ready', 'not_ready']) }).openapi('Probe');

export type CheckStatus = z.infer<typeof checkStatus>;
export type HealthCheck = z.infer<typeof healthCheck>;
export type HealthAnswer = z.infer<typeof healthAnswer>;
export type RedisHealthAnswer = z.infer<typeof redisHealthAnswer>;
