import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RedisKeys } from '../../../src/redis/keys.js';
import type { RedisTier, RedisTierParts } from '../../../src/tiers/redis.js';
import type { ListPage, ListQuery } from '../../../src/tiers/tier.js';
import { NOW, sample } from '../../contract/samples.js';
import { type RedisCluster, startRedisCluster } from '../../support/redis-server.js';
import { clockFrom, type OpenTier, openTier, TEST_SETTINGS } from '../../support/redis-tier.js';

const KEYS = Array.from({ length: 60 }, (_, i) => `v1:api:/3/movie/${i}`).sort();
const PAGE: ListQuery = { after: '', limit: 25, contains: '', scanLimit: 10_000 };

let cluster: RedisCluster;
const opened: OpenTier[] = [];

async function open(changes: Partial<RedisTierParts> = {}): Promise<OpenTier> {
  const one = await openTier(cluster.address, clockFrom(NOW), changes);
  opened.push(one);
  return one;
}

async function filled(tier: RedisTier): Promise<void> {
  await Promise.all(KEYS.map((key) => tier.set(sample(key))));
}

async function sizes(): Promise<number[]> {
  const masters = await cluster.masters();
  return Promise.all(masters.map(async (master) => Number(await master.cli('dbsize'))));
}

async function allKeys(tier: RedisTier, changes: Partial<ListQuery> = {}): Promise<string[]> {
  const seen: string[] = [];
  let after: string | null = '';
  while (after !== null) {
    const page: ListPage = await tier.list({ ...PAGE, ...changes, after });
    seen.push(...page.rows.map(({ head }) => head.key));
    after = page.next;
  }
  return seen.sort();
}

beforeAll(async () => {
  cluster = await startRedisCluster();
}, 60_000);
afterAll(() => cluster.stop());
beforeEach(async () => {
  for (const master of await cluster.masters()) await master.cli('flushall');
});
afterEach(async () => {
  for (const { tier } of opened.splice(0)) await tier.close();
});

