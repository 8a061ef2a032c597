import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../src/clock.js';
import { MIN_DISK_BYTES, openDiskStore } from '../../src/tiers/disk.js';
import { MemoryTier } from '../../src/tiers/memory.js';
import { FallbackTier } from '../../src/tiers/stack.js';
import { FakeClock } from '../support/fake-clock.js';
import { FakeRemoteTier } from '../support/fake-remote-tier.js';
import { Chaos, chaotic, seeded } from './chaos.js';
import { describeUnderChaos } from './chaos-suite.js';
import { describeTier, type MadeTier } from './tier.js';

type Maker = (chaos: Chaos, clock: Clock) => Promise<MadeTier>;

const memory: Maker = async (chaos) => ({
  tier: chaotic(new MemoryTier({ maxBytes: 16 * 1024 * 1024 }), chaos),
});

const disk: Maker = async (chaos) => {
  const directory = await mkdtemp(join(tmpdir(), 'chaos-disk-'));
  const tier = await openDiskStore({ directory, maxBytes: MIN_DISK_BYTES, clock: new FakeClock() });
  return { tier: chaotic(tier, chaos), dispose: () => rm(directory, { recursive: true }) };
};

const stack: Maker = async (chaos, clock) => {
  const beforeReturn = async () => {};
  const tier = new FallbackTier({
    stages: [
      { label: 'primary', tier: chaotic(new FakeRemoteTier(), chaos), beforeReturn },
      { label: 'fallback', tier: chaotic(new FakeRemoteTier(), chaos), beforeReturn },
    ],
    last: chaotic(new MemoryTier({ maxBytes: 16 * 1024 * 1024 }), chaos),
    clock,
    onChange: () => chaos.disturb(),
  });
  await tier.start();
  return { tier };
};

for (const [name, make, tries] of [
  ['memory', memory, 1],
  ['disk', disk, 1],
  ['stack', stack, 3],
] as const) {
  describeTier(`${name} in a chaos layer at rest`, () => {
    const clock = new FakeClock();
    return make(new Chaos({ clock, random: seeded(1) }), clock);
  });
  describeUnderChaos(name, { make, tries });
}
