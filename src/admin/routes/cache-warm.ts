import { createRoute, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { isOver } from '../../warm/job.js';
import { warmAnswer, warmJobRow } from '../answers/warm.js';
import { eventStream, type ServerEvent } from '../event-stream.js';
import { WARM, WARM_EVENTS, WARM_JOBS, WARMING } from '../examples/warm.js';
import { checkedBody } from '../json-body.js';
import { exactQuery, text } from '../query.js';
import { warmBody, warmCommand } from '../warm-body.js';
import {
  adminOnly,
  badRequest,
  conflict,
  json,
  notFound,
  type RouteParts,
  timestamp,
  tooLarge,
} from './parts.js';

const MAX_BODY_BYTES = 4 * 1024 * 1024;
/** Between two events of progress, ms. */
const EVENT_MS = 1000;

const status = createRoute({
  method: 'get',
  path: '/cache/warm',
  operationId: 'getWarmJobs',
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
        'application/json': { schema: warmAnswer, example: WARM_JOBS },
        'text/event-stream': { schema: z.string(), example: WARM_EVENTS },
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
  operationId: 'startWarmJob',
  tags: ['Cache'],
  summary: 'Bring a list of addresses into the cache',
  description:
    'Behind every user: what is fresh is left alone, the rest is fetched within the origin budget at its lowest priority. One job runs, others wait; they survive a restart.',
  security: adminOnly.security,
  request: { body: { required: true, content: { 'application/json': { schema: warmBody, example: WARM } } } },
  responses: {
    202: json(warmJobRow, 'The job', WARMING),
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
    const body = await checkedBody(warmBody, c.req.raw, MAX_BODY_BYTES);
    return c.json(await management.warm(warmCommand(body)), 202);
  });
}

function wantsEvents(c: Context): boolean {
  return c.req.method === 'GET' && (c.req.header('accept') ?? '').toLowerCase().includes('text/event-stream');
}
