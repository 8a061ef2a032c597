import { createRoute, z } from '@hono/zod-openapi';
import { METRICS } from '../examples/stats.js';
import type { RouteParts } from './parts.js';

/** What Prometheus expects of the text format. */
const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

const metrics = createRoute({
  method: 'get',
  path: '/metrics',
  operationId: 'getMetrics',
  tags: ['Statistics'],
  summary: 'Metrics of all workers for Prometheus',
  description: 'Moves to a port of its own with METRICS_PORT.',
  responses: {
    200: {
      description: 'Text format 0.0.4',
      content: { 'text/plain': { schema: z.string(), example: METRICS } },
    },
  },
});

export function metricsRoutes({ app, management }: RouteParts): void {
  app.openapi(metrics, async (c) =>
    c.text(await management.metrics(), 200, { 'content-type': METRICS_TYPE }),
  );
}
