import { LeasedFetcher } from './cache/lease.js';
import { OriginFetcher } from './cache/origin-fetcher.js';
import { PurgeTable } from './cache/purge-table.js';
import { expectedOf } from './cache/site.js';
import { WritingFetcher } from './cache/writes.js';
import { systemClock } from './clock.js';
import { CoreFetcher } from './cluster/core-fetcher.js';
import { LocalMember } from './cluster/local-member.js';
import type { Member } from './cluster/member.js';
import { NodeManagement } from './cluster/node-management.js';
import { parentAnswer } from './cluster/parent.js';
import { Purger } from './cluster/purger.js';
import {
  type Basis,
  engineOf,
  extrasOf,
  logDiskEvent,
  memoryShares,
  metricsOf,
  type Serving,
  type Sides,
  sitePolicy,
  storeDirectory,
  tenantModule,
} from './compose.js';
import type { Bus } from './compose-bus.js';
import { feedSide } from './compose-feed.js';
import { type Jobs, openJobs } from './compose-jobs.js';
import { basesOf, credentialScrubber, originOf, ownTarget } from './compose-origin.js';
import { openPeerQueue } from './compose-peers.js';
import type { CoreRedis } from './compose-redis-core.js';
import { warmSide } from './compose-warm.js';
import type { Config } from './config/config.js';
import { ProxyError } from './errors.js';
import { Keyring } from './keyring/keyring.js';
import { rotating } from './keyring/rotating-origin.js';
import type { Metrics } from './observe/metrics.js';
import { RequestCounters } from './observe/metrics-requests.js';
import { openDiskStore } from './tiers/disk.js';
import type { DiskStore } from './tiers/disk-types.js';
import type { EntryHead } from './tiers/entry.js';
import { MemoryTier } from './tiers/memory.js';
import { ReferrerMap } from './tmdb/referrers.js';
import { isReferrerTag } from './tmdb/tags.js';
import { VERSION } from './version.js';

/** The core of a node (docs/adr/0001): the one that writes the disk store, asks the origin and numbers purges. */
export interface Core {
  readonly management: NodeManagement;
  readonly table: PurgeTable;
  readonly disk: DiskStore;
  /** What workers ask for over the local socket. */
  readonly hub: CoreFetcher;
  /** Reads the purges of other nodes again; rejects while Redis is away. */
  readonly resync: () => Promise<void>;
  readonly jobs: Jobs;
  /** Set when this process answers clients itself (`WORKERS=1`). */
  readonly serving: Serving | undefined;
  /** Flushes the store and closes everything. Drain the listeners first. */
  readonly close: () => Promise<void>;
}

export interface CoreOptions extends Basis {
  /** Whether this process also answers clients. */
  readonly alone: boolean;
  /** Worker processes, where there are any. */
  readonly workers: () => readonly Member[];
  readonly draining: () => boolean;
}

/** How long a start waits for Redis before it goes on without, ms. */
const START_MS = 1500;

