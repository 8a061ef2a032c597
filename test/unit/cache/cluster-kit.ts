import { LeasedFetcher } from '../../../src/cache/lease.js';
import { LeaseCounts } from '../../../src/cache/lease-counts.js';
import { FakeClock } from '../../support/fake-clock.js';
import { FakeLeases, FencedTier } from '../../support/fake-leases.js';
import { ScriptedOrigin } from '../../support/scripted-origin.js';
import { engineKit, type KitOverrides } from './engine-kit.js';

export const PATIENCE_MS = 3000;

/** Nodes with a memory and flights of their own that share an L2, the leases and the origin. */
export function clusterKit(nodes = 2, overrides: KitOverrides = {}) {
  const clock = new FakeClock();
  const origin = new ScriptedOrigin(clock);
  const l2 = new FencedTier();
  const leases = new FakeLeases(clock);
  /** Of all nodes together. */
  const counts = new LeaseCounts();
  const kits = Array.from({ length: nodes }, () =>
    engineKit({
      ...overrides,
      clock,
      origin,
      l2,
      wrap: (inner, find, purgedAt) =>
        new LeasedFetcher({ inner, leases, find, purgedAt, clock, patienceMs: PATIENCE_MS, counts }),
    }),
  );
  return { clock, origin, l2, leases, counts, kits, a: kits[0]!, b: kits[1]! };
}
