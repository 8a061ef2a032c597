import { createRoute } from '@hono/zod-openapi';
import { warmAnswer, warmJobRow } from '../answers/warm.js';
import { ProblemError } from '../problem.js';
import { adminOnly, json, type RouteParts, timestamp } from './parts.js';

const status = createRoute({
  method: 'get',
  path: '/cache/warm',
  tags: ['Cache'],
  summary: 'Progress of warm-up jobs',
  security: adminOnly.security,
  responses: { 200: json(warmAnswer, 'Newest first'), ...adminOnly.responses },
});

const warm = createRoute({
  method: 'post',
  path: '/cache/warm',
  tags: ['Cache'],
  summary: 'Bring a list of addresses into the cache',
  security: adminOnly.security,
  responses: { 202: json(warmJobRow, 'The job'), ...adminOnly.responses },
});

export function cacheWarmRoutes({ app, management, clock }: RouteParts): void {
  app.openapi(status, async (c) =>
    c.json({ jobs: await management.warmStatus(), timestamp: timestamp(clock) }, 200),
  );
  app.openapi(warm, () => {
    throw new ProblemError({ status: 501, code: 'not_built', detail: 'This version does not warm up yet.' });
  });
}
