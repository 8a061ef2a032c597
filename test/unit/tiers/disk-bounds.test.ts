import { execFileSync } from 'node:child_process';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type DiskStore, openDiskStore } from '../../../src/tiers/disk.js';
import { DiskIndex } from '../../../src/tiers/disk-index.js';
import { SegmentLog } from '../../../src/tiers/disk-log.js';
import { Reclaimer } from '../../../src/tiers/disk-reclaim.js';
import { bodyFor, NOW, sample } from '../../contract/samples.js';
import { FakeClock } from '../../support/fake-clock.js';

const MiB = 1024 * 1024;
let directory: string;
let clock: FakeClock;
let store: DiskStore;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'disk-bounds-'));
  clock = new FakeClock();
});

afterEach(async () => {
  await store.close();
  await rm(directory, { recursive: true });
});

function broken(): never {
  throw new Error('a damaged page');
}

/** What the file system says the directory takes. */
function physicalBytes(): number {
  return Number(execFileSync('du', ['-s', '--block-size=1', directory], { encoding: 'utf8' }).split('\t')[0]);
}

const keyOf = (i: number): string =>
  `v1:api:/3/movie/${i}?append_to_response=credits%2Cimages&language=en-US`;
const sizeOf = (i: number): number => 200 + ((i * 7919) % 6000);

it('reads its own writes before they are in its files, and not what it has removed meanwhile', async () => {
  store = await openDiskStore({ directory, maxBytes: 48 * MiB, clock });
  const first = store.set(sample('k', { status: 201 }));
  expect((await store.get('k'))?.status).toBe(201);
  const second = store.set(sample('k', { status: 202 }));
  expect((await store.get('k'))?.status).toBe(202);
  const removed = store.delete('k');
  expect(await store.get('k')).toBeUndefined();
  await Promise.all([first, second, removed]);
  expect(await store.get('k')).toBeUndefined();
  await store.set(sample('k', { status: 203 }));
  expect((await store.get('k'))?.status).toBe(203);
});

describe('what a fault beside the writing itself costs', () => {
  const full = Object.assign(new Error('no space'), { code: 'ENOSPC' });
  it.each([
    ['a row that can not be read', () => [vi.spyOn(DiskIndex.prototype, 'facts').mockImplementation(broken)]],
    [
      'a full medium on which nothing can be given up either',
      () => [
        vi.spyOn(SegmentLog.prototype, 'append').mockRejectedValue(full),
        vi.spyOn(Reclaimer.prototype, 'giveUpOne').mockRejectedValue(full),
      ],
    ],
  ])('%s: who waits is told, and there is room again', async (_fault, begin) => {
    store = await openDiskStore({ directory, maxBytes: 48 * MiB, clock, maxPendingBytes: MiB });
    const faults = begin();
    const big = (key: string) => sample(key, { body: bodyFor(key, 600_000) });
    expect(await Promise.all([store.set(big('a')), store.delete('b')])).toEqual(['failed', false]);
    expect(await store.get('a')).toBeUndefined();
    expect(await store.set(big('a'))).toBe('failed');
    for (const fault of faults) fault.mockRestore();
    expect(await store.set(big('a'))).toBe('stored');
  });
});

it('tells its size where its directory can no longer be looked at', async () => {
  const folder = join(directory, 'store');
  store = await openDiskStore({ directory: folder, maxBytes: 48 * MiB, clock });
  await store.set(sample('k'));
  const { fileBytes } = store.stats();
  await rename(folder, `${folder}-away`);
  await writeFile(folder, 'a file in its place');
  expect(store.stats().fileBytes).toBe(fileBytes);
});

