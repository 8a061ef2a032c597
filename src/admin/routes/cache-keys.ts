import { createRoute } from '@hono/zod-openapi';
import { TIER_NAMES } from '../../tiers/tier.js';
import { entryAnswer, keysAnswer } from '../answers/keys.js';
import { decodeCursor, encodeCursor } from '../cursor.js';
import { ENTRY, KEY, KEYS } from '../examples/keys.js';
import type { KeysQuery, Management } from '../management.js';
import { ProblemError } from '../problem.js';
import { exactQuery, MAX_KEY, oneOf, text, wholeNumber } from '../query.js';
import { adminOnly, badRequest, json, notFound, type RouteParts } from './parts.js';

const MOST_ROWS = 1000;
const MAX_OFFSET = 1_000_000;

const limit = wholeNumber(1, MOST_ROWS, 100, 'Rows per page');
const offset = wholeNumber(
  0,
  MAX_OFFSET,
  0,
  'Rows to skip, counted from the cursor; a cursor alone is cheaper',
);
const cursor = text(4 * MAX_KEY, 'next_cursor of the page before').optional();
const tier = oneOf(TIER_NAMES, 'Only keys in this tier').optional();

/** `/cache/keys`, `/cache/search`, `/cache/entry`. Nothing given here is ever used as a pattern. */
export function cacheKeysRoutes({ app, management, classes }: RouteParts): void {
  const ofClass = oneOf(classes, 'Only entries of this class').optional();
  const keys = createRoute({
    method: 'get',
    path: '/cache/keys',
    operationId: 'listKeys',
    tags: ['Cache'],
    summary: 'Keys, page by page; in order unless L2 is Redis',
    security: adminOnly.security,
    request: { query: exactQuery({ limit, offset, cursor, tier, class: ofClass }) },
    responses: { 200: json(keysAnswer, 'One page', KEYS), ...badRequest, ...adminOnly.responses },
  });
  const search = createRoute({
    method: 'get',
    path: '/cache/search',
    operationId: 'searchKeys',
    tags: ['Cache'],
    summary: 'Keys that contain a text',
    description:
      'A page may be short, even empty, and still have a next_cursor: each call looks at a bounded number of keys.',
    security: adminOnly.security,
    request: {
      query: exactQuery({
        q: text(2048, 'Plain text, never a pattern; case matters', 'movie/550'),
        limit,
        offset,
        cursor,
        tier,
        class: ofClass,
      }),
    },
    responses: { 200: json(keysAnswer, 'One page', KEYS), ...badRequest, ...adminOnly.responses },
  });
  const entry = createRoute({
    method: 'get',
    path: '/cache/entry',
    operationId: 'getEntry',
    tags: ['Cache'],
    summary: 'Everything known about one entry but its body',
    security: adminOnly.security,
    request: { query: exactQuery({ key: text(MAX_KEY, 'A key as /cache/keys shows it', KEY) }) },
    responses: {
      200: json(entryAnswer, 'The entry', ENTRY),
      ...badRequest,
      ...notFound,
      ...adminOnly.responses,
    },
  });

  app.openapi(keys, async (c) => {
    const { limit, offset, cursor, tier, class: of } = c.req.valid('query');
    return c.json(
      await page(management, { limit, offset, after: after(cursor), contains: '', tier, class: of }),
      200,
    );
  });
  app.openapi(search, async (c) => {
    const { q, limit, offset, cursor, tier, class: of } = c.req.valid('query');
    return c.json(
      await page(management, { limit, offset, after: after(cursor), contains: q, tier, class: of }),
      200,
    );
  });
  app.openapi(entry, async (c) => {
    const found = await management.entry(c.req.valid('query').key);
    if (found === null) {
      const detail = 'No tier holds this key. Keys are listed by /cache/keys and /cache/search.';
      throw new ProblemError({ status: 404, code: 'not_found', detail });
    }
    return c.json(found, 200);
  });
}

async function page(management: Management, query: KeysQuery) {
  const { rows, next, total, totalIsEstimate } = await management.keys(query);
  return {
    keys: rows,
    count: rows.length,
    total,
    total_is_estimate: totalIsEstimate,
    limit: query.limit,
    next_cursor: next === null ? null : encodeCursor(next),
  };
}

function after(cursor: string | undefined): string {
  return cursor === undefined ? '' : decodeCursor(cursor);
}
