import { z } from '@hono/zod-openapi';

/** `off`: this part is not configured, which is no fault. */
export const checkStatus = z.enum(['ok', 'degraded', 'failed', 'off']);

export const healthCheck = z.object({
  status: checkStatus,
  latency_ms: z.number().nullable().describe('Time the check took; null when nothing was asked'),
  detail: z.string().describe('For people; holds no secret'),
});

export const healthAnswer = z
  .object({
    status: z.enum(['healthy', 'degraded', 'unhealthy']),
    timestamp: z.string().describe('ISO 8601'),
    checks: z.object({ upstream: healthCheck, l1: healthCheck, l2: healthCheck, bus: healthCheck }),
  })
  .openapi('Health');

export const redisNode = z.object({
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
    timestamp: z.string(),
  })
  .openapi('RedisHealth');

export const probeAnswer = z.object({ status: z.enum(['alive', 'ready', 'not_ready']) }).openapi('Probe');

export const statusAnswer = z
  .object({
    status: z.enum(['running', 'draining']),
    version: z.string(),
    server_id: z.string(),
    region: z.string(),
    uptime: z.number().describe('Seconds'),
    start_time: z.string().describe('ISO 8601'),
    timestamp: z.string().describe('ISO 8601'),
    workers: z.number().int().describe('Live worker processes'),
  })
  .openapi('Status');

export type CheckStatus = z.infer<typeof checkStatus>;
export type HealthCheck = z.infer<typeof healthCheck>;
export type HealthAnswer = z.infer<typeof healthAnswer>;
export type RedisNode = z.infer<typeof redisNode>;
export type RedisHealthAnswer = z.infer<typeof redisHealthAnswer>;
export type StatusAnswer = z.infer<typeof statusAnswer>;
