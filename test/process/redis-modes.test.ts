import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type SampleOrigin, startSampleOrigin } from '../../src/demo/index.js';
import { pointedAt, startProxy } from '../support/proxy-process.js';
import { get, json } from '../support/raw-client.js';
import { type RedisServer, startRedis, startSentinels } from '../support/redis-server.js';
import { ADMIN, purge, type Region, startRegion, within } from '../support/region.js';

let origin: SampleOrigin;
beforeAll(async () => {
  origin = await startSampleOrigin({});
});
afterAll(() => origin.close());

/** What a test started, ended in reverse order. */
const started: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of started.splice(0).reverse()) await stop();
});

const redis = async (args: readonly string[] = []): Promise<RedisServer> => {
  const server = await startRedis(args);
  started.push(() => server.stop());
  return server;
};
const region = async (env: Record<string, string>, count = 2): Promise<Region> => {
  const made = await startRegion(count, origin.url, env);
  started.push(() => made.stop());
  return made;
};
let paths = 0;
const newPath = () => `/3/movie/550?mode=${paths++}`;
const cacheOf = async (url: string, path: string) => (await get(`${url}${path}`)).headers['x-cache'];
const infoOf = async (url: string) =>
  json(await get(`${url}/cache/info`, { headers: ADMIN })).l2_cache as Record<string, unknown>;
const redisHealth = async (url: string) => {
  const got = await get(`${url}/health/redis`);
  return { code: got.status, ...json(got) } as Record<string, unknown> & { code: number };
};

/** What one node fetched the other finds, and what one purges the other forgets. */
async function shares({ urls }: Region): Promise<void> {
  const path = newPath();
  expect(await cacheOf(urls[0]!, path)).toBe('MISS');
  await within(5000, async () => expect(await cacheOf(urls[1]!, path)).toBe('HIT'));
  const answer = json(await purge(urls[1]!, { tags: ['movie:550'] }));
  expect(answer).toMatchObject({ pending: false });
  expect(await cacheOf(urls[1]!, path)).toBe('MISS');
}

describe.each(['1', '2'])('with WORKERS=%s', (WORKERS) => {
  it('one server with password, database and prefix is shared; nothing lies outside the prefix', async () => {
    const server = await redis(['--requirepass', 'open-sesame']);
    const made = await region({
      WORKERS,
      REDIS_URL: `redis://:open-sesame@127.0.0.1:${server.port}/3`,
      REDIS_KEY_PREFIX: 'mine:',
    });
    await shares(made);
    const keys = (await server.cli('-n', '3', 'keys', '*')).split('\n');
    expect(keys.length).toBeGreaterThan(3);
    expect(keys.filter((key) => !key.startsWith('mine:'))).toEqual([]);
    expect(await server.cli('dbsize')).toBe('0');
    expect(await redisHealth(made.urls[0]!)).toMatchObject({
      code: 200,
      mode: 'standalone',
      status: 'healthy',
    });
    for (const node of made.nodes) expect(node.output()).not.toContain('open-sesame');
  });

  it('starts without Redis, serves, says so, and uses it when it comes', async () => {
    const server = await redis();
    await server.kill();
    const made = await region({ WORKERS, REDIS_URL: `redis://127.0.0.1:${server.port}` });
    const url = made.urls[0]!;
    const path = newPath();
    expect(await cacheOf(url, path)).toBe('MISS');
    await within(5000, async () => expect(await cacheOf(url, path)).toBe('HIT'));
    expect(json(await get(`${url}/health`))).toMatchObject({ status: 'degraded' });
    expect(await redisHealth(url)).toMatchObject({ code: 503, status: 'unhealthy', demanded: true });
    expect(await infoOf(url)).toMatchObject({ type: 'redis', in_use: 'disk' });
    await server.restart();
    await within(15_000, async () => {
      for (const each of made.urls) expect((await redisHealth(each)).code).toBe(200);
    });
    await within(10_000, () => shares(made));
  });
});

it('a Sentinel group is shared, and found again after its master was killed', async () => {
  const group = await startSentinels('mymaster');
  started.push(() => group.stop());
  const sentinels = group.sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',');
  const made = await region({ REDIS_SENTINELS: sentinels, REDIS_SENTINEL_NAME: 'mymaster' });
  await shares(made);
  const health = await redisHealth(made.urls[0]!);
  expect(health).toMatchObject({ code: 200, mode: 'sentinel' });
  const roles = (health.nodes as { role: string }[]).map(({ role }) => role).sort();
  expect(roles).toEqual(['master', 'replica', 'sentinel', 'sentinel', 'sentinel']);
  await group.master.kill();
  await within(20_000, () => shares(made), 300);
}, 60_000);

