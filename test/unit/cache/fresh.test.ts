import { beforeEach, describe, expect, it } from 'vitest';
import { Lookup } from '../../../src/cache/lookup.js';
import { PurgeTable } from '../../../src/cache/purge-table.js';
import type { SharedRoute } from '../../../src/cache/site.js';
import { variantKey } from '../../../src/cache/variant.js';
import type { Entry } from '../../../src/tiers/entry.js';
import { MemoryTier } from '../../../src/tiers/memory.js';
import { NOW, sample } from '../../contract/samples.js';
import { FakeClock } from '../../support/fake-clock.js';

const MIB = 1024 * 1024;

/** An L2 that tells at once what it has, but for the keys that take waiting. */
class PromptTier extends MemoryTier {
  readonly slow = new Set<string>();
  reads = 0;

  override readonly name = 'disk';

  lookNow(key: string): Entry | undefined | 'ask' {
    if (this.slow.has(key)) return 'ask';
    this.reads += 1;
    return this.getNow(key)?.entry;
  }
}

let clock: FakeClock;
let memory: MemoryTier;
let l2: PromptTier;
let purges: PurgeTable;
let lookup: Lookup;

beforeEach(() => {
  clock = new FakeClock(NOW);
  memory = new MemoryTier({ maxBytes: 16 * MIB });
  l2 = new PromptTier({ maxBytes: 16 * MIB });
  purges = new PurgeTable(7);
  lookup = new Lookup({ memory, l2, purges, clock });
});

const route = (headers: readonly string[] = []): SharedRoute => ({
  kind: 'shared',
  upstream: 'api',
  key: 'v1:k',
  class: 'detail',
  tags: [],
  target: '/k',
  headers,
});
const fresh = (headers?: readonly string[]) => lookup.fresh(route(headers), clock.now());
const counts = () => {
  const [here, there] = [memory.stats(), l2.stats()];
  return [here.hits, here.misses, there.hits, there.misses];
};
const purge = (soft: boolean) =>
  purges.apply({ scope: { kind: 'key', name: 'v1:k' }, soft, seq: 8, at: clock.now() });

describe('what may be answered at once', () => {
  it('is a fresh entry in memory, counted as one hit', () => {
    const entry = sample('v1:k');
    lookup.remember(entry, NOW);
    expect(fresh()).toEqual({ entry, tier: 'memory', staleSince: Number.POSITIVE_INFINITY });
    expect(counts()).toEqual([1, 0, 0, 0]);
  });

  it('is a fresh entry in an L2 that tells at once; memory has it from then on', async () => {
    const entry = sample('v1:k');
    l2.setNow(entry);
    expect(fresh()).toMatchObject({ entry });
    expect(counts()).toEqual([0, 1, 1, 0]);
    expect(fresh()).toMatchObject({ tier: 'memory' });
    expect(counts()).toEqual([1, 1, 1, 0]);
    clock.advance(entry.memoryFor);
    l2.deleteNow('v1:k');
    expect(fresh()).toBeUndefined();
  });

  it('is what memory has when L2, asked again after the memory TTL, has nothing newer (I-9)', () => {
    const entry = sample('v1:k');
    lookup.remember(entry, NOW);
    l2.setNow({ ...entry });
    clock.advance(entry.memoryFor);
    expect(fresh()).toMatchObject({ tier: 'memory' });
    expect(l2.reads).toBe(1);
    expect(fresh()).toMatchObject({ tier: 'memory' });
    expect(l2.reads).toBe(1);
  });

  it('is what another process has put into L2 since, when the memory TTL is over', () => {
    lookup.remember(sample('v1:k'), NOW);
    clock.advance(60_000);
    const newer = sample('v1:k', { storedAt: clock.now(), headers: ['X-New', '1'] });
    l2.setNow(newer);
    expect(fresh()).toMatchObject({ entry: newer });
  });

  it('is the variant for the request, here and there', () => {
    const vary = ['x-tint'];
    const marker = sample('v1:k', { marker: true, vary, headers: [], body: Buffer.alloc(0) });
    const red = ['X-Tint', 'red'];
    const key = variantKey('v1:k', vary, red);
    l2.setNow(marker);
    l2.setNow(sample(key, { primaryKey: 'v1:k', vary }));
    expect(fresh(red)).toMatchObject({ entry: { key } });
    expect(fresh(red)).toMatchObject({ tier: 'memory' });
    expect(fresh(['X-Tint', 'blue'])).toBeUndefined();
    l2.slow.add(variantKey('v1:k', vary, ['X-Tint', 'green']));
    expect(fresh(['X-Tint', 'green'])).toBe('ask');
  });
});

