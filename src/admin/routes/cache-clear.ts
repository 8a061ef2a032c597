import { createRoute } from '@hono/zod-openapi';
import { CLEAR_TYPES, type ClearType, clearAnswer } from '../answers/cache.js';
import { fromPeer } from '../cascade.js';
import { CLEARED } from '../examples/cache.js';
import { exactQuery, flag, oneOf } from '../query.js';
import { adminOnly, badRequest, json, type RouteParts, timestamp } from './parts.js';

const clear = createRoute({
  method: 'post',
  path: '/cache/clear',
  operationId: 'clearCache',
  tags: ['Cache'],
  summary: 'Empty the cache or one tier of it',
  description:
    'A body is not looked at. When it answers, no worker of this node serves what was there before.',
  security: adminOnly.security,
  request: {
    query: exactQuery({
      type: oneOf(CLEAR_TYPES, 'Which tier; `l2` is the one in use behind memory').default('all'),
      soft: flag('Entries become stale instead: they may still be served while revalidating or on error'),
      cascade: flag('Also clear the configured peers, and report each; who does not answer is told later'),
    }),
  },
  responses: { 200: json(clearAnswer, 'What was cleared', CLEARED), ...badRequest, ...adminOnly.responses },
});

const NAMES: Readonly<Record<ClearType, string>> = {
  all: 'All tiers',
  memory: 'Memory cache',
  l2: 'L2 cache',
  disk: 'Disk cache',
  redis: 'Redis cache',
};

export function cacheClearRoutes({ app, management, clock }: RouteParts): void {
  app.openapi(clear, async (c) => {
    const { type, soft, cascade } = c.req.valid('query');
    const from = fromPeer(c);
    const { cleared, nodesReached, pending, peers } = await management.clear({
      type,
      soft,
      cascade,
      ...(from !== undefined && { from }),
    });
    const failed = peers.filter((peer) => !peer.ok).length;
    const nothing = Object.keys(cleared).length === 0;
    const done = nothing
      ? `${NAMES[type]} is not in use here`
      : `${NAMES[type]} ${soft ? 'marked stale' : 'cleared'}`;
    return c.json(
      {
        message: failed === 0 ? done : `${done}; ${failed} of ${peers.length} peers failed`,
        type,
        soft,
        cleared,
        nodes_reached: nodesReached,
        pending,
        ...(cascade ? { peers } : {}),
        timestamp: timestamp(clock),
      },
      200,
    );
  });
}
