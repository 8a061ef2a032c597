import type { Hono } from 'hono';
import { checked, jsonBody } from '../admin/json-body.js';
import type { PurgeSelection } from '../admin/management.js';
import { invalid, ProblemError } from '../admin/problem.js';
import { MAX_KEY } from '../admin/query.js';
import { MAX_PURGE_BYTES, purgeBody } from '../admin/routes/cache-purge.js';
import { bytesOf } from './asset-routes.js';
import { CONTENT_POLICY } from './csp.js';
import type { DashboardContext, DashboardEnv, DashboardOptions } from './env.js';

/** What the page shows of stored bodies, and how much a purge would take. Behind the door. */
export function entryRoutes(
  app: Hono<DashboardEnv>,
  { management, classes }: Pick<DashboardOptions, 'management' | 'classes'>,
): void {
  const body = purgeBody(classes);

  app.get('/dashboard/preview', async (c) => {
    const preview = await management.preview(keyOf(c));
    if (preview === null) throw notThere();
    if (preview.kind !== 'image') return c.json(preview);
    return c.json({ kind: preview.kind, type: preview.type, length: preview.bytes.length });
  });

  // Its type is by its bytes and one of pixels; `nosniff` and the sandbox make it nothing else when it is opened on its own.
  app.get('/dashboard/image', async (c) => {
    const preview = await management.preview(keyOf(c));
    if (preview?.kind !== 'image') throw notThere();
    c.header('content-type', preview.type);
    c.header('content-security-policy', CONTENT_POLICY);
    return c.body(bytesOf(preview.bytes));
  });

  app.post('/dashboard/tally', async (c) => {
    const given = await jsonBody(c.req.raw, MAX_PURGE_BYTES);
    if (isAll(given)) return c.json(await management.tally(EVERYTHING));
    const { keys = [], urls = [], tags = [], prefix, class: of } = checked(body, given);
    return c.json(await management.tally({ all: false, keys, urls, tags, prefix, class: of }));
  });
}

const EVERYTHING: PurgeSelection = {
  all: true,
  keys: [],
  urls: [],
  tags: [],
  prefix: undefined,
  class: undefined,
};

function isAll(body: unknown): boolean {
  return typeof body === 'object' && body !== null && (body as { all?: unknown }).all === true;
}

function keyOf(c: DashboardContext): string {
  const key = c.req.query('key');
  if (key === undefined || key === '' || key.length > MAX_KEY)
    throw invalid([{ name: 'key', in: 'query', reason: 'must be a key as /cache/keys shows it' }]);
  return key;
}

function notThere(): ProblemError {
  const detail = 'L2 holds nothing to look at under this key.';
  return new ProblemError({ status: 404, code: 'not_found', detail });
}
