import { describe, expect, it } from 'vitest';
import { evaluate, firing, type Labels, type Series, seconds } from '../../support/promql-eval.js';
import { ALERTS } from './monitoring-files.js';

const TARGET = { instance: 'a:9400', job: 'tmdb' };
const series = (name: string, labels: Labels, at: Series['at']): Series => ({
  name: name.startsWith('process_') || name.startsWith('nodejs_') ? name : `tmdb_proxy_${name}`,
  labels: { ...TARGET, ...labels },
  at,
});
const still = (name: string, labels: Labels, value: number) => series(name, labels, () => value);
const rising = (name: string, labels: Labels, perSecond: number) =>
  series(name, labels, (now) => 1000 + now * perSecond);
/** A histogram of which each second so many observations are that long. */
const lasting = (name: string, labels: Labels, bound: number, perSecond = 10) =>
  [0.005, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, Number.POSITIVE_INFINITY].map((le) =>
    rising(
      `${name}_bucket`,
      { ...labels, le: Number.isFinite(le) ? String(le) : '+Inf' },
      le >= bound ? perSecond : 0,
    ),
  );

const API = { upstream: 'api' };
const FIRST = { ...API, server: 'https://one' };
const SECOND = { ...API, server: 'https://two' };
const requests = (outcome: string, perSecond: number, status = outcome === 'error' ? '5xx' : '2xx') =>
  rising('requests_total', { outcome, tier: 'none', route: '/3/movie/{id}', status }, perSecond);
const attempts = (outcome: string, perSecond: number) =>
  rising('origin_attempts_total', { ...FIRST, outcome }, perSecond);

/** A node that is well and busy. */
const HEALTHY: readonly Series[] = [
  still('build_info', { version: '1', node_version: '24' }, 1),
  requests('hit', 100),
  requests('miss', 10),
  requests('error', 0.1),
  rising('stale_served_total', { reason: 'while-revalidate' }, 5),
  rising('stale_served_total', { reason: 'origin-error' }, 0),
  ...lasting('request_duration_seconds', { tier: 'memory' }, 0.005, 100),
  ...lasting('request_duration_seconds', { tier: 'origin' }, 0.5),
  still('origin_breaker_state', FIRST, 0),
  still('origin_breaker_state', SECOND, 0),
  attempts('2xx', 10),
  attempts('4xx', 1),
  attempts('5xx', 0.1),
  attempts('client_closed', 0.1),
  ...lasting('origin_attempt_duration_seconds', FIRST, 0.25),
  rising('origin_rate_limited_total', API, 0),
  rising('origin_queue_rejected_total', { ...API, priority: 'user', reason: 'budget_exhausted' }, 0),
  still('credentials', { state: 'in-use' }, 1),
  still('credentials', { state: 'refused' }, 0),
  still('l2_in_use', { l2: 'redis' }, 1),
  still('l2_in_use', { l2: 'none' }, 0),
  rising('tier_errors_total', { tier: 'disk', operation: 'read' }, 0),
  rising('tier_corrupt_total', { tier: 'disk' }, 0),
  ...lasting('tier_operation_duration_seconds', { tier: 'disk', operation: 'read' }, 0.005),
  still('bus_synced', {}, 1),
  ...lasting('bus_purge_lag_seconds', {}, 0.1, 0.1),
  rising('bus_gaps_total', {}, 0),
  still('peer_pending_purges', { peer: 'https://other' }, 0),
  rising('lease_failures_total', {}, 0),
  still('feed_lag_seconds', {}, 600),
  still('feed_healthy', {}, 1),
  still('proxy_keys_file_good', {}, 1),
  still('workers', { state: 'configured' }, 2),
  still('workers', { state: 'serving' }, 2),
  still('process_start_time_seconds', {}, 1_700_000_000),
  still('nodejs_eventloop_lag_p99_seconds', {}, 0.02),
  still('process_open_fds', {}, 100),
  still('process_max_fds', {}, 1024),
];

