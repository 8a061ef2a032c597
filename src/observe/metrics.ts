import type { PurgeScope } from '../cache/purge-table.js';
import type { FeedStatus } from '../feed/status.js';
import type { KeyringFigures } from '../keyring/keyring.js';
import type { OriginEvent } from '../origin/events.js';
import type { UpstreamStatus } from '../origin/status.js';
import type { NamedStats, TierName } from '../tiers/tier.js';
import type { TierOperation } from '../tiers/timed.js';
import { type BusFigures, busMetrics } from './metrics-bus.js';
import { type CollectedMetric, CollectedMetrics } from './metrics-collected.js';
import { credentialsMetrics } from './metrics-credentials.js';
import { doorMetrics } from './metrics-doors.js';
import { feedMetrics } from './metrics-feed.js';
import { type L2Figures, l2Metrics } from './metrics-l2.js';
import type { MetricsJson } from './metrics-merge.js';
import { type NodeFigures, nodeMetrics } from './metrics-node.js';
import { originMetrics } from './metrics-origin.js';
import { originStatusMetrics } from './metrics-origin-status.js';
import { ProcessMetrics } from './metrics-process.js';
import { requestMetrics } from './metrics-request-series.js';
import type { RequestCounters } from './metrics-requests.js';
import { LabelledValues } from './metrics-series.js';
import { type TenantFigures, tenantsMetrics } from './metrics-tenants.js';
import { tierMetrics } from './metrics-tiers.js';
import { type WarmFigures, warmMetrics } from './metrics-warm.js';

/** What is asked at each scrape. Everything is of this process; `mergeMetrics` adds processes up. */
export interface MetricsSources {
  readonly requests: RequestCounters;
  /** A shared store may be given by every process: its entries and bytes count once. */
  readonly tiers: () => readonly NamedStats[];
  /** Fetches under way, as MAX_FLIGHTS counts them, and requests that wait for them. */
  readonly flights: () => { readonly underWay: number; readonly waiters: number; readonly refused: number };
  /** What the core alone knows; absent in workers. */
  readonly core?: () => CoreSources;
}

/** What a core does of its own accord. */
export interface JobSources {
  readonly feed: () => FeedStatus | undefined;
  readonly warm: () => WarmFigures;
  readonly tenants: () => TenantFigures | undefined;
  readonly credentials: () => KeyringFigures;
}

export interface CoreSources extends JobSources {
  /** Purges across nodes; undefined where the node is alone. */
  readonly bus: () => BusFigures | undefined;
  readonly origin: () => readonly UpstreamStatus[];
  readonly l2: () => L2Figures;
  readonly node: () => NodeFigures;
}

export interface MetricsOptions {
  readonly version: string;
  readonly sources: MetricsSources;
  /** Groups of origin servers that this process asks. */
  readonly upstreams?: readonly string[];
  /** Also CPU, memory, event loop and garbage collection of the process. Default true. */
  readonly process?: boolean;
}

/** How a mislabelled content coding was put right: a gzip body without the field, or the field without gzip. */
export type HealedCoding = 'field-added' | 'field-removed';

export interface Metrics {
  /** Listener for the origin side. */
  readonly onOriginEvent: (event: OriginEvent) => void;
  readonly healed: (how: HealedCoding) => void;
  readonly purged: (scope: PurgeScope['kind'], soft: boolean) => void;
  /** A read or write of L2 has ended after so many seconds. */
  readonly timed: (operation: TierOperation, tier: TierName, seconds: number) => void;
  /** This process' answer to a scrape, for `mergeMetrics`. */
  readonly json: () => Promise<MetricsJson>;
  /** Every metric of this program there is in this process; those of the process itself are prom-client's. */
  readonly heads: () => readonly CollectedMetric[];
}

export const PREFIX = 'tmdb_proxy_';

/** The metrics of one process: base units, bounded labels, nothing that names a client, a target or a key. */
export function createMetrics(options: MetricsOptions): Metrics {
  const metrics = new CollectedMetrics();
  const ofProcess = options.process === false ? undefined : new ProcessMetrics();
  const { requests, tiers, flights, core } = options.sources;

  requestMetrics(metrics, PREFIX, requests);
  doorMetrics(metrics, PREFIX, requests.doors, () => flights().refused);
  const timed = tierMetrics(metrics, PREFIX, tiers);
  const gauge = (name: string, help: string, pick: () => number) =>
    metrics.add({ name: PREFIX + name, help, type: 'gauge' }, () => [{ labels: {}, value: pick() }]);
  gauge(
    'flights',
    'Fetches under way, those passed through included: what `MAX_FLIGHTS` bounds.',
    () => flights().underWay,
  );
  gauge('flight_waiters', 'Requests that wait for the head of a fill in progress.', () => flights().waiters);
  metrics.add(
    {
      name: `${PREFIX}build_info`,
      help: 'Always 1.',
      type: 'gauge',
      aggregator: 'first',
      labels: ['version', 'node_version'],
    },
    () => [{ labels: { version: options.version, node_version: process.version }, value: 1 }],
  );
  if (core !== undefined) coreMetrics(metrics, core);
  const events = eventMetrics(metrics);
  return {
    onOriginEvent: originMetrics(metrics, `${PREFIX}origin_`, options.upstreams ?? []),
    ...events,
    timed,
    json: async () => [...((await ofProcess?.json()) ?? []), ...metrics.json()],
    heads: () => metrics.heads(),
  };
}

function coreMetrics(metrics: CollectedMetrics, core: () => CoreSources): void {
  nodeMetrics(metrics, PREFIX, () => core().node());
  l2Metrics(metrics, PREFIX, () => core().l2());
  originStatusMetrics(metrics, `${PREFIX}origin_`, () => core().origin());
  busMetrics(metrics, PREFIX, () => core().bus());
  feedMetrics(metrics, PREFIX, () => core().feed());
  warmMetrics(metrics, PREFIX, () => core().warm());
  tenantsMetrics(metrics, PREFIX, () => core().tenants());
  credentialsMetrics(metrics, PREFIX, () => core().credentials());
}

/** What is counted when it is told. */
function eventMetrics(metrics: CollectedMetrics): Pick<Metrics, 'healed' | 'purged'> {
  const counter = (name: string, help: string, ...labels: string[]) =>
    new LabelledValues(metrics, { name: PREFIX + name, help, type: 'counter' }, labels);
  const healed = counter(
    'healed_codings_total',
    'Origin bodies whose Content-Encoding did not say what they were.',
    'how',
  );
  const purges = counter('purges_total', 'Purge rules taken in by what they name.', 'scope', 'mode');
  return {
    healed: (how) => healed.inc(how),
    purged: (scope, soft) => purges.inc(scope, soft ? 'soft' : 'hard'),
  };
}
