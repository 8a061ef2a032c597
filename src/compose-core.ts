import type { Fetcher } from './cache/fetcher.js';
import { PurgeTable } from './cache/purge-table.js';
import type { SitePolicy } from './cache/site.js';
import { systemClock } from './clock.js';
import { CoreFetcher } from './cluster/core-fetcher.js';
import { LocalMember } from './cluster/local-member.js';
import type { Member } from './cluster/member.js';
import { NodeManagement } from './cluster/node-management.js';
import type { Reloader } from './cluster/reloader.js';
import { WorkerFigures } from './cluster/worker-figures.js';
import { WorkerWatch } from './cluster/worker-watch.js';
import {
  engineOf,
  extrasOf,
  memoryOf,
  type Serving,
  type Sides,
  sitePolicy,
  tenantModule,
} from './compose.js';
import type { Bus } from './compose-bus.js';
import { watchingOf } from './compose-dashboard.js';
import { type FeedSide, feedSide } from './compose-feed-side.js';
import { fetcherOf } from './compose-fetcher.js';
import { type Jobs, openJobs } from './compose-jobs.js';
import { coreSources, metricsOf } from './compose-metrics.js';
import { originOf } from './compose-origin.js';
import { type Purging, purgingOf } from './compose-purging.js';
import type { CoreRedis } from './compose-redis-core.js';
import { reloaderOf } from './compose-reload.js';
import { meetOthers, openStores, type Stores } from './compose-stores.js';
import { missSide, warmSide } from './compose-warm.js';
import type { CoreOptions, Later } from './core-options.js';
import { Keyring } from './keyring/keyring.js';
import { rotating } from './keyring/rotating-origin.js';
import { RequestCounters } from './observe/metrics-requests.js';
import type { OriginService } from './origin/origin.js';
import type { DiskStore } from './tiers/disk-types.js';
import { MemoryTier } from './tiers/memory.js';
import type { Tier } from './tiers/tier.js';
import { ReferrerMap } from './tmdb/referrers.js';
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

