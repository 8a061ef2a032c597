import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MIN_DISK_BYTES, openDiskStore } from '../../src/tiers/disk.js';
import { FakeClock } from '../support/fake-clock.js';
import { describeTier } from './tier.js';

describeTier('disk', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'tier-disk-'));
  const tier = await openDiskStore({ directory, maxBytes: MIN_DISK_BYTES, clock: new FakeClock() });
  return { tier, dispose: () => rm(directory, { recursive: true }) };
});
