import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type SampleOrigin, startSampleOrigin } from '../../src/demo/index.js';
import { field } from '../../src/http/headers.js';
import { type ProxyProcess, pointedAt, startProxy } from '../support/proxy-process.js';
import { type Got, get, json } from '../support/raw-client.js';

let origin: SampleOrigin;
let proxy: ProxyProcess;
beforeAll(async () => {
  origin = await startSampleOrigin({});
  proxy = await startProxy({ env: pointedAt(origin.url) });
});
afterAll(async () => {
  await proxy.stop();
  await origin.close();
});
beforeEach(() => origin.requests.reset());

const image = (path: string, headers: Record<string, string> = {}): Promise<Got> =>
  get(`${proxy.url}${path}`, { headers });
/** Until it is stored, which may be a moment after it was sent. */
const stored = (path: string, headers?: Record<string, string>) =>
  vi.waitFor(async () => {
    const got = await image(path, headers);
    expect(got.headers['x-cache']).toBe('HIT');
    return got;
  }, 10_000);

describe('an image', () => {
  it('one origin request whichever way clients spell its address, however much of it they want', async () => {
    const whole = await image('/t/p/w500/sample-spelt.jpg');
    expect([whole.status, whole.headers['x-cache']]).toEqual([200, 'MISS']);
    await stored('/t/p/w500/sample-spelt.jpg');
    for (const path of [
      '/t/p/w500//sample-spelt.jpg',
      '//t/p//w500/sample-spelt.jpg',
      '/t/p/w500/./sample-spelt.jpg',
    ]) {
      const got = await image(path);
      expect([got.status, got.headers['x-cache']]).toEqual([200, 'HIT']);
      expect(got.body.equals(whole.body)).toBe(true);
    }
    const part = await image('/t/p/w500//sample-spelt.jpg', { range: 'bytes=100-199' });
    expect(part.status).toBe(206);
    expect(part.headers['content-range']).toBe(`bytes 100-199/${whole.body.length}`);
    expect(part.body.equals(whole.body.subarray(100, 200))).toBe(true);
    const several = await image('/t/p/w500/sample-spelt.jpg', { range: 'bytes=0-1,4-5' });
    expect([several.status, several.headers['content-type']]).toEqual([
      206,
      expect.stringMatching(/^multipart\/byteranges/),
    ]);
    const beyond = await image('/t/p/w500/sample-spelt.jpg', { range: 'bytes=99999999-' });
    expect(beyond.status).toBe(416);
    const { etag = '', 'last-modified': date = '' } = whole.headers;
    expect((await image('/t/p/w500/sample-spelt.jpg', { 'if-none-match': etag })).status).toBe(304);
    expect((await image('/t/p/w500/sample-spelt.jpg', { 'if-modified-since': date })).status).toBe(304);
    const changed = await image('/t/p/w500/sample-spelt.jpg', { range: 'bytes=0-9', 'if-range': '"other"' });
    expect([changed.status, changed.body.length]).toEqual([200, whole.body.length]);
    expect(origin.requests.total).toBe(1);
  });

  it('one origin request for clients that take WebP, one for all others', async () => {
    const path = '/t/p/w500/sample-webp.jpg';
    const browser = { accept: 'image/avif,image/webp,image/apng,image/*,*/*;q=0.8' };
    await stored(path, browser);
    await stored(path, { accept: 'image/webp' });
    for (const accept of ['*/*', 'image/*', 'image/jpeg', 'image/webp;q=0', 'text/html'])
      await stored(path, { accept });
    await stored(path);
    expect(origin.requests.countOf(path)).toBe(2);
    const sent = origin.requests.all().map(({ headers }) => field(headers, 'accept') ?? '');
    expect(sent.filter((accept) => accept.includes('webp'))).toHaveLength(1);
  });

  it('is immutable for browsers, and its age is read by the parser of Overseerr', async () => {
    const got = await image('/t/p/w500/sample-immutable.jpg');
    const cacheControl = got.headers['cache-control'] ?? '';
    expect(cacheControl).toMatch(/^public, immutable, max-age=\d+$/);
    expect(Number(cacheControl.split('=')[1])).toBeGreaterThan(1000);
    expect(got.headers.etag?.replace(/"/g, '')).toMatch(/^[0-9a-f]{32}$/);
  });

  it.each([
    ['a wrong size', '/t/p/w9999/sample.jpg'],
    ['a missing file', '/t/p/w500/nothing-here.jpg'],
  ])('%s is a short negative answer in TMDB’s envelope, never a page', async (_, path) => {
    const got = await image(path);
    expect([got.status, got.headers['content-type']]).toEqual([404, 'application/json;charset=utf-8']);
    expect(json(got)).toMatchObject({ success: false, status_code: 34 });
    expect(got.headers['cache-control']).not.toContain('immutable');
    const age = Number(got.headers['cache-control']?.split('=')[1]);
    expect(age).toBeGreaterThan(0);
    expect(age).toBeLessThanOrEqual(330);
    await stored(path);
    expect(origin.requests.countOf(path)).toBe(1);
  });

  it('an HTML page with status 200 in its place is one too', async () => {
    const path = '/t/p/w500/sample-page.jpg';
    const page = '<!DOCTYPE html><html><body>Sorry</body></html>';
    origin.faults.add({ kind: 'status', status: 200, body: page, match: path });
    origin.faults.add({ kind: 'headers', set: { 'Content-Type': 'text/html' }, match: path });
    const got = await image(path);
    expect(got.status).toBe(404);
    expect(got.body.toString()).not.toContain('<');
    await stored(path);
    expect(origin.requests.countOf(path)).toBe(1);
    origin.faults.clear();
  });
});
