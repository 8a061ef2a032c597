import { systemClock } from './clock.js';
import { logDiskEvent, storeDirectory } from './compose.js';
import type { Bus } from './compose-bus.js';
import type { CoreRedis } from './compose-redis-core.js';
import type { Config } from './config/config.js';
import type { CoreOptions, Later } from './core-options.js';
import { ProxyError } from './errors.js';
import { openDiskStore } from './tiers/disk.js';
import type { OwnDiskStore } from './tiers/disk-types.js';
import type { Tier } from './tiers/tier.js';

/** How long a start waits for Redis before it goes on without, ms. */
const START_MS = 1500;

/** What is kept beyond this process, and what the nodes have in common. */
export interface Stores {
  readonly disk: OwnDiskStore;
  readonly bus: Bus | undefined;
  readonly redis: CoreRedis | undefined;
  readonly l2: Tier;
}

/** Rejects with a DiskStoreError when the store can't be opened. */
export async function openStores({ config, live, log }: CoreOptions, later: Later): Promise<Stores> {
  const modules = await redisModules(config);
  const disk = await openDiskStore({
    directory: storeDirectory(config),
    maxBytes: config.cache.diskBytes,
    keepMs: config.cache.keepMs,
    clock: systemClock,
    onEvent: (event) => logDiskEvent(log, event),
  });
  const bus = modules.bus?.openBus({
    live,
    log,
    describe: () => later.management.describe(),
    durable: disk.durable('cluster'),
  });
  const beforeReturn = async () => {
    if (later.coherence === undefined) throw new ProxyError('internal', 'purges are not read yet');
    await later.coherence.resync();
  };
  const redis = modules.l2?.openCoreRedis({ live, log, disk, beforeReturn });
  return { disk, bus, redis, l2: redis?.tier ?? disk };
}

/** Purges before L2: what other nodes have purged must be known before what they have stored is served. */
export async function meetOthers({ bus, redis }: Stores): Promise<void> {
  await Promise.all([bus?.links.ready(START_MS), redis?.links.ready(START_MS)]);
  await bus?.start();
  await redis?.tier.start();
}

/** Loaded only where Redis is configured: the client, Lua scripts and schemas are a good part of a process. */
async function redisModules({ redis, cache }: Config) {
  return {
    bus: redis.bus && (await import('./compose-bus.js')),
    l2: cache.l2 === 'redis' ? await import('./compose-redis-core.js') : undefined,
  };
}
