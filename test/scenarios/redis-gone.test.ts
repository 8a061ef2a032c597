// The whole Redis Cluster is gone for 10 s and back: no client error, origin within its budget, nothing purged returns.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type SampleOrigin, startSampleOrigin } from '../../src/demo/index.js';
import { busiest, seeded, startLoad, warmUp, zipf } from '../support/load.js';
import { get, json } from '../support/raw-client.js';
import { type RedisCluster, startRedisCluster } from '../support/redis-server.js';
import { pause, type Region, startRegion, within } from '../support/region.js';
import { report } from '../support/scenario.js';

const RATE = 60;
let origin: SampleOrigin;
let redis: RedisCluster;
let region: Region;

beforeAll(async () => {
  [origin, redis] = await Promise.all([startSampleOrigin({}), startRedisCluster()]);
  region = await startRegion(3, origin.url, {
    REDIS_CLUSTER_NODES: redis.seeds,
    UPSTREAM_RATE: String(RATE),
    JSON_MEMORY_TTL: '0.05',
  });
});
afterAll(async () => {
  await region.stop();
  await redis.stop();
  await origin.close();
});

/** Resident memory of a process, bytes. */
function rssOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}

const TITLE = '/3/movie/550?language=en-US';
const titleAt = async (url: string) => String(json(await get(`${url}${TITLE}`)).title);

it('a cluster gone for 10 s costs no client an error and brings nothing purged back (I-1, I-4, I-14, I-15)', async () => {
  await warmUp(region.urls);
  const pick = zipf(150, seeded(3));
  let fresh = 0;
  const load = startLoad({
    urls: region.urls,
    clients: 300,
    thinkMs: 500,
    // Mostly known titles, and some never asked before, which only the origin can answer.
    next: () => (Math.random() < 0.03 ? `/3/movie/551?new=${fresh++}` : `/3/movie/552?z=${pick()}`),
  });
  for (const url of region.urls) await titleAt(url);
  await pause(5000);

  await redis.killAll();
  const goneAt = Date.now();
  await pause(2000);
  origin.edit('movie', 550, { title: 'Edited while Redis was away' });
  const answer = await region.purge(0, { tags: ['movie:550'] });
  expect(answer.status).toBe(200);
  expect(json(answer).pending).toBe(true);
  expect(await titleAt(region.urls[0]!)).toBe('Edited while Redis was away');
  const health = await get(`${region.urls[0]}/health`);
  expect(health.status).toBe(200);
  expect(json(health).status).toBe('degraded');
  const redisHealth = await get(`${region.urls[0]}/health/redis`);
  expect(redisHealth.status).toBe(503);
  await pause(Math.max(0, 10_000 - (Date.now() - goneAt)));

  await redis.restartAll();
  const backAt = Date.now();
  const others = region.urls.slice(1);
  await within(10_000, async () => {
    for (const url of others) expect(await titleAt(url)).toBe('Edited while Redis was away');
  });
  const followed = Date.now() - backAt;
  await within(10_000, async () => {
    for (const url of region.urls) expect((await get(`${url}/health/redis`)).status).toBe(200);
  });
  const healthy = Date.now() - backAt;
  for (let i = 0; i < 20; i++) {
    for (const url of region.urls) expect(await titleAt(url)).toBe('Edited while Redis was away');
    await pause(100);
  }
  const result = await load.stop();
  const rss = Math.max(...region.nodes.map(({ pid }) => rssOf(pid)));
  const times = origin.requests.all().map(({ time }) => time);
  const second = busiest(times, 1000);
  const fiveSeconds = busiest(times, 5000);
  await report('redis-gone', {
    requests: result.requests,
    client_errors: result.errorCount,
    p99_ms: result.p99_ms,
    max_ms: result.max_ms,
    largest_rss_bytes: rss,
    purge_followed_by_others_ms: followed,
    redis_healthy_again_ms: healthy,
    origin_requests: times.length,
    origin_budget: `${RATE} requests a second`,
    origin_requests_in_the_busiest_second: second,
    origin_requests_in_the_busiest_five_seconds: fiveSeconds,
    ...result.by_cache,
  });
  expect(result.errors).toEqual([]);
  expect(rss).toBeLessThan(400 * 1024 * 1024);
  // Rate and burst (a quarter) add up; the times are of arrival, which a busy machine pushes together.
  expect(second).toBeLessThanOrEqual(RATE * 1.5);
  expect(fiveSeconds).toBeLessThanOrEqual(RATE * 5.5);
}, 90_000);