it('REDIS_FALLBACK_NODES take over from the main Redis, shared by the nodes, and give back', async () => {
  const [main, fallback] = [await redis(), await redis()];
  const made = await region({
    REDIS_URL: `redis://127.0.0.1:${main.port}`,
    REDIS_FALLBACK_NODES: `127.0.0.1:${fallback.port}`,
  });
  await shares(made);
  await main.kill();
  await within(10_000, async () => {
    for (const url of made.urls)
      expect(await redisHealth(url)).toMatchObject({ code: 503, mode: 'fallback' });
  });
  const path = newPath();
  expect(await cacheOf(made.urls[0]!, path)).toBe('MISS');
  await within(5000, async () => expect(await cacheOf(made.urls[1]!, path)).toBe('HIT'));
  await main.restart();
  await within(15_000, async () => {
    for (const url of made.urls) expect((await redisHealth(url)).code).toBe(200);
  });
  await within(10_000, () => shares(made));
}, 60_000);

it('USE_DISK_CACHE_FALLBACK=false leaves memory alone while Redis is away, and clients are served', async () => {
  const server = await redis();
  const made = await region(
    { REDIS_URL: `redis://127.0.0.1:${server.port}`, USE_DISK_CACHE_FALLBACK: 'false' },
    1,
  );
  const url = made.urls[0]!;
  await server.kill();
  await within(10_000, async () => expect(await infoOf(url)).toMatchObject({ in_use: 'none' }));
  const path = newPath();
  expect(await cacheOf(url, path)).toBe('MISS');
  await within(5000, async () => expect(await cacheOf(url, path)).toBe('HIT'));
});

it('a bus of its own carries purges between nodes whose L2 is the disk (USE_REDIS=false, BUS_REDIS_URL)', async () => {
  const bus = await redis();
  const made = await region({ USE_REDIS: 'false', BUS_REDIS_URL: `redis://127.0.0.1:${bus.port}` });
  const path = newPath();
  for (const url of made.urls) {
    expect(await cacheOf(url, path)).toBe('MISS');
    await within(5000, async () => expect(await cacheOf(url, path)).toBe('HIT'));
  }
  expect(json(await purge(made.urls[0]!, { tags: ['movie:550'] }))).toMatchObject({ pending: false });
  await within(2000, async () => expect(await cacheOf(made.urls[1]!, path)).toBe('MISS'));
});

it('/cluster/nodes: a stopped node leaves at once, a killed one within its heartbeat’s life', async () => {
  const server = await redis();
  const made = await region({ REDIS_URL: `redis://127.0.0.1:${server.port}` }, 3);
  const names = async () => {
    const { nodes } = json(await get(`${made.urls[0]}/cluster/nodes`, { headers: ADMIN }));
    return (nodes as { server_id: string }[]).map(({ server_id }) => server_id).sort();
  };
  await within(10_000, async () => expect(await names()).toEqual(['node-1', 'node-2', 'node-3']));
  await made.nodes[1]!.stop();
  expect(await names()).toEqual(['node-1', 'node-3']);
  await made.nodes[2]!.stop('SIGKILL');
  await within(20_000, async () => expect(await names()).toEqual(['node-1']), 500);
}, 60_000);

it('a purge made while Redis is away survives the restart of its node and reaches the others (I-1)', async () => {
  const server = await redis();
  const env = {
    ADMIN_API_KEY: 'admin-secret',
    WORKERS: '1',
    USE_REDIS: 'true',
    REDIS_URL: `redis://127.0.0.1:${server.port}`,
  };
  const cacheDir = mkdtempSync(join(tmpdir(), 'tmdb-proxy-test-'));
  started.push(async () => rmSync(cacheDir, { recursive: true, force: true }));
  const node = () =>
    startProxy({ quiet: true, cacheDir, env: pointedAt(origin.url, { ...env, SERVER_ID: 'a' }) });
  const first = await node();
  const second = await startProxy({ quiet: true, env: pointedAt(origin.url, { ...env, SERVER_ID: 'b' }) });
  started.push(() => second.stop());
  const path = '/3/movie/560?pending';
  const title = async (url: string) => json(await get(`${url}${path}`)).title;
  for (const { url } of [first, second]) await title(url);
  await server.kill();
  await within(10_000, async () => expect(await infoOf(first.url)).toMatchObject({ in_use: 'disk' }));
  origin.edit('movie', 560, { title: 'After the purge' });
  expect(json(await purge(first.url, { tags: ['movie:560'] }))).toMatchObject({ pending: true });
  expect(await title(first.url)).toBe('After the purge');
  await first.stop();
  const again = await node();
  started.push(() => again.stop());
  expect(await title(again.url)).toBe('After the purge');
  await server.restart();
  await within(10_000, async () => expect(await title(second.url)).toBe('After the purge'));
  expect(await title(again.url)).toBe('After the purge');
}, 60_000);
