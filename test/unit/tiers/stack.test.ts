import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryTier } from '../../../src/tiers/memory.js';
import { FallbackTier, type StackStatus } from '../../../src/tiers/stack.js';
import { sample } from '../../contract/samples.js';
import { FakeClock, settle } from '../../support/fake-clock.js';
import { FakeRemoteTier } from '../../support/fake-remote-tier.js';

let clock: FakeClock;
let primary: FakeRemoteTier;
let fallback: FakeRemoteTier;
let disk: MemoryTier;
let stack: FallbackTier;
let told: StackStatus['inUse'][];
let beforeReturn: () => Promise<void>;

beforeEach(async () => {
  clock = new FakeClock();
  primary = new FakeRemoteTier();
  fallback = new FakeRemoteTier();
  disk = new MemoryTier({ maxBytes: 16 * 1024 * 1024 });
  told = [];
  beforeReturn = async () => {};
  stack = new FallbackTier({
    stages: [
      { label: 'primary', tier: primary, beforeReturn: () => beforeReturn() },
      { label: 'fallback', tier: fallback, beforeReturn: async () => {} },
    ],
    last: disk,
    clock,
    onChange: ({ inUse }) => told.push(inUse),
  });
});

async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 50) {
    clock.advance(50);
    await settle(2);
  }
}

