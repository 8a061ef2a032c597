import { createRoute } from '@hono/zod-openapi';
import { nodesAnswer } from '../answers/cluster.js';
import { NODES } from '../examples/cluster.js';
import { adminOnly, json, type RouteParts, timestamp } from './parts.js';

const nodes = createRoute({
  method: 'get',
  path: '/cluster/nodes',
  operationId: 'listNodes',
  tags: ['Cluster'],
  summary: 'Every live node with the signals behind its state',
  security: adminOnly.security,
  responses: { 200: json(nodesAnswer, 'At least this node', NODES), ...adminOnly.responses },
});

export function clusterRoutes({ app, management, clock }: RouteParts): void {
  app.openapi(nodes, async (c) =>
    c.json({ nodes: await management.nodes(), timestamp: timestamp(clock) }, 200),
  );
}
