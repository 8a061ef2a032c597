import { createRoute, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { plural } from '../../figures.js';
import { purgeAnswer } from '../answers/cache.js';
import { fromPeer } from '../cascade.js';
import { PURGE, PURGED } from '../examples/cache.js';
import { checkedBody } from '../json-body.js';
import type { PurgeCommand } from '../management.js';
import { exactBody, MAX_KEY } from '../query.js';
import { adminOnly, badRequest, json, type RouteParts, timestamp, tooLarge } from './parts.js';

/** Bytes of what names the entries to purge. */
export const MAX_PURGE_BYTES = 1024 * 1024;

const SELECTORS = ['keys', 'urls', 'tags', 'prefix', 'class'] as const;
const names = (description: string) =>
  z.array(z.string().min(1).max(MAX_KEY)).optional().describe(description);

/** The body of `POST /cache/purge` for a site with these classes. */
export function purgeBody(classes: readonly [string, ...string[]]) {
  return exactBody({
    keys: names('Keys as /cache/keys shows them'),
    urls: names('Paths (without a query: every variant), full API URLs, or web addresses'),
    tags: names('Tags, e.g. movie:550'),
    prefix: z.string().min(1).max(MAX_KEY).optional().describe('Beginning of keys; never a pattern'),
    class: z
      .enum(classes, `must be one of ${classes.join(', ')}`)
      .optional()
      .describe('Everything of one class'),
    soft: z.boolean().default(false).describe('Entries become stale instead of unusable'),
  })
    .refine((body) => SELECTORS.some((name) => (body[name]?.length ?? 0) > 0), {
      error: `must have at least one of ${SELECTORS.join(', ')} that is not empty; POST /cache/clear empties all`,
    })
    .openapi('PurgeRequest');
}

export function cachePurgeRoutes(parts: RouteParts): void {
  const { app, management, clock, classes } = parts;
  const body = purgeBody(classes);
  const purge = createRoute({
    method: 'post',
    path: '/cache/purge',
    operationId: 'purgeCache',
    tags: ['Cache'],
    summary: 'Purge by key, address, tag, prefix or class',
    description:
      'Selectors are united. The method PURGE on any path does the same for that one path (with its query, or all variants without one); `Soft-Purge: 1` makes it soft. Configured peers are told too: at once when they are there, else when they are back.',
    security: adminOnly.security,
    request: { body: { required: true, content: { 'application/json': { schema: body, example: PURGE } } } },
    responses: {
      200: json(purgeAnswer, 'Purged', PURGED),
      ...badRequest,
      ...tooLarge,
      ...adminOnly.responses,
    },
  });

  const run = async (c: Context, command: PurgeCommand) => {
    const from = fromPeer(c);
    const done = await management.purge(from === undefined ? command : { ...command, from });
    const rules = done.epochsRaised + done.tombstonesWritten;
    return c.json(
      {
        message: `${plural(rules, 'rule')} in force${done.pending ? ' here; other nodes follow' : ''}`,
        soft: command.soft,
        epochs_raised: done.epochsRaised,
        tombstones_written: done.tombstonesWritten,
        nodes_reached: done.nodesReached,
        pending: done.pending,
        timestamp: timestamp(clock),
      } satisfies z.infer<typeof purgeAnswer>,
      200,
    );
  };

  // Not `app.openapi`: its validator refuses a body whose content type is not JSON's, as `curl -d` sends it.
  app.openAPIRegistry.registerPath(purge);
  app.post('/cache/purge', async (c) => {
    const given = await checkedBody(body, c.req.raw, MAX_PURGE_BYTES);
    const { keys = [], urls = [], tags = [], prefix, class: of, soft } = given;
    return run(c, { keys, urls, tags, prefix, class: of, soft });
  });

  app.on('PURGE', '*', async (c) => {
    const soft = /^(1|true)$/i.test(c.req.header('soft-purge') ?? '');
    return run(c, {
      keys: [],
      urls: [target(c.req.url)],
      tags: [],
      prefix: undefined,
      class: undefined,
      soft,
    });
  });
}

/** Path and query of an absolute URL, as they are. */
function target(url: string): string {
  const path = url.indexOf('/', url.indexOf('://') + 3);
  return path < 0 ? '/' : url.slice(path);
}
