import { describe, expect, it } from 'vitest';
import { type Outcome, RESULTS } from '../../../src/cache/outcome.js';
import { createMetrics } from '../../../src/observe/metrics.js';
import { boundedNames } from '../../../src/observe/metrics-collected.js';
import {
  LATENCY_BOUNDS,
  LatencyHistogram,
  mergeHistograms,
  quantile,
} from '../../../src/observe/metrics-histogram.js';
import { mergeMetrics } from '../../../src/observe/metrics-merge.js';
import {
  LABELLED_CLASSES,
  RequestCounters,
  SERVED,
  STATUS_CLASSES,
} from '../../../src/observe/metrics-requests.js';
import type { TierStats } from '../../../src/tiers/tier.js';

const stats = (entries: number): TierStats => ({
  entries,
  bytes: entries * 1000,
  maxBytes: 1e6,
  hits: 3,
  misses: 1,
  writes: 1,
  evictions: 0,
  corrupt: 0,
  errors: 0,
});
const route = '/3/movie/{id}';
const hit: Outcome = { result: 'hit', served: 'memory', class: 'detail', route };

function make(memory = 5, disk = 50, process = false) {
  const requests = new RequestCounters();
  const tiers = () => [
    { name: 'memory' as const, stats: stats(memory) },
    { name: 'disk' as const, stats: stats(disk) },
  ];
  return {
    requests,
    metrics: createMetrics({
      version: '1.2.3',
      sources: { requests, tiers, flights: () => ({ underWay: 2, waiters: 5, refused: 0 }) },
      upstreams: ['image'],
      process,
    }),
  };
}

const samples = (text: string, name: string) => text.split('\n').filter((line) => line.startsWith(name));

