import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/clock.js';
import { RedisKeys } from '../../../src/redis/keys.js';
import { RedisLink } from '../../../src/redis/link.js';
import { RedisTenantStore, type TenantLimits } from '../../../src/redis/tenant-store.js';
import { RedisTrouble } from '../../../src/redis/trouble.js';
import { type RedisServer, standaloneAddress, startRedis } from '../../support/redis-server.js';

const SETTINGS = {
  connectTimeoutMs: 500,
  retryDelayMs: 20,
  maxRetries: 3,
  deadlines: { read: 150, bulk: 500, write: 300, control: 300 },
};

let server: RedisServer;
let tests = 0;
let prefix = '';
const links: RedisLink[] = [];
beforeAll(async () => {
  server = await startRedis();
});
afterEach(async () => {
  for (const link of links.splice(0)) await link.close();
});
afterAll(() => server.stop());

async function storeOf(): Promise<RedisTenantStore> {
  prefix = `t${++tests}:`;
  const link = new RedisLink({
    address: standaloneAddress(server.port),
    settings: SETTINGS,
    clock: systemClock,
  });
  links.push(link);
  link.open();
  await link.ready(5000);
  return new RedisTenantStore({ link, keys: new RedisKeys(prefix), takeMs: 2000, deadlineMs: 2000 });
}

/** Redis' own day: that of this process may be another for a moment. */
async function dayOf(store: RedisTenantStore): Promise<number> {
  return (await store.take('clock', { capacity: 0 }, 0, { amount: 0, day: 0 })).day;
}

const none = { amount: 0, day: 0 };

