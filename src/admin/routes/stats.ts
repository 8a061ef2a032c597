import { createRoute, z } from '@hono/zod-openapi';
import { statsAnswer } from '../answers/stats.js';
import { STATS } from '../examples/stats.js';
import { invalid } from '../problem.js';
import { text } from '../query.js';
import { badRequest, json, type RouteParts } from './parts.js';

const stats = createRoute({
  method: 'get',
  path: '/stats',
  operationId: 'getStats',
  tags: ['Statistics'],
  summary: 'Counts since the start, summed over all workers',
  request: {
    query: z.object({ server: text(2048, 'Only this upstream: its base URL as /stats shows it').optional() }),
  },
  responses: { 200: json(statsAnswer, 'Requests, tiers, upstreams, latency', STATS), ...badRequest },
});

export function statsRoutes({ app, management }: RouteParts): void {
  app.openapi(stats, async (c) => {
    const answer = await management.stats();
    const { server } = c.req.valid('query');
    if (server === undefined) return c.json(answer, 200);
    const url = Object.keys(answer.upstreams).find((known) => plain(known) === plain(server));
    if (url === undefined) {
      const known = Object.keys(answer.upstreams).join(', ') || 'none yet';
      throw invalid([
        { name: 'server', in: 'query', reason: `is no upstream of this proxy; known: ${known}` },
      ]);
    }
    return c.json({ ...answer, upstreams: { [url]: answer.upstreams[url]! } }, 200);
  });
}

/** A trailing slash and the case of scheme and host make no difference. */
function plain(url: string): string {
  return (URL.canParse(url) ? new URL(url).href : url).replace(/\/+$/, '');
}
