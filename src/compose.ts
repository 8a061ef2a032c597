import { join } from 'node:path';
import { Engine } from './cache/engine.js';
import type { Fetcher } from './cache/fetcher.js';
import { OriginFetcher } from './cache/origin-fetcher.js';
import { PurgeTable } from './cache/purge-table.js';
import type { SitePolicy } from './cache/site.js';
import { systemClock } from './clock.js';
import { CoreFetcher } from './cluster/core-fetcher.js';
import { LocalMember } from './cluster/local-member.js';
import type { Member } from './cluster/member.js';
import { NodeManagement } from './cluster/node-management.js';
import { Purger } from './cluster/purger.js';
import { credentialScrubber, originOf, ownTarget } from './compose-origin.js';
import type { Config, EffectiveSetting } from './config/config.js';
import { createGenericPolicy } from './generic/policy.js';
import type { Logger } from './observe/log.js';
import { createMetrics, type Metrics } from './observe/metrics.js';
import { RequestCounters } from './observe/metrics-requests.js';
import { openDiskReader, openDiskStore } from './tiers/disk.js';
import type { DiskEvent, DiskStore } from './tiers/disk-types.js';
import { MemoryTier } from './tiers/memory.js';
import { createTmdbPolicy } from './tmdb/policy.js';
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
  readonly close: () => Promise<void>;
}

