import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type SampleOrigin, startSampleOrigin } from '../../src/demo/index.js';
import { type ProxyProcess, pointedAt, startProxy } from '../support/proxy-process.js';
import { type Got, get, json } from '../support/raw-client.js';

let origin: SampleOrigin;
let proxy: ProxyProcess;
beforeAll(async () => {
  origin = await startSampleOrigin({});
  proxy = await startProxy({ env: pointedAt(origin.url, { WORKERS: '1' }) });
});
afterAll(async () => {
  await proxy.stop();
  await origin.close();
});
afterEach(() => origin.faults.clear());

describe('the proxy’s own key', () => {
  it('is masked where the origin echoes the URL it was asked', async () => {
    const location = 'http://elsewhere.example/3/tv/9?api_key=proxy-own-key';
    origin.faults.add({ kind: 'redirect', location, match: '/3/tv/9' });
    for (const path of ['/3/tv/9', '/3/tv/9?session_id=session-1']) {
      const got = await get(proxy.url + path);
      expect(got.status).toBe(302);
      expect(JSON.stringify(got.headers)).not.toContain('proxy-own-key');
    }
  });

  it('goes along when the origin redirects within its own hosts', async () => {
    origin.faults.add({ kind: 'redirect', location: '/3/tv/11', match: '/3/tv/10' });
    expect(json(await get(`${proxy.url}/3/tv/10`))).toMatchObject({ id: 11 });
    expect(origin.requests.last()!.target).toBe('/3/tv/11?api_key=proxy-own-key');
  });
});

describe('what caches behind us are told (I-21)', () => {
  it('a personal answer is private, whatever the origin says', async () => {
    const got = await get(`${proxy.url}/3/list/1?session_id=session-1`);
    expect([got.status, got.headers['cache-control']]).toEqual([200, 'private, no-store']);
  });

  it('an error envelope with status 200 is not for keeping', async () => {
    origin.faults.add({ kind: 'envelope200', match: '/3/movie/5' });
    const got = await get(`${proxy.url}/3/movie/5`);
    expect([got.headers['cache-control'], got.headers['cache-status']]).toEqual([
      'no-store',
      expect.stringContaining('error-envelope'),
    ]);
  });
});

describe('one bad path', () => {
  it('that always answers 500 does not close the way to the others', async () => {
    origin.faults.add({ kind: 'status', status: 500, match: '/3/movie/400' });
    for (let i = 0; i < 8; i++) expect((await get(`${proxy.url}/3/movie/400`)).status).toBe(500);
    expect((await get(`${proxy.url}/3/movie/401`)).status).toBe(200);
  });
});

describe('management', () => {
  it('a purge without a body is a mistake that is explained, not a fault', async () => {
    const got = await get(`${proxy.url}/cache/purge`, { method: 'POST' });
    expect([got.status, got.headers['content-type']]).toEqual([400, expect.stringContaining('problem+json')]);
  });

  it.each([{ origin: 'http://evil.example' }, { 'sec-fetch-site': 'cross-site' }])(
    'a page of another site can not clear the cache through a browser on this machine: %o',
    async (headers) => {
      expect((await get(`${proxy.url}/cache/clear`, { method: 'POST', headers })).status).toBe(403);
    },
  );
});

describe.each([1, 2])('tenants, with WORKERS=%i', (workers) => {
  it("no answer, log or metric of one tenant tells of another's request", async () => {
    const guarded = await startProxy({
      env: pointedAt(origin.url, {
        WORKERS: String(workers),
        PROXY_KEYS: 'alice=alices-key-0123456789,bob=bobs-key-0123456789',
      }),
    });
    try {
      const ask = (path: string, who: string) => get(`${guarded.url}${path}?api_key=${who}s-key-0123456789`);
      const told = ({ status, headers, body }: Got) => {
        const { date: _date, 'x-request-id': _id, ...rest } = headers;
        return JSON.stringify({ status, rest, body: body.toString('base64') });
      };
      for (const path of [
        `/3/movie/60${workers}`,
        `/t/p/w500/alices${workers}.jpg`,
        `/3/movie/99999999${workers}`,
      ]) {
        // Bob's is the first request of anybody, or one of those after Alice's: he can not know which.
        const first = await ask(path, 'alice');
        const again: Got[] = [];
        for (let i = 0; i < 3 * workers; i++) again.push(await ask(path, 'bob'));
        for (const got of again) expect(told(got)).toBe(told(first));
        expect(origin.requests.countOf(path)).toBe(1);
      }
      for (const path of ['/metrics', '/stats', '/status', '/health'])
        expect((await get(guarded.url + path)).body.toString()).not.toMatch(/alice|bob/);
      const lines = guarded
        .output()
        .split('\n')
        .filter((line) => line.includes('"tenant":"bob"'));
      expect(lines.length).toBeGreaterThan(0);
      for (const line of lines) expect(line).not.toMatch(/alices-key|"tenant":"alice"/);
    } finally {
      await guarded.stop();
    }
  });
});
