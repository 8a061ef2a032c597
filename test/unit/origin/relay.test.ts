import { Readable } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { Bench, read, request, TestClock, text } from './helpers.js';

const bench = new Bench();
afterEach(() => bench.close());

/** A parent proxy that answers `status`, in front of a server that answers 200; who was asked what. */
async function pair(status: number | 'hangs', maxRetries = 3) {
  const asked: string[] = [];
  let now: number | 'hangs' = status;
  const relay = await bench.http((incoming, response) => {
    asked.push(`relay ${incoming.method} ${incoming.url}`);
    if (now !== 'hangs') response.writeHead(now, { 'retry-after': '60' }).end('relay');
  });
  const tmdb = await bench.http((incoming, response) => {
    asked.push(`tmdb ${incoming.url}`);
    incoming.resume().on('end', () => response.end('tmdb'));
  });
  const clock = new TestClock(200);
  const timeouts = { connectMs: 1000, headersMs: 5000, bodyMs: 20_000 };
  const access = () => ({ target: '/with-its-key', headers: [] });
  const origin = bench.origin([], clock, {
    maxRetries,
    group: { servers: [{ url: relay.url, access, timeouts }, tmdb.url] },
  });
  const set = (next: number) => {
    now = next;
  };
  return { origin, asked, clock, set, tmdb: tmdb.url };
}

describe('a parent proxy in front of TMDB', () => {
  it('is asked first, with its own credentials; TMDB only when asked for directly', async () => {
    const { origin, asked } = await pair(200);
    expect(await text(await origin.fetch(request()))).toBe('relay');
    expect(await text(await origin.fetch(request({ direct: true })))).toBe('tmdb');
    expect(asked).toEqual(['relay GET /with-its-key', 'tmdb /3/movie/550?api_key=s3cret']);
  });

  it.each([401, 403, 429, 500 + 8])('its %i is not the last word: TMDB is asked, at once', async (status) => {
    const { origin, asked } = await pair(status, 0);
    expect(await text(await origin.fetch(request()))).toBe('tmdb');
    expect(asked).toHaveLength(2);
    // Its limit is not TMDB's: nothing is held back.
    expect(origin.status()[1]?.rate_limited_until).toBeNull();
  });

  it('a loop (508) is about one request: the next one asks the parent again', async () => {
    const { origin, set } = await pair(508);
    await read((await origin.fetch(request())).body);
    set(200);
    expect(await text(await origin.fetch(request()))).toBe('relay');
  });

  it('a wrong key is not tried with every request', async () => {
    const { origin, asked } = await pair(401);
    for (let i = 0; i < 5; i++) await read((await origin.fetch(request())).body);
    expect(asked.filter((line) => line.startsWith('relay GET'))).toHaveLength(1);
  });

  it('a refused upload is repeated only while it is whole', async () => {
    const { origin } = await pair(401);
    const upload = request({ method: 'POST', retryable: false, body: Readable.from([Buffer.from('x')]) });
    expect((await origin.fetch(upload)).status).toBe(401);
    expect(await text(await origin.fetch(request({ method: 'DELETE', retryable: false })))).toBe('tmdb');
  });

  it.each([0, 3])('that is down costs one failed connection (MAX_RETRIES=%i)', async (maxRetries) => {
    const clock = new TestClock(200);
    const { url } = await bench.http((_, response) => response.end('tmdb'));
    const timeouts = { connectMs: 1000, headersMs: 5000, bodyMs: 20_000 };
    const relay = { url: await bench.refusing(), timeouts };
    const origin = bench.origin([], clock, { maxRetries, group: { servers: [relay, url] } });
    for (let i = 0; i < 3; i++) expect(await text(await origin.fetch(request()))).toBe('tmdb');
    expect(origin.status().map(({ requests }) => requests)).toEqual([1, 3]);
  });

  it('that hangs is asked once, for as long as its own deadline', async () => {
    const { origin, asked, clock } = await pair('hangs');
    const answer = origin.fetch(request());
    while (asked.length === 0) await new Promise((resolve) => setImmediate(resolve));
    clock.advance(5000);
    expect(await text(await answer)).toBe('tmdb');
    expect(asked).toHaveLength(2);
  });
});
