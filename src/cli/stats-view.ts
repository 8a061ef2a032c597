import type { HealthAnswer, HealthCheck } from '../admin/answers/health.js';
import type { Percentiles, StatsAnswer, TierStatsAnswer, UpstreamStats } from '../admin/answers/stats.js';
import { RESULTS } from '../cache/outcome.js';
import { bytes, count, duration, ms, percent, plural } from '../figures.js';
import { type Column, plain, table } from './table.js';

/** What a proxy said of itself at one moment. */
export interface Look {
  readonly url: string;
  readonly stats: StatsAnswer;
  readonly health: HealthAnswer;
}

/** The proxy at a glance, as lines of text. With an earlier look there are rates since then as well. */
export function statsView(look: Look, before?: Look): string {
  const { stats } = look;
  return [
    headline(look),
    requests(stats, before?.stats),
    tiers(stats),
    latencies(stats),
    upstreams(stats),
    health(look.health),
  ].join('\n\n');
}

function headline({ url, stats, health }: Look): string {
  return `${url} is ${health.status}: up ${duration(stats.uptime)}, ${plural(stats.workers, 'worker')}, hit rate ${percent(stats.cache.hit_rate)}`;
}

function requests(stats: StatsAnswer, before: StatsAnswer | undefined): string {
  const of = (at: StatsAnswer): readonly number[] => [
    at.requests.total,
    ...RESULTS.map((outcome) => at.requests.by_outcome[outcome]),
  ];
  const rows = [['since the start', ...of(stats).map(count)]];
  const seconds =
    before === undefined ? 0 : (Date.parse(stats.timestamp) - Date.parse(before.timestamp)) / 1000;
  // A proxy that was started anew counts from 0.
  if (before !== undefined && seconds > 0 && stats.uptime >= before.uptime) {
    const earlier = of(before);
    rows.push(['per second', ...of(stats).map((now, at) => ((now - earlier[at]!) / seconds).toFixed(1))]);
  }
  return table(columns('requests', ['total', ...RESULTS]), rows);
}

function tiers({ cache }: StatsAnswer): string {
  const row = (name: string, tier: TierStatsAnswer) => [
    name,
    count(tier.entries),
    // 0: a Redis without maxmemory.
    tier.max_bytes === 0 ? bytes(tier.bytes) : `${bytes(tier.bytes)} of ${bytes(tier.max_bytes)}`,
    count(tier.hits),
    count(tier.misses),
    percent(tier.hit_rate),
    count(tier.writes),
    count(tier.evictions),
    count(tier.errors + tier.corrupt),
  ];
  const rows = [row('memory', cache.l1), ...(cache.l2.type === 'none' ? [] : [row(cache.l2.type, cache.l2)])];
  return table(
    columns('tier', ['entries', 'size', 'hits', 'misses', 'hit rate', 'writes', 'evictions', 'errors']),
    rows,
  );
}

function latencies({ latency_ms: { l1, l2, origin, ...all } }: StatsAnswer): string {
  const row = (name: string, { p50, p95, p99 }: Percentiles) => [name, ...[p50, p95, p99].map(ms)];
  const rows = [row('all', all), row('memory', l1), row('L2', l2), row('origin', origin)];
  return table(columns('latency', ['p50', 'p95', 'p99']), rows);
}

function upstreams({ upstreams: known }: StatsAnswer): string {
  const rows = Object.entries(known).map(([url, upstream]: [string, UpstreamStats]) => [
    url,
    upstream.status,
    count(upstream.requests),
    count(upstream.errors),
    ms(upstream.p50_ms),
    ms(upstream.p95_ms),
    count(upstream.in_flight),
    upstream.last_error ?? '',
  ]);
  const figures = columns('upstream', ['state', 'requests', 'errors', 'p50', 'p95', 'in flight']);
  return table(withWords(figures, [1], 'last error'), rows);
}

function health({ checks }: HealthAnswer): string {
  const rows = Object.entries(checks).map(([name, check]: [string, HealthCheck]) => [
    name,
    check.status,
    check.detail,
  ]);
  return table(withWords(columns('part', ['state']), [1], 'what it says'), rows);
}

type Cells = readonly string[];

/** A column of names and columns of figures. */
function columns(first: string, figures: readonly string[]): Column<Cells>[] {
  return [first, ...figures].map((title, at) => ({ title, of: (cells) => cells[at] ?? '', right: at > 0 }));
}

/** The same with some columns of words instead, and one more of them at the end. */
function withWords(of: readonly Column<Cells>[], words: readonly number[], last: string): Column<Cells>[] {
  const end = of.length;
  return [
    ...of.map((column, at) => ({ ...column, right: column.right === true && !words.includes(at) })),
    { title: last, of: (cells) => plain(cells[end] ?? '') },
  ];
}