/** Opens the store and puts the core together. Rejects with a DiskStoreError when the store can't be opened. */
export async function openCore(options: CoreOptions): Promise<Core> {
  const { config, live, log, alone } = options;
  const later = {} as Later;
  const referrers = new ReferrerMap();
  const site = sitePolicy(live, referrers);
  const tenants = await tenantsOf(options); // before anything is opened: a wrong key ends the start
  const table = new PurgeTable();
  const stores = await openStores(options, later);
  const { disk, l2, redis, bus } = stores;
  const keyring = keyringOf(options);
  const origin = askedOrigin(options, keyring, bus, later);
  const feed = feedSide(live, true);
  const fetcher = fetcherOf({ live, log, site, table, origin, redis, coverage: feed?.coverage, later });
  const answering = answeringOf(options, { site, table, origin, fetcher, l2, redis, feed, tenants }, later);
  const { engine, member } = answering;
  const members = alone ? () => [member] : options.workers;
  const watched = watchedOf(options, members);
  later.serving = watched.serving;
  const purging = purgingOf(options, { table, stores, engine, members, referrers, feed }, later);
  const nearby = { site, table, origin, members, l2, disk, bus, engine, purges: purging.purges };
  later.jobs = openJobs({ config, log, side: feed, keyring, tenants: tenants?.opened, ...nearby });
  const reloader = reloaderOf(options, disk, tenants?.opened);
  const management = managementOf(
    options,
    { site, table, stores, origin, members, purging, reloader, ...watched },
    later,
  );
  await meetOthers(stores);
  if (alone && tenants) await member.tenants(tenants.opened.keys());
  later.jobs.start();
  watched.start();
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
      watched.stop();
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

function keyringOf({ config, live, log }: CoreOptions): Keyring {
  const keyring = new Keyring(config.upstream.credentials, systemClock, (number, code) =>
    log.warn({ number, code }, `TMDB refuses key ${number} of TMDB_API_KEY (code ${code})`),
  );
  live.onChange(({ upstream }) => keyring.replace(upstream.credentials));
  return keyring;
}

/** The origin within its budget, asked with the keyring's keys. */
function askedOrigin({ config, live }: CoreOptions, keyring: Keyring, bus: Bus | undefined, later: Later) {
  const { parent } = config.cluster;
  // A parent that has a key of its own is never sent ours (cluster/parent.ts).
  const ownKey = parent?.password ?? parent?.username;
  return rotating(
    originOf(live, (event) => later.metrics.onOriginEvent(event), bus?.budget),
    keyring,
    new Set(parent && ownKey ? [parent.origin] : []),
  );
}

interface AnsweringParts {
  readonly site: SitePolicy;
  readonly table: PurgeTable;
  readonly origin: OriginService;
  readonly fetcher: Fetcher;
  readonly l2: Tier;
  readonly redis: CoreRedis | undefined;
  readonly feed: FeedSide | undefined;
  readonly tenants: Awaited<ReturnType<typeof tenantsOf>>;
}

/** The engine over the tiers, which answers clients (`WORKERS=1`) or workers, and what it counts. */
function answeringOf(options: CoreOptions, parts: AnsweringParts, later: Later) {
  const { config, live, alone } = options;
  const { site, table, origin, fetcher, l2, redis, feed, tenants } = parts;
  const memory = alone ? memoryOf(live) : new MemoryTier({ maxBytes: 0 });
  const counters = new RequestCounters();
  const serving = () => later.serving();
  const metrics = metricsOf({
    counters,
    engine: () => later.engine,
    tiers: alone ? [memory, l2] : [l2],
    looksAgain: !alone,
    upstreams: config.upstream.groups.map(({ name }) => name),
    core: () => coreSources({ config, table, origin, redis, serving, later }),
  });
  const engine = engineOf(options, { site, memory, l2, table, fetcher, feed, metrics });
  const sides: Sides = {
    feed,
    warm: alone ? warmSide({ config, site, lookup: engine.lookup }) : undefined,
    misses: alone ? missSide(config) : undefined,
    tenants: alone ? tenants?.module.tenantSide({ grant: tenants.opened.grant }) : undefined,
  };
  const { flights } = engine.filler;
  const evict = () => {};
  const extras = extrasOf(live, sides);
  const member = new LocalMember({ number: 0, memory, l2, table, flights, counters, metrics, evict, extras });
  later.engine = engine;
  later.metrics = metrics;
  return { engine, counters, member, sides };
}

interface ManagementParts {
  readonly site: SitePolicy;
  readonly table: PurgeTable;
  readonly stores: Stores;
  readonly origin: OriginService;
  readonly members: () => readonly Member[];
  readonly purging: Purging;
  readonly reloader: Reloader;
  readonly figures: WorkerFigures;
  readonly serving: () => number;
  readonly ready: () => number;
}

/** What the processes that answer clients have counted, and whether they still do; alone, this one does. */
function watchedOf({ alone, draining }: CoreOptions, members: () => readonly Member[]) {
  const figures = new WorkerFigures(members);
  const watch = new WorkerWatch({
    members,
    ask: (member) => figures.refresh(member),
    draining,
    clock: systemClock,
  });
  return {
    figures,
    serving: () => watch.serving(),
    ready: () => watch.ready(),
    start: () => {
      if (!alone) watch.start();
    },
    stop: () => watch.stop(),
  };
}

function managementOf(options: CoreOptions, parts: ManagementParts, later: Later): NodeManagement {
  const { live, alone, draining } = options;
  const { site, table, stores, origin, members, purging, reloader, figures, serving, ready } = parts;
  const { disk, l2, redis, bus } = stores;
  const { coherence, metrics } = later;
  later.management = new NodeManagement({
    get config() {
      return live.config;
    },
    reloader,
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
    figures,
    serving,
    ready,
    coreMetrics: alone ? undefined : () => metrics.json(),
    draining,
    extras: later.jobs.extras,
    watching: watchingOf(() => later.management),
  });
  return later.management;
}
