import { describe, expect, it } from 'vitest';
import { MemoryTier } from '../../../src/tiers/memory.js';
import { FallbackTier } from '../../../src/tiers/stack.js';
import { TimedTier } from '../../../src/tiers/timed.js';
import { sample } from '../../contract/samples.js';
import { describeTier } from '../../contract/tier.js';
import { FakeClock } from '../../support/fake-clock.js';
import { FakeRemoteTier } from '../../support/fake-remote-tier.js';

const memory = () => new MemoryTier({ maxBytes: 16 * 1024 * 1024 });

describeTier('timed', async () => ({ tier: new TimedTier({ tier: memory(), observe: () => {} }) }));

function kit(inner: ConstructorParameters<typeof TimedTier>[0]['tier']) {
  const told: [string, string, number][] = [];
  let now = 0;
  const tier = new TimedTier({
    tier: inner,
    observe: (...parts) => told.push(parts),
    now: () => (now += 5),
  });
  return { tier, told };
}

describe('a timed tier', () => {
  it('tells how long reads and writes take, in seconds, by the tier that was asked', async () => {
    const { tier, told } = kit(memory());
    await tier.set(sample('v1:k'));
    await tier.get('v1:k');
    await tier.delete('v1:k');
    expect(told).toEqual([
      ['write', 'memory', 0.005],
      ['read', 'memory', 0.005],
    ]);
  });

  it('counts a look that has to be waited for once, when it was waited for', async () => {
    const { tier, told } = kit(memory()); // which can never tell at once
    expect(tier.lookNow('v1:k')).toBe('ask');
    expect(told).toEqual([]);
    await tier.get('v1:k');
    expect(told).toHaveLength(1);
  });

  it('tells of no write where nothing may be written, as in workers', async () => {
    const reader = Object.assign(memory(), { set: async () => 'read-only' as const });
    const { tier, told } = kit(reader);
    expect(await tier.set(sample('v1:k'))).toBe('read-only');
    expect(told).toEqual([]);
  });

  it('tells failures as well, and passes them on', async () => {
    const broken = Object.assign(memory(), { get: () => Promise.reject(new Error('broken')) });
    const { tier, told } = kit(broken);
    await expect(tier.get('v1:k')).rejects.toThrow('broken');
    expect(told).toEqual([['read', 'memory', 0.005]]);
  });

  it('tells of a tier and what stands in for it apart: no counter jumps to another label when one goes away', async () => {
    const primary = new FakeRemoteTier();
    const disk = memory();
    const stack = new FallbackTier({
      stages: [{ label: 'primary', tier: primary, beforeReturn: async () => {} }],
      last: disk,
      clock: new FakeClock(),
      onChange: () => {},
    });
    const { tier } = kit(stack);
    const hits = () => Object.fromEntries(tier.statsOfEach().map(({ name, stats }) => [name, stats.hits]));
    await stack.start();
    await tier.set(sample('v1:k'));
    await tier.get('v1:k');
    await disk.set(sample('v1:k'));
    const before = hits();
    expect(before).toEqual({ redis: 1, memory: 0 });
    primary.fault = 'refuses';
    expect(await tier.get('v1:k')).toBeDefined();
    expect(hits()).toEqual({ redis: 1, memory: 1 });
    await stack.close();
  });
});
