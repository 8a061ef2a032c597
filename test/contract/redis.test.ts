import { afterAll, beforeAll } from 'vitest';
import { type RedisServer, standaloneAddress, startRedis } from '../support/redis-server.js';
import { clockFrom, openTier } from '../support/redis-tier.js';
import { NOW } from './samples.js';
import { describeTier } from './tier.js';

let server: RedisServer;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

describeTier('redis, standalone', async () => {
  await server.cli('flushall');
  const { tier, parts } = await openTier(standaloneAddress(server.port), clockFrom(NOW));
  return { tier, refresh: () => tier.measure(), tooLarge: parts.maxEntryBytes, expires: true };
});
