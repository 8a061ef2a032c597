import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openDiskStore } from '../../../src/tiers/disk.js';
import { MemoryTier } from '../../../src/tiers/memory.js';
import { bodyFor, sample } from '../../contract/samples.js';
import { FakeClock } from '../../support/fake-clock.js';

const KiB = 1024;
const MiB = 1024 * KiB;

describe('memory of another size', () => {
  const filled = (maxBytes: number, count: number) => {
    const tier = new MemoryTier({ maxBytes });
    for (let i = 0; i < count; i++) tier.setNow(sample(`k${i}`, { body: bodyFor(`k${i}`, KiB) }));
    return tier;
  };

  it('goes down to its bound in steps, and answers between them', async () => {
    const tier = filled(16 * MiB, 5000);
    const before = tier.stats().entries;
    const shrunk = tier.resize(MiB);
    const first = tier.stats().entries;
    expect(first).toBeLessThan(before);
    expect(tier.stats().bytes).toBeGreaterThan(MiB); // a step, not all of it
    await new Promise(setImmediate);
    expect(tier.getNow(`k${4999}`)).toBeDefined();
    await shrunk;
    const { bytes, maxBytes, entries } = tier.stats();
    expect(bytes).toBeLessThanOrEqual(MiB);
    expect(maxBytes).toBe(MiB);
    expect(entries).toBeGreaterThan(100);
    for (let i = 0; i < 3000; i++) tier.setNow(sample(`n${i}`, { body: bodyFor(`n${i}`, KiB) }));
    expect(tier.stats().bytes).toBeLessThanOrEqual(MiB);
  });

  it('takes in new entries while it shrinks, and never grows by them', async () => {
    const tier = filled(16 * MiB, 5000);
    const shrunk = tier.resize(MiB);
    let last = tier.stats().bytes;
    for (let i = 0; i < 200; i++) {
      tier.setNow(sample(`n${i}`, { body: bodyFor(`n${i}`, KiB) }));
      expect(tier.stats().bytes).toBeLessThanOrEqual(last + 2);
      last = Math.max(last, tier.stats().bytes);
    }
    await shrunk;
    expect(tier.stats().bytes).toBeLessThanOrEqual(MiB);
  });

  it('grows, and what is large for the smaller one fits into the larger', async () => {
    const tier = new MemoryTier({ maxBytes: 64 * KiB });
    const large = sample('large', { body: bodyFor('large', 100 * KiB) });
    expect(tier.setNow(large)).toBe('too-large');
    await tier.resize(8 * MiB);
    expect(tier.setNow(large)).toBe('stored');
    await tier.resize(64 * KiB);
    expect(tier.peek('large')).toBeUndefined();
    await tier.resize(0);
    expect(tier.stats()).toMatchObject({ entries: 0, maxBytes: 0 });
  });

  it('the last of several bounds holds', async () => {
    const tier = filled(16 * MiB, 5000);
    await Promise.all([tier.resize(2 * MiB), tier.resize(12 * MiB), tier.resize(4 * MiB)]);
    expect(tier.stats().maxBytes).toBe(4 * MiB);
    expect(tier.stats().bytes).toBeLessThanOrEqual(4 * MiB);
  });
});

it('the disk store goes down to another bound and turns over within it', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'disk-resize-'));
  const store = await openDiskStore({ directory, maxBytes: 64 * MiB, clock: new FakeClock() });
  onTestFinished(async () => {
    await store.close();
    await rm(directory, { recursive: true });
  });
  const fill = async (from: number, count: number) => {
    for (let i = from; i < from + count; i += 50) {
      const keys = Array.from({ length: 50 }, (_, j) => `k${i + j}`);
      await Promise.all(keys.map((key) => store.set(sample(key, { body: bodyFor(key, 32 * KiB) }))));
    }
  };
  const onDisk = () =>
    Number(execFileSync('du', ['-s', '--block-size=1', directory], { encoding: 'utf8' }).split('\t')[0]);
  await fill(0, 1200);
  expect(onDisk()).toBeGreaterThan(24 * MiB);
  expect(await store.resize(24 * MiB)).toBe(24 * MiB);
  expect(onDisk()).toBeLessThanOrEqual(24 * MiB);
  expect((await store.get('k1199'))?.body.equals(bodyFor('k1199', 32 * KiB))).toBe(true);
  await fill(2000, 1000);
  await store.flush();
  expect(onDisk()).toBeLessThanOrEqual(24 * MiB);
  expect(store.stats().maxBytes).toBe(24 * MiB);
  // as much as its address space was made for
  expect(await store.resize(1000 * MiB)).toBe(3 * 64 * MiB);
  expect(await store.resize(1)).toBe(16 * MiB);
});
