import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { ask, sample } from './helpers.js';

test('JSON counts down a memory cache of 7 to 8 hours and then begins anew', async () => {
  let now = Date.UTC(2026, 0, 15);
  const origin = await sample({ clock: { now: () => now } });
  const first = await ask(origin, '/3/movie/550');
  const full = Number(/^public, max-age=(\d+)$/.exec(first.headers['cache-control'] ?? '')?.[1]);
  expect(full).toBeGreaterThanOrEqual(7 * 3600);
  expect(full).toBeLessThanOrEqual(8 * 3600);
  now += 100_500;
  const second = await ask(origin, '/3/movie/550');
  expect(second.headers['cache-control']).toBe(`public, max-age=${full - 100}`);
  expect(second.headers['x-memc-age']).toBe('100');
  expect(second.headers['x-memc-expires']).toBe(String(full - 100));
  expect(second.headers.date).toBe(new Date(now).toUTCString());
  now += full * 1000;
  expect((await ask(origin, '/3/movie/550')).headers['cache-control']).toBe(`public, max-age=${full}`);
});

test('vary, origin and a weak tag that depends on the body', async () => {
  const origin = await sample();
  const [a, b] = [await ask(origin, '/3/movie/550'), await ask(origin, '/3/movie/551')];
  expect(a.headers.vary).toBe('accept-encoding, origin');
  expect(a.headers['access-control-allow-origin']).toBe('*');
  expect(a.headers.etag).toMatch(/^W\/"[0-9a-f]+"$/);
  expect(a.headers.etag).not.toBe(b.headers.etag);
});

test('change feeds are kept for 600 seconds, 404 not at all, 401 for 300', async () => {
  const origin = await sample();
  expect((await ask(origin, '/3/movie/changes')).headers['cache-control']).toBe('public, max-age=600');
  const missing = await ask(origin, '/3/movie/99999999');
  expect(missing.status).toBe(404);
  expect(missing.headers['cache-control']).toBeUndefined();
  expect(missing.headers.etag).toBeUndefined();
  const refused = await ask(origin, '/3/movie/550?api_key=bad');
  expect([refused.status, refused.headers['cache-control']]).toEqual([401, 'public, max-age=300']);
});

test('account states say that anybody may keep them for no time', async () => {
  const origin = await sample();
  const mine = await ask(origin, '/3/movie/550/account_states?session_id=session-1');
  expect([mine.status, mine.headers['cache-control']]).toEqual([200, 'public, max-age=0']);
  expect((await ask(origin, '/3/movie/550/account_states')).json).toMatchObject({ status_code: 3 });
});

test('gzip when accepted, HEAD like GET without a body', async () => {
  const origin = await sample();
  const plain = await ask(origin, '/3/movie/550');
  const packed = await ask(origin, '/3/movie/550', { headers: { 'accept-encoding': 'gzip, br' } });
  expect(packed.headers['content-encoding']).toBe('gzip');
  expect(gunzipSync(packed.body).equals(plain.body)).toBe(true);
  expect(
    (await ask(origin, '/3/movie/550', { headers: { 'accept-encoding': 'gzip;q=0' } })).headers,
  ).not.toHaveProperty('content-encoding');
  const head = await ask(origin, '/3/movie/550', { method: 'HEAD' });
  expect(head.body.length).toBe(0);
  expect(head.headers['content-length']).toBe(String(plain.body.length));
  expect(head.headers.etag).toBe(plain.headers.etag);
});

test('conditional requests for JSON can be switched off', async () => {
  const origin = await sample();
  const { headers } = await ask(origin, '/3/movie/550');
  const conditional = { headers: { 'if-none-match': `"x", ${headers.etag}` } };
  const unchanged = await ask(origin, '/3/movie/550', conditional);
  expect([unchanged.status, unchanged.body.length, unchanged.headers.etag]).toEqual([304, 0, headers.etag]);
  origin.conditional = false;
  expect((await ask(origin, '/3/movie/550', conditional)).status).toBe(200);
});
