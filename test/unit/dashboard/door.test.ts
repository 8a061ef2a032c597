import { describe, expect, it } from 'vitest';
import { type AppOptions, adminApp, FakeManagement, fakeWatching, LOCAL, REMOTE } from '../admin/fakes.js';

const KEY = 'the-right-admin-key';
const HTML = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
const OURS = { 'sec-fetch-site': 'same-origin' };

function kit(more: AppOptions = {}) {
  const management = new FakeManagement();
  const app = adminApp(management, { apiKey: KEY, from: REMOTE, ...more });
  const ask = (path: string, init: RequestInit = {}) => app.request(`http://proxy.example${path}`, init);
  const enter = (key: string, headers: Record<string, string> = OURS) =>
    ask('/dashboard/login', { method: 'POST', headers, body: new URLSearchParams({ key }).toString() });
  return { management, app, ask, enter };
}

async function signedIn(more: AppOptions = {}) {
  const parts = kit(more);
  const cookie = (await parts.enter(KEY)).headers.get('set-cookie')!.split(';')[0]!;
  return { ...parts, cookie };
}

describe('without a session', () => {
  it('a browser is asked for the key, a program is told how to send it', async () => {
    const { ask } = kit();
    const page = await ask('/dashboard', { headers: HTML });
    expect(page.status).toBe(401);
    expect(page.headers.get('content-type')).toMatch(/^text\/html/);
    expect(await page.text()).toContain('action="/dashboard/login"');
    const problem = await ask('/dashboard');
    expect(problem.headers.get('content-type')).toBe('application/problem+json');
    expect(await problem.json()).toMatchObject({ status: 401, code: 'unauthorized' });
  });

  it.each([
    'events',
    'preview?key=a',
    'image?key=a',
    'api/stats',
    'api/cache/keys',
    'logout',
    'x',
    'api/health',
  ])('/dashboard/%s is closed, whatever the method', async (path) => {
    const { ask, management } = kit();
    for (const method of ['GET', 'HEAD', 'POST', 'DELETE'])
      expect((await ask(`/dashboard/${path}`, { method })).status).toBe(401);
    expect([...management.cleared, ...management.purged]).toEqual([]);
  });

  it('the key itself opens it, as a header', async () => {
    const { ask } = kit();
    expect((await ask('/dashboard', { headers: { 'x-api-key': KEY } })).status).toBe(200);
    expect((await ask('/dashboard', { headers: { authorization: `Bearer ${KEY}` } })).status).toBe(200);
    expect((await ask('/dashboard', { headers: { 'x-api-key': 'wrong' } })).status).toBe(401);
  });
});

describe('signing in', () => {
  it('gives a cookie that scripts, other sites and the origin never get', async () => {
    const response = await kit().enter(KEY);
    expect(response.status).toBe(303);
    expect(response.headers.get('location')).toBe('/dashboard');
    const [value, ...attributes] = response.headers.get('set-cookie')!.split('; ');
    expect(value).toMatch(/^tmdb_proxy_session=[\w-]{22}\.[0-9a-z]+\.[\w-]{43}$/);
    expect(attributes.sort()).toEqual(['HttpOnly', 'Max-Age=43200', 'Path=/dashboard', 'SameSite=Strict']);
    expect(value).not.toContain(KEY);
  });

  it('gives one per port: two proxies of one host do not sign each other out', async () => {
    const { app } = kit();
    const nameAt = async (port: number) => {
      const url = `http://proxy.example:${port}/dashboard`;
      const body = new URLSearchParams({ key: KEY }).toString();
      const response = await app.request(`${url}/login`, { method: 'POST', headers: OURS, body });
      const cookie = response.headers.get('set-cookie')!.split(';')[0]!;
      expect((await app.request(url, { headers: { cookie } })).status).toBe(200);
      return cookie.split('=')[0];
    };
    expect(await nameAt(6635)).not.toBe(await nameAt(6636));
  });

  it('gives a secure one where a trusted proxy was asked by https', async () => {
    const https = await kit({ base: 'https://proxy.example' }).enter(KEY);
    expect(https.headers.get('set-cookie')).toContain('; Secure');
    const http = await kit({ base: 'http://proxy.example' }).enter(KEY);
    expect(http.headers.get('set-cookie')).not.toContain('Secure');
  });

  it('holds on every process of the node', async () => {
    const watching = fakeWatching();
    const { cookie } = await signedIn({ watching });
    const other = kit({ watching });
    expect((await other.ask('/dashboard', { headers: { cookie } })).status).toBe(200);
    expect((await other.ask('/dashboard/api/cache/info', { headers: { cookie } })).status).toBe(200);
  });

  it('says that the key is wrong and shows none of it, and brakes who goes on guessing', async () => {
    const { enter } = kit();
    const first = await enter('wrong-key-<b>');
    expect(first.status).toBe(401);
    expect(first.headers.has('set-cookie')).toBe(false);
    const text = await first.text();
    expect(text).toContain('The admin key is wrong.');
    expect(text).not.toMatch(/wrong-key/);
    for (let i = 0; i < 9; i++) expect((await enter('wrong')).status).toBe(401);
    const braked = await enter('wrong');
    expect(braked.status).toBe(429);
    expect(Number(braked.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await enter(KEY)).status).toBe(303);
  });

  it.each([
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'http://evil.example' },
    {},
  ])('from %j is refused: another site must not do it for somebody', async (headers) => {
    const response = await kit().enter(KEY, headers as Record<string, string>);
    expect(response.status).toBe(403);
    expect(response.headers.has('set-cookie')).toBe(false);
  });

  it('works without Sec-Fetch-Site, by Origin, and behind a proxy that renames us', async () => {
    expect((await kit().enter(KEY, { origin: 'http://proxy.example', host: 'proxy.example' })).status).toBe(
      303,
    );
    const behind = kit({ base: 'https://cache.example' });
    expect((await behind.enter(KEY, { origin: 'https://cache.example', host: 'backend:6635' })).status).toBe(
      303,
    );
  });

  it('takes no more of a form than a key needs', async () => {
    expect((await kit().enter('x'.repeat(10_000))).status).toBe(413);
  });
});

