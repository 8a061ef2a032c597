import { describe, expect, it } from 'vitest';
import type { Peer } from '../../../src/admin/auth.js';
import { canonicalPath, MANAGEMENT_PATHS, ownsPath } from '../../../src/admin/paths.js';
import { adminApp, FakeManagement, LOCAL, REMOTE } from './fakes.js';

const KEY = 'the-right-key';
const aliases = ['/api', '/mapi'];
const canonical = [...MANAGEMENT_PATHS.keys()];
const everyPath = canonical.flatMap((path) => [
  path,
  ...(MANAGEMENT_PATHS.get(path)!.aliased ? aliases.map((prefix) => prefix + path) : []),
]);

/** A request that its handler answers with 200. */
function request(path: string): [string, RequestInit] {
  const of = canonicalPath(path);
  const method = MANAGEMENT_PATHS.get(of)!.methods[0]!;
  const query = of === '/cache/search' ? '?q=movie' : of === '/cache/entry' ? '?key=v1:api:/3/movie/1' : '';
  return [
    `http://localhost${path}${query}`,
    of === '/cache/purge' ? { method, body: '{"tags":["movie:1"]}' } : { method },
  ];
}

interface State {
  name: string;
  key?: string;
  from: Peer;
  headers?: Record<string, string>;
  host?: string;
  admin: number;
}

const FORWARDED = { ...LOCAL, forwarded: true };
const states: State[] = [
  { name: 'no key set, remote', from: REMOTE, admin: 403 },
  { name: 'no key set, remote with some key', from: REMOTE, headers: { 'x-api-key': KEY }, admin: 403 },
  { name: 'no key set, loopback', from: LOCAL, admin: 200 },
  { name: 'no key set, loopback, forwarded', from: FORWARDED, admin: 403 },
  { name: 'no key set, remote, forwarded', from: { ...REMOTE, forwarded: true }, admin: 403 },
  { name: 'no key set, loopback, public host name', from: LOCAL, host: 'rebound.example:6635', admin: 403 },
  { name: 'no key set, loopback, [::1]', from: LOCAL, host: '[::1]:6635', admin: 200 },
  { name: 'no key set, loopback, 127.0.0.1', from: LOCAL, host: '127.0.0.1:6635', admin: 200 },
  { name: 'empty key set, remote', key: '', from: REMOTE, headers: { 'x-api-key': '' }, admin: 403 },
  { name: 'key set, none sent', key: KEY, from: REMOTE, admin: 401 },
  { name: 'key set, none sent, loopback', key: KEY, from: LOCAL, admin: 401 },
  { name: 'key set, wrong X-API-Key', key: KEY, from: REMOTE, headers: { 'x-api-key': 'wrong' }, admin: 401 },
  {
    name: 'key set, prefix of it',
    key: KEY,
    from: REMOTE,
    headers: { 'x-api-key': KEY.slice(0, -1) },
    admin: 401,
  },
  { name: 'key set, empty X-API-Key', key: KEY, from: REMOTE, headers: { 'x-api-key': '' }, admin: 401 },
  {
    name: 'key set, wrong Bearer',
    key: KEY,
    from: REMOTE,
    headers: { authorization: 'Bearer wrong' },
    admin: 401,
  },
  { name: 'key set, Basic', key: KEY, from: REMOTE, headers: { authorization: `Basic ${KEY}` }, admin: 401 },
  { name: 'key set, right X-API-Key', key: KEY, from: REMOTE, headers: { 'x-api-key': KEY }, admin: 200 },
  {
    name: 'key set, right Bearer',
    key: KEY,
    from: REMOTE,
    headers: { authorization: `Bearer ${KEY}` },
    admin: 200,
  },
  {
    name: 'key set, right bearer',
    key: KEY,
    from: REMOTE,
    headers: { authorization: `bearer ${KEY}` },
    admin: 200,
  },
  {
    name: 'key set, right key, forwarded',
    key: KEY,
    from: { ...FORWARDED },
    headers: { 'x-api-key': KEY },
    admin: 200,
  },
];

