import type { GetOptions } from '../support/raw-client.js';

/** One call of a documented operation, and the status it must come to. */
export interface Case {
  /** `GET /path`, as the document names it. */
  readonly operation: string;
  readonly name: string;
  readonly search?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | object;
  readonly status: number;
}

const of = (
  operation: string,
  status: number,
  name: string,
  more: Omit<Partial<Case>, 'status'> = {},
): Case => ({
  operation,
  status,
  name,
  ...more,
});
const ok = (operation: string, more?: Partial<Case>) => of(operation, 200, 'as it is', more);
const bad = (operation: string, name: string, more: Partial<Case>) => of(operation, 400, name, more);

/** A title that the cache has. */
export const STORED = '/3/movie/550?language=de';
export const STORED_KEY = `v1:api:${STORED}`;
const LARGE = JSON.stringify({ keys: ['x'.repeat(1_200_000)] });

/** What every node answers, however it is set up. The key that `entry` asks for is stored. */
export const EVERYWHERE: readonly Case[] = [
  ok('GET /health'),
  ok('GET /health/redis'),
  ok('GET /livez'),
  ok('GET /readyz'),
  ok('GET /status'),
  ok('GET /stats'),
  bad('GET /stats', 'an upstream that it has not', { search: '?server=http://nowhere.example' }),
  ok('GET /metrics'),
  ok('GET /openapi.json'),
  ok('GET /docs'),
  ok('GET /config'),
  ok('POST /config/reload'),
  ok('GET /config/log-level'),
  ok('PUT /config/log-level', { body: { level: 'warn' } }),
  bad('PUT /config/log-level', 'a level that is none', { body: { level: 'loud' } }),
  of('PUT /config/log-level', 413, 'a body beyond its bound', { body: LARGE }),
  ok('GET /dashboard', { headers: { accept: 'text/html' } }),
  ok('GET /cache/info'),
  ok('GET /cluster/nodes'),
  ok('GET /upstream'),
  ok('GET /tenants'),
  ok('GET /cache/keys'),
  of('GET /cache/keys', 200, 'one row of one tier and class', {
    search: '?limit=1&tier=memory&class=detail',
  }),
  bad('GET /cache/keys', 'a limit that is none', { search: '?limit=1e2' }),
  bad('GET /cache/keys', 'a name that is mistyped', { search: '?limt=10' }),
  bad('GET /cache/keys', 'a cursor of nobody', { search: '?cursor=%00' }),
  ok('GET /cache/search', { search: '?q=movie' }),
  of('GET /cache/search', 200, 'nothing found', { search: '?q=no-such-thing' }),
  bad('GET /cache/search', 'nothing to look for', { search: '' }),
  ok('GET /cache/entry', { search: `?key=${encodeURIComponent(STORED_KEY)}` }),
  of('GET /cache/entry', 404, 'a key that is not stored', { search: '?key=v1:api:/3/movie/1' }),
  bad('GET /cache/entry', 'no key', { search: '' }),
  ok('POST /cache/purge', { body: { keys: ['v1:api:/3/movie/2'], tags: ['movie:3'], soft: true } }),
  of('POST /cache/purge', 200, 'every kind of name', {
    body: {
      urls: ['/3/movie/4', 'https://www.themoviedb.org/tv/5'],
      prefix: 'v1:api:/3/tv/6',
      class: 'changes',
    },
  }),
  bad('POST /cache/purge', 'no JSON', { body: 'movie:550' }),
  bad('POST /cache/purge', 'nothing named', { body: {} }),
  bad('POST /cache/purge', 'a member that is mistyped', { body: { tag: ['movie:550'] } }),
  bad('POST /cache/purge', 'an address of somebody else', { body: { urls: ['https://example.org/'] } }),
  of('POST /cache/purge', 413, 'a body beyond its bound', { body: LARGE }),
  of('POST /cache/clear', 200, 'one tier', { search: '?type=memory' }),
  of('POST /cache/clear', 200, 'a tier that is not there', { search: '?type=disk&soft=1' }),
  bad('POST /cache/clear', 'a tier of no kind', { search: '?type=tape' }),
  of('GET /cache/warm', 200, 'all jobs'),
  of('GET /cache/warm', 200, 'as events', { headers: { accept: 'text/event-stream' } }),
  of('GET /cache/warm', 404, 'a job that is not there', { search: '?id=nobody' }),
  bad('GET /cache/warm', 'no id', { search: '?id=' }),
  of('POST /cache/warm', 202, 'a list', { body: { urls: ['/3/movie/7'] } }),
  of('POST /cache/warm', 404, 'a job that is not there', { body: { resume: 'nobody' } }),
  bad('POST /cache/warm', 'nothing to do', { body: {} }),
  of('POST /cache/warm', 413, 'a body beyond its bound', { body: LARGE.replace(/x/g, 'xxxx') }),
];

/** How a case is sent. */
export function requestOf({ operation, search = '', headers = {}, body }: Case): {
  readonly path: string;
  readonly options: GetOptions;
} {
  const [method, path] = operation.split(' ') as [string, string];
  const text = typeof body === 'object' ? JSON.stringify(body) : body;
  return { path: path + search, options: { method, headers, ...(text !== undefined && { body: text }) } };
}
