import type { Engine } from './cache/engine.js';
import type { Fetcher } from './cache/fetcher.js';
import { PurgeTable } from './cache/purge-table.js';
import type { SitePolicy } from './cache/site.js';
import { systemClock } from './clock.js';
import type { Coherence } from './cluster/coherence.js';
import { CoreFetcher } from './cluster/core-fetcher.js';
import { LocalMember } from './cluster/local-member.js';
import type { Member } from './cluster/member.js';
import { NodeManagement } from './cluster/node-management.js';
import type { PeerQueue } from './cluster/peer-queue.js';
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
import { type FeedSide, feedSide } from './compose-feed-side.js';
import { fetcherOf } from './compose-fetcher.js';
import { type Jobs, openJobs } from './compose-jobs.js';
import { originOf } from './compose-origin.js';
import { openPeerQueue } from './compose-peers.js';
import type { CoreRedis } from './compose-redis-core.js';
import { warmSide } from './compose-warm.js';
import type { Config } from './config/config.js';
import { ProxyError } from './errors.js';
import { Keyring } from './keyring/keyring.js';
import { rotating } from './keyring/rotating-origin.js';
import type { Metrics } from './observe/metrics.js';
import { RequestCounters } from './observe/metrics-requests.js';
import type { OriginService } from './origin/origin.js';
import { openDiskStore } from './tiers/disk.js';
import type { DiskStore } from './tiers/disk-types.js';
import type { EntryHead } from './tiers/entry.js';
import { MemoryTier } from './tiers/memory.js';
import type { Tier } from './tiers/tier.js';
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

/** Parts that others call which are made before them: nothing of it may be used before all are there. */
interface Later {
  engine: Engine;
  metrics: Metrics;
  management: NodeManagement;
  coherence: Coherence | undefined;
  jobs: Jobs;
}

/** Opens the store and puts the core together. Rejects with a DiskStoreError when the store can't be opened. */
export async function openCore(options: CoreOptions): Promise<Core> {
  const { config, log, alone } = options;
  const later = {} as Later;
  const referrers = new ReferrerMap();
  const site = sitePolicy(config, referrers);
  const tenants = await tenantsOf(options); // before anything is opened: a wrong key ends the start
  const table = new PurgeTable();
  const stores = await openStores(options, later);
  const { disk, l2, redis, bus } = stores;
  const keyring = keyringOf(options);
  const origin = askedOrigin(options, keyring, bus, later);
  const feed = feedSide(config, true);
  const fetcher = fetcherOf({ config, log, site, table, origin, redis, coverage: feed?.coverage, later });
  const answering = answeringOf(options, { site, table, fetcher, l2, bus, feed, tenants }, later);
  const { engine, member } = answering;
  const members = alone ? () => [member] : options.workers;
  const purging = purgingOf(options, { table, stores, engine, members, referrers, feed }, later);
  const nearby = { site, table, origin, members, l2, disk, bus, engine, purges: purging.purges };
  later.jobs = openJobs({ config, log, side: feed, keyring, tenants: tenants?.opened, ...nearby });
  const management = managementOf(options, { site, table, stores, origin, members, purging }, later);
  await meetOthers(stores);
  if (alone && tenants) await member.tenants(tenants.opened.keys());
  later.jobs.start();
  return {
    management,
    table,
    disk,
    hub: new CoreFetcher({
      lookup: engine.lookup,
      filler: engine.filler,
      fetcher,
      purges: table,
      clock: systemClock,
      replaced: (key) => {
        for (const other of members()) other.recheck(key);
      },
    }),
    jobs: later.jobs,
    serving: alone ? { ...answering, site, table, close: async () => {} } : undefined,
    resync: async () => later.coherence?.resync(),
    close: async () => {
      await later.jobs.close();
      await purging.peers.close();
      await bus?.close();
      redis?.leases.close();
      await redis?.close();
      await origin.close();
      await disk.close();
    },
  };
}

/** Whose keys are taken, where clients need one. */
async function tenantsOf({ config, log }: CoreOptions) {
  const module = await tenantModule(config);
  const opened = await module?.openTenants({ config, log });
  return module && opened && { module, opened };
}

function keyringOf({ config, log }: CoreOptions): Keyring {
  return new Keyring(config.upstream.credentials, systemClock, (number, code) =>
    log.warn({ number, code }, `TMDB refuses key ${number} of TMDB_API_KEY (code ${code})`),
  );
}

/** The origin within its budget, asked with the keyring's keys. */
function askedOrigin({ config }: CoreOptions, keyring: Keyring, bus: Bus | undefined, later: Later) {
  const { parent } = config.cluster;
  // A parent that has a key of its own is never sent ours (cluster/parent.ts).
  const ownKey = parent?.password ?? parent?.username;
  return rotating(
    originOf(config, (event) => later.metrics.onOriginEvent(event), bus?.budget),
    keyring,
    new Set(parent && ownKey ? [parent.origin] : []),
  );
}

/** What is kept beyond this process, and what the nodes have in common. */
interface Stores {
  readonly disk: DiskStore;
  readonly bus: Bus | undefined;
  readonly redis: CoreRedis | undefined;
  readonly l2: Tier;
}

