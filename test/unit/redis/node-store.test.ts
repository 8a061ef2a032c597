import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/clock.js';
import { RedisKeys } from '../../../src/redis/keys.js';
import { RedisLink } from '../../../src/redis/link.js';
import { NodeStore } from '../../../src/redis/node-store.js';
import type { RedisAddress } from '../../../src/redis/options.js';
import { eventually } from '../../support/patience.js';
import {
  type RedisCluster,
  type RedisServer,
  standaloneAddress,
  startRedis,
  startRedisCluster,
} from '../../support/redis-server.js';

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function open(address: RedisAddress): Promise<RedisLink> {
  return new Promise((resolve) => {
    const link = new RedisLink({
      address,
      settings: {
        connectTimeoutMs: 1000,
        retryDelayMs: 50,
        maxRetries: 3,
        deadlines: { read: 250, bulk: 1000, write: 500, control: 1000 },
      },
      clock: systemClock,
      events: { onReady: () => resolve(link) },
    });
    link.open();
  });
}

describe('Rows of the living nodes', () => {
  let server: RedisServer;
  let cluster: RedisCluster;
  beforeAll(async () => {
    [server, cluster] = await Promise.all([startRedis(), startRedisCluster()]);
  }, 60_000);
  afterAll(() => Promise.all([server.stop(), cluster.stop()]));

  it.each(['standalone', 'cluster'] as const)('are written, listed and removed on a %s', async (mode) => {
    const link = await open(mode === 'cluster' ? cluster.address : standaloneAddress(server.port));
    const store = new NodeStore(link, new RedisKeys('t:'), 1000, 10_000);
    expect(await store.list()).toEqual([]);
    expect(await store.write('a', 'text of a')).toBeUndefined();
    expect(await store.write('b', 'text of b')).toBeUndefined();
    expect(await store.write('a', 'newer text of a')).toBe('text of a');
    await wait(60);
    const rows = (await store.list()).sort((x, y) => (x.id < y.id ? -1 : 1));
    expect(rows.map(({ id, text }) => [id, text])).toEqual([
      ['a', 'newer text of a'],
      ['b', 'text of b'],
    ]);
    for (const { ageMs } of rows) {
      expect(ageMs).toBeGreaterThanOrEqual(50);
      expect(ageMs).toBeLessThan(5000);
    }
    await store.remove('a', 'newer');
    expect((await store.list()).map(({ id }) => id)).toEqual(['b']);
    await link.close();
  });

  it('leave the list, and the set of names, when their time is over', async () => {
    const link = await open(standaloneAddress(server.port));
    const storeFor = (lifeMs: number) => new NodeStore(link, new RedisKeys('dead:'), 1000, lifeMs);
    const store = storeFor(60_000);
    await store.write('silent', 'text');
    expect(await store.list()).toHaveLength(1);
    await storeFor(80).write('silent', 'the last');
    await eventually(async () => expect(await store.list()).toEqual([]));
    expect(await server.cli('exists', 'dead:{bus}:nodes')).toBe('0');
    await link.close();
  });

  it('are not removed by a namesake that stops', async () => {
    const link = await open(standaloneAddress(server.port));
    const store = new NodeStore(link, new RedisKeys('name:'), 1000, 10_000);
    await store.write('same', 'instance-2');
    await store.remove('same', 'instance-1');
    expect(await store.list()).toHaveLength(1);
    await link.close();
  });
});