describe('accounts in Redis', () => {
  it('give what is left of the quota, then nothing until midnight', async () => {
    const store = await storeOf();
    const limits: TenantLimits = { capacity: 0, quota: 10 };
    expect(await store.take('alice', limits, 7, none)).toMatchObject({ given: 7, used: 7, waitMs: 0 });
    expect(await store.take('alice', limits, 7, none)).toMatchObject({ given: 3, used: 10 });
    const refused = await store.take('alice', limits, 1, none);
    expect(refused).toMatchObject({ given: 0, refused: 'quota', used: 10 });
    expect(refused.waitMs).toBeGreaterThan(0);
    expect(refused.waitMs).toBeLessThanOrEqual(86_400_000);
    expect(await store.take('bob', limits, 1, none)).toMatchObject({ given: 1 });
  });

  it('give no more at once than the bucket holds, and say when there is more', async () => {
    const store = await storeOf();
    const limits: TenantLimits = { rate: 0.1, capacity: 5 };
    expect(await store.take('alice', limits, 8, none)).toMatchObject({ given: 5 });
    const refused = await store.take('alice', limits, 1, none);
    expect(refused).toMatchObject({ given: 0, refused: 'rate' });
    expect(refused.waitMs).toBeGreaterThan(8000);
    expect(refused.waitMs).toBeLessThanOrEqual(10_000);
  });

  it('fill at the rate, by the clock of Redis', async () => {
    const store = await storeOf();
    const limits: TenantLimits = { rate: 100, capacity: 10 };
    await store.take('alice', limits, 10, none);
    const { waitMs } = await store.take('alice', limits, 10, none);
    expect(waitMs).toBeLessThanOrEqual(10);
    await expect.poll(async () => (await store.take('alice', limits, 1, none)).given).toBe(1);
  });

  it('many at once are given no more than one after the other', async () => {
    const stores = await Promise.all([storeOf(), storeOf()].map(async (store) => await store));
    const limits: TenantLimits = { capacity: 0, quota: 100 };
    const store = stores[1]!;
    const taken = await Promise.all(Array.from({ length: 60 }, () => store.take('alice', limits, 3, none)));
    expect(taken.reduce((sum, { given }) => sum + given, 0)).toBe(100);
  });

  it('take back what was not used of this day, and not of another', async () => {
    const store = await storeOf();
    const day = await dayOf(store);
    const limits: TenantLimits = { capacity: 0, quota: 10 };
    await store.take('alice', limits, 10, none);
    expect(await store.take('alice', limits, 5, { amount: -4, day })).toMatchObject({ given: 4, used: 10 });
    expect(await store.take('alice', limits, 5, { amount: -4, day: day - 1 })).toMatchObject({ given: 0 });
    expect(await store.take('alice', limits, 0, { amount: -99, day })).toMatchObject({ used: 0 });
  });

  it('count what was used elsewhere, at least what a node had last heard', async () => {
    const store = await storeOf();
    const day = await dayOf(store);
    const limits: TenantLimits = { rate: 0.1, capacity: 10, quota: 100 };
    await store.take('alice', limits, 5, none);
    expect(await store.take('alice', limits, 0, { amount: 3, day }, { used: 40, day })).toMatchObject({
      used: 43,
    });
    expect(await store.take('alice', limits, 0, { amount: 3, day }, { used: 20, day })).toMatchObject({
      used: 46,
    });
    expect(await store.take('alice', limits, 0, none, { used: 99, day: day - 1 })).toMatchObject({
      used: 46,
    });
    // It was used of the bucket, too.
    expect(await store.take('alice', limits, 9, none)).toMatchObject({ given: 0, refused: 'rate' });
  });

  it('a new day is a new quota; a clock set back a little is not', async () => {
    const store = await storeOf();
    const day = await dayOf(store);
    const key = new RedisKeys(prefix).bus('tenant:alice');
    const limits: TenantLimits = { capacity: 0, quota: 10 };
    for (const [stored, given] of [
      [day - 1, 5],
      [day + 1, 0],
      [day + 2, 5],
      [day, 0],
    ]) {
      await server.cli('hset', key, 'day', String(stored), 'used', '10');
      expect(await store.take('alice', limits, 5, none)).toMatchObject({ given });
    }
  });

  it('are never evicted where what has a time to live is, and lie in the slot of the bus', async () => {
    const store = await storeOf();
    await store.take('alice', { rate: 1, capacity: 1, quota: 1 }, 1, none);
    const key = `${prefix}{bus}:tenant:alice`;
    expect(await server.cli('ttl', key)).toBe('-1');
  });

  it('a Redis that stands still is given up after the deadline (I-14)', async () => {
    const store = await storeOf();
    await store.take('alice', { capacity: 0, quota: 1 }, 1, none);
    const impatient = new RedisTenantStore({
      link: links[0]!,
      keys: new RedisKeys('x:'),
      takeMs: 50,
      deadlineMs: 50,
    });
    server.pause();
    try {
      await expect(impatient.take('alice', { capacity: 0, quota: 1 }, 1, none)).rejects.toThrow(RedisTrouble);
    } finally {
      server.resume();
    }
  });
});

describe('usage in Redis', () => {
  it('is read by days, the last first, and ends by itself', async () => {
    const store = await storeOf();
    await store.writeUsage(20_000, [['a|alice', '[1,2,3,4,5]']]);
    await store.writeUsage(20_000, [
      ['a|alice', '[2,2,3,4,5]'],
      ['b|alice', '[1,0,0,0,0]'],
    ]);
    await store.writeUsage(19_998, [['a|bob', '[9,0,0,0,0]']]);
    const days = await store.readUsage(20_000);
    expect(days).toHaveLength(31);
    expect(days.slice(0, 3)).toEqual([
      {
        day: 20_000,
        rows: [
          ['a|alice', '[2,2,3,4,5]'],
          ['b|alice', '[1,0,0,0,0]'],
        ],
      },
      { day: 19_999, rows: [] },
      { day: 19_998, rows: [['a|bob', '[9,0,0,0,0]']] },
    ]);
    expect(Number(await server.cli('ttl', `${prefix}{bus}:usage:20000`))).toBeGreaterThan(39 * 86_400);
  });

  it('of thousands of tenants is written in parts', async () => {
    const store = await storeOf();
    const rows = Array.from({ length: 1700 }, (_, i) => [`a|t${i}`, '[1,0,0,0,0]'] as const);
    await store.writeUsage(20_000, rows);
    expect((await store.readUsage(20_000))[0]!.rows).toHaveLength(1700);
  });
});
