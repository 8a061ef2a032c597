import { join } from 'node:path';
import { Engine } from './cache/engine.js';
import type { Fetcher } from './cache/fetcher.js';
import { PurgeTable } from './cache/purge-table.js';
import type { SitePolicy } from './cache/site.js';
import { systemClock } from './clock.js';
import { LocalMember } from './cluster/local-member.js';
import type { MemberExtras } from './cluster/member.js';
import { loopId, withLoopChain } from './cluster/parent.js';
import { type FeedSide, feedSide } from './compose-feed-side.js';
import { metricsOf } from './compose-metrics.js';
import type { TenantSide } from './compose-tenants.js';
import { type MissSide, missSide, type WarmSide, warmSide } from './compose-warm.js';
import type { Config } from './config/config.js';
import type { LiveConfig } from './config/live.js';
import { createGenericPolicy } from './generic/policy.js';
import type { Logger } from './observe/log.js';
import type { Metrics } from './observe/metrics.js';
import { RequestCounters } from './observe/metrics-requests.js';
import type { Grant, GrantAsk } from './tenants/tenant.js';
import { openDiskReader } from './tiers/disk.js';
import { AbsentDisk } from './tiers/disk-absent.js';
import { type DiskEvent, type DiskStore, DiskStoreError } from './tiers/disk-types.js';
import { MemoryTier } from './tiers/memory.js';
import type { Tier } from './tiers/tier.js';
import { TimedTier } from './tiers/timed.js';
import { createTmdbPolicy } from './tmdb/policy.js';
import type { ReferrerMap } from './tmdb/referrers.js';
import { VERSION } from './version.js';

/** What every process of a node is built from. */
export interface Basis {
  /** As it is at the start, for what stays so. */
  readonly config: Config;
  readonly live: LiveConfig;
  readonly log: Logger;
}

/** The part of a process that answers clients. */
export interface Serving {
  readonly engine: Engine;
  readonly site: SitePolicy;
  readonly table: PurgeTable;
  readonly member: LocalMember;
  readonly counters: RequestCounters;
  readonly sides: Sides;
  readonly close: () => Promise<void>;
}

/** What is put into a process beside the engine; undefined: it is not wanted. */
export interface Sides {
  readonly feed: FeedSide | undefined;
  readonly warm: WarmSide | undefined;
  readonly misses: MissSide | undefined;
  readonly tenants: TenantSide | undefined;
}

export interface WorkerOptions extends Basis {
  readonly number: number;
  readonly fetcher: Fetcher;
  /** Keys this worker has read from the disk store, for its LRU. */
  readonly onTouch: (keys: string[]) => void;
  /** Has the core read the purges of other nodes again; rejects while it can't. */
  readonly resync: () => Promise<void>;
  /** Asks the core's ledger for requests of a tenant. */
  readonly grant: (ask: GrantAsk) => Promise<Grant>;
}

/** How long a worker waits for Redis, ms; its core has waited already. */
const WORKER_START_MS = 500;

/** Puts together what a worker process answers clients with. */
export async function openWorker(options: WorkerOptions): Promise<Serving> {
  const { config, live, log, number, fetcher, onTouch, resync, grant } = options;
  const site = sitePolicy(live);
  const disk = await openReader(config, log, onTouch);
  // Loaded only where Redis is configured: the client is a good part of a process.
  const redis =
    config.cache.l2 === 'redis'
      ? (await import('./compose-redis.js')).openRedisL2({
          live,
          log,
          disk,
          writable: false,
          beforeReturn: resync,
        })
      : undefined;
  const l2 = redis?.tier ?? disk;
  const table = new PurgeTable();
  const memory = memoryOf(live);
  const counters = new RequestCounters();
  const feed = feedSide(live, false);
  const metrics = metricsOf({ counters, engine: () => engine, tiers: [memory, l2] });
  const engine = engineOf(options, { site, memory, l2, table, fetcher, feed, metrics });
  const sides: Sides = {
    feed,
    warm: warmSide({ config, site, lookup: engine.lookup }),
    misses: missSide(config),
    tenants: (await tenantModule(config))?.tenantSide({ grant }),
  };
  const { flights } = engine.filler;
  const member = new LocalMember({
    number,
    memory,
    l2,
    table,
    flights,
    counters,
    metrics,
    evict: () => {},
    extras: extrasOf(live, sides),
  });
  await redis?.links.ready(WORKER_START_MS);
  await redis?.tier.start();
  const close = async () => {
    await redis?.close();
    await disk.close();
  };
  return { engine, site, table, member, counters, sides, close };
}

/** `CACHE_DIR` may be lost while the node runs: a worker that takes the place of another then goes on without. */
async function openReader(
  config: Config,
  log: Logger,
  onTouch: WorkerOptions['onTouch'],
): Promise<DiskStore> {
  const onEvent = (event: DiskEvent) => logDiskEvent(log, event);
  try {
    return await openDiskReader({ directory: storeDirectory(config), clock: systemClock, onTouch, onEvent });
  } catch (err) {
    if (!(err instanceof DiskStoreError) || err.code !== 'missing') throw err;
    log.error(
      { err },
      'the disk store has gone: this worker answers from memory and the origin; restart to have one again',
    );
    return new AbsentDisk();
  }
}