describe('with a session', () => {
  it('what changes something must come from the page itself', async () => {
    const { ask, cookie, management } = await signedIn();
    const purge = (headers: Record<string, string>) =>
      ask('/dashboard/api/cache/purge', {
        method: 'POST',
        headers: { cookie, ...headers },
        body: '{"tags":["movie:1"]}',
      });
    for (const headers of [
      {},
      { 'sec-fetch-site': 'same-site' },
      { origin: 'http://proxy.example.evil.example' },
    ])
      expect((await purge(headers as Record<string, string>)).status).toBe(403);
    expect(management.purged).toEqual([]);
    expect((await purge(OURS)).status).toBe(200);
    expect(management.purged.map(({ tags }) => tags)).toEqual([['movie:1']]);
  });

  it('the management API answers under the path of the cookie, and the cookie opens nothing else', async () => {
    const { ask, cookie, app } = await signedIn();
    const answer = await ask('/dashboard/api/cache/keys?limit=1', { headers: { cookie } });
    expect(answer.status).toBe(200);
    expect(((await answer.json()) as { count: number }).count).toBe(1);
    expect((await ask('/cache/keys', { headers: { cookie } })).status).toBe(401);
    expect((await ask('/dashboard/api/nothing', { headers: { cookie } })).status).toBe(404);
    expect((await ask('/dashboard/api/dashboard', { headers: { cookie } })).status).toBe(404);
    const url = 'http://proxy.example/dashboard/api/cache/keys';
    expect((await app.request(url, { method: 'PURGE', headers: { cookie, ...OURS } })).status).toBe(401);
  });

  it('signing out ends it on every process, for a copy of the cookie too', async () => {
    const watching = fakeWatching();
    const { ask, cookie } = await signedIn({ watching });
    const out = await ask('/dashboard/logout', { method: 'POST', headers: { cookie, ...OURS } });
    expect(out.status).toBe(303);
    expect(out.headers.get('set-cookie')).toMatch(/^tmdb_proxy_session=; Max-Age=0; Path=\/dashboard/);
    const other = kit({ watching });
    expect((await other.ask('/dashboard', { headers: { cookie } })).status).toBe(401);
    expect((await other.ask('/dashboard/events', { headers: { cookie } })).status).toBe(401);
  });

  it('a password for a proxy in front of us is no wrong key', async () => {
    const { ask, cookie } = await signedIn();
    const headers = { cookie, authorization: `Basic ${btoa('me:secret')}` };
    expect((await ask('/dashboard', { headers })).status).toBe(200);
  });
});

describe('without an admin key', () => {
  const open = () => {
    const app = adminApp(new FakeManagement(), { from: LOCAL });
    return (path: string, init: RequestInit = {}) => app.request(`http://localhost:6635${path}`, init);
  };

  it('it is open on this machine, and says elsewhere why it is closed', async () => {
    expect((await open()('/dashboard', { headers: HTML })).status).toBe(200);
    const remote = await adminApp(new FakeManagement(), { from: REMOTE }).request(
      'http://proxy.example/dashboard',
      {
        headers: HTML,
      },
    );
    expect(remote.status).toBe(403);
    const text = await remote.text();
    expect(text).toContain('ADMIN_API_KEY');
    expect(text).not.toContain('action="/dashboard/login"');
  });

  it('names the port of the listener in the way in', async () => {
    const app = adminApp(new FakeManagement(), { from: REMOTE });
    const incoming = { socket: { localPort: 7001 } };
    const page = await app.request('http://proxy.example/dashboard', { headers: HTML }, { incoming });
    const text = await page.text();
    expect(text).toContain('ssh -L 7001:127.0.0.1:7001 HOST');
    expect(text).toContain('http://localhost:7001/dashboard');
  });

  it('a link of another site opens the page, but reads and does nothing', async () => {
    const ask = open();
    const cross = { 'sec-fetch-site': 'cross-site' };
    const visit = { ...cross, ...HTML, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
    expect((await ask('/dashboard', { headers: visit })).status).toBe(200);
    expect((await ask('/dashboard', { headers: { ...visit, 'sec-fetch-dest': 'iframe' } })).status).toBe(403);
    expect((await ask('/dashboard/api/cache/keys', { headers: visit })).status).toBe(403);
    expect((await ask('/dashboard/events', { headers: cross })).status).toBe(403);
    expect(
      (await ask('/dashboard/tally', { method: 'POST', headers: cross, body: '{"all":true}' })).status,
    ).toBe(403);
  });

  it('a form of another site signs nobody in', async () => {
    const response = await open()('/dashboard/login', { method: 'POST', body: 'key=x' });
    expect(response.headers.has('set-cookie')).toBe(false);
  });
});

describe('with ADMIN_PORT', () => {
  it('the main port has no dashboard, no way in and no files', async () => {
    const app = adminApp(new FakeManagement(), { surface: 'public', apiKey: KEY });
    for (const path of ['', '/login', '/events', '/assets/client.js', '/api/stats']) {
      const response = await app.request(`http://localhost/dashboard${path}`, {
        headers: { 'x-api-key': KEY },
      });
      expect(response.status).toBe(404);
      expect(await response.text()).toContain('ADMIN_PORT');
    }
  });
});
