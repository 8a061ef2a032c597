import { afterAll, beforeAll } from 'vitest';
import { type RedisCluster, startRedisCluster } from '../support/redis-server.js';
import { clockFrom, openTier } from '../support/redis-tier.js';
import { NOW } from './samples.js';
import { describeTier } from './tier.js';

let cluster: RedisCluster;
beforeAll(async () => {
  cluster = await startRedisCluster();
}, 60_000);
afterAll(() => cluster.stop());

describeTier('redis, cluster of six', async () => {
  for (const master of await cluster.masters()) await master.cli('flushall');
  const { tier, parts } = await openTier(cluster.address, clockFrom(NOW));
  return { tier, refresh: () => tier.measure(), tooLarge: parts.maxEntryBytes, expires: true };
});
