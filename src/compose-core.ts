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
import type { PeerEvent } from './cluster/peer-line.js';
import { PeerQueue } from './cluster/peer-queue.js';
import { deliver } from './cluster/peers.js';
import { Purger } from './cluster/purger.js';
import {
  type Basis,
  engineOf,
  logDiskEvent,
  memoryShares,
  metricsOf,
  type Serving,
  sitePolicy,
  storeDirectory,
} from './compose.js';
import type { Bus } from './compose-bus.js';
import { fetcherOf } from './compose-fetcher.js';
import { originOf } from './compose-origin.js';
import type { CoreRedis } from './compose-redis-core.js';
import type { Config } from './config/config.js';
import { ProxyError } from './errors.js';
import type { Logger } from './observe/log.js';
import type { Metrics } from './observe/metrics.js';
import { RequestCounters } from './observe/metrics-requests.js';
import type { OriginService } from './origin/origin.js';
import { openDiskStore } from './tiers/disk.js';
import type { DiskStore } from './tiers/disk-types.js';
import type { EntryHead } from './tiers/entry.js';
import { MemoryTier } from './tiers/memory.js';
import type { Tier } from './tiers/tier.js';
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
}

/** Opens the store and puts the core together. Rejects with a DiskStoreError when the store can't be opened. */
export async function openCore(options: CoreOptions): Promise<Core> {
  const { config, log, alone } = options;
  const later = {} as Later;
  const site = sitePolicy(config);
  const table = new PurgeTable();
  const stores = await openStores(options, later);
  const { disk, l2, redis, bus } = stores;
  const origin = originOf(config, (event) => later.metrics.onOriginEvent(event), bus?.budget);
  const fetcher = fetcherOf({ config, log, site, table, origin, redis, later });
  const answering = answeringOf(options, { site, table, fetcher, l2, bus }, later);
  const { engine, member } = answering;
  const members = alone ? () => [member] : options.workers;
  const purging = purgingOf(options, { table, stores, engine, members }, later);
  const management = managementOf(options, { site, table, stores, origin, members, purging }, later);
  await meetOthers(stores);
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
    serving: alone ? { ...answering, site, table, close: async () => {} } : undefined,
    resync: async () => later.coherence?.resync(),
    close: async () => {
      await purging.peers.close();
      await bus?.close();
      redis?.leases.close();
      await redis?.close();
      await origin.close();
      await disk.close();
    },
  };
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
}

/** The engine over the tiers, which answers clients (`WORKERS=1`) or workers, and what it counts. */
function answeringOf(options: CoreOptions, { site, table, fetcher, l2, bus }: AnsweringParts, later: Later) {
  const { config, alone } = options;
  const memory = new MemoryTier({ maxBytes: alone ? memoryShares(config.cache.memoryBytes).tier : 0 });
  const counters = new RequestCounters();
  const engine = engineOf(options, { site, memory, l2, table, fetcher });
  const metrics = metricsOf({
    counters,
    engine,
    tiers: alone ? [memory, l2] : [l2],
    ...(bus !== undefined && { bus: () => later.coherence?.stats() }),
  });
  const { flights } = engine.filler;
  const evict = () => {};
  const member = new LocalMember({ number: 0, memory, l2, table, flights, counters, metrics, evict });
  later.engine = engine;
  later.metrics = metrics;
  return { engine, counters, member };
}

interface PurgingParts {
  readonly table: PurgeTable;
  readonly stores: Stores;
  readonly engine: Engine;
  readonly members: () => readonly Member[];
}

interface Purging {
  readonly purger: Purger;
  /** What other regions are still to be told. */
  readonly peers: PeerQueue;
}

/** Purges of this node, its region's other nodes and other regions, with those of the last run. */
function purgingOf({ config, log }: CoreOptions, parts: PurgingParts, later: Later): Purging {
  const { table, stores, engine, members } = parts;
  const { disk, bus } = stores;
  const { serverId } = config.server;
  const purger = new Purger({
    table,
    flights: engine.filler.flights,
    durable: disk.durable('purges'),
    followers: members,
    sweep: sweepOf(stores),
    clock: systemClock,
    onTaken: ({ scope, soft }) => later.metrics.purged(scope.kind, soft),
    onError: (error) => log.error({ err: error }, 'purge: work in the background failed'),
  });
  purger.load();
  later.coherence = bus?.joinWith({ table, purger });
  const peers = new PeerQueue({
    peers: config.cluster.peers,
    serverId,
    durable: disk.durable('peer-purges'),
    clock: systemClock,
    deliver: (peer, item, signal) => deliver(peer, item, serverId, signal),
    onEvent: (event) => logPeerEvent(log, event),
  });
  peers.load();
  return { purger, peers };
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
    purges: coherence ?? purging.purger,
    peers: purging.peers,
    origin,
    members,
    coreMetrics: alone ? undefined : () => metrics.json(),
    draining,
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

function logPeerEvent(log: Logger, event: PeerEvent): void {
  if (event.type === 'not-durable') {
    log.error({ err: event.error }, 'peers: a purge could not be kept on disk; a restart may forget it');
    return;
  }
  const { type, peer } = event;
  if (type === 'caught-up') {
    log.info(event, `peer ${peer} takes purges again`);
  } else if (type === 'folded') {
    log.warn(event, `peer ${peer} has been away for long: its purges became one of everything`);
  } else {
    const advice = type === 'refused' ? '; check its address and the key in PEER_PROXIES' : '';
    log.warn(
      event,
      `peer ${peer} does not take purges (${event.reason})${advice}; they are kept and sent again`,
    );
  }
}
