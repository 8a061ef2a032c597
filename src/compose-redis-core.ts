import { LeaseCounts } from './cache/lease-counts.js';
import { systemClock } from './clock.js';
import type { RedisView } from './cluster/node-health.js';
import { openRedisL2, type RedisL2, type RedisL2Options } from './compose-redis.js';
import type { Config } from './config/config.js';
import type { Logger } from './observe/log.js';
import { LEASE_MS, RedisLeases } from './redis/leases.js';
import { redisNodes } from './redis/topology.js';

/** What a core does with L2 in Redis beyond what a worker does. */
export interface CoreRedis extends RedisL2 {
  readonly leases: RedisLeases;
  readonly leaseCounts: LeaseCounts;
  /** Length of a lease, ms. */
  readonly leaseMs: number;
  readonly view: RedisView;
}

export function openCoreRedis(options: Omit<RedisL2Options, 'writable'>): CoreRedis {
  const redis = openRedisL2({ ...options, writable: true });
  const leaseCounts = new LeaseCounts();
  return {
    ...redis,
    leases: leasesOf(redis, options.log, leaseCounts),
    leaseCounts,
    leaseMs: LEASE_MS,
    view: redisView(redis, options.live.config),
  };
}

/** Leases lie beside the entries, over connections of their own. */
function leasesOf({ tier, links }: RedisL2, log: Logger, counts: LeaseCounts): RedisLeases {
  return new RedisLeases({
    link: links.open('leases'),
    subscriber: links.open('fills, listening'),
    keys: links.keys,
    clock: systemClock,
    // A request that has just waited for Redis in vain does not wait for a lease as well.
    available: () => tier.steady,
    onTrouble: (trouble) => {
      counts.failures += 1;
      log.debug({ err: trouble }, 'lease');
    },
  });
}

function redisView({ tier, links, clear }: RedisL2, config: Config): RedisView {
  const { address, settings } = links;
  return {
    mode: config.redis.l2!.mode,
    status: () => tier.status(),
    servers: () => redisNodes({ address, settings, clock: systemClock }),
    clear,
  };
}
