import { createRoute, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { purgeAnswer } from '../answers/cache.js';
import { fromPeer } from '../cascade.js';
import { paramsOf } from '../invalid-params.js';
import { jsonBody } from '../json-body.js';
import type { PurgeCommand } from '../management.js';
import { invalid } from '../problem.js';
import { adminOnly, badRequest, json, type RouteParts, timestamp, tooLarge } from './parts.js';

const MAX_BODY_BYTES = 1024 * 1024;
const MAX_NAME = 16_384;

const SELECTORS = ['keys', 'urls', 'tags', 'prefix', 'class'] as const;
const names = (description: string) =>
  z.array(z.string().min(1).max(MAX_NAME)).optional().describe(description);

/** The body of `POST /cache/purge` for a site with these classes. */
export function purgeBody(classes: readonly [string, ...string[]]) {
  return z
    .strictObject(
      {
        keys: names('Keys as /cache/keys shows them'),
        urls: names('Paths (without a query: every variant), full API URLs, or web addresses'),
        tags: names('Tags, e.g. movie:550'),
        prefix: z.string().min(1).max(MAX_NAME).optional().describe('Beginning of keys; never a pattern'),
        class: z
          .enum(classes, `must be one of ${classes.join(', ')}`)
          .optional()
          .describe('Everything of one class'),
        soft: z.boolean().default(false).describe('Entries become stale instead of unusable'),
      },
      {
        error: (issue) =>
          issue.code === 'unrecognized_keys'
            ? `not a member of this body; allowed: ${[...SELECTORS, 'soft'].join(', ')}`
            : undefined,
      },
    )
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
    tags: ['Cache'],
    summary: 'Purge by key, address, tag, prefix or class',
    description:
      'Selectors are united. The method PURGE on any path does the same for that one path (with its query, or all variants without one); `Soft-Purge: 1` makes it soft. Configured peers are told too: at once when they are there, else when they are back.',
    security: adminOnly.security,
    request: { body: { required: true, content: { 'application/json': { schema: body } } } },
    responses: { 200: json(purgeAnswer, 'Purged'), ...badRequest, ...tooLarge, ...adminOnly.responses },
  });

  const run = async (c: Context, command: PurgeCommand) => {
    const from = fromPeer(c);
    const done = await management.purge(from === undefined ? command : { ...command, from });
    const rules = done.epochsRaised + done.tombstonesWritten;
    return c.json(
      {
        message: `${rules} ${rules === 1 ? 'rule' : 'rules'} in force${done.pending ? ' here; other nodes follow' : ''}`,
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
    const parsed = body.safeParse(await jsonBody(c.req.raw, MAX_BODY_BYTES));
    if (!parsed.success) throw invalid(paramsOf(parsed.error.issues, 'body'));
    const { keys = [], urls = [], tags = [], prefix, class: of, soft } = parsed.data;
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