/** Open for a while, half open for one trial, open again: a server that stays away. */
const trying = (labels: Labels) => series('origin_breaker_state', labels, (now) => (now % 45 < 30 ? 2 : 1));

/** What is otherwise than on a healthy node where an alert has to fire. */
const SICK: Readonly<Record<string, readonly Series[]>> = {
  TmdbProxyErrors: [requests('error', 20)],
  TmdbProxyServingStale: [rising('stale_served_total', { reason: 'origin-error' }, 20)],
  TmdbProxyHitsSlow: lasting('request_duration_seconds', { tier: 'memory' }, 0.5, 100),
  TmdbProxyHitRateLow: [requests('miss', 1000)],
  TmdbProxyOriginDown: [trying(FIRST), trying(SECOND)],
  TmdbProxyOriginServerDown: [trying(FIRST)],
  TmdbProxyOriginErrors: [attempts('origin_timeout', 10)],
  TmdbProxyOriginAbandoned: [attempts('client_closed', 10)],
  TmdbProxyOriginSlow: lasting('origin_attempt_duration_seconds', FIRST, 5),
  TmdbProxyOriginRateLimited: [rising('origin_rate_limited_total', API, 0.01)],
  TmdbProxyBudgetSpent: [
    rising('origin_queue_rejected_total', { ...API, priority: 'user', reason: 'budget_exhausted' }, 1),
  ],
  TmdbProxyAllKeysRefused: [
    still('credentials', { state: 'in-use' }, 0),
    still('credentials', { state: 'refused' }, 1),
  ],
  TmdbProxyKeyRefused: [still('credentials', { state: 'refused' }, 1)],
  TmdbProxyTurnsAway: [rising('refused_total', { bound: 'client' }, 0.1)],
  TmdbProxyRedisAway: [still('l2_in_use', { l2: 'redis' }, 0)],
  TmdbProxyNoL2: [still('l2_in_use', { l2: 'none' }, 1)],
  TmdbProxyTierErrors: [rising('tier_errors_total', { tier: 'disk', operation: 'read' }, 0.1)],
  TmdbProxyTierCorrupt: [rising('tier_corrupt_total', { tier: 'disk' }, 0.1)],
  TmdbProxyL2Slow: lasting('tier_operation_duration_seconds', { tier: 'disk', operation: 'read' }, 0.5),
  TmdbProxyBusAway: [still('bus_synced', {}, 0)],
  TmdbProxyPurgeLag: lasting('bus_purge_lag_seconds', {}, 5, 0.1),
  TmdbProxyBusGaps: [rising('bus_gaps_total', {}, 0.1)],
  TmdbProxyPeerBehind: [still('peer_pending_purges', { peer: 'https://other' }, 3)],
  TmdbProxyLeasesFailing: [rising('lease_failures_total', {}, 1)],
  TmdbProxyFeedLag: [series('feed_lag_seconds', {}, (now) => now)],
  TmdbProxyFeedUnhealthy: [still('feed_healthy', {}, 0)],
  TmdbProxyKeysFileBad: [still('proxy_keys_file_good', {}, 0)],
  TmdbProxyWorkersMissing: [still('workers', { state: 'serving' }, 1)],
  TmdbProxyRestarting: [series('process_start_time_seconds', {}, (now) => Math.floor(now / 180))],
  TmdbProxyEventLoopLate: [still('nodejs_eventloop_lag_p99_seconds', {}, 0.5)],
  TmdbProxyFilesRunOut: [still('process_open_fds', {}, 900)],
};

const LONG = 2.5 * 3600;
const idOf = ({ name, labels }: Series) => JSON.stringify([name, Object.entries(labels).sort()]);
const healthyBut = (changes: readonly Series[]): Series[] => [
  ...new Map([...HEALTHY, ...changes].map((one) => [idOf(one), one])).values(),
];
const rule = (name: string) => ALERTS.find(({ alert }) => alert === name)!;