describe('a tier on a cluster', () => {
  it('lists and clears what lies on every master', async () => {
    const { tier } = await open();
    await filled(tier);
    expect(Math.min(...(await sizes()))).toBeGreaterThan(0);
    expect(await allKeys(tier)).toEqual(KEYS);
    expect(await tier.clear()).toBe(KEYS.length);
    expect(await sizes()).toEqual([0, 0, 0]);
  });

  it('sweeps on every master', async () => {
    const { tier } = await open();
    await filled(tier);
    expect(await tier.sweep(({ key }) => key !== KEYS[0])).toBe(KEYS.length - 1);
    expect((await sizes()).sort()).toEqual([0, 0, 1]);
  });

  it('counts the keys and the memory of every master', async () => {
    const { tier } = await open();
    await filled(tier);
    await tier.measure();
    const { entries, bytes, maxBytes } = tier.stats();
    expect(entries).toBe(KEYS.length);
    expect(bytes).toBeGreaterThan(3 * 500_000);
    // Nobody has set maxmemory: the memory of the machine is no bound of theirs.
    expect(maxBytes).toBe(0);
  });

  it('has the bound of all masters together, and none where one of them has none', async () => {
    const { tier } = await open();
    const masters = await cluster.masters();
    const bound = async () => {
      await tier.measure();
      return tier.stats().maxBytes;
    };
    try {
      for (const master of masters) await master.cli('config', 'set', 'maxmemory', '64mb');
      expect(await bound()).toBe(masters.length * 64 * 2 ** 20);
      await masters[0]!.cli('config', 'set', 'maxmemory', '0');
      expect(await bound()).toBe(0);
    } finally {
      for (const master of masters) await master.cli('config', 'set', 'maxmemory', '0');
    }
  });

  it('takes its prefix literally: what only looks like it stays', async () => {
    const mine = await open({ keys: new RedisKeys('a*[x]?\\:') });
    const other = await open({ keys: new RedisKeys('a12xy:e:') });
    const alike = await open({ keys: new RedisKeys('a*x?\\:') });
    for (const { tier } of [mine, other, alike]) await filled(tier);
    expect(await allKeys(mine.tier)).toEqual(KEYS);
    expect(await mine.tier.clear()).toBe(KEYS.length);
    expect(await allKeys(other.tier)).toEqual(KEYS);
    expect(await allKeys(alike.tier)).toEqual(KEYS);
  });

  it('removes entries and nothing else: no lease, no purge rule, nothing of others', async () => {
    const { tier, parts } = await open();
    const kept = [parts.keys.lease('v1:k'), parts.keys.bus('rules'), 'somebody-else'];
    for (const name of kept) await parts.control.call('set', 5000, (redis) => redis.set(name, '1'));
    await filled(tier);
    await tier.clear();
    for (const name of kept)
      expect(await parts.control.call('get', 5000, (redis) => redis.get(name))).toBe('1');
  });

  it('gives every entry that is there throughout, while others come and go', async () => {
    const { tier } = await open();
    await filled(tier);
    const seen = new Set<string>();
    let after: string | null = '';
    for (let i = 0; after !== null; i += 1) {
      const page: ListPage = await tier.list({ ...PAGE, limit: 3, after });
      for (const { head } of page.rows) seen.add(head.key);
      after = page.next;
      await Promise.all(Array.from({ length: 20 }, (_, j) => tier.set(sample(`v1:new/${i % 7}/${j}`))));
      if (i % 3 === 0)
        await Promise.all(Array.from({ length: 20 }, (_, j) => tier.delete(`v1:new/${i % 7}/${j}`)));
      expect(i).toBeLessThan(1000);
    }
    expect([...seen].filter((key) => !key.startsWith('v1:new')).sort()).toEqual(KEYS);
  });

  it('starts over with a cursor of another tier, another version or no sense', async () => {
    const { tier } = await open();
    await filled(tier);
    const { next } = await tier.list({ ...PAGE, limit: 5 });
    const encode = (fields: unknown) => Buffer.from(JSON.stringify(fields)).toString('base64url');
    const fields = JSON.parse(Buffer.from(next!, 'base64url').toString()) as unknown[];
    const bad = [
      'v1:api:/3/movie/7',
      '%%%',
      encode([]),
      encode({ scan: '0' }),
      encode([9, ...fields.slice(1)]),
      encode([1, 'other-masters', ...fields.slice(2)]),
      encode([fields[0], fields[1], -1, '0', '', '']),
      encode([fields[0], fields[1], 0, 'FLUSHALL', '', '']),
      encode([fields[0], fields[1], 0, '0', null, 3]),
    ];
    for (const after of bad) {
      const { rows } = await tier.list({ ...PAGE, limit: 100, after });
      expect(rows.map(({ head }) => head.key).sort(), after).toEqual(KEYS);
    }
  });

  it('reads heads that are longer than one look', async () => {
    const { tier } = await open();
    const long = sample(`v1:api:/3/search/movie?query=${'x'.repeat(9000)}`, { class: 'search' });
    await tier.set(long);
    await tier.set(sample('v1:k'));
    expect(await allKeys(tier, { class: 'search' })).toEqual([long.key]);
    expect(await tier.sweep(({ class: name }) => name === 'search')).toBe(1);
  });
});

describe('the probe', () => {
  it('passes on a cluster, and fails while any one master hangs', async () => {
    const deadlines = { ...TEST_SETTINGS.deadlines, write: 400, read: 400 };
    const { tier } = await open({ deadlines });
    const reader = await open({ deadlines, writable: false });
    await tier.ping();
    await reader.tier.ping();
    for (const master of await cluster.masters()) {
      master.pause();
      try {
        await expect(tier.ping()).rejects.toMatchObject({ reason: 'deadline' });
        if (master.port % 2 === 0)
          await expect(reader.tier.ping()).rejects.toMatchObject({ name: 'RedisTrouble' });
      } finally {
        master.resume();
      }
    }
    await tier.ping();
  });

  it('leaves nothing that lasts, and nothing among the entries', async () => {
    const { tier, parts } = await open();
    await tier.ping();
    expect(await allKeys(tier)).toEqual([]);
    for (const master of await cluster.masters()) {
      for (const name of (await master.cli('keys', '*')).split('\n').filter(Boolean)) {
        expect(name.startsWith(parts.keys.entries)).toBe(false);
        expect(Number(await master.cli('pttl', name))).toBeGreaterThan(0);
      }
    }
  });
});