describe('metrics of one process', () => {
  it('count requests by route, outcome, tier, class and status class', async () => {
    const { requests, metrics } = make();
    requests.record(hit, 200, 0.2, 1000);
    requests.record(hit, 206, 0.2, 500);
    requests.record(
      { ...hit, result: 'miss', served: 'origin', collapsed: true, noStore: 'status' },
      503,
      120,
    );
    requests.record({ ...hit, result: 'stale', served: 'disk', stale: 'origin-error' }, 200, 3);
    requests.countDecoded();
    const text = await mergeMetrics([await metrics.json()]);
    expect(samples(text, 'tmdb_proxy_requests_total').sort()).toEqual([
      'tmdb_proxy_requests_total{route="/3/movie/{id}",outcome="hit",tier="memory",class="detail",status="2xx"} 2',
      'tmdb_proxy_requests_total{route="/3/movie/{id}",outcome="miss",tier="origin",class="detail",status="5xx"} 1',
      'tmdb_proxy_requests_total{route="/3/movie/{id}",outcome="stale",tier="disk",class="detail",status="2xx"} 1',
    ]);
    expect(text).toContain('tmdb_proxy_collapsed_requests_total 1');
    expect(text).toContain('tmdb_proxy_decoded_bodies_total 1');
    expect(text).toContain('tmdb_proxy_not_stored_total{reason="status"} 1');
    expect(text).toContain('tmdb_proxy_stale_served_total{reason="origin-error"} 1');
    expect(text).toContain('tmdb_proxy_request_duration_seconds_bucket{tier="memory",le="0.0001"} 0');
    expect(text).toContain('tmdb_proxy_request_duration_seconds_bucket{tier="memory",le="0.00025"} 2');
    expect(text).toContain('tmdb_proxy_request_duration_seconds_bucket{tier="memory",le="+Inf"} 2');
    expect(text).toContain('tmdb_proxy_request_duration_seconds_count{tier="origin"} 1');
    expect(text).toContain('tmdb_proxy_response_body_bytes_total{tier="memory"} 1500');
    expect(text).toContain('tmdb_proxy_stale_served_total{reason="offline"} 0');
    expect(text).toContain('tmdb_proxy_flights 2');
    expect(text).toContain('tmdb_proxy_flight_waiters 5');
    expect(text).toContain(`tmdb_proxy_build_info{version="1.2.3",node_version="${process.version}"} 1`);
  });

  it('have bounded labels whatever is recorded', async () => {
    const { requests, metrics } = make();
    for (let i = 0; i < 5000; i++) requests.record({ ...hit, class: `made up ${i}` }, i, 1);
    for (const name of ['__proto__', 'constructor', 'toString'])
      requests.record({ ...hit, class: name }, 200, 1);
    for (let i = 0; i < 500; i++) {
      const server = `https://server-${i}.example`;
      metrics.onOriginEvent({ type: 'rate_limited', upstream: `group ${i}`, server, seconds: 1 });
    }
    const text = await mergeMetrics([await metrics.json()]);
    const series = samples(text, 'tmdb_proxy_requests_total{');
    expect(series.length).toBeLessThanOrEqual(
      RESULTS.length * SERVED.length * LABELLED_CLASSES.length * STATUS_CLASSES.length,
    );
    expect(series).toHaveLength(STATUS_CLASSES.length);
    expect(series.every((line) => line.includes('class="other"'))).toBe(true);
    const total = series.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
    expect(total).toBe(5003);
    expect(samples(text, 'tmdb_proxy_origin_rate_limited_total{')).toHaveLength(9);
  });

  it('have at most so many routes whatever a site policy calls them, and count what is more as one', async () => {
    const { requests, metrics } = make();
    for (let i = 0; i < 5000; i++) requests.record({ ...hit, route: `/made/up/${i}` }, 200, 1);
    for (const name of ['__proto__', 'constructor', undefined])
      requests.record({ ...hit, route: name }, 200, 1);
    const series = samples(await mergeMetrics([await metrics.json()]), 'tmdb_proxy_requests_total{');
    expect(series.length).toBeLessThanOrEqual(251);
    const total = series.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
    expect(total).toBe(5003);
    expect(series.at(-1)).toMatch(/route="other".* 4753$/);
  });

  it('say of a slot what was recorded into it, for every combination of labels', () => {
    const counters = new RequestCounters();
    const recorded: string[] = [];
    for (const result of RESULTS)
      for (const served of SERVED)
        for (const name of LABELLED_CLASSES)
          for (const [i, status] of STATUS_CLASSES.entries()) {
            counters.record({ result, served, class: name, route }, (i + 1) * 100, 1);
            recorded.push(JSON.stringify({ route, result, served, class: name, status, count: 1 }));
          }
    expect(counters.snapshot().counts.map((row) => JSON.stringify(row))).toEqual(recorded);
  });

  it('follow Prometheus conventions: a prefix, base units, _total on counters alone', async () => {
    const { metrics } = make();
    for (const { name, type, help } of (await metrics.json()) as unknown as {
      name: string;
      type: string;
      help: string;
    }[]) {
      expect(name).toMatch(/^tmdb_proxy_[a-z0-9_]+$/);
      expect(name.endsWith('_total')).toBe(type === 'counter');
      expect(name).not.toMatch(/_(ms|milliseconds|kb|mb|percent)(_|$)/);
      if (type === 'histogram') expect(name).toMatch(/_seconds$/);
      expect(help).toMatch(/\.$/);
    }
  });

  it('tell what the origin side does', async () => {
    const { metrics } = make();
    const base = { upstream: 'api', server: 'https://api.example' } as const;
    const attempt = {
      type: 'attempt',
      ...base,
      method: 'GET',
      priority: 'user',
      ms: 20,
      failover: false,
    } as const;
    metrics.onOriginEvent({ ...attempt, status: 200, error: undefined, retry: 0 });
    metrics.onOriginEvent({
      ...attempt,
      status: undefined,
      error: 'origin_timeout',
      retry: 1,
      failover: true,
    });
    metrics.onOriginEvent({
      type: 'queue',
      upstream: 'api',
      priority: 'refresh',
      ms: 4,
      outcome: 'budget_exhausted',
    });
    metrics.onOriginEvent({ type: 'body_failed', ...base, error: 'origin_protocol' });
    metrics.onOriginEvent({ type: 'rate_limited', ...base, seconds: 2 });
    metrics.onOriginEvent({ type: 'failover', upstream: 'api', from: 'a', to: 'b' });
    metrics.timed('read', 'redis', 0.002);
    metrics.healed('field-added');
    metrics.purged('tag', true);
    const text = await mergeMetrics([await metrics.json()]);
    for (const line of [
      'tmdb_proxy_origin_attempts_total{upstream="api",outcome="2xx"} 1',
      'tmdb_proxy_origin_attempts_total{upstream="api",outcome="origin_timeout"} 1',
      'tmdb_proxy_origin_retries_total{upstream="api"} 1',
      'tmdb_proxy_origin_failover_attempts_total{upstream="api"} 1',
      'tmdb_proxy_origin_failovers_total{upstream="api"} 1',
      'tmdb_proxy_origin_rate_limited_total{upstream="api"} 1',
      'tmdb_proxy_origin_bodies_failed_total{upstream="api",reason="origin_protocol"} 1',
      'tmdb_proxy_origin_queue_rejected_total{upstream="api",priority="refresh",reason="budget_exhausted"} 1',
      'tmdb_proxy_origin_rate_limited_total{upstream="image"} 0',
      'tmdb_proxy_origin_queue_rejected_total{upstream="image",priority="user",reason="budget_exhausted"} 0',
      'tmdb_proxy_tier_operation_duration_seconds_bucket{tier="redis",operation="read",le="0.0025"} 1',
      'tmdb_proxy_origin_attempt_duration_seconds_count{upstream="api"} 2',
      'tmdb_proxy_healed_codings_total{how="field-added"} 1',
      'tmdb_proxy_purges_total{scope="tag",mode="soft"} 1',
    ])
      expect(text).toContain(line);
  });
});

