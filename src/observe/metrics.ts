import type { PurgeScope } from '../cache/purge-table.js';
import type { FeedStatus } from '../feed/status.js';
import type { KeyringFigures } from '../keyring/keyring.js';
import type { OriginEvent } from '../origin/events.js';
import type { TierName, TierStats } from '../tiers/tier.js';
import { type BusFigures, busMetrics } from './metrics-bus.js';
import { CollectedMetrics, histogramSamples } from './metrics-collected.js';
import { credentialsMetrics } from './metrics-credentials.js';
import { feedMetrics } from './metrics-feed.js';
import type { MetricsJson } from './metrics-merge.js';
import { originMetrics } from './metrics-origin.js';
import { ProcessMetrics } from './metrics-process.js';
import { type RequestCounters, type RequestSnapshot, SERVED } from './metrics-requests.js';
import { LabelledValues } from './metrics-series.js';
import { type TenantFigures, tenantsMetrics } from './metrics-tenants.js';
import { type WarmFigures, warmMetrics } from './metrics-warm.js';

/** What is asked at each scrape. Everything is of this process; `mergeMetrics` adds processes up. */
export interface MetricsSources {
  readonly requests: RequestCounters;
  /** A shared store may be given by every process: its entries and bytes count once. */
  readonly tiers: () => readonly { readonly name: TierName; readonly stats: TierStats }[];
  /** Fills in progress. */
  readonly flights: () => number;
  /** Purges across nodes; absent where this process has no part in them. */
  readonly bus?: () => BusFigures | undefined;
  /** What a core does of its own accord; absent in workers. */
  readonly core?: () => CoreSources;
}

export interface CoreSources {
  readonly feed: () => FeedStatus | undefined;
  readonly warm: () => WarmFigures;
  readonly tenants: () => TenantFigures | undefined;
  readonly credentials: () => KeyringFigures;
}

export interface MetricsOptions {
  readonly version: string;
  readonly sources: MetricsSources;
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
  /** This process' answer to a scrape, for `mergeMetrics`. */
  readonly json: () => Promise<MetricsJson>;
}

const PREFIX = 'tmdb_proxy_';

/** The metrics of one process: base units, bounded labels, nothing that names a client, a target or a key. */
export function createMetrics(options: MetricsOptions): Metrics {
  const metrics = new CollectedMetrics();
  const ofProcess = options.process === false ? undefined : new ProcessMetrics();
  const { requests, tiers, flights, bus, core } = options.sources;

  requestMetrics(metrics, requests);
  tierMetrics(metrics, tiers);
  if (bus !== undefined) busMetrics(metrics, PREFIX, bus);
  if (core !== undefined) {
    feedMetrics(metrics, PREFIX, () => core().feed());
    warmMetrics(metrics, PREFIX, () => core().warm());
    tenantsMetrics(metrics, PREFIX, () => core().tenants());
    credentialsMetrics(metrics, PREFIX, () => core().credentials());
  }
  metrics.add({ name: `${PREFIX}flights`, help: 'Fills in progress.', type: 'gauge' }, () => [
    { labels: {}, value: flights() },
  ]);
  metrics.add({ name: `${PREFIX}build_info`, help: 'Always 1.', type: 'gauge', aggregator: 'first' }, () => [
    { labels: { version: options.version, node_version: process.version }, value: 1 },
  ]);
  const healed = new LabelledValues(
    metrics,
    {
      name: `${PREFIX}healed_codings_total`,
      help: 'Origin bodies whose Content-Encoding did not say what they were.',
      type: 'counter',
    },
    ['how'],
  );
  const purges = new LabelledValues(
    metrics,
    {
      name: `${PREFIX}purges_total`,
      help: 'Purge rules taken in by what they name.',
      type: 'counter',
    },
    ['scope', 'mode'],
  );
  return {
    onOriginEvent: originMetrics(metrics),
    healed: (how) => healed.inc(how),
    purged: (scope, soft) => purges.inc(scope, soft ? 'soft' : 'hard'),
    json: async () => [...((await ofProcess?.json()) ?? []), ...metrics.json()],
  };
}

function requestMetrics(metrics: CollectedMetrics, requests: RequestCounters): void {
  const counter = (
    name: string,
    help: string,
    samples: (now: RequestSnapshot) => [string, number][],
    label: string,
  ) =>
    metrics.add({ name: PREFIX + name, help, type: 'counter' }, () =>
      samples(requests.snapshot()).map(([name, value]) => ({ labels: { [label]: name }, value })),
    );
  metrics.add(
    { name: `${PREFIX}requests_total`, help: 'Client requests by what happened to them.', type: 'counter' },
    () =>
      requests.snapshot().counts.map(({ result, served, class: of, status, count }) => ({
        labels: { result, tier: served, class: of, status },
        value: count,
      })),
  );
  const name = `${PREFIX}request_duration_seconds`;
  const help = 'From the arrival of a request to the end of its answer, by the tier that served it.';
  metrics.add({ name, help, type: 'histogram' }, () => {
    const { latency } = requests.snapshot();
    return SERVED.flatMap((tier) => histogramSamples(name, { tier }, latency[tier]));
  });
  counter(
    'not_stored_total',
    'Responses not stored, by reason.',
    (now) => Object.entries(now.noStore),
    'reason',
  );
  counter('stale_served_total', 'Stale answers, by reason.', (now) => Object.entries(now.stale), 'reason');
  metrics.add(
    {
      name: `${PREFIX}collapsed_requests_total`,
      help: "Requests that shared another's fill.",
      type: 'counter',
    },
    () => [{ labels: {}, value: requests.snapshot().collapsed }],
  );
  metrics.add(
    {
      name: `${PREFIX}decoded_bodies_total`,
      help: 'Bodies decoded for clients that take no gzip; kept for the next while there is room.',
      type: 'counter',
    },
    () => [{ labels: {}, value: requests.snapshot().decoded }],
  );
}

function tierMetrics(metrics: CollectedMetrics, tiers: MetricsSources['tiers']): void {
  const each = (name: string, help: string, type: 'counter' | 'gauge', pick: (stats: TierStats) => number) =>
    metrics.add({ name: `${PREFIX}tier_${name}`, help, type }, () =>
      tiers().map(({ name: tier, stats }) => ({ labels: { tier }, value: pick(stats) })),
    );
  each('entries', 'Entries stored.', 'gauge', (stats) => stats.entries);
  each('bytes', 'Bytes stored: keys, fields and bodies.', 'gauge', (stats) => stats.bytes);
  each('max_bytes', 'Bound of the bytes stored.', 'gauge', (stats) => stats.maxBytes);
  each('hits_total', 'Lookups that found an entry.', 'counter', (stats) => stats.hits);
  each('misses_total', 'Lookups that found none.', 'counter', (stats) => stats.misses);
  each('writes_total', 'Entries written.', 'counter', (stats) => stats.writes);
  each('evictions_total', 'Entries removed to make room.', 'counter', (stats) => stats.evictions);
  each('corrupt_total', 'Values that could not be read.', 'counter', (stats) => stats.corrupt);
  each('errors_total', 'Failed operations.', 'counter', (stats) => stats.errors);
}
