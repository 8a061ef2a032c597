import type { Coverage } from './cache/coverage.js';
import type { Engine } from './cache/engine.js';
import type { Fetcher } from './cache/fetcher.js';
import { LeasedFetcher } from './cache/lease.js';
import { OriginFetcher } from './cache/origin-fetcher.js';
import type { PurgeTable } from './cache/purge-table.js';
import { expectedOf, type SitePolicy } from './cache/site.js';
import { WritingFetcher } from './cache/writes.js';
import { systemClock } from './clock.js';
import type { NodeManagement } from './cluster/node-management.js';
import { parentAnswer } from './cluster/parent.js';
import { basesOf, credentialFinder, credentialScrubber, ownTarget } from './compose-origin.js';
import type { CoreRedis } from './compose-redis-core.js';
import type { LiveConfig } from './config/live.js';
import type { Logger } from './observe/log.js';
import type { Metrics } from './observe/metrics.js';
import type { Origin } from './origin/source.js';

export interface FetcherOptions {
  readonly live: LiveConfig;
  readonly log: Logger;
  readonly site: SitePolicy;
  readonly table: PurgeTable;
  readonly origin: Origin;
  readonly redis: CoreRedis | undefined;
  readonly coverage: Coverage | undefined;
  /** Made after the fetcher, and looked at when it is asked. */
  readonly later: {
    readonly engine: Pick<Engine, 'lookup' | 'storer'>;
    readonly metrics: Pick<Metrics, 'healed'>;
    readonly management: Pick<NodeManagement, 'purgeWritten'>;
  };
}

/** The core's way to the origin: writes purge what they change, and with Redis a fill is led under a lease. */
export function fetcherOf(options: FetcherOptions): Fetcher {
  const { live, log, site, table, redis, later } = options;
  const asking = originFetcher(options);
  return new WritingFetcher({
    inner: redis === undefined ? asking : leasedFetcher(options, asking, redis),
    site,
    purges: table,
    clock: systemClock,
    get maxEntryBytes() {
      return live.config.cache.maxEntryBytes;
    },
    bases: (upstream) => basesOf(live.config, upstream),
    purge: (scopes, onNumbered, soft) => later.management.purgeWritten(scopes, onNumbered, soft),
    find: (route) => later.engine.lookup.find(route),
    store: (route, head, body) => later.engine.storer.finish(route, head, body),
    onBackgroundError: (error, key) =>
      log.error({ key, code: error.code, err: error }, 'a write has succeeded, its purge or storing has not'),
  });
}

function originFetcher({ live, site, table, origin, coverage, later }: FetcherOptions): OriginFetcher {
  const { parent } = live.config.cluster;
  return new OriginFetcher({
    site,
    origin,
    clock: systemClock,
    coverage,
    get maxEntryBytes() {
      return live.config.cache.maxEntryBytes;
    },
    get inspectMs() {
      return live.config.upstream.requestTimeoutMs;
    },
    scrub: credentialScrubber(live),
    spellsCredential: credentialFinder(live),
    ownTarget: (route, location) => ownTarget(site, live.config, route, location),
    parent: parent && {
      answer: (response) => parentAnswer(parent, response),
      overtaken: (head, bornAt) => table.overtook(head, bornAt),
    },
    onHealed: (kind) =>
      later.metrics.healed(kind === 'gzip-without-header' ? 'field-added' : 'field-removed'),
  });
}

function leasedFetcher({ site, table, later }: FetcherOptions, inner: Fetcher, redis: CoreRedis): Fetcher {
  return new LeasedFetcher({
    inner,
    leases: redis.leases,
    find: (route) => later.engine.lookup.find(route),
    purgedAt: (route) => table.latestFor(expectedOf(site, route)),
    clock: systemClock,
    patienceMs: redis.leaseMs,
    counts: redis.leaseCounts,
  });
}
