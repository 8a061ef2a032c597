import { createRoute } from '@hono/zod-openapi';
import { statusAnswer } from '../answers/status.js';
import { RUNNING } from '../examples/status.js';
import { json, type RouteParts } from './parts.js';

const status = createRoute({
  method: 'get',
  path: '/status',
  operationId: 'getStatus',
  tags: ['Health'],
  summary: 'What runs here, and since when',
  responses: { 200: json(statusAnswer, 'Name, version, uptime', RUNNING) },
});

export function statusRoutes({ app, management, clock, version, ready }: RouteParts): void {
  app.openapi(status, async (c) => {
    const node = await management.status();
    const now = clock.now();
    return c.json(
      {
        status: ready() ? ('running' as const) : ('draining' as const),
        version,
        server_id: node.serverId,
        region: node.region,
        uptime: Math.max(0, Math.floor((now - node.startedAt) / 1000)),
        start_time: new Date(node.startedAt).toISOString(),
        timestamp: new Date(now).toISOString(),
        workers: node.workers,
        ready: node.ready,
      },
      200,
    );
  });
}
