import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type SampleOrigin, startSampleOrigin } from '../../src/demo/index.js';
import { type ProxyProcess, pointedAt, startProxy } from '../support/proxy-process.js';
import { get, json } from '../support/raw-client.js';
import { purge, within } from '../support/region.js';

const INTERVAL_MS = 1500;
const FEED = {
  CHANGE_FEED: 'true',
  CHANGE_FEED_INTERVAL: String(INTERVAL_MS / 60_000),
  UPSTREAM_RATE: '200',
};
/** A reading waits for its turn, the purge for its acknowledgements, and two cores are shared with other tests. */
const A_READING_MS = INTERVAL_MS + 4000;

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

interface Running {
  readonly origin: SampleOrigin;
  readonly proxy: ProxyProcess;
}

async function running(
  env: Record<string, string>,
  more: Partial<Running> & { cacheDir?: string } = {},
): Promise<Running> {
  const origin = more.origin ?? (await startSampleOrigin({ changesPerDay: 3 }));
  if (more.origin === undefined) closing.push(() => origin.close());
  const proxy = await startProxy({
    env: pointedAt(origin.url, { ...FEED, ...env }),
    ...(more.cacheDir !== undefined && { cacheDir: more.cacheDir }),
  });
  closing.push(() => proxy.stop());
  await within(10_000, async () => expect(await feedOf(proxy)).toMatchObject({ healthy: true }));
  return { origin, proxy };
}

async function feedOf({ url }: ProxyProcess): Promise<Record<string, unknown>> {
  return json(await get(`${url}/stats`)).change_feed as Record<string, unknown>;
}

async function titleOf({ url }: ProxyProcess, path: string) {
  const { headers, body } = await get(`${url}${path}`);
  return { title: JSON.parse(body.toString()).title as string, cache: headers['x-cache'] };
}

/** Readers ask all the time: until one gets the new title; the answers before that. */
async function readUntil(proxy: ProxyProcess, path: string, title: string): Promise<(string | undefined)[]> {
  const before: (string | undefined)[] = [];
  await within(
    A_READING_MS,
    async () => {
      const answer = await titleOf(proxy, path);
      if (answer.title !== title) before.push(String(answer.cache));
      expect(answer.title).toBe(title);
    },
    25,
  );
  return before;
}

describe.each(['1', '2'])('with %s processes that answer', (WORKERS) => {
  it('after an edit the next reader gets the old answer at once and the new one follows, within a reading', async () => {
    const { origin, proxy } = await running({ WORKERS });
    const path = '/3/movie/550?language=de';
    for (let i = 0; i < 8; i++) await titleOf(proxy, path);
    for (const edition of ['First', 'Second']) {
      origin.edit('movie', 550, { title: edition });
      const before = await readUntil(proxy, path, edition);
      // Nobody waited for the origin.
      expect(before.at(-1)).toBe('STALE');
      expect(['HIT', 'STALE']).toEqual(expect.arrayContaining([...new Set(before)]));
      await within(3000, async () => expect((await titleOf(proxy, path)).cache).toBe('HIT'));
    }
    const feed = await feedOf(proxy);
    expect(feed).toMatchObject({ leader: true, reason: null });
    expect((feed.softened as Record<string, number>).movie).toBeGreaterThanOrEqual(2);
    const metrics = (await get(`${proxy.url}/metrics`)).body.toString();
    expect(metrics).toMatch(/^tmdb_proxy_feed_healthy 1$/m);
    expect(metrics).toMatch(/^tmdb_proxy_feed_polls_total\{result="complete"\} [1-9]/m);
    expect(metrics).toMatch(/^tmdb_proxy_feed_softened_total\{kind="movie"\} [1-9]/m);
  });
});

it('what was not edited stays: other titles, lists, images, and what is not cached is not asked for', async () => {
  const { origin, proxy } = await running({ WORKERS: '1' });
  const poster = json(await get(`${proxy.url}/3/movie/550`)).poster_path as string;
  const paths = ['/3/movie/551', '/3/movie/popular', `/t/p/w342${poster}`, '/3/search/movie?query=a'];
  for (const path of paths) await get(`${proxy.url}${path}`);
  const before = origin.requests.total - origin.requests.countOf('/3/movie/changes');
  expect(before).toBeGreaterThan(0);
  origin.edit('movie', 550, { title: 'Edited' });
  origin.edit('movie', 99, { title: 'Nobody asks for it' });
  await readUntil(proxy, '/3/movie/550', 'Edited');
  for (const path of paths) {
    const { headers } = await get(`${proxy.url}${path}`);
    expect([path, headers['x-cache']]).toEqual([path, 'HIT']);
  }
  expect(origin.requests.countOf('/3/movie/99')).toBe(0);
});