/** The core of a node (docs/adr/0001): the one that writes the disk store, asks the origin and numbers purges. */
export interface Core {
  readonly management: NodeManagement;
  readonly table: PurgeTable;
  readonly disk: DiskStore;
  /** What workers ask for over the local socket. */
  readonly hub: CoreFetcher;
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

/** Opens the store and puts the core together. Rejects with a DiskStoreError when the store can't be opened. */
export async function openCore(options: CoreOptions): Promise<Core> {
  const { config, effective, log, alone, draining } = options;
  const clock = systemClock;
  const site = sitePolicy(config);
  const disk = await openDiskStore({
    directory: storeDirectory(config),
    maxBytes: config.cache.diskBytes,
    clock,
    onEvent: (event) => logDiskEvent(log, event),
  });
  const table = new PurgeTable();
  const memory = new MemoryTier({ maxBytes: alone ? config.cache.memoryBytes : 0 });
  const counters = new RequestCounters();
  let metrics: Metrics;
  const origin = originOf(config, (event) => metrics.onOriginEvent(event));
  const fetcher = new OriginFetcher({
    site,
    origin,
    clock,
    maxEntryBytes: config.cache.maxEntryBytes,
    scrub: credentialScrubber(config),
    ownTarget: (route, location) => ownTarget(site, config, route, location),
    onHealed: (kind) => metrics.healed(kind === 'gzip-without-header' ? 'field-added' : 'field-removed'),
  });
  const engine = engineOf(options, {
    site,
    memory,
    l2: disk,
    table,
    fetcher,
    invalidate: (key) => invalidate(key),
  });
  metrics = metricsOf(counters, engine, alone ? [memory, disk] : [disk]);

  const member = new LocalMember({
    number: 0,
    memory,
    l2: disk,
    table,
    flights: engine.filler.flights,
    counters,
    metrics,
    evict: () => {},
  });
  const members = alone ? () => [member] : options.workers;
  const purger = new Purger({
    table,
    flights: engine.filler.flights,
    durable: disk.durable('purges'),
    followers: members,
    sweep: (dead) => disk.sweep(dead),
    clock,
    onError: (error) => log.error({ err: error }, 'purge: work in the background failed'),
  });
  const invalidate = async (key: string): Promise<void> => {
    await purger.purge([{ kind: 'key', name: key }], false);
  };
  purger.load();

  const management = new NodeManagement({
    config,
    effective,
    version: VERSION,
    clock,
    site,
    disk,
    table,
    purger,
    origin,
    members,
    coreMetrics: alone ? undefined : () => metrics.json(),
    draining,
  });
  return {
    management,
    table,
    disk,
    hub: new CoreFetcher({ lookup: engine.lookup, filler: engine.filler, fetcher, purges: table, clock }),
    serving: alone ? { engine, site, table, member, counters, close: async () => {} } : undefined,
    close: async () => {
      await origin.close();
      await disk.close();
    },
  };
}

export interface WorkerOptions extends Basis {
  readonly number: number;
  readonly fetcher: Fetcher;
  /** Keys this worker has read from the disk store, for its LRU. */
  readonly onTouch: (keys: string[]) => void;
  readonly invalidate: (key: string) => Promise<void>;
}

/** Puts together what a worker process answers clients with. */
export async function openWorker(options: WorkerOptions): Promise<Serving> {
  const { config, log, fetcher, onTouch, invalidate } = options;
  const site = sitePolicy(config);
  const disk = await openDiskReader({
    directory: storeDirectory(config),
    clock: systemClock,
    onTouch,
    onEvent: (event) => logDiskEvent(log, event),
  });
  const table = new PurgeTable();
  const memory = new MemoryTier({ maxBytes: config.cache.memoryBytesPerWorker });
  const counters = new RequestCounters();
  const engine = engineOf(options, { site, memory, l2: disk, table, fetcher, invalidate });
  const metrics = metricsOf(counters, engine, [memory, disk]);
  const member = new LocalMember({
    number: options.number,
    memory,
    l2: disk,
    table,
    flights: engine.filler.flights,
    counters,
    metrics,
    evict: () => {},
  });
  return { engine, site, table, member, counters, close: () => disk.close() };
}

interface EngineChoice {
  readonly site: SitePolicy;
  readonly memory: MemoryTier;
  readonly l2: DiskStore;
  readonly table: PurgeTable;
  readonly fetcher: Fetcher;
  readonly invalidate: (key: string) => Promise<void>;
}

function engineOf({ config, log }: Basis, choice: EngineChoice): Engine {
  const { table, ...parts } = choice;
  return new Engine({
    ...parts,
    purges: table,
    clock: systemClock,
    maxEntryBytes: config.cache.maxEntryBytes,
    softTimeoutMs: config.cache.softTimeoutMs,
    offline: config.cache.offline,
    onBackgroundError: (error, key) => log.warn({ key, code: error.code, err: error }, 'refresh failed'),
  });
}

function metricsOf(
  counters: RequestCounters,
  engine: Engine,
  tiers: readonly (MemoryTier | DiskStore)[],
): Metrics {
  return createMetrics({
    version: VERSION,
    sources: {
      requests: counters,
      tiers: () => tiers.map((tier) => ({ name: tier.name, stats: tier.stats() })),
      flights: () => engine.filler.flights.size,
    },
  });
}

/** What is TMDB's own, or nobody's in particular. */
export function sitePolicy(config: Config): SitePolicy {
  const { upstream, cache } = config;
  // Hosts whose URLs a purge may name: the origins', and our own as clients see it.
  const addresses = upstream.groups.flatMap(({ servers }) => servers.map(({ origin }) => origin));
  if (config.server.publicUrl !== undefined) addresses.push(config.server.publicUrl);
  const hosts = addresses.map((address) => new URL(address).host);
  const shared = {
    ttlPolicy: cache.ttlPolicy,
    classes: cache.classes,
    cacheEnabled: cache.enabled,
    viaPseudonym: 'tmdb-cache-proxy',
    hosts,
  };
  if (upstream.type === 'custom') return createGenericPolicy(shared);
  const userAgent = `tmdb-cache-proxy/${VERSION}`;
  return createTmdbPolicy({ ...shared, kind: upstream.type, credentials: upstream.credentials, userAgent });
}

function storeDirectory(config: Config): string {
  return join(config.cache.dir, 'store');
}

function logDiskEvent(log: Logger, event: DiskEvent): void {
  if (event.type === 'moved-aside') {
    log.warn(event, `disk store at ${event.from} was ${event.reason}: moved to ${event.to}, starting empty`);
  } else if (event.type === 'error') {
    log.error(event, `disk store: ${event.operation} failed`);
  } else {
    log.info(event, 'disk store');
  }
}
