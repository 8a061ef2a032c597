// Redis is filled to maxmemory: no purged entry returns, not even its very bytes put back, not even after a restart.
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type SampleOrigin, startSampleOrigin } from '../../src/demo/index.js';
import { get, json } from '../support/raw-client.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';
import { pause, type Region, startRegion, within } from '../support/region.js';
import { report } from '../support/scenario.js';

let origin: SampleOrigin;
let server: RedisServer;
let redis: Redis;
let region: Region;

beforeAll(async () => {
  origin = await startSampleOrigin({});
  server = await startRedis(['--maxmemory', '12mb', '--maxmemory-policy', 'volatile-lru']);
  redis = new Redis(server.port, '127.0.0.1');
  region = await startRegion(2, origin.url, {
    REDIS_URL: `redis://127.0.0.1:${server.port}`,
    UPSTREAM_RATE: '500',
  });
});
afterAll(async () => {
  redis.disconnect();
  await region.stop();
  await server.stop();
  await origin.close();
});

const PATH = '/3/movie/550?language=en-US';
const title = async (url: string) => String(json(await get(`${url}${PATH}`)).title);

it('purges outlive eviction pressure: the purged bytes themselves, put back, are served by nobody (I-4)', async () => {
  await title(region.urls[0]!);
  const keys = await within(2000, async () => {
    const found = await redis.keys('*/3/movie/550?language=en-US*');
    expect(found.length).toBeGreaterThan(0);
    return found;
  });
  const dumps = await Promise.all(keys.map((key) => redis.dumpBuffer(key)));
  origin.edit('movie', 550, { title: 'After the purge' });
  expect((await region.purge(0, { tags: ['movie:550'] })).status).toBe(200);

  const evicted = async () => Number(/evicted_keys:(\d+)/.exec(await redis.info('stats'))?.[1]);
  let n = 0;
  while ((await evicted()) < 500) {
    const filler = Buffer.alloc(20_000, n);
    for (let i = 0; i < 200; i++) await redis.set(`filler:${n++}`, filler, 'PX', 3_600_000);
  }
  const putBack = () =>
    Promise.all(keys.map((key, i) => redis.restore(key, 3_600_000, dumps[i]!, 'REPLACE').catch(() => null)));
  await putBack();
  const late = await startRegion(1, origin.url, {
    REDIS_URL: `redis://127.0.0.1:${server.port}`,
    SERVER_ID: 'late',
  });
  const urls = [...region.urls, ...late.urls];
  for (let i = 0; i < 10; i++) {
    await putBack();
    for (const url of urls) expect(await title(url)).toBe('After the purge');
    await pause(100);
  }
  await late.stop();
  const ttl = await Promise.all((await redis.keys('*{bus}:rules')).map((key) => redis.ttl(key)));
  expect(ttl).toEqual([-1]);
  await report('eviction', { evicted_keys: await evicted(), fillers: n, nodes_asked: urls.length });
}, 90_000);
