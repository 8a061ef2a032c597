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
import type { TenantSide } from './compose-tenants.js';
import { type WarmSide, warmSide } from './compose-warm.js';
import type { Config, EffectiveSetting } from './config/config.js';
import { createGenericPolicy } from './generic/policy.js';
import type { Logger } from './observe/log.js';
import { type CoreSources, createMetrics, type Metrics } from './observe/metrics.js';
import type { BusFigures } from './observe/metrics-bus.js';
import { RequestCounters } from './observe/metrics-requests.js';
import type { Grant, GrantAsk } from './tenants/tenant.js';
import { openDiskReader } from './tiers/disk.js';
import type { DiskEvent } from './tiers/disk-types.js';
import { MemoryTier } from './tiers/memory.js';
import type { Tier } from './tiers/tier.js';
import { createTmdbPolicy } from './tmdb/policy.js';
import type { ReferrerMap } from './tmdb/referrers.js';
import { VERSION } from './version.js';

/** What every process of a node is built from. */
export interface Basis {
  readonly config: Config;
  readonly effective: readonly EffectiveSetting[];
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
  const { config, log, number, fetcher, onTouch, resync, grant } = options;
  const site = sitePolicy(config);
  const disk = await openDiskReader({
    directory: storeDirectory(config),
    clock: systemClock,
    onTouch,
    onEvent: (event) => logDiskEvent(log, event),
  });
  // Loaded only where Redis is configured: the client is a good part of a process.
  const redis =
    config.cache.l2 === 'redis'
      ? (await import('./compose-redis.js')).openRedisL2({
          config,
          log,
          disk,
          writable: false,
          beforeReturn: resync,
        })
      : undefined;
  const l2 = redis?.tier ?? disk;
  const table = new PurgeTable();
  const memory = new MemoryTier({ maxBytes: memoryShares(config.cache.memoryBytesPerWorker).tier });
  const counters = new RequestCounters();
  const feed = feedSide(config, false);
  const engine = engineOf(options, { site, memory, l2, table, fetcher, feed });
  const metrics = metricsOf({ counters, engine, tiers: [memory, l2] });
  const sides: Sides = {
    feed,
    warm: warmSide({ config, site, lookup: engine.lookup }),
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
    extras: extrasOf(sides),
  });
  await redis?.links.ready(WORKER_START_MS);
  await redis?.tier.start();
  const close = async () => {
    await redis?.close();
    await disk.close();
  };
  return { engine, site, table, member, counters, sides, close };
}

export function extrasOf({ feed, warm, tenants }: Sides): MemberExtras {
  return { ...feed?.extras, ...warm?.extras, ...tenants?.extras };
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
}

/** The engine of one process over its tiers. */
export function engineOf({ config, log }: Basis, choice: EngineChoice): Engine {
  const { table, feed, ...parts } = choice;
  return new Engine({
    ...parts,
    purges: table,
    coverage: feed?.coverage,
    onKept: feed?.onKept,
    clock: systemClock,
    maxEntryBytes: config.cache.maxEntryBytes,
    softTimeoutMs: config.cache.softTimeoutMs,
    honourMaxStale: config.cache.honourMaxStale,
    offline: config.cache.offline,
    onBackgroundError: (error, key) => log.warn({ key, code: error.code, err: error }, 'refresh failed'),
  });
}

interface MetricsParts {
  readonly counters: RequestCounters;
  readonly engine: Engine;
  readonly tiers: readonly Tier[];
  /** Purges across nodes, where this process takes part in them. */
  readonly bus?: (() => BusFigures | undefined) | undefined;
  readonly core?: () => CoreSources;
}

export function metricsOf({ counters, engine, tiers, bus, core }: MetricsParts): Metrics {
  return createMetrics({
    version: VERSION,
    sources: {
      requests: counters,
      tiers: () => tiers.map((tier) => ({ name: tier.name, stats: tier.stats() })),
      flights: () => engine.filler.flights.size,
      ...(bus !== undefined && { bus }),
      ...(core !== undefined && { core }),
    },
  });
}

/** The site; with a parent, one that says through whom each request has come. `referrers`: in the core. */
export function sitePolicy(config: Config, referrers?: ReferrerMap): SitePolicy {
  const site = plainSitePolicy(config, referrers);
  return config.cluster.parent === undefined ? site : withLoopChain(site, loopId(config.server.serverId));
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
