// Three nodes on one Redis Cluster, 300 clients, Zipf traffic: one origin request per key.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type SampleOrigin, startSampleOrigin } from '../../src/demo/index.js';
import { seeded, startLoad, warmUp, zipf } from '../support/load.js';
import { type RedisCluster, startRedisCluster } from '../support/redis-server.js';
import { pause, type Region, startRegion } from '../support/region.js';
import { report } from '../support/scenario.js';

let origin: SampleOrigin;
let redis: RedisCluster;
let region: Region;

beforeAll(async () => {
  [origin, redis] = await Promise.all([startSampleOrigin({}), startRedisCluster()]);
  region = await startRegion(3, origin.url, {
    REDIS_CLUSTER_NODES: redis.seeds,
    UPSTREAM_RATE: '400',
    UPSTREAM_MAX_CONNECTIONS: '60',
  });
});
afterAll(async () => {
  await region.stop();
  await redis.stop();
  await origin.close();
});

const KEYS = 200;

it('300 clients on three nodes make one origin request per key, and none fails (I-6)', async () => {
  await warmUp(region.urls);
  origin.requests.reset();
  const pick = zipf(KEYS, seeded(1));
  const asked = new Set<string>();
  const load = startLoad({
    urls: region.urls,
    clients: 300,
    thinkMs: 300,
    next: () => {
      const path = `/3/movie/550?n=${pick()}`;
      asked.add(path);
      return path;
    },
  });
  await pause(8000);
  const result = await load.stop();
  const perKey = new Map<string, number>();
  for (const { target } of origin.requests.all()) {
    const path = target.replace(/[?&]api_key=[^&]*/, '').replace('&n=', '?n=');
    perKey.set(path, (perKey.get(path) ?? 0) + 1);
  }
  const most = Math.max(...perKey.values());
  await report('one-fetch', {
    requests: result.requests,
    keys: asked.size,
    origin_requests: origin.requests.total,
    most_origin_requests_for_one_key: most,
    client_errors: result.errorCount,
    p50_ms: result.p50_ms,
    p99_ms: result.p99_ms,
    ...result.by_cache,
  });
  expect(result.errors).toEqual([]);
  expect(result.requests).toBeGreaterThan(1000);
  expect([...perKey].filter(([, count]) => count > 1)).toEqual([]);
  expect(origin.requests.total).toBe(asked.size);
});
