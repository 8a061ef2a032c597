import { afterAll, beforeAll } from 'vitest';
import type { RedisAddress } from '../../src/redis/options.js';
import { MemoryTier } from '../../src/tiers/memory.js';
import { FallbackTier } from '../../src/tiers/stack.js';
import { FakeClock } from '../support/fake-clock.js';
import {
  type RedisCluster,
  type RedisServer,
  standaloneAddress,
  startRedis,
  startRedisCluster,
} from '../support/redis-server.js';
import { clockFrom, openTier } from '../support/redis-tier.js';
import { Chaos, chaotic, seeded } from './chaos.js';
import { describeUnderChaos } from './chaos-suite.js';
import { NOW } from './samples.js';
import { describeTier } from './tier.js';

let server: RedisServer;
let cluster: RedisCluster;
beforeAll(async () => {
  [server, cluster] = await Promise.all([startRedis(), startRedisCluster()]);
}, 60_000);
afterAll(() => Promise.all([server.stop(), cluster.stop()]));

interface Deployment {
  readonly name: string;
  readonly empty: () => Promise<RedisAddress>;
}

const deployments: readonly Deployment[] = [
  {
    name: 'redis, standalone',
    empty: async () => {
      await server.cli('flushall');
      return standaloneAddress(server.port);
    },
  },
  {
    name: 'redis, cluster of six',
    empty: async () => {
      for (const master of await cluster.masters()) await master.cli('flushall');
      return cluster.address;
    },
  },
];

/** Real work takes real time, so fewer rounds than in memory. */
const ROUNDS = 30;

for (const { name, empty } of deployments) {
  const open = async (chaos: Chaos) => {
    const { tier, parts } = await openTier(await empty(), clockFrom(NOW));
    return { tier: chaotic(tier, chaos), refresh: () => tier.measure(), tooLarge: parts.maxEntryBytes };
  };

  describeTier(`${name}, in a chaos layer at rest`, async () => ({
    ...(await open(new Chaos({ clock: new FakeClock(), random: seeded(1) }))),
    expires: true,
  }));

  describeUnderChaos(name, { make: open, tries: 1, rounds: ROUNDS });

  describeUnderChaos(`${name}, with memory to fall back on`, {
    make: async (chaos, clock) => {
      const remote = await open(chaos);
      const tier = new FallbackTier({
        stages: [{ label: 'primary', tier: remote.tier, beforeReturn: async () => {} }],
        last: chaotic(new MemoryTier({ maxBytes: 16 * 1024 * 1024 }), chaos),
        clock,
        onChange: () => chaos.disturb(),
      });
      await tier.start();
      return { tier };
    },
    tries: 2,
    rounds: ROUNDS,
  });
}