describe('what may not be answered at once', () => {
  const places: [string, (entry: Entry) => void][] = [
    ['memory', (entry) => lookup.remember(entry, clock.now())],
    ['L2', (entry) => l2.setNow(entry)],
  ];
  describe.each(places)('though it is in %s', (place, put) => {
    const nothing = place === 'memory' ? [0, 0, 0, 0] : [0, 0, 1, 0];

    it.each([
      ['stale', { lifetime: 0, ageAtStore: 0 }],
      ['at the very end of its lifetime', { lifetime: 5000, ageAtStore: 5000 }],
      ['a part', { status: 206, headers: ['Content-Range', 'bytes 0-9/100'] }],
    ])('is what is %s; memory counts nothing', (_what, changes) => {
      put(sample('v1:k', changes));
      expect(fresh()).toBeUndefined();
      expect(counts()).toEqual(nothing);
    });

    it('is what a hard purge names (I-1)', () => {
      put(sample('v1:k'));
      purge(false);
      expect(fresh()).toBeUndefined();
    });

    it('is what a soft purge names (I-5)', () => {
      put(sample('v1:k'));
      purge(true);
      expect(fresh()).toBeUndefined();
    });
  });

  it('is a marker without the variant', () => {
    l2.setNow(sample('v1:k', { marker: true, vary: ['x-tint'], headers: [], body: Buffer.alloc(0) }));
    expect(fresh(['X-Tint', 'red'])).toBeUndefined();
  });

  it('is what L2 would have to be waited for', async () => {
    l2.slow.add('v1:k');
    l2.setNow(sample('v1:k'));
    expect(fresh()).toBe('ask');
    expect(counts()).toEqual([0, 0, 0, 0]);
    expect(await lookup.freshLater(route())).toMatchObject({ tier: 'disk', entry: { key: 'v1:k' } });
    expect(counts()).toEqual([0, 1, 1, 0]);
  });
});

describe('a look after one that could not be answered at once', () => {
  it('does not ask L2 again for what it has not, nor count it twice', async () => {
    expect(fresh()).toBeUndefined();
    expect(lookup.now(route())).toBeUndefined();
    expect(await lookup.look(route())).toBe('uri-miss');
    expect(counts()).toEqual([0, 1, 0, 1]);
  });

  it('is counted once also where a process takes its time to hand a request on', async () => {
    expect(fresh()).toBeUndefined();
    clock.advance(50);
    expect(await lookup.look(route())).toBe('uri-miss');
    expect(l2.stats().misses).toBe(1);
  });

  it('takes the stale entry that was read, and judges purges only then', async () => {
    l2.setNow(sample('v1:k', { lifetime: 0, ageAtStore: 0 }));
    expect(fresh()).toBeUndefined();
    expect(await lookup.look(route())).toMatchObject({ entry: { key: 'v1:k' } });
    expect(counts()).toEqual([0, 0, 1, 0]);
    memory.deleteNow('v1:k');
    expect(fresh()).toBeUndefined();
    purge(false);
    expect(await lookup.look(route())).toBe('uri-miss');
  });

  it.each([
    ['at once', 'v1:other'],
    ['after a wait', 'v1:k'],
  ])('takes what is softly purged for what L2 has, where L2 told %s', async (_when, slow) => {
    l2.slow.add(slow);
    l2.setNow(sample('v1:k'));
    purge(true);
    if (fresh() === 'ask') expect(await lookup.freshLater(route())).toBeUndefined();
    expect(memory.peek('v1:k')).toBeUndefined();
    expect(await lookup.look(route())).toMatchObject({ tier: 'disk', staleSince: clock.now() });
    expect(l2.stats().hits).toBe(1);
  });

  it('is spared for each of many that were asked for together', async () => {
    const keys = ['v1:a', 'v1:b', 'v1:c'];
    for (const key of keys) expect(lookup.fresh({ ...route(), key }, clock.now())).toBeUndefined();
    for (const key of keys) expect(await lookup.look({ ...route(), key })).toBe('uri-miss');
    expect(counts()).toEqual([0, 0, 0, 3]);
  });

  it('a flood of what is nowhere is not held back for whoever never looks', () => {
    for (let n = 0; n < 1000; n++) lookup.fresh({ ...route(), key: `v1:${n}` }, clock.now());
    const before = l2.reads;
    for (let n = 0; n < 1000; n++) void lookup.look({ ...route(), key: `v1:${n}` });
    expect(l2.reads - before).toBeGreaterThanOrEqual(1000 - 64);
  });

  it('what is of no use is neither counted nor brought into memory', async () => {
    l2.setNow(sample('v1:k'));
    expect(lookup.fresh(route(), clock.now(), () => false)).toBeUndefined();
    expect([memory.peek('v1:k'), memory.stats().misses]).toEqual([undefined, 0]);
    expect(await lookup.look(route())).toMatchObject({ entry: { key: 'v1:k' }, tier: l2.name });
    expect(lookup.fresh(route(), clock.now(), () => false)).toBeUndefined();
    expect(memory.stats().hits).toBe(0);
  });

  it('asks L2 itself when it is for another key, comes later, or was made before', async () => {
    fresh();
    l2.setNow(sample('v1:k'));
    l2.setNow(sample('v1:other'));
    expect(await lookup.look({ ...route(), key: 'v1:other' })).toMatchObject({ entry: { key: 'v1:other' } });
    expect(await lookup.look(route())).toBe('uri-miss'); // what was read
    expect(await lookup.look(route())).toMatchObject({ entry: { key: 'v1:k' } });

    l2.deleteNow('v1:k');
    memory.deleteNow('v1:k');
    fresh();
    clock.advance(100);
    l2.setNow(sample('v1:k'));
    expect(await lookup.look(route())).toMatchObject({ entry: { key: 'v1:k' } });
  });
});