describe('an alert', () => {
  it.each(ALERTS)('$alert keeps quiet about a node that is well', (alert) => {
    expect(firing(alert, HEALTHY, LONG)).toEqual([]);
  });

  it.each(ALERTS.filter(({ alert }) => alert !== 'TmdbProxyAbsent'))(
    '$alert fires when it should',
    (alert) => {
      expect(SICK[alert.alert]).toBeDefined();
      expect(firing(alert, healthyBut(SICK[alert.alert]!), LONG)).toEqual([
        expect.objectContaining({ instance: TARGET.instance }),
      ]);
    },
  );

  it('TmdbProxyAbsent fires when nothing is scraped', () => {
    expect(firing(rule('TmdbProxyAbsent'), [], LONG)).toHaveLength(1);
  });

  it('there is a case of no rule that is gone', () => {
    const names = ALERTS.map(({ alert }) => alert);
    for (const name of Object.keys(SICK)) expect(names).toContain(name);
  });

  it('OriginDown waits for the last server of an upstream, and ends with the first success', () => {
    const down = rule('TmdbProxyOriginDown');
    expect(firing(down, healthyBut([trying(FIRST)]), LONG)).toEqual([]);
    const back = (labels: Labels) =>
      series('origin_breaker_state', labels, (now) => (now < LONG - 30 ? trying(labels).at(now) : 0));
    expect(firing(down, healthyBut([back(FIRST), trying(SECOND)]), LONG)).toEqual([]);
  });

  it('Errors is about errors of ours, not about what clients did wrong or gave up', () => {
    expect(firing(rule('TmdbProxyErrors'), healthyBut([requests('error', 50, '4xx')]), LONG)).toEqual([]);
  });

  it('a breaker that was open for a moment is no alert', () => {
    const once = series('origin_breaker_state', FIRST, (now) => (now >= LONG - 60 ? 2 : 0));
    expect(firing(rule('TmdbProxyOriginServerDown'), healthyBut([once]), LONG)).toEqual([]);
  });
});

describe('the evaluator', () => {
  const at = (expression: string, given: readonly Series[]) =>
    evaluate(expression, given, 600).map(({ value }) => value);

  it('adds up, divides, compares and matches as Prometheus does', () => {
    const [a, b] = [still('m', { k: 'a' }, 6), still('m', { k: 'b' }, 3)];
    expect(at('sum by (instance) (tmdb_proxy_m) / 3 + 1 * 2', [a, b])).toEqual([5]);
    expect(at('min(tmdb_proxy_m{k=~"a|b"}) < 4', [a, b])).toEqual([3]);
    expect(at('tmdb_proxy_m{k!="a"} > 4', [a, b])).toEqual([]);
    expect(at('tmdb_proxy_m > 1 and on (instance) tmdb_proxy_n', [a, b])).toEqual([]);
    expect(() => at('tmdb_proxy_m < on (instance) tmdb_proxy_m', [a, b])).toThrow('many-to-many');
    expect(at('histogram_quantile(0.5, rate(tmdb_proxy_h_bucket[5m]))', lasting('h', {}, 0.5))).toEqual([
      0.375,
    ]);
  });

  it('takes a counter that went back for one that began again', () => {
    const reset = series('c_total', {}, (now) => (now < 450 ? now : now - 450));
    // 18 of 19 steps: what came between the last sample and the reset is lost.
    expect(at('rate(tmdb_proxy_c_total[5m])', [reset])[0]).toBeCloseTo(18 / 19);
    expect(at('changes(tmdb_proxy_c_total[1m])', [reset])).toEqual([3]);
  });

  it('refuses what it does not know', () => {
    expect(() => at('quantile_over_time(0.5, tmdb_proxy_m[5m])', [])).toThrow('unknown function');
    expect(() => at('tmdb_proxy_m offset 5m', [])).toThrow();
    expect(seconds('10m')).toBe(600);
  });
});