describe('FallbackTier', () => {
  it('uses the last tier until a stage has answered', async () => {
    expect(stack.status().inUse).toBe('disk');
    expect(await stack.set(sample('v1:k'))).toBe('stored');
    expect(await disk.get('v1:k')).toBeDefined();
    expect(primary.writes).toBe(0);
    await stack.start();
    expect(stack.status().inUse).toBe('primary');
    expect(stack.name).toBe('redis');
  });

  it('says of a list whether it is that of the first stage: what stands in for it has other entries', async () => {
    const query = { after: '', limit: 10, contains: '', scanLimit: 100 };
    expect((await stack.list(query)).incomplete).toBe(true);
    await stack.start();
    expect((await stack.list(query)).incomplete).toBeUndefined();
    primary.fault = 'refuses';
    await stack.get('v1:k');
    await pass(5000);
    expect(stack.status().inUse).toBe('fallback');
    expect((await stack.list(query)).incomplete).toBe(true);
  });

  it('answers a request from the next tier when the one in use fails, and does so no request an error', async () => {
    await stack.start();
    await fallback.set(sample('v1:k'));
    primary.fault = 'refuses';
    expect(await stack.get('v1:k')).toBeDefined();
    expect(await stack.set(sample('v1:new'))).toBe('stored');
    expect(await fallback.get('v1:new')).toBeDefined();
    fallback.fault = 'refuses';
    expect(await stack.set(sample('v1:newer'))).toBe('stored');
    expect(await disk.get('v1:newer')).toBeDefined();
  });

  it('does not ask an open stage: no request pays its deadline again', async () => {
    await stack.start();
    primary.fault = 'refuses';
    for (let i = 0; i < 100; i++) await stack.get('v1:k');
    expect(primary.reads).toBe(3);
    expect(stack.status()).toMatchObject({
      inUse: 'fallback',
      stages: [
        { label: 'primary', state: 'open', reason: 'fake redis read: refuses', failures: 3 },
        { label: 'fallback', state: 'closed', reason: undefined, failures: 0 },
      ],
    });
  });

  it('no request waits for a probe that hangs', async () => {
    primary.fault = 'hangs';
    void stack.start();
    await settle();
    await stack.set(sample('v1:k'));
    expect(await stack.get('v1:k')).toBeDefined();
    expect(primary.reads).toBe(0);
    primary.release();
  });

  it('a miss of a working stage is a miss: nothing below is asked', async () => {
    await stack.start();
    await disk.set(sample('v1:k'));
    expect(await stack.get('v1:k')).toBeUndefined();
    expect(fallback.reads).toBe(0);
  });

  it.each(['too-large', 'fenced', 'read-only'] as const)('takes `%s` as final', async (result) => {
    await stack.start();
    primary.write = async () => result;
    expect(await stack.set(sample('v1:k'))).toBe(result);
    expect(fallback.writes).toBe(0);
    expect(disk.stats().entries).toBe(0);
  });

  it('deletes wherever it can, so that the key does not come back from below', async () => {
    await stack.start();
    await disk.set(sample('v1:k'));
    await fallback.set(sample('v1:k'));
    expect(await stack.delete('v1:k')).toBe(true);
    primary.fault = 'refuses';
    fallback.fault = 'refuses';
    expect(await stack.get('v1:k')).toBeUndefined();
  });

  it('comes back by itself, after the purges were read again (I-1)', async () => {
    await stack.start();
    primary.fault = 'refuses';
    for (let i = 0; i < 3; i++) await stack.get('v1:k');
    let known = () => {};
    beforeReturn = () => new Promise((resolve) => (known = resolve));
    primary.fault = 'none';
    await pass(1000);
    expect(stack.status().inUse).toBe('fallback');
    known();
    await settle();
    expect(stack.status().inUse).toBe('primary');
    expect(told.slice(-2)).toEqual(['fallback', 'primary']);
  });

  it('an older value that failed above does not land below a newer one', async () => {
    await stack.start();
    fallback.fault = 'refuses';
    await pass(2000);
    primary.fault = 'hangs';
    const older = stack.set(sample('v1:k', { status: 201 }));
    await settle();
    primary.fault = 'refuses';
    expect(await stack.set(sample('v1:k', { status: 202 }))).toBe('stored');
    primary.release();
    expect(await older).toBe('failed');
    expect(await stack.get('v1:k')).toMatchObject({ status: 202 });
  });

  it('a value that failed above does not come back after a delete that was asked later', async () => {
    await stack.start();
    primary.fault = 'hangs';
    const write = stack.set(sample('v1:k'));
    await settle();
    await stack.delete('v1:k');
    primary.release();
    expect(await write).toBe('failed');
    primary.fault = 'refuses';
    expect(await stack.get('v1:k')).toBeUndefined();
  });

  it('tells of each entry which tier gave it, also after a switch', async () => {
    await stack.start();
    await stack.set(sample('v1:r'));
    const shared = await stack.get('v1:r');
    primary.fault = 'refuses';
    fallback.fault = 'refuses';
    await stack.set(sample('v1:d'));
    const kept = await stack.get('v1:d');
    expect(stack.whence(shared!)).toBe('redis');
    expect(stack.whence(kept!)).toBe('memory');
  });

  it('sweeps and clears all tiers, and counts errors', async () => {
    await stack.start();
    for (const tier of [primary, fallback, disk]) await tier.set(sample('v1:k'));
    expect(await stack.sweep(() => true)).toBe(3);
    for (const tier of [primary, fallback, disk]) await tier.set(sample('v1:k'));
    expect(await stack.clear()).toBe(3);
    primary.fault = 'refuses';
    await stack.get('v1:k');
    expect(stack.stats().errors).toBe(1);
  });

  it('works with nothing at all: misses and failed writes, no error', async () => {
    const none = new FallbackTier({
      stages: [{ label: 'primary', tier: primary, beforeReturn: async () => {} }],
      last: undefined,
      clock,
      onChange: () => {},
    });
    expect(none.status().inUse).toBe('none');
    expect([none.name, none.sorted]).toEqual(['redis', false]);
    expect(await none.get('v1:k')).toBeUndefined();
    expect(await none.set(sample('v1:k'))).toBe('failed');
    expect(await none.delete('v1:k')).toBe(false);
    expect(await none.list({ after: '', limit: 1, contains: '', scanLimit: 1 })).toEqual({
      rows: [],
      next: null,
      incomplete: true,
    });
    expect(none.stats()).toMatchObject({ entries: 0, maxBytes: 0 });
  });
});

describe('a look that may not wait', () => {
  it('goes to the last tier while that is in use, and nowhere while a stage is', async () => {
    const entry = sample('v1:k');
    const prompt = Object.assign(disk, { lookNow: (key: string) => disk.getNow(key)?.entry });
    prompt.setNow(entry);
    expect(stack.lookNow('v1:k')).toBe(entry);
    expect(stack.whence(entry)).toBe('memory');
    expect(stack.lookNow('v1:none')).toBeUndefined();
    await stack.start();
    expect(stack.lookNow('v1:k')).toBe('ask');
    expect(primary.reads + fallback.reads).toBe(0);
  });

  it('is told to ask where the last tier is one that takes waiting', () => {
    expect(stack.lookNow('v1:k')).toBe('ask');
  });
});