describe.each(states)('$name', ({ key, from, headers = {}, host = 'localhost', admin }) => {
  it.each(everyPath)('%s', async (path) => {
    const management = new FakeManagement();
    const app = adminApp(management, { from, ...(key === undefined ? {} : { apiKey: key }) });
    const [url, init] = request(path);
    const response = await app.request(url.replace('localhost', host), { ...init, headers });
    const expected = MANAGEMENT_PATHS.get(canonicalPath(path))!.access === 'admin' ? admin : 200;
    expect(response.status).toBe(expected);
    expect(response.headers.get('cache-control')).toBe('no-store');
    const text = await response.text();
    expect(text).not.toContain(KEY);
    if (expected === 200) return;
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(JSON.parse(text)).toMatchObject({
      status: expected,
      code: expected === 401 ? 'unauthorized' : 'forbidden',
    });
    expect(response.headers.has('www-authenticate')).toBe(expected === 401);
    expect([...management.cleared, ...management.purged]).toEqual([]);
  });

  it.each(['/3/movie/1?language=de', '/stats', '/api/stats', '/'])('PURGE %s', async (path) => {
    const management = new FakeManagement();
    const app = adminApp(management, { from, ...(key === undefined ? {} : { apiKey: key }) });
    const response = await app.request(`http://${host}${path}`, { method: 'PURGE', headers });
    expect(response.status).toBe(admin);
    expect(management.purged.map((command) => command.urls)).toEqual(admin === 200 ? [[path]] : []);
  });
});

describe('the table of paths', () => {
  it('has a handler for every line and no handler beyond it', () => {
    const routes = adminApp(new FakeManagement()).routes.filter((route) => route.path !== '/*');
    const handled = new Set(routes.map((route) => `${route.method} ${route.path}`));
    const listed = canonical.flatMap((path) =>
      MANAGEMENT_PATHS.get(path)!.methods.map((method) => `${method} ${path}`),
    );
    expect([...handled].sort()).toEqual(listed.sort());
  });

  it('claims exactly its paths and aliases, with any method, and PURGE everywhere', () => {
    for (const path of everyPath) expect(ownsPath(path, 'DELETE')).toBe(true);
    const others = [
      '/',
      '/3/movie/1',
      '/stats/',
      '/Stats',
      '/api',
      '/api/',
      '/api/livez',
      '/api/api/stats',
      '/apix/stats',
    ];
    const more = [
      '/mapi/cluster/nodes',
      '/cache',
      '/cache/keys/x',
      '/api/metrics',
      '/api/docs',
      '/dashboardx',
    ];
    for (const path of [...others, ...more]) expect(ownsPath(path, 'GET')).toBe(false);
    expect(ownsPath('/t/p/w500/a.jpg', 'PURGE')).toBe(true);
    expect(ownsPath('/t/p/w500/a.jpg', 'purge')).toBe(false);
  });

  it.each(['/%63onfig', '/x/%2e%2e/config', '//config', '/config/', '/CONFIG'])(
    'never opens %s',
    async (path) => {
      const response = await adminApp(new FakeManagement(), { from: REMOTE }).request(
        `http://localhost${path}`,
      );
      expect([403, 404]).toContain(response.status);
    },
  );
});

describe('with ADMIN_PORT', () => {
  it('tells on the main port that admin paths are elsewhere, to the right key too', async () => {
    const management = new FakeManagement();
    const app = adminApp(management, { surface: 'public', apiKey: KEY });
    for (const path of everyPath) {
      const [url, init] = request(path);
      const response = await app.request(url, { ...init, headers: { 'x-api-key': KEY } });
      const admin = MANAGEMENT_PATHS.get(canonicalPath(path))!.access === 'admin';
      expect(response.status).toBe(admin ? 404 : 200);
      if (admin) expect(await response.text()).toContain('ADMIN_PORT');
    }
    const purge = await app.request('/3/movie/1', { method: 'PURGE', headers: { 'x-api-key': KEY } });
    expect(purge.status).toBe(404);
    expect([...management.cleared, ...management.purged]).toEqual([]);
  });

  it('answers everything on the admin port', async () => {
    const app = adminApp(new FakeManagement(), { surface: 'admin', apiKey: KEY, from: REMOTE });
    for (const path of everyPath) {
      const [url, init] = request(path);
      expect((await app.request(url, { ...init, headers: { 'x-api-key': KEY } })).status).toBe(200);
    }
  });

  it('moves /metrics with METRICS_PORT', async () => {
    const response = await adminApp(new FakeManagement(), { metricsElsewhere: true }).request('/metrics');
    expect(response.status).toBe(404);
    expect(await response.text()).toContain('METRICS_PORT');
  });
});