/** What the core may tell this process beside what every member takes. */
export function extrasOf(live: LiveConfig, { feed, warm, misses, tenants }: Sides): MemberExtras {
  const reconfigure = async (config: Config) => live.become(config);
  return { ...feed?.extras, ...warm?.extras, ...misses?.extras, ...tenants?.extras, reconfigure };
}

/** L1 of a process that answers clients, with its share of `MEMORY_CACHE_BYTES`, now and later. */
export function memoryOf(live: LiveConfig): MemoryTier {
  const bytesOf = ({ cache }: Config) => memoryShares(cache.memoryBytesPerWorker).tier;
  const memory = new MemoryTier({ maxBytes: bytesOf(live.config) });
  live.onChange((config) => void memory.resize(bytesOf(config)));
  return memory;
}

/** Loaded only where clients have keys. */
export async function tenantModule({ clients }: Config) {
  const wanted = clients.proxyKeys !== undefined || clients.proxyKeysFile !== undefined;
  return wanted ? import('./compose-tenants.js') : undefined;
}

/**
 * What one process does with its share of `MEMORY_CACHE_BYTES`: L1 has seven eighths; the rest are copies of what is in it,
 * one half ready for the socket, the other decoded for clients that take no gzip.
 */
export function memoryShares(bytes: number): { readonly tier: number; readonly copies: number } {
  const copies = Math.floor(bytes / 16);
  return { tier: bytes - 2 * copies, copies };
}

interface EngineChoice {
  readonly site: SitePolicy;
  readonly memory: MemoryTier;
  readonly l2: Tier;
  readonly table: PurgeTable;
  readonly fetcher: Fetcher;
  readonly feed: FeedSide | undefined;
  /** Told how long L2 takes. */
  readonly metrics: Metrics;
}

/** The engine of one process over its tiers. */
export function engineOf({ config, live, log }: Basis, choice: EngineChoice): Engine {
  const { table, feed, metrics, ...parts } = choice;
  return new Engine({
    ...parts,
    l2: new TimedTier({ tier: choice.l2, observe: metrics.timed }),
    purges: table,
    coverage: feed?.coverage,
    onKept: feed?.onKept,
    clock: systemClock,
    get maxEntryBytes() {
      return live.config.cache.maxEntryBytes;
    },
    get maxFlights() {
      return live.config.upstream.maxFlights;
    },
    get softTimeoutMs() {
      return live.config.cache.softTimeoutMs;
    },
    honourMaxStale: config.cache.honourMaxStale,
    offline: config.cache.offline,
    onBackgroundError: (error, key) => log.warn({ key, code: error.code, err: error }, 'refresh failed'),
  });
}

/** The site; with a parent, one that says through whom each request has come. `referrers`: in the core. */
export function sitePolicy(live: LiveConfig, referrers?: ReferrerMap): SitePolicy {
  const made = (config: Config) => {
    const site = plainSitePolicy(config, referrers);
    return config.cluster.parent === undefined ? site : withLoopChain(site, loopId(config.server.serverId));
  };
  const first = made(live.config);
  let now = first;
  let version = 0;
  live.onChange((config) => {
    now = made(config);
    version++;
  });
  return {
    ...first,
    get version() {
      return version;
    },
    // Credentials and lifetimes may be others; all else of a site is decided at the start.
    route: (request) => now.route(request),
    times: (className) => now.times(className),
  };
}

/** What is TMDB's own, or nobody's in particular. */
function plainSitePolicy(config: Config, referrers: ReferrerMap | undefined): SitePolicy {
  const { upstream, cache } = config;
  // Whose URLs a purge may name: the origins', and our own as clients see it.
  const addresses = upstream.groups.flatMap(({ servers }) => servers.map(({ origin }) => origin));
  if (config.server.publicUrl !== undefined) addresses.push(config.server.publicUrl);
  const bases = addresses.map((address) => {
    const { host, pathname } = new URL(address);
    return host + pathname;
  });
  const shared = {
    ttlPolicy: cache.ttlPolicy,
    classes: cache.classes,
    cacheEnabled: cache.enabled,
    viaPseudonym: 'tmdb-cache-proxy',
    bases,
  };
  if (upstream.type === 'custom') return createGenericPolicy(shared);
  const userAgent = `tmdb-cache-proxy/${VERSION}`;
  const { type: kind, credentials } = upstream;
  return createTmdbPolicy({ ...shared, kind, credentials, userAgent, referrers });
}

export function storeDirectory(config: Config): string {
  return join(config.cache.dir, 'store');
}

export function logDiskEvent(log: Logger, event: DiskEvent): void {
  if (event.type === 'moved-aside') {
    log.warn(event, `disk store at ${event.from} was ${event.reason}: moved to ${event.to}, starting empty`);
  } else if (event.type === 'error') {
    log.error(event, `disk store: ${event.operation} failed`);
  } else {
    log.info(event, 'disk store');
  }
}
