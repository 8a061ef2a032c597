import { MemoryTier } from '../../src/tiers/memory.js';
import { FallbackTier } from '../../src/tiers/stack.js';
import { FakeClock } from '../support/fake-clock.js';
import { FakeRemoteTier } from '../support/fake-remote-tier.js';
import { describeTier } from './tier.js';

const stackOf = async (healthy: boolean) => {
  const remote = new FakeRemoteTier();
  if (!healthy) remote.fault = 'refuses';
  const tier = new FallbackTier({
    stages: [{ label: 'primary', tier: remote, beforeReturn: async () => {} }],
    last: new MemoryTier({ maxBytes: 16 * 1024 * 1024 }),
    clock: new FakeClock(),
    onChange: () => {},
  });
  await tier.start();
  return { tier };
};

describeTier('stack over a remote tier', () => stackOf(true));
describeTier('stack over what is left when the remote tier is away', () => stackOf(false));
