import { createRoute } from '@hono/zod-openapi';
import { cacheInfoAnswer } from '../answers/cache.js';
import { INFO } from '../examples/cache.js';
import { adminOnly, json, type RouteParts } from './parts.js';

const info = createRoute({
  method: 'get',
  path: '/cache/info',
  operationId: 'getCacheInfo',
  tags: ['Cache'],
  summary:
    'Both tiers: bounds, contents, lifetimes, and what is in use when it differs from what was configured',
  security: adminOnly.security,
  responses: { 200: json(cacheInfoAnswer, 'Summed over all workers', INFO), ...adminOnly.responses },
});

export function cacheInfoRoutes({ app, management }: RouteParts): void {
  app.openapi(info, async (c) => c.json(await management.info(), 200));
}