/** Opens the store and puts the core together. Rejects with a DiskStoreError when the store can't be opened. */
export async function openCore(options: CoreOptions): Promise<Core> {
  const { config, effective, log, alone, draining } = options;
  const clock = systemClock;
  const referrers = new ReferrerMap();
  const site = sitePolicy(config, referrers);
  const tenantKeys = await tenantModule(config);
  // Before anything is opened: a wrong key ends the start.
  const tenants = await tenantKeys?.openTenants({ config, log });
  const modules = await redisModules(config);
  const disk = await openDiskStore({
    directory: storeDirectory(config),
    maxBytes: config.cache.diskBytes,
    keepMs: config.cache.keepMs,
    clock,
    onEvent: (event) => logDiskEvent(log, event),
  });
  const table = new PurgeTable();
  const memory = new MemoryTier({ maxBytes: alone ? memoryShares(config.cache.memoryBytes).tier : 0 });
  const counters = new RequestCounters();
  const bus = modules.bus?.openBus({
    config,
    log,
    describe: () => management.describe(),
    durable: disk.durable('cluster'),
  });
  const beforeReturn = async () => {
    if (coherence === undefined) throw new ProxyError('internal', 'purges are not read yet');
    await coherence.resync();
  };
  const redis = modules.l2?.openCoreRedis({ config, log, disk, beforeReturn });
  const l2 = redis?.tier ?? disk;

  let metrics: Metrics;
  const keyring = new Keyring(config.upstream.credentials, clock, (number, code) =>
    log.warn({ number, code }, `TMDB refuses key ${number} of TMDB_API_KEY (code ${code})`),
  );
  const { parent } = config.cluster;
  // A parent that has a key of its own is never sent ours (cluster/parent.ts).
  const ownKey = parent?.password ?? parent?.username;
  const origin = rotating(
    originOf(config, (event) => metrics.onOriginEvent(event), bus?.budget),
    keyring,
    new Set(parent && ownKey ? [parent.origin] : []),
  );
  const following = feedSide(config, true);
  const asking = new OriginFetcher({
    site,
    origin,
    clock,
    coverage: following?.coverage,
    maxEntryBytes: config.cache.maxEntryBytes,
    scrub: credentialScrubber(config),
    ownTarget: (route, location) => ownTarget(site, config, route, location),
    parent: parent && {
      answer: (response) => parentAnswer(parent, response),
      overtaken: (head, bornAt) => table.overtook(head, bornAt),
    },
    onHealed: (kind) => metrics.healed(kind === 'gzip-without-header' ? 'field-added' : 'field-removed'),
  });
  const leased =
    redis === undefined
      ? asking
      : new LeasedFetcher({
          inner: asking,
          leases: redis.leases,
          find: (route) => engine.lookup.find(route),
          purgedAt: (route) => table.latestFor(expectedOf(site, route)),
          clock,
          patienceMs: redis.leaseMs,
        });
  const { maxEntryBytes } = config.cache;
  const fetcher = new WritingFetcher({
    inner: leased,
    site,
    purges: table,
    clock,
    maxEntryBytes,
    bases: (upstream) => basesOf(config, upstream),
    purge: (scopes, onNumbered, soft) => management.purgeWritten(scopes, onNumbered, soft),
    find: (route) => engine.lookup.find(route),
    store: (route, head, body) => engine.storer.finish(route, head, body),
    onBackgroundError: (error, key) =>
      log.error({ key, code: error.code, err: error }, 'a write has succeeded, its purge or storing has not'),
  });
  const engine = engineOf(options, { site, memory, l2, table, fetcher, feed: following });
  metrics = metricsOf({
    counters,
    engine,
    tiers: alone ? [memory, l2] : [l2],
    ...(bus !== undefined && { bus: () => coherence?.stats() }),
    core: () => jobs.sources,
  });
  const sides: Sides = {
    feed: following,
    warm: alone ? warmSide({ config, site, lookup: engine.lookup }) : undefined,
    tenants: alone && tenants ? tenantKeys?.tenantSide({ config, grant: tenants.grant }) : undefined,
  };
  const { flights } = engine.filler;
  const member = new LocalMember({
    number: 0,
    memory,
    l2,
    table,
    flights,
    counters,
    metrics,
    evict: () => {},
    extras: extrasOf(sides),
  });
  const members = alone ? () => [member] : options.workers;

  const purger = new Purger({
    table,
    flights,
    durable: disk.durable('purges'),
    followers: members,
    sweep: sweepOf({ disk, redis, bus }),
    clock,
    onTaken: (rule) => {
      const { scope, soft } = rule;
      // The images that go with a title are no purge of their own.
      if (scope.kind !== 'tag' || !isReferrerTag(scope.name)) metrics.purged(scope.kind, soft);
      if (scope.kind === 'all' && !soft) referrers.clear();
      following?.onPurged?.(rule);
    },
    onError: (error) => log.error({ err: error }, 'purge: work in the background failed'),
  });
  purger.load();
  const coherence = bus?.joinWith({ table, purger });
  const peerQueue = openPeerQueue(config, disk.durable('peer-purges'), log);

  const purges = coherence ?? purger;
  const nearby = { site, origin, purges, table, l2, disk, bus, members, engine };
  const jobs = openJobs({ config, log, side: following, keyring, tenants, ...nearby });

  const management: NodeManagement = new NodeManagement({
    config,
    effective,
    version: VERSION,
    clock,
    site,
    disk,
    l2,
    redis: redis?.view,
    bus: bus && coherence && { stats: () => coherence.stats(), nodes: () => bus.registry.list() },
    table,
    purges,
    peers: peerQueue,
    origin,
    members,
    coreMetrics: alone ? undefined : () => metrics.json(),
    draining,
    extras: jobs.extras,
  });
  // Purges before L2: what other nodes have purged must be known before what they have stored is served.
  await Promise.all([bus?.links.ready(START_MS), redis?.links.ready(START_MS)]);
  await bus?.start();
  await redis?.tier.start();
  if (alone && tenants) await member.tenants(tenants.keys());
  jobs.start();
  return {
    management,
    table,
    disk,
    hub: new CoreFetcher({
      lookup: engine.lookup,
      filler: engine.filler,
      fetcher,
      purges: table,
      clock,
      replaced: (key) => {
        for (const other of members()) other.recheck(key);
      },
    }),
    jobs,
    serving: alone ? { engine, site, table, member, counters, sides, close: async () => {} } : undefined,
    resync: async () => coherence?.resync(),
    close: async () => {
      await jobs.close();
      await peerQueue.close();
      await bus?.close();
      redis?.leases.close();
      await redis?.close();
      await origin.close();
      await disk.close();
    },
  };
}

/** Loaded only where Redis is configured: the client, Lua scripts and schemas are a good part of a process. */
async function redisModules({ redis, cache }: Config) {
  return {
    bus: redis.bus && (await import('./compose-bus.js')),
    l2: cache.l2 === 'redis' ? await import('./compose-redis-core.js') : undefined,
  };
}

/** Space in Redis is reclaimed by one node for all, on the disk by each for itself. */
function sweepOf({
  disk,
  redis,
  bus,
}: {
  disk: DiskStore;
  redis: CoreRedis | undefined;
  bus: Bus | undefined;
}) {
  return async (dead: (head: EntryHead) => boolean): Promise<void> => {
    await disk.sweep(dead);
    if (redis !== undefined && (await bus?.sweeps())) await redis.sweep(dead);
  };
}
