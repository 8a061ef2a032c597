import { createRoute, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { isOver } from '../../warm/job.js';
import { warmAnswer, warmJobRow } from '../answers/warm.js';
import { eventStream, type ServerEvent } from '../event-stream.js';
import { paramsOf } from '../invalid-params.js';
import { jsonBody } from '../json-body.js';
import { invalid, problem } from '../problem.js';
import { exactQuery, text } from '../query.js';
import { warmBody, warmCommand } from '../warm-body.js';
import { adminOnly, badRequest, json, notFound, type RouteParts, timestamp, tooLarge } from './parts.js';

const MAX_BODY_BYTES = 4 * 1024 * 1024;
/** Between two events of progress, ms. */
const EVENT_MS = 1000;

const conflict = {
  409: {
    description: 'The state of the job, or of the node, does not allow that',
    content: { 'application/problem+json': { schema: problem } },
  },
} as const;

const status = createRoute({
  method: 'get',
  path: '/cache/warm',
  tags: ['Cache'],
  summary: 'Progress of warm-up jobs',
  description:
    'With `Accept: text/event-stream` an event `progress` each second, and an event `end` when nothing is left to do.',
  security: adminOnly.security,
  request: { query: exactQuery({ id: text(40, 'One job; without, all of the last day').optional() }) },
  responses: {
    200: {
      description: 'Newest first',
      content: {
        'application/json': { schema: warmAnswer },
        'text/event-stream': { schema: z.string() },
      },
    },
    ...badRequest,
    ...notFound,
    ...adminOnly.responses,
  },
});

const warm = createRoute({
  method: 'post',
  path: '/cache/warm',
  tags: ['Cache'],
  summary: 'Bring a list of addresses into the cache',
  description:
    'Behind every user: what is fresh is left alone, the rest is fetched within the origin budget at its lowest priority. One job runs, others wait; they survive a restart.',
  security: adminOnly.security,
  request: { body: { required: true, content: { 'application/json': { schema: warmBody } } } },
  responses: {
    202: json(warmJobRow, 'The job'),
    ...badRequest,
    ...notFound,
    ...conflict,
    ...tooLarge,
    ...adminOnly.responses,
  },
});

export function cacheWarmRoutes({ app, management, clock, ready }: RouteParts): void {
  const answer = async (id: string | undefined) => ({
    jobs: await management.warmStatus(id),
    timestamp: timestamp(clock),
  });
  /** Ends when nothing is left to follow, and when this process drains: it must not wait for its followers. */
  const event = async (id: string | undefined): Promise<ServerEvent> => {
    const data = await answer(id);
    const over = data.jobs.every((job) => isOver(job.status));
    return { event: over ? 'end' : 'progress', data, last: over || !ready() };
  };
  app.openapi(status, async (c) => {
    const { id } = c.req.valid('query');
    if (!wantsEvents(c)) return c.json(await answer(id), 200);
    return eventStream(await event(id), () => event(id), EVENT_MS);
  });

  // Not `app.openapi`: its validator refuses a body whose content type is not JSON's, as `curl -d` sends it.
  app.openAPIRegistry.registerPath(warm);
  app.post('/cache/warm', async (c) => {
    const parsed = warmBody.safeParse(await jsonBody(c.req.raw, MAX_BODY_BYTES));
    if (!parsed.success) throw invalid(paramsOf(parsed.error.issues, 'body'));
    return c.json(await management.warm(warmCommand(parsed.data)), 202);
  });
}

function wantsEvents(c: Context): boolean {
  return c.req.method === 'GET' && (c.req.header('accept') ?? '').toLowerCase().includes('text/event-stream');
}