describe('metrics of several processes', () => {
  it('add up in one text; a shared store counts once, memory as often as there is', async () => {
    const parts = await Promise.all(
      [make(5, 50, true), make(6, 51, true), make(7, 51, true)].map(async ({ requests, metrics }) => {
        requests.record(hit, 200, 0.2);
        metrics.purged('all', false);
        return structuredClone(await metrics.json());
      }),
    );
    const text = await mergeMetrics(parts);
    for (const line of [
      'tmdb_proxy_requests_total{route="/3/movie/{id}",outcome="hit",tier="memory",class="detail",status="2xx"} 3',
      'tmdb_proxy_request_duration_seconds_bucket{tier="memory",le="+Inf"} 3',
      'tmdb_proxy_request_duration_seconds_count{tier="memory"} 3',
      'tmdb_proxy_tier_entries{tier="memory"} 18',
      'tmdb_proxy_tier_entries{tier="disk"} 51',
      'tmdb_proxy_tier_bytes{tier="disk"} 51000',
      'tmdb_proxy_tier_max_bytes{tier="memory"} 3000000',
      'tmdb_proxy_tier_hits_total{tier="disk"} 9',
      'tmdb_proxy_purges_total{scope="all",mode="hard"} 3',
      'tmdb_proxy_flights 6',
    ])
      expect(text.split('\n')).toContain(line);
    expect(text).toMatch(/tmdb_proxy_build_info\{.*\} 1\n/);
    expect(text).toContain('nodejs_eventloop_lag_p99_seconds');
    const names = samples(text, '# TYPE ').map((line) => line.split(' ')[2]);
    expect(new Set(names).size).toBe(names.length);
  });

  it('of none is an empty text', async () => {
    expect((await mergeMetrics([])).trim()).toBe('');
  });
});

describe('a latency histogram', () => {
  it('puts a value on a bound below it, and whatever is too long in the last bucket', () => {
    const histogram = new LatencyHistogram();
    for (const seconds of [0, 0.0001, 0.00011, 30, 31]) histogram.observe(seconds);
    const { counts, sum } = histogram.data();
    expect(counts).toHaveLength(LATENCY_BOUNDS.length + 1);
    expect([counts[0], counts[1], counts.at(-2), counts.at(-1)]).toEqual([2, 1, 1, 1]);
    expect(sum).toBeCloseTo(61.00021);
  });

  it('merges, and tells quantiles', () => {
    const histogram = new LatencyHistogram();
    expect(quantile(histogram.data(), 0.5)).toBeNull();
    for (let i = 0; i < 100; i++) histogram.observe(0.003);
    const both = mergeHistograms([histogram.data(), histogram.data()]);
    expect(quantile(both, 0.5)).toBeCloseTo(0.00375);
    expect(quantile(both, 1)).toBe(0.005);
    histogram.observe(1000);
    expect(quantile(histogram.data(), 1)).toBe(30);
  });
});

it('names are bounded in number', () => {
  const name = boundedNames(2);
  expect(['a', 'b', 'c', 'a', 'd'].map(name)).toEqual(['a', 'b', 'other', 'a', 'other']);
});
