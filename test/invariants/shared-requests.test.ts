import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type SampleOrigin, startSampleOrigin } from '../../src/demo/index.js';
import { type ProxyProcess, pointedAt, startProxy } from '../support/proxy-process.js';
import { get, json } from '../support/raw-client.js';

let origin: SampleOrigin;
let proxy: ProxyProcess;
beforeAll(async () => {
  origin = await startSampleOrigin({});
  // Two seconds fresh, and a while in which stale answers may stand in.
  proxy = await startProxy({
    env: pointedAt(origin.url, {
      WORKERS: '2',
      JSON_MEMORY_TTL: '0.02',
      JSON_DISK_TTL: '0.03',
      JSON_STALE_WHILE_REVALIDATE: '0',
    }),
  });
});
afterAll(async () => {
  await proxy.stop();
  await origin.close();
});

const headersSeen = (path: string) =>
  origin.requests
    .all()
    .filter(({ target }) => target.startsWith(path))
    .at(-1)!.headers;

describe('I-19: the origin is asked exactly what the key covers', () => {
  it('no field, cookie or credential of the client goes along on a shared request', async () => {
    await get(`${proxy.url}/3/movie/1?api_key=client-secret&language=de&region=&`, {
      headers: {
        cookie: 'session=planted',
        'user-agent': 'planted-agent',
        'accept-language': 'planted',
        'x-forwarded-host': 'planted',
        'x-http-method-override': 'DELETE',
        origin: 'https://planted.example',
        referer: 'https://planted.example/',
      },
    });
    const { target, headers } = origin.requests.last()!;
    expect(target).toBe('/3/movie/1?language=de&api_key=proxy-own-key');
    expect(headers.join(' ')).not.toMatch(/planted|client-secret|DELETE/);
  });

  it("a pass-through request carries the client's own fields and body", async () => {
    await get(`${proxy.url}/3/movie/1/rating?session_id=session-1`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-client': 'kept' },
      body: '{"value":7}',
    });
    expect(headersSeen('/3/movie/1/rating')).toEqual(expect.arrayContaining(['x-client', 'kept']));
  });
});

describe('I-20: personal answers are never stored', () => {
  it.each([
    '/3/account?session_id=session-1',
    '/3/ACCOUNT/1/favorite/movies?session_id=session-1',
    '/3/movie/550/account_states?session_id=session-1',
    '/3/movie/550?append_to_response=credits,account_states&session_id=session-1',
    '/3/movie/550?append_to_response=account%5Fstates&session_id=session-1',
    '/3/x/../account?session_id=session-1',
    '/3//account?session_id=session-1',
    '/3/list/1',
    '/3/guest_session/abc/rated/movies',
    '/4/account/abc/movie/favorites',
  ])('%s', async (path) => {
    const before = origin.requests.total;
    const first = await get(proxy.url + path);
    const second = await get(proxy.url + path);
    expect([first.headers['x-cache'], second.headers['x-cache']]).toEqual(['BYPASS', 'BYPASS']);
    expect(origin.requests.total).toBe(before + 2);
  });

  it('a GET with side effects is asked once, even when it fails', async () => {
    origin.faults.add({ kind: 'status', status: 503, match: '/3/authentication/token/new', times: 1 });
    const before = origin.requests.countOf('/3/authentication/token/new');
    expect((await get(`${proxy.url}/3/authentication/token/new`)).status).toBe(503);
    expect(origin.requests.countOf('/3/authentication/token/new')).toBe(before + 1);
  });
});

describe('I-9, I-10, I-24: when the origin fails', () => {
  it('a stale answer comes instead, says that it is stale, and the origin is then left alone', async () => {
    const path = '/3/movie/2';
    const good = await get(proxy.url + path);
    expect(good.status).toBe(200);
    origin.faults.add({ kind: 'status', status: 500, match: path });
    const stale = await vi.waitUntil(
      async () => {
        const got = await get(proxy.url + path);
        return got.headers['x-cache'] === 'STALE' && got;
      },
      { timeout: 10_000, interval: 200 },
    );
    expect(stale.body.equals(good.body)).toBe(true);
    expect(stale.headers['cache-status']).toMatch(/ttl=-\d+/);
    expect(stale.headers['cache-control']).toBe('public, max-age=0');
    const asked = origin.requests.countOf(path);
    for (let i = 0; i < 10; i++) expect((await get(proxy.url + path)).headers['x-cache']).toBe('STALE');
    expect(origin.requests.countOf(path)).toBe(asked);
    origin.faults.clear();
  });

  it('without a stale answer the error is in the envelope clients parse, and says what to do', async () => {
    origin.faults.add({ kind: 'reset', match: '/3/movie/3' });
    const got = await get(`${proxy.url}/3/movie/3`);
    expect(got.status).toBe(502);
    expect(json(got)).toMatchObject({
      success: false,
      status_code: expect.any(Number),
      status_message: expect.any(String),
    });
    expect(got.headers['cache-status']).toContain('origin_unreachable');
    origin.faults.clear();
  });
});

describe('I-22: HEAD, Range and conditional answers come from the one GET entry', () => {
  it('one origin request serves them all', async () => {
    const path = '/t/p/w342/sample.jpg';
    const whole = await get(proxy.url + path);
    const before = origin.requests.countOf(path);
    const head = await get(proxy.url + path, { method: 'HEAD' });
    const part = await get(proxy.url + path, { headers: { range: 'bytes=10-19' } });
    const same = await get(proxy.url + path, { headers: { 'if-none-match': String(whole.headers.etag) } });
    const beyond = await get(proxy.url + path, { headers: { range: 'bytes=99999999-' } });
    expect([head.status, part.status, same.status, beyond.status]).toEqual([200, 206, 304, 416]);
    expect(head.headers['content-length']).toBe(String(whole.body.length));
    expect(part.body.equals(whole.body.subarray(10, 20))).toBe(true);
    expect(origin.requests.countOf(path)).toBe(before);
  });
});
