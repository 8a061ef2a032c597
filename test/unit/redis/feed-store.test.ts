import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../src/clock.js';
import type { Title } from '../../../src/feed/status.js';
import type { Saved } from '../../../src/feed/store.js';
import { RedisFeedStore } from '../../../src/redis/feed-store.js';
import { RedisFeedTitles } from '../../../src/redis/feed-titles.js';
import { RedisKeys } from '../../../src/redis/keys.js';
import { RedisLink } from '../../../src/redis/link.js';
import type { RedisAddress } from '../../../src/redis/options.js';
import { PATIENCE_MS } from '../../support/patience.js';
import {
  LINK_SETTINGS,
  type RedisCluster,
  type RedisServer,
  standaloneAddress,
  startRedis,
  startRedisCluster,
} from '../../support/redis-server.js';

let server: RedisServer;
let cluster: RedisCluster;
const links: RedisLink[] = [];

beforeAll(async () => {
  [server, cluster] = await Promise.all([startRedis(), startRedisCluster()]);
}, 60_000);
afterAll(async () => {
  await Promise.all(links.map((link) => link.close()));
  await Promise.all([server.stop(), cluster.stop()]);
});

function open(address: RedisAddress): Promise<RedisLink> {
  return new Promise((resolve) => {
    const events = { onReady: () => resolve(link) };
    const link = new RedisLink({ address, settings: LINK_SETTINGS, clock: systemClock, events });
    links.push(link);
    link.open();
  });
}

const bytes = (...values: number[]) => Buffer.from(values);
const saved = (date: number, more: Partial<Saved> = {}): Saved => ({
  coverage: 'c1',
  date,
  text: '{"v":1}',
  lists: { movie: bytes(0, 255, 10, 13), tv: bytes(), person: Buffer.alloc(100_000, 200) },
  ...more,
});
const MODES = ['standalone', 'cluster'] as const;
const addressOf = (mode: (typeof MODES)[number]) =>
  mode === 'cluster' ? cluster.address : standaloneAddress(server.port);

describe.each(MODES)('progress of the feed on a %s', (mode) => {
  const store = async (prefix: string) =>
    new RedisFeedStore(await open(addressOf(mode)), new RedisKeys(prefix), 1000);

  it('is kept byte for byte, and says how old it is by the clock of Redis', async () => {
    const feed = await store('kept:');
    expect([await feed.look(), await feed.load()]).toEqual([undefined, undefined]);
    const began = Date.now();
    expect(await feed.save(saved(1000), 60_000)).toBe(true);
    const glance = (await feed.look())!;
    const most = Date.now() - began;
    expect(glance).toMatchObject({ coverage: 'c1', date: 1000 });
    expect(glance.ageMs).toBeLessThanOrEqual(most);
    expect(glance.aliveMs).toBeGreaterThanOrEqual(60_000 - most);
    expect(await feed.load()).toEqual(saved(1000));
  });

  it('of an older reading does not replace a later one; that of another coverage does', async () => {
    const feed = await store('older:');
    await feed.save(saved(2000), 60_000);
    expect(await feed.save(saved(1999, { text: 'late' }), 60_000)).toBe(false);
    expect((await feed.load())!.text).toBe('{"v":1}');
    expect(await feed.save(saved(2000, { text: 'same second' }), 60_000)).toBe(true);
    expect(await feed.save(saved(5, { coverage: 'c2' }), 60_000)).toBe(true);
    expect(await feed.look()).toMatchObject({ coverage: 'c2', date: 5 });
  });

  it('that is not complete vouches for nothing', async () => {
    const feed = await store('part:');
    await feed.save(saved(1), undefined);
    expect(await feed.look()).toMatchObject({ ageMs: undefined, aliveMs: 0 });
    await feed.save(saved(2), 1500);
    expect((await feed.look())!.aliveMs).toBeGreaterThan(0);
    await vi.waitFor(async () => expect((await feed.look())!.aliveMs).toBe(0), PATIENCE_MS);
    const late = (await feed.look())!;
    expect(late.aliveMs).toBe(0);
    expect(late.ageMs).toBeGreaterThanOrEqual(100);
    await feed.save(saved(3), undefined);
    expect((await feed.look())!.ageMs).toBeGreaterThanOrEqual(100);
  });
});

