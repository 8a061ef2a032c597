import type { Engine } from './cache/engine.js';
import type { PurgeTable } from './cache/purge-table.js';
import type { Coherence } from './cluster/coherence.js';
import type { PeerQueue } from './cluster/peer-queue.js';
import type { CoreRedis } from './compose-redis-core.js';
import type { Config } from './config/config.js';
import { type CoreSources, createMetrics, type JobSources, type Metrics } from './observe/metrics.js';
import type { RequestCounters } from './observe/metrics-requests.js';
import type { OriginService } from './origin/origin.js';
import type { NamedStats, Tier } from './tiers/tier.js';
import { statsOfEach } from './tiers/timed.js';
import { VERSION } from './version.js';

interface MetricsParts {
  readonly counters: RequestCounters;
  /** Asked when somebody scrapes. */
  readonly engine: () => Engine;
  readonly tiers: readonly Tier[];
  /** What workers have looked for in vain is looked for once more by their core: that is no second look-up. */
  readonly looksAgain?: boolean;
  readonly upstreams?: readonly string[];
  readonly core?: () => CoreSources;
}

/** What one process counts. */
export function metricsOf(parts: MetricsParts): Metrics {
  const { counters, engine, tiers, looksAgain, upstreams = [], core } = parts;
  const figures = () => tiers.flatMap(statsOfEach);
  return createMetrics({
    version: VERSION,
    upstreams,
    sources: {
      requests: counters,
      tiers: looksAgain ? () => figures().map(withoutLooks) : figures,
      flights: () => engine().filler.flights,
      ...(core !== undefined && { core }),
    },
  });
}

function withoutLooks({ name, stats }: NamedStats): NamedStats {
  return { name, stats: { ...stats, hits: 0, misses: 0 } };
}

export interface CoreMetricsParts {
  readonly config: Config;
  readonly table: PurgeTable;
  readonly origin: OriginService;
  readonly redis: CoreRedis | undefined;
  /** Processes that answer clients. */
  readonly serving: () => number;
  /** Made after the metrics, and looked at when somebody scrapes. */
  readonly later: {
    readonly coherence: Coherence | undefined;
    readonly peers: PeerQueue;
    readonly jobs: { readonly sources: JobSources };
  };
}

/** What the core knows of the node. */
export function coreSources(parts: CoreMetricsParts): CoreSources {
  const { config, table, origin, redis, serving, later } = parts;
  const { serverId, region, workers } = config.server;
  return {
    ...later.jobs.sources,
    bus: () => later.coherence?.stats(),
    origin: () => origin.status(),
    l2: () => redis?.view.status(),
    node: () => ({
      serverId,
      region,
      workers: { configured: workers, serving: serving() },
      purges: { epoch: table.stamp(), rules: table.size },
      leases: redis?.leaseCounts,
      peers: later.peers.status(),
    }),
  };
}