async function openStores({ config, log }: CoreOptions, later: Later): Promise<Stores> {
  const modules = await redisModules(config);
  const disk = await openDiskStore({
    directory: storeDirectory(config),
    maxBytes: config.cache.diskBytes,
    keepMs: config.cache.keepMs,
    clock: systemClock,
    onEvent: (event) => logDiskEvent(log, event),
  });
  const bus = modules.bus?.openBus({
    config,
    log,
    describe: () => later.management.describe(),
    durable: disk.durable('cluster'),
  });
  const beforeReturn = async () => {
    if (later.coherence === undefined) throw new ProxyError('internal', 'purges are not read yet');
    await later.coherence.resync();
  };
  const redis = modules.l2?.openCoreRedis({ config, log, disk, beforeReturn });
  return { disk, bus, redis, l2: redis?.tier ?? disk };
}

interface AnsweringParts {
  readonly site: SitePolicy;
  readonly table: PurgeTable;
  readonly fetcher: Fetcher;
  readonly l2: Tier;
  readonly bus: Bus | undefined;
  readonly feed: FeedSide | undefined;
  readonly tenants: Awaited<ReturnType<typeof tenantsOf>>;
}

/** The engine over the tiers, which answers clients (`WORKERS=1`) or workers, and what it counts. */
function answeringOf(options: CoreOptions, parts: AnsweringParts, later: Later) {
  const { config, alone } = options;
  const { site, table, fetcher, l2, bus, feed, tenants } = parts;
  const memory = new MemoryTier({ maxBytes: alone ? memoryShares(config.cache.memoryBytes).tier : 0 });
  const counters = new RequestCounters();
  const engine = engineOf(options, { site, memory, l2, table, fetcher, feed });
  const metrics = metricsOf({
    counters,
    engine,
    tiers: alone ? [memory, l2] : [l2],
    ...(bus !== undefined && { bus: () => later.coherence?.stats() }),
    core: () => later.jobs.sources,
  });
  const sides: Sides = {
    feed,
    warm: alone ? warmSide({ config, site, lookup: engine.lookup }) : undefined,
    tenants: alone ? tenants?.module.tenantSide({ grant: tenants.opened.grant }) : undefined,
  };
  const { flights } = engine.filler;
  const evict = () => {};
  const extras = extrasOf(sides);
  const member = new LocalMember({ number: 0, memory, l2, table, flights, counters, metrics, evict, extras });
  later.engine = engine;
  later.metrics = metrics;
  return { engine, counters, member, sides };
}

interface PurgingParts {
  readonly table: PurgeTable;
  readonly stores: Stores;
  readonly engine: Engine;
  readonly members: () => readonly Member[];
  readonly referrers: ReferrerMap;
  readonly feed: FeedSide | undefined;
}

interface Purging {
  /** Of the region where there is one, else of this node. */
  readonly purges: Coherence | Purger;
  /** What other regions are still to be told. */
  readonly peers: PeerQueue;
}

/** Purges of this node, its region's other nodes and other regions, with those of the last run. */
function purgingOf({ config, log }: CoreOptions, parts: PurgingParts, later: Later): Purging {
  const { table, stores, engine, members, referrers, feed } = parts;
  const { disk, bus } = stores;
  const purger = new Purger({
    table,
    flights: engine.filler.flights,
    durable: disk.durable('purges'),
    followers: members,
    sweep: sweepOf(stores),
    clock: systemClock,
    onTaken: (rule) => {
      const { scope, soft } = rule;
      // The images that go with a title are no purge of their own.
      if (scope.kind !== 'tag' || !isReferrerTag(scope.name)) later.metrics.purged(scope.kind, soft);
      if (scope.kind === 'all' && !soft) referrers.clear();
      feed?.onPurged?.(rule);
    },
    onError: (error) => log.error({ err: error }, 'purge: work in the background failed'),
  });
  purger.load();
  later.coherence = bus?.joinWith({ table, purger });
  const peers = openPeerQueue(config, disk.durable('peer-purges'), log);
  return { purges: later.coherence ?? purger, peers };
}

interface ManagementParts {
  readonly site: SitePolicy;
  readonly table: PurgeTable;
  readonly stores: Stores;
  readonly origin: OriginService;
  readonly members: () => readonly Member[];
  readonly purging: Purging;
}

function managementOf(options: CoreOptions, parts: ManagementParts, later: Later): NodeManagement {
  const { config, effective, alone, draining } = options;
  const { site, table, stores, origin, members, purging } = parts;
  const { disk, l2, redis, bus } = stores;
  const { coherence, metrics } = later;
  later.management = new NodeManagement({
    config,
    effective,
    version: VERSION,
    clock: systemClock,
    site,
    disk,
    l2,
    redis: redis?.view,
    bus: bus && coherence && { stats: () => coherence.stats(), nodes: () => bus.registry.list() },
    table,
    purges: purging.purges,
    peers: purging.peers,
    origin,
    members,
    coreMetrics: alone ? undefined : () => metrics.json(),
    draining,
    extras: later.jobs.extras,
  });
  return later.management;
}

/** Purges before L2: what other nodes have purged must be known before what they have stored is served. */
async function meetOthers({ bus, redis }: Stores): Promise<void> {
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

/** Space in Redis is reclaimed by one node for all, on the disk by each for itself. */
function sweepOf({ disk, redis, bus }: Stores) {
  return async (dead: (head: EntryHead) => boolean): Promise<void> => {
    await disk.sweep(dead);
    if (redis !== undefined && (await bus?.sweeps())) await redis.sweep(dead);
  };
}
