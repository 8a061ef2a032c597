import { expect, it } from 'vitest';
import { hashOf, RecentMarks } from '../../../src/tiers/recent-marks.js';
import { MOST_USES, type Queued, SecondChanceCache } from '../../../src/tiers/second-chance.js';
import { ShardedCache, shardOf } from '../../../src/tiers/sharded.js';

function cacheOf(maxBytes: number) {
  let evictions = 0;
  const cache = new SecondChanceCache<Queued>(maxBytes, () => {
    evictions++;
  });
  const add = (key: string, bytes = 1) => cache.set(key, { bytes, uses: 0 });
  const use = (key: string) => {
    const record = cache.get(key);
    if (record !== undefined && record.uses < MOST_USES) record.uses++;
    return record !== undefined;
  };
  return { cache, add, use, evictions: () => evictions };
}

it('unique keys never make it larger than its bytes (I-17)', () => {
  const { cache, add, evictions } = cacheOf(1000);
  for (let i = 0; i < 10_000; i++) {
    add(`k${i}`, 1 + (i % 50));
    expect(cache.bytes).toBeLessThanOrEqual(1000);
  }
  expect(evictions()).toBe(10_000 - cache.size);
});

it('nothing leaves while there is room', () => {
  const { cache, add, evictions } = cacheOf(100);
  for (let i = 0; i < 100; i++) add(`k${i}`);
  expect(cache.size).toBe(100);
  expect(evictions()).toBe(0);
});

it('tells what nobody had asked for from what there was no room for', () => {
  const told: boolean[] = [];
  const cache = new SecondChanceCache<Queued>(100, (unused) => told.push(unused));
  for (let i = 0; i < 300; i++) cache.set(`crawled ${i}`, { bytes: 1, uses: 0 });
  expect(new Set(told)).toEqual(new Set([true]));
  for (let i = 0; i < 300; i++) cache.set(`popular ${i}`, { bytes: 1, uses: 0 });
  told.length = 0;
  for (let i = 0; i < 500; i++) {
    cache.set(`asked for ${i}`, { bytes: 1, uses: 0 });
    cache.get(`asked for ${i}`)!.uses += 1;
  }
  expect(told.slice(-100)).toEqual(Array.from({ length: 100 }, () => false));
});

it('a scan does not drive out what is asked for', () => {
  const { add, use } = cacheOf(100);
  const popular = Array.from({ length: 50 }, (_, i) => `popular ${i}`);
  for (const key of popular) add(key);
  for (const key of popular) use(key);
  for (let i = 0; i < 5000; i++) {
    add(`crawled ${i}`);
    if (i % 10 === 0) use(popular[(i / 10) % 50]!);
  }
  expect(popular.filter(use)).toHaveLength(50);
});

it('what comes back soon after it was evicted is let into the main part', () => {
  const { add, use } = cacheOf(100);
  for (let i = 0; i < 100; i++) add(`a${i}`);
  add('back');
  for (let i = 0; i < 110; i++) add(`b${i}`);
  expect(use('back')).toBe(false);
  add('back');
  for (let i = 0; i < 200; i++) add(`c${i}`);
  expect(use('back')).toBe(true);
});

it('what was popular once leaves when nobody asks for it any more', () => {
  const { add, use } = cacheOf(100);
  for (let i = 0; i < 100; i++) {
    add(`old ${i}`);
    for (let n = 0; n < 10; n++) use(`old ${i}`);
  }
  for (let round = 0; round < 20; round++) {
    for (let i = 0; i < 80; i++) {
      if (!use(`new ${i}`)) add(`new ${i}`);
    }
  }
  expect(Array.from({ length: 80 }, (_, i) => use(`new ${i}`)).filter(Boolean).length).toBeGreaterThan(70);
});

it('a newcomer is always taken in, and a replacement keeps its place', () => {
  const { cache, add, use } = cacheOf(100);
  for (let i = 0; i < 1000; i++) {
    add(`k${i}`);
    expect(cache.get(`k${i}`)).toBeDefined();
  }
  use('k999');
  add('k999', 5);
  expect(cache.get('k999')).toEqual({ bytes: 5, uses: 1 });
  expect(cache.keys().filter((key) => key === 'k999')).toHaveLength(1);
  expect(cache.delete('k999')).toBe(true);
  expect(cache.delete('k999')).toBe(false);
  expect(cache.get('k999')).toBeUndefined();
});

it('a full cache of popular records is not walked for one newcomer', () => {
  const { cache, add, use } = cacheOf(10_000);
  for (let i = 0; i < 10_000; i++) add(`k${i}`);
  for (const key of cache.keys()) for (let n = 0; n < MOST_USES; n++) use(key);
  const before = cache.keys();
  add('newcomer');
  const spared = before.filter((key) => (cache.get(key)?.uses ?? MOST_USES) < MOST_USES);
  expect(spared.length).toBeLessThanOrEqual(256);
});

it('shards together hold no more than the whole, and every key is found in its own', () => {
  const cache = new ShardedCache<Queued>(1000, () => {}, 100);
  expect(cache.shardBytes).toBe(100);
  for (let i = 0; i < 5000; i++) cache.set(`k${i}`, { bytes: 1, uses: 0 });
  expect(cache.bytes).toBeLessThanOrEqual(1000);
  expect(cache.bytes).toBeGreaterThan(990);
  const keys = [...cache.keys()];
  expect(new Set(keys).size).toBe(cache.size);
  expect(keys.every((key) => cache.get(key) !== undefined)).toBe(true);
  expect(keys.every((key) => cache.delete(key))).toBe(true);
  expect(cache.size).toBe(0);
});

it('marks are taken once, and are as good when the table has grown', () => {
  const marks = new RecentMarks();
  marks.note('a', 1);
  expect(marks.take('a')).toBe(true);
  expect(marks.take('a')).toBe(false);
  for (let i = 0; i < 10_000; i++) marks.note(`k${i}`, 10_000);
  const known = Array.from({ length: 10_000 }, (_, i) => marks.take(`k${i}`)).filter(Boolean);
  expect(known.length).toBeGreaterThan(8000);
  const strangers = Array.from({ length: 10_000 }, (_, i) => marks.take(`stranger ${i}`)).filter(Boolean);
  expect(strangers.length).toBeLessThan(100);
});

it.each([2, 14, 28])(
  'each of %i shards has an equal part of the keys, and uses all of its marks',
  (count) => {
    const slots = Array.from({ length: count }, () => new Set<number>());
    const keys = Array.from({ length: count }, () => 0);
    for (let n = 0; n < count * 8000; n++) {
      const key = `v1:api:/3/movie/${n}`;
      const shard = shardOf(key, count);
      keys[shard]! += 1;
      slots[shard]!.add(hashOf(key) & 1023);
    }
    for (let shard = 0; shard < count; shard++) {
      expect(keys[shard]).toBeGreaterThan(7000);
      expect(slots[shard]!.size).toBeGreaterThan(1000);
    }
  },
);
