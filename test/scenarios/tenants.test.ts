// Three nodes share a tenant's rate and quota; Redis is gone, and back without what it knew.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type SampleOrigin, startSampleOrigin } from '../../src/demo/index.js';
import { get, json } from '../support/raw-client.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';
import { ADMIN, pause, type Region, startRegion, within } from '../support/region.js';
import { report } from '../support/scenario.js';

const QUOTA = 600;
const RATE = 20;
let origin: SampleOrigin;
let redis: RedisServer;
let region: Region;

beforeAll(async () => {
  [origin, redis] = await Promise.all([startSampleOrigin({}), startRedis()]);
  region = await startRegion(3, origin.url, {
    REDIS_URL: `redis://127.0.0.1:${redis.port}`,
    PROXY_KEYS: `daily=dailys-key-0123456789;quota=${QUOTA},steady=steadys-key-0123456789;rate=${RATE};burst=${RATE},free=frees-key-0123456789`,
  });
});
afterAll(async () => {
  await region.stop();
  await redis.stop();
  await origin.close();
});

const askAt = async (url: string, key: string) => (await get(`${url}/3/movie/550?api_key=${key}`)).status;

/** Asks all nodes in turn, a few at a time; how many were let in, and how often each other status came. */
async function spread(
  requests: number,
  key: string,
  urls = region.urls,
): Promise<{ ok: number; others: number[] }> {
  let ok = 0;
  const others: number[] = [];
  for (let done = 0; done < requests; ) {
    const batch = Math.min(12, requests - done);
    const got = await Promise.all(
      Array.from({ length: batch }, (_, i) => askAt(urls[(done + i) % urls.length]!, key)),
    );
    for (const status of got) status === 200 ? ok++ : others.push(status);
    done += batch;
  }
  return { ok, others };
}

/** As fast as it goes for a while. */
async function hurry(ms: number, key: string): Promise<{ ok: number; seconds: number }> {
  const from = Date.now();
  let ok = 0;
  while (Date.now() - from < ms) ok += (await spread(12, key)).ok;
  return { ok, seconds: (Date.now() - from) / 1000 };
}

const quotaLeft = async (url: string): Promise<number> => {
  const { tenants } = json(await get(`${url}/tenants`, { headers: ADMIN })) as {
    tenants: { tenant: string; today: { quota_left: number } }[];
  };
  return tenants.find(({ tenant }) => tenant === 'daily')!.today.quota_left;
};

it('the nodes keep one rate and one quota, share them while Redis is gone, and settle on its return', async () => {
  for (const url of region.urls)
    await within(5000, async () => expect(await askAt(url, 'frees-key-0123456789')).toBe(200));

  const together = await hurry(3000, 'steadys-key-0123456789');
  const shared = await spread(150, 'dailys-key-0123456789');

  await redis.kill();
  await pause(500);
  const alone = await hurry(3000, 'steadys-key-0123456789');
  const away = await spread(150, 'dailys-key-0123456789');
  // One node alone has a third of what was left, and no more.
  const third = await spread(300, 'dailys-key-0123456789', region.urls.slice(0, 1));

  await redis.restart(); // empty: it has forgotten everything
  const before = shared.ok + away.ok + third.ok;
  await within(15_000, async () => {
    // Every node has told what it knew: they agree to within what was told last before Redis went.
    const left = await Promise.all(region.urls.map(quotaLeft));
    expect(new Set(left).size).toBe(1);
    expect(Math.abs(QUOTA - before - left[0]!)).toBeLessThanOrEqual(60);
  });
  const rest = await spread(500, 'dailys-key-0123456789');
  const over = await spread(30, 'dailys-key-0123456789');
  const free = await spread(30, 'frees-key-0123456789');
  const total = before + rest.ok + over.ok;

  await report('tenants', {
    'let in per second, Redis there': { value: together.ok / together.seconds, bound: `${RATE} and a burst` },
    'let in per second, Redis gone': { value: alone.ok / alone.seconds, bound: `${RATE} and a burst` },
    'let in of the quota': { value: total, bound: `about ${QUOTA}` },
  });
  expect(together.ok).toBeLessThanOrEqual(RATE + RATE * together.seconds + 1);
  expect(together.ok).toBeGreaterThan(RATE * 2);
  // Each of three lets in one at least, and they notice the loss one after the other.
  expect(alone.ok).toBeLessThanOrEqual(2 * RATE + RATE * alone.seconds + 3);
  expect(alone.ok).toBeGreaterThan(RATE * 2);
  expect([...shared.others, ...away.others]).toEqual([]);
  expect(third.ok).toBeLessThanOrEqual((QUOTA - shared.ok) / 3 + 20);
  expect(over.ok).toBe(0);
  expect(new Set(over.others)).toEqual(new Set([429]));
  expect(total).toBeLessThanOrEqual(QUOTA * 1.1);
  expect(total).toBeGreaterThan(QUOTA * 0.9);
  expect(free.others).toEqual([]);
});
