import { HttpResponse, http } from 'msw';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type MswOrigin, startMswOrigin } from '../support/msw-origin.js';
import { eventually } from '../support/patience.js';
import { type ProxyProcess, startProxy } from '../support/proxy-process.js';
import { get } from '../support/raw-client.js';

const answer = (body: string, headers: Record<string, string>) => new HttpResponse(body, { headers });
let broken = false;

let origin: MswOrigin;
let proxy: ProxyProcess;
beforeAll(async () => {
  origin = await startMswOrigin([
    http.get('*/fresh', () => answer('fresh', { 'cache-control': 'max-age=60' })),
    http.post('*/fresh', () => new HttpResponse('written', { status: 201 })),
    http.get('*/secret', () => answer('secret', { 'cache-control': 'no-store' })),
    http.get('*/language', ({ request }) =>
      answer(`in ${request.headers.get('accept-language')}`, {
        'cache-control': 'max-age=60',
        vary: 'Accept-Language',
      }),
    ),
    http.get('*/validated', ({ request }) => {
      if (broken) return HttpResponse.error();
      const headers = { 'cache-control': 'no-cache', etag: '"1"' };
      const known = request.headers.get('if-none-match') === '"1"';
      return known ? new HttpResponse(null, { status: 304, headers }) : answer('validated', headers);
    }),
  ]);
  proxy = await startProxy({ env: { UPSTREAM_TYPE: 'custom', UPSTREAM_SERVERS: origin.url, WORKERS: '2' } });
});
afterAll(async () => {
  await proxy.stop();
  await origin.close();
});
beforeEach(() => {
  origin.requests.length = 0;
});

describe('a generic upstream: every path, and the origin decides', () => {
  it('what is fresh is asked for once; a write that succeeds invalidates it', async () => {
    await get(`${proxy.url}/fresh`);
    await eventually(async () => expect((await get(`${proxy.url}/fresh`)).headers['x-cache']).toBe('HIT'));
    expect(origin.requests).toEqual(['GET /fresh']);
    expect((await get(`${proxy.url}/fresh`, { method: 'POST', body: 'x' })).status).toBe(201);
    expect((await get(`${proxy.url}/fresh`)).headers['x-cache']).toBe('MISS');
    expect(origin.requests).toEqual(['GET /fresh', 'POST /fresh', 'GET /fresh']);
  });

  it('no-store is never stored', async () => {
    await get(`${proxy.url}/secret`);
    expect((await get(`${proxy.url}/secret`)).headers['x-cache']).toBe('MISS');
    expect(origin.requests).toHaveLength(2);
  });

  it('Vary keeps the answers of two languages apart', async () => {
    for (const language of ['de', 'en', 'de', 'en']) {
      const got = await get(`${proxy.url}/language`, { headers: { 'accept-language': language } });
      expect(got.body.toString()).toBe(`in ${language}`);
    }
    expect(origin.requests.length).toBeLessThanOrEqual(3);
  });

  it('no-cache is validated each time, and its body travels once', async () => {
    const first = await get(`${proxy.url}/validated`);
    expect(first.body.toString()).toBe('validated');
    // The entry is stored a moment after its last byte has been sent.
    await eventually(async () => {
      const again = await get(`${proxy.url}/validated`);
      expect(again.body.toString()).toBe('validated');
      expect(again.headers['cache-status']).toContain('fwd-status=304');
    });
    broken = true;
    expect((await get(`${proxy.url}/validated`)).status).toBe(502);
    broken = false;
  });
});