it('an edit that was made while the proxy was stopped is found after the restart', async () => {
  const cacheDir = mkdtempSync(join(tmpdir(), 'tmdb-proxy-feed-'));
  closing.push(async () => rmSync(cacheDir, { recursive: true, force: true }));
  const { origin, proxy } = await running({ WORKERS: '1' }, { cacheDir });
  await titleOf(proxy, '/3/movie/550');
  await titleOf(proxy, '/3/movie/551');
  await proxy.stop();
  origin.edit('movie', 550, { title: 'Meanwhile' });
  const asked = origin.requests.countOf('/3/movie/551');
  const again = await running({ WORKERS: '1' }, { origin, cacheDir });
  const before = await readUntil(again.proxy, '/3/movie/550', 'Meanwhile');
  expect(before.at(-1)).toBe('STALE');
  expect((await titleOf(again.proxy, '/3/movie/551')).cache).toBe('HIT');
  expect(origin.requests.countOf('/3/movie/551')).toBe(asked);
  expect(await feedOf(again.proxy)).toMatchObject({ gaps: 0 });
});

describe('with class times of seconds', () => {
  const TIMES = {
    WORKERS: '2',
    JSON_MEMORY_TTL: '0.02',
    JSON_DISK_TTL: '0.05',
    CHANGE_FEED_TTL: '60',
  };
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

  it('a detail stays fresh while the feed is healthy; without the feed it has the lifetime of its class again', async () => {
    const cacheDir = mkdtempSync(join(tmpdir(), 'tmdb-proxy-feed-'));
    closing.push(async () => rmSync(cacheDir, { recursive: true, force: true }));
    const { origin, proxy } = await running(TIMES, { cacheDir });
    await titleOf(proxy, '/3/movie/550');
    await get(`${proxy.url}/3/movie/550/recommendations`);
    await pause(4500);
    for (let i = 0; i < 6; i++) expect((await titleOf(proxy, '/3/movie/550')).cache).toBe('HIT');
    expect(origin.requests.countOf('/3/movie/550?')).toBe(1);
    // What no log of changes tells of does not.
    expect((await get(`${proxy.url}/3/movie/550/recommendations`)).headers['x-cache']).not.toBe('HIT');
    await proxy.stop();
    const off = await startProxy({
      cacheDir,
      env: pointedAt(origin.url, { ...TIMES, CHANGE_FEED: 'false' }),
    });
    closing.push(() => off.stop());
    expect((await titleOf(off, '/3/movie/550')).cache).not.toBe('HIT');
    expect(json(await get(`${off.url}/stats`)).change_feed).toBeNull();
  });
});

it('peers are not told of what the feed makes stale: they follow feeds of their own', async () => {
  const told: string[] = [];
  const peer = createServer((req, res) => {
    if (req.method === 'POST') told.push(String(req.url));
    res.writeHead(200, { 'Content-Type': 'application/json' }).end('{}');
  });
  await new Promise<void>((resolve) => peer.listen(0, '127.0.0.1', resolve));
  closing.push(() => new Promise((resolve) => peer.close(resolve)));
  const { port } = peer.address() as AddressInfo;
  const { origin, proxy } = await running({
    WORKERS: '1',
    ADMIN_API_KEY: 'admin-secret',
    PEER_PROXIES: `http://:peer-secret@127.0.0.1:${port}`,
  });
  await titleOf(proxy, '/3/movie/550');
  origin.edit('movie', 550, { title: 'Edited' });
  await readUntil(proxy, '/3/movie/550', 'Edited');
  // An operator's purge comes after it, and goes there in order.
  expect((await purge(proxy.url, { tags: ['movie:551'] })).status).toBe(200);
  await within(5000, async () => expect(told).toEqual(['/cache/purge']));
});

it('without a key nobody reads the lists, and /config says why', async () => {
  const origin = await startSampleOrigin({});
  closing.push(() => origin.close());
  const { TMDB_API_KEY: _, ...keyless } = pointedAt(origin.url);
  const proxy = await startProxy({ env: { ...keyless, CHANGE_FEED: '', WORKERS: '1' } });
  closing.push(() => proxy.stop());
  await new Promise((resolve) => setTimeout(resolve, 1000));
  expect(origin.requests.countOf('/3/movie/changes')).toBe(0);
  expect(json(await get(`${proxy.url}/stats`)).change_feed).toBeNull();
  const config = (await get(`${proxy.url}/config`)).body.toString();
  expect(config).toContain('the change lists need a key, and TMDB_API_KEY is unset');
});

it('that the key is refused is told, in /stats and in the log, and the key is not', async () => {
  const origin = await startSampleOrigin({ strictKey: ['another'] });
  closing.push(() => origin.close());
  const proxy = await startProxy({ env: pointedAt(origin.url, { ...FEED, WORKERS: '1' }) });
  closing.push(() => proxy.stop());
  await within(10_000, async () => {
    expect(await feedOf(proxy)).toMatchObject({
      healthy: false,
      reason: 'the list of changed movies, page 1: TMDB refuses the key (401)',
    });
  });
  expect(proxy.output()).toContain('the lists of changes cannot be read');
  expect(proxy.output()).not.toContain('proxy-own-key');
});
