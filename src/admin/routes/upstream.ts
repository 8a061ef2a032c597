import { createRoute } from '@hono/zod-openapi';
import { upstreamAnswer } from '../answers/cluster.js';
import { UPSTREAMS } from '../examples/cluster.js';
import { adminOnly, json, type RouteParts, timestamp } from './parts.js';

const upstream = createRoute({
  method: 'get',
  path: '/upstream',
  operationId: 'getUpstreams',
  tags: ['Cluster'],
  summary: 'Upstreams, their health and budget, and peers that are this same program',
  security: adminOnly.security,
  responses: {
    200: json(upstreamAnswer, 'All configured servers and peers', UPSTREAMS),
    ...adminOnly.responses,
  },
});

export function upstreamRoutes({ app, management, clock }: RouteParts): void {
  app.openapi(upstream, async (c) => {
    const { upstreams, peers, credentials } = await management.upstreams();
    return c.json({ upstreams, peers, credentials, timestamp: timestamp(clock) }, 200);
  });
}