describe.each(MODES)('titles that nodes have cached, on a %s', (mode) => {
  const titles = async (prefix: string) =>
    new RedisFeedTitles(await open(addressOf(mode)), new RedisKeys(prefix), 1000);
  const asked: Title[] = [
    { kind: 'movie', id: 1 },
    { kind: 'tv', id: 1 },
    { kind: 'person', id: 6_000_000 },
    { kind: 'movie', id: 2 },
  ];

  it('are unknown until somebody has gone through everything, then exact', async () => {
    const all = await titles('bits:');
    await all.add([asked[0]!, asked[2]!]);
    expect(await all.which('c1', asked)).toBe('lost');
    await all.begin('c1');
    expect(await all.which('c1', asked)).toBe('open');
    await all.complete('c1');
    expect(await all.which('c1', asked)).toEqual([true, false, true, false]);
    expect(await all.which('c1', [])).toEqual([]);
  });

  it('are kept for one coverage, and gone through anew for the next', async () => {
    const all = await titles('next:');
    await all.begin('c1');
    await all.complete('c1');
    await all.begin('c2');
    await all.complete('c1'); // late
    expect(await all.which('c1', asked)).toBe('lost');
    expect(await all.which('c2', asked)).toBe('open');
    await all.complete('c2');
    expect(await all.which('c2', asked)).toHaveLength(4);
  });

  it.each(['tv', 'since'])(
    'are lost with one of the keys (%s), until another coverage begins',
    async (name) => {
      const link = await open(addressOf(mode));
      const keys = new RedisKeys(`lost-${name}:`);
      const all = new RedisFeedTitles(link, keys, 1000);
      await all.begin('c1');
      await all.complete('c1');
      expect(await all.which('c1', asked)).toHaveLength(4);
      await link.call('del', 1000, (client) => client.del(keys.bus(`feed:cached:${name}`)));
      expect(await all.which('c1', asked)).toBe('lost');
      // A node that restarts goes through its disk: that does not bring back what others had noted.
      await all.add(asked);
      await all.complete('c1');
      expect(await all.which('c1', asked)).toBe('lost');
      await all.begin('c2');
      await all.complete('c2');
      expect(await all.which('c2', asked)).toHaveLength(4);
    },
  );
});

it('titles are lost when the server restarts from a snapshot: what was noted since is not in it', async () => {
  const own = await startRedis();
  const all = new RedisFeedTitles(await open(standaloneAddress(own.port)), new RedisKeys('back:'), 1000);
  const [early, late]: Title[] = [
    { kind: 'movie', id: 550 },
    { kind: 'movie', id: 551 },
  ];
  await all.begin('c1');
  await all.add([early!]);
  await all.complete('c1');
  await own.cli('save');
  await all.add([late!]);
  expect(await all.which('c1', [early!, late!])).toEqual([true, true]);
  await own.restart();
  await vi.waitFor(async () => expect(await all.which('c1', [early!, late!])).toBe('lost'), 20_000);
  // The snapshot was there: only the run tells.
  expect(await own.cli('getbit', new RedisKeys('back:').bus('feed:cached:movie'), '550')).toBe('1');
  await all.begin('c2');
  await all.complete('c2');
  expect(await all.which('c2', [early!, late!])).toEqual([true, false]);
  await own.stop();
}, 60_000);

it('nothing of it but the sign of life has a time to live: volatile-* never evicts it', async () => {
  const link = await open(standaloneAddress(server.port));
  const keys = new RedisKeys('ttl:');
  await new RedisFeedStore(link, keys, 1000).save(saved(1), 60_000);
  await new RedisFeedTitles(link, keys, 1000).begin('c1');
  const found = (await server.cli('keys', 'ttl:*')).split('\n').toSorted();
  expect(found).toEqual(
    ['alive', 'cached:movie', 'cached:person', 'cached:since', 'cached:tv', 'state'].map((name) =>
      keys.bus(`feed:${name}`),
    ),
  );
  for (const key of found) {
    const ttl = Number(await server.cli('ttl', key));
    if (key.endsWith('alive')) expect(ttl).toBeGreaterThan(0);
    else expect(ttl).toBe(-1);
  }
});

it('while Redis is away every call ends within its deadline (I-14)', async () => {
  const own = await startRedis();
  const link = await open(standaloneAddress(own.port));
  const feed = new RedisFeedStore(link, new RedisKeys('x:'), 200);
  await feed.save(saved(1), 1000);
  own.pause();
  const began = Date.now();
  await expect(feed.look()).rejects.toMatchObject({ name: 'RedisTrouble' });
  expect(Date.now() - began).toBeLessThan(PATIENCE_MS);
  await own.stop();
});
