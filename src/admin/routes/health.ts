import { createRoute } from '@hono/zod-openapi';
import { healthAnswer, probeAnswer, redisHealthAnswer } from '../answers/health.js';
import { HEALTHY, REDIS_AWAY, REDIS_HEALTHY, UNHEALTHY } from '../examples/health.js';
import { json, type RouteParts } from './parts.js';

const tags = ['Health'];

const health = createRoute({
  method: 'get',
  path: '/health',
  operationId: 'getHealth',
  tags,
  summary: 'Whether this node can serve, and how well',
  responses: {
    200: json(healthAnswer, 'It serves; `degraded` names a part that is away', HEALTHY),
    503: json(healthAnswer, 'It cannot serve', UNHEALTHY),
  },
});

const redisHealth = createRoute({
  method: 'get',
  path: '/health/redis',
  operationId: 'getRedisHealth',
  tags,
  summary: 'The Redis tier alone',
  responses: {
    200: json(redisHealthAnswer, 'In use, or not configured', REDIS_HEALTHY),
    503: json(redisHealthAnswer, 'Configured as L2 and away', REDIS_AWAY),
  },
});

const livez = createRoute({
  method: 'get',
  path: '/livez',
  operationId: 'getLiveness',
  tags,
  summary: 'Liveness probe: the process answers',
  responses: { 200: json(probeAnswer, 'Alive', { status: 'alive' }) },
});

const readyz = createRoute({
  method: 'get',
  path: '/readyz',
  operationId: 'getReadiness',
  tags,
  summary: 'Readiness probe: send requests here',
  responses: {
    200: json(probeAnswer, 'Ready', { status: 'ready' }),
    503: json(probeAnswer, 'Starting or draining: send requests elsewhere', { status: 'not_ready' }),
  },
});

export function healthRoutes({ app, management, ready }: RouteParts): void {
  app.openapi(health, async (c) => {
    const answer = await management.health();
    return c.json(answer, answer.status === 'unhealthy' ? 503 : 200);
  });
  app.openapi(redisHealth, async (c) => {
    const answer = await management.redisHealth();
    return c.json(answer, answer.status === 'unhealthy' ? 503 : 200);
  });
  app.openapi(livez, (c) => c.json({ status: 'alive' } as const, 200));
  app.openapi(readyz, (c) =>
    ready() ? c.json({ status: 'ready' } as const, 200) : c.json({ status: 'not_ready' } as const, 503),
  );
}