describe('bounds of the disk store (I-17)', () => {
  it('stays within its bytes on disk under 50 000 unique keys, overwrites and deletions', async () => {
    const maxBytes = 24 * MiB;
    store = await openDiskStore({ directory, maxBytes, clock });
    let highest = 0;
    for (let i = 0; i < 50_000; i += 500) {
      const work: Promise<unknown>[] = [];
      for (let j = i; j < i + 500; j += 1)
        work.push(store.set(sample(keyOf(j), { body: bodyFor(keyOf(j), sizeOf(j)) })));
      for (let j = i; j < i + 50; j += 1) {
        const older = keyOf(Math.max(0, j - 3000));
        work.push(
          store.set(sample(older, { body: bodyFor(older, sizeOf(j)) })),
          store.delete(keyOf(j - 5000)),
        );
      }
      await Promise.all(work);
      if (i % 5000 === 0) highest = Math.max(highest, physicalBytes());
      expect(store.stats().fileBytes).toBeLessThanOrEqual(maxBytes);
    }
    highest = Math.max(highest, physicalBytes());
    expect(highest).toBeLessThanOrEqual(maxBytes);
    const stats = store.stats();
    expect(stats).toMatchObject({ corrupt: 0, errors: 0, refused: 0 });
    // Not by keeping little: most of the bound holds entries.
    expect(stats.bytes).toBeGreaterThan(0.75 * maxBytes);
    for (let i = 49_000; i < 50_000; i += 100) {
      expect((await store.get(keyOf(i)))?.body.equals(bodyFor(keyOf(i), sizeOf(i)))).toBe(true);
    }
  }, 180_000);

  it('stays within its bytes when entries have no bodies and only the index grows', async () => {
    const maxBytes = 16 * MiB;
    store = await openDiskStore({ directory, maxBytes, clock });
    for (let i = 0; i < 40_000; i += 500) {
      const sets = Array.from({ length: 500 }, (_, j) =>
        store.set(sample(keyOf((i + j) * 7907), { body: Buffer.alloc(0) })),
      );
      await Promise.all(sets);
      expect(store.stats().fileBytes).toBeLessThanOrEqual(maxBytes);
    }
    expect(physicalBytes()).toBeLessThanOrEqual(maxBytes);
    expect(store.stats().entries).toBeGreaterThan(5000);
    expect(await store.get(keyOf(39_999 * 7907))).toBeDefined();
  }, 60_000);

  it('stays within its bytes with bodies from 1 kB to 2 MB, and keeps the small ones readable', async () => {
    const maxBytes = 32 * MiB;
    store = await openDiskStore({ directory, maxBytes, clock });
    for (let i = 0; i < 600; i += 1) {
      const length = i % 10 === 0 ? 2_000_000 - i * 1000 : 1000 + i * 50;
      expect(await store.set(sample(`v1:image:/${i}`, { body: bodyFor(`${i}`, length) }))).toBe('stored');
      if (i % 50 === 0) expect(physicalBytes()).toBeLessThanOrEqual(maxBytes);
    }
    expect(physicalBytes()).toBeLessThanOrEqual(maxBytes);
    expect((await store.get('v1:image:/599'))?.body.equals(bodyFor('599', 1000 + 599 * 50))).toBe(true);
  });

  it('evicts what is not used and keeps what is (LRU), also when only readers use it', async () => {
    store = await openDiskStore({ directory, maxBytes: 16 * MiB, clock });
    const hot = Array.from({ length: 50 }, (_, i) => `v1:hot:${i}`);
    for (const key of hot) await store.set(sample(key, { body: bodyFor(key, 4000) }));
    for (let i = 0; i < 20_000; i += 100) {
      await Promise.all(
        Array.from({ length: 100 }, (_, j) =>
          store.set(sample(keyOf(i + j), { body: bodyFor('cold', 4000) })),
        ),
      );
      await Promise.all(hot.slice(0, 25).map((key) => store.get(key)));
      store.touch(hot.slice(25, 40));
    }
    const kept = await Promise.all(
      hot.map(async (key) => (await store.get(key))?.body.equals(bodyFor(key, 4000)) === true),
    );
    expect(kept.slice(0, 40)).toEqual(new Array(40).fill(true));
    expect(kept.slice(40)).toEqual(new Array(10).fill(false));
    expect(store.stats().evictions).toBeGreaterThan(15_000);
  }, 120_000);

  it('removes entries in the background when even their stale windows have ended', async () => {
    store = await openDiskStore({ directory, maxBytes: 16 * MiB, clock, stepEvery: 1000 });
    for (let i = 0; i < 1500; i += 1) {
      const lifetime = i % 2 === 0 ? 10_000 : 10_000_000;
      const times = { storedAt: NOW, ageAtStore: 0, lifetime, staleIfError: 5000 };
      await store.set(sample(`v1:k${i}`, { ...times, headers: [] }));
    }
    clock.advance(13_000);
    await steps(1);
    expect(store.stats()).toMatchObject({ entries: 1500, expired: 0 });
    await vi.waitFor(async () => {
      await steps(1);
      expect(store.stats()).toMatchObject({ entries: 750, expired: 750 });
    }, 10_000);
    expect(await store.get('v1:k1')).toBeDefined();
  });

  it('keeps what is past its use for keepMs, and then removes it', async () => {
    store = await openDiskStore({ directory, maxBytes: 16 * MiB, clock, stepEvery: 1000, keepMs: 60_000 });
    const times = { storedAt: NOW, ageAtStore: 0, lifetime: 10_000, staleIfError: 0, headers: [] };
    await store.set(sample('v1:kept', times));
    await store.set(sample('v1:search', { ...times, class: 'search' }));
    clock.advance(30_000);
    await vi.waitFor(async () => {
      await steps(1);
      expect(store.stats()).toMatchObject({ entries: 1, expired: 1 });
    }, 10_000);
    expect(await store.get('v1:kept')).toBeDefined();
    clock.advance(30_001);
    await vi.waitFor(async () => {
      await steps(1);
      expect(store.stats()).toMatchObject({ entries: 0, expired: 2 });
    }, 10_000);
  });

  it('does not turn a slow disk into memory: over the pending bound sets are not admitted', async () => {
    store = await openDiskStore({ directory, maxBytes: 64 * MiB, clock, maxPendingBytes: MiB });
    const sets = Array.from({ length: 40 }, (_, i) =>
      store.set(sample(`v1:k${i}`, { body: bodyFor('x', 100_000) })),
    );
    const results = await Promise.all(sets);
    expect(results.filter((result) => result === 'stored').length).toBe(10);
    expect(results.filter((result) => result === 'not-admitted').length).toBe(30);
    expect(store.stats()).toMatchObject({ entries: 10, refused: 30, errors: 0 });
    expect(await store.set(sample('v1:later', { body: bodyFor('x', 100_000) }))).toBe('stored');
  });

  it('starts with a smaller bound than it was left with and comes down to it', async () => {
    store = await openDiskStore({ directory, maxBytes: 64 * MiB, clock });
    for (let i = 0; i < 24_000; i += 500) {
      await Promise.all(
        Array.from({ length: 500 }, (_, j) =>
          store.set(sample(keyOf((i + j) * 7907), { body: bodyFor('x', 300) })),
        ),
      );
    }
    await store.close();
    expect(physicalBytes()).toBeGreaterThan(24 * MiB);
    store = await openDiskStore({ directory, maxBytes: 16 * MiB, clock });
    expect(physicalBytes()).toBeLessThanOrEqual(16 * MiB);
    expect(await store.set(sample('v1:new'))).toBe('stored');
    expect(store.stats().entries).toBeGreaterThan(2000);
    expect(store.stats()).toMatchObject({ corrupt: 0, errors: 0 });
  });
});

/** Moves time by a second each, and lets the background step that it brings finish. */
async function steps(count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    clock.advance(1000);
    await store.flush();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
