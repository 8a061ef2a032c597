// A Redis master is killed, another is stopped: no client error, L2 reads again within seconds.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SampleOrigin, startSampleOrigin } from '../../src/demo/index.js';
import { seeded, startLoad, warmUp, zipf } from '../support/load.js';
import { get } from '../support/raw-client.js';
import { type RedisCluster, startRedisCluster } from '../support/redis-server.js';
import { pause, type Region, startRegion, within } from '../support/region.js';
import { report } from '../support/scenario.js';

let origin: SampleOrigin;

beforeAll(async () => {
  origin = await startSampleOrigin({});
});
afterAll(() => origin.close());

describe.each([
  ['kill -9', (redis: RedisCluster) => redis.nodes[0]!.kill()],
  ['SIGSTOP', async (redis: RedisCluster) => redis.nodes[0]!.pause()],
] as const)('a master lost by %s', (how, lose) => {
  let redis: RedisCluster;
  let region: Region;
  beforeAll(async () => {
    redis = await startRedisCluster();
    region = await startRegion(3, origin.url, {
      REDIS_CLUSTER_NODES: redis.seeds,
      UPSTREAM_RATE: '200',
      UPSTREAM_MAX_CONNECTIONS: '60',
      // Three seconds: nodes look at L2 all the time.
      JSON_MEMORY_TTL: '0.05',
    });
  });
  afterAll(async () => {
    await region.stop();
    redis.nodes[0]!.resume();
    await redis.stop();
  });

  it('costs no client an error and gives L2 back within seconds (I-14)', async () => {
    await warmUp(region.urls);
    const pick = zipf(300, seeded(2));
    const load = startLoad({
      urls: region.urls,
      clients: 300,
      thinkMs: 400,
      next: () => `/3/movie/550?m=${how.length}${pick()}`,
    });
    await pause(4000);
    await lose(redis);
    const lostAt = Date.now();
    // What one node stores another finds in Redis: for keys of every shard, hence three in a row of each.
    let probe = 0;
    await within(
      20_000,
      async () => {
        const paths = Array.from({ length: 12 }, () => `/3/movie/551?probe=${how.length}-${probe++}`);
        await Promise.all(paths.map((path) => get(`${region.urls[0]}${path}`)));
        const found = await Promise.all(paths.map((path) => get(`${region.urls[1]}${path}`)));
        for (const { headers } of found) expect(headers['x-cache']).toBe('HIT');
      },
      200,
    );
    const recovered = Date.now() - lostAt;
    await pause(3000);
    const result = await load.stop();
    await report(`master-lost (${how})`, {
      requests: result.requests,
      client_errors: result.errorCount,
      p50_ms: result.p50_ms,
      p99_ms: result.p99_ms,
      max_ms: result.max_ms,
      l2_recovery_ms: recovered,
      ...result.by_cache,
    });
    expect(result.errors).toEqual([]);
    expect(recovered).toBeLessThan(15_000);
  }, 60_000);
});
