import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type SampleOrigin, startSampleOrigin } from '../../src/demo/index.js';
import { metricHeads } from '../../src/observe/metrics-docs.js';
import { TEMPLATES } from '../../src/tmdb/templates.js';
import { type Exposition, readExposition } from '../support/exposition.js';
import { eventually } from '../support/patience.js';
import { namesOf } from '../support/promql.js';
import { type ProxyProcess, pointedAt, startProxy } from '../support/proxy-process.js';
import { get } from '../support/raw-client.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';
import { QUERIES } from '../unit/deploy/monitoring-files.js';

let origin: SampleOrigin;
beforeAll(async () => {
  origin = await startSampleOrigin({});
});
afterAll(() => origin.close());

const scrape = async (url: string): Promise<Exposition> =>
  readExposition((await get(`${url}/metrics`)).body.toString());
/** The name a metric is registered by. */
const base = (name: string, { types }: Exposition) => {
  const histogram = name.replace(/_(?:bucket|sum|count)$/, '');
  return types.get(histogram) === 'histogram' ? histogram : name;
};

describe.each(['1', '2'])('/metrics with WORKERS=%s', (WORKERS) => {
  let proxy: ProxyProcess;
  beforeAll(async () => {
    const env = pointedAt(origin.url, { WORKERS, REGION: 'here', SERVER_ID: 'node-1', UPSTREAM_RATE: '500' });
    proxy = await startProxy({ env });
  });
  afterAll(() => proxy.stop());

  it('has every metric that alerts and the dashboard name, and every one that docs/metrics.md has', async () => {
    const now = await scrape(proxy.url);
    for (const [where, expression] of QUERIES)
      for (const { name } of namesOf(expression).metrics)
        expect([...now.types.keys()], where).toContain(base(name, now));
    expect([...now.types.keys()]).toEqual(expect.arrayContaining(metricHeads().map(({ name }) => name)));
  });

  it('has the labels that are documented, and no others', async () => {
    await get(`${proxy.url}/3/movie/551`);
    await get(`${proxy.url}/3/movie/551`);
    await get(`${proxy.url}/cache/purge`, { method: 'POST', body: '{"tags":["movie:1"]}' });
    const now = await scrape(proxy.url);
    const documented = new Map(metricHeads().map(({ name, labels = [] }) => [name, labels]));
    for (const { name, labels } of now.samples) {
      const known = documented.get(base(name, now));
      if (known === undefined) continue; // of the process
      const wanted = name.endsWith('_bucket') ? [...known, 'le'] : known;
      expect([name, Object.keys(labels).sort()]).toEqual([name, [...wanted].sort()]);
    }
  });

  it('counts each request once, whichever process has answered it, by route, outcome, tier, class and status', async () => {
    const asked = 24;
    const before = await scrape(proxy.url);
    let bytes = 0;
    for (let i = 0; i < asked; i++) bytes += (await get(`${proxy.url}/3/movie/552`)).body.length;
    await eventually(async () => {
      const after = await scrape(proxy.url);
      const more = (name: string, labels: Record<string, string> = {}) =>
        after.sum(name, labels) - before.sum(name, labels);
      const route = '/3/movie/{id}';
      expect(more('tmdb_proxy_requests_total')).toBe(asked);
      expect(more('tmdb_proxy_requests_total', { route, class: 'detail', status: '2xx' })).toBe(asked);
      expect(
        more('tmdb_proxy_requests_total', { route, outcome: 'miss', tier: 'origin' }),
      ).toBeGreaterThanOrEqual(1);
      expect(more('tmdb_proxy_requests_total', { route, outcome: 'hit' })).toBeGreaterThan(asked / 2);
      expect(more('tmdb_proxy_request_duration_seconds_count')).toBe(asked);
      expect(more('tmdb_proxy_response_body_bytes_total')).toBe(bytes);
      expect(more('tmdb_proxy_origin_attempts_total', { upstream: 'api', outcome: '2xx' })).toBe(1);
      expect(
        more('tmdb_proxy_tier_operation_duration_seconds_count', { tier: 'disk', operation: 'write' }),
      ).toBe(1);
    });
  });

  it('has no series of its own for what strangers ask', async () => {
    const paths = Array.from({ length: 25 }, (_, i) => [
      `/3/movie/${i}`,
      `/3/made-up-${i}/x`,
      `/3/movie/1/made-up-${i}`,
      `/t/p/w${i}/x${i}.jpg`,
      `/4/${i}`,
      `/3/${'%7Bid%7D/'.repeat(i % 7)}`,
    ]).flat();
    await Promise.all(paths.map((path) => get(`${proxy.url}${path}`)));
    const { samples } = await scrape(proxy.url);
    const routes = new Set(
      samples.filter(({ name }) => name === 'tmdb_proxy_requests_total').map(({ labels }) => labels.route!),
    );
    for (const route of routes) expect(TEMPLATES.has(route), route).toBe(true);
    expect(
      samples.map(({ labels }) => JSON.stringify(labels)).filter((text) => text.includes('made-up')),
    ).toEqual([]);
    // Two routes, a few outcomes and status classes of each.
    expect(samples.length).toBeLessThan(1500);
  });

  it('tells what the node is and has', async () => {
    const now = await scrape(proxy.url);
    expect(now.sum('tmdb_proxy_node_info', { server_id: 'node-1', region: 'here' })).toBe(1);
    expect(now.sum('tmdb_proxy_build_info')).toBe(1);
    for (const state of ['serving', 'configured'])
      expect(now.sum('tmdb_proxy_workers', { state })).toBe(Number(WORKERS));
    expect(now.sum('tmdb_proxy_l2_in_use', { l2: 'disk' })).toBe(1);
    expect(now.sum('tmdb_proxy_bus_synced')).toBe(1);
    expect(now.sum('tmdb_proxy_origin_breaker_state')).toBe(0);
    expect(now.sum('tmdb_proxy_origin_budget_requests_per_second', { upstream: 'api' })).toBe(500);
    expect(now.sum('tmdb_proxy_tier_max_bytes', { tier: 'disk' })).toBeGreaterThan(0);
    expect(now.sum('process_start_time_seconds')).toBeLessThanOrEqual(Date.now() / 1000);
    // What an alert waits for begins at 0, or Prometheus would not see it happen first.
    const zero = (name: string, labels: Record<string, string>) =>
      now.samples.find(
        (each) => each.name === name && Object.entries(labels).every(([k, v]) => each.labels[k] === v),
      );
    expect(zero('tmdb_proxy_origin_rate_limited_total', { upstream: 'api' })?.value).toBe(0);
    expect(zero('tmdb_proxy_stale_served_total', { reason: 'origin-error' })?.value).toBe(0);
  });

  it('has a purge clock that goes on with each purge', async () => {
    const before = (await scrape(proxy.url)).sum('tmdb_proxy_purge_epoch');
    await get(`${proxy.url}/cache/purge`, { method: 'POST', body: '{"tags":["movie:7"]}' });
    expect((await scrape(proxy.url)).sum('tmdb_proxy_purge_epoch')).toBeGreaterThan(before);
  });
});

describe.each(['1', '2'])('/metrics with Redis and WORKERS=%s', (WORKERS) => {
  let redis: RedisServer;
  let proxy: ProxyProcess;
  beforeAll(async () => {
    redis = await startRedis();
    const env = pointedAt(origin.url, {
      WORKERS,
      USE_REDIS: 'true',
      REDIS_URL: `redis://127.0.0.1:${redis.port}`,
    });
    proxy = await startProxy({ env });
  });
  afterAll(async () => {
    await proxy.stop();
    await redis.stop();
  });

  it('tells of leases, of the bus, and that Redis is in use; then that it is not', async () => {
    await vi.waitFor(async () => {
      expect((await scrape(proxy.url)).sum('tmdb_proxy_l2_in_use', { l2: 'redis' })).toBe(1);
    }, 10_000);
    await get(`${proxy.url}/3/movie/553`);
    await vi.waitFor(async () => {
      const now = await scrape(proxy.url);
      expect(now.sum('tmdb_proxy_lease_claims_total', { result: 'ours' })).toBe(1);
      expect(now.sum('tmdb_proxy_leases_held')).toBe(0);
      expect(now.sum('tmdb_proxy_tier_writes_total', { tier: 'redis' })).toBe(1);
      expect(now.sum('tmdb_proxy_bus_synced')).toBe(1);
      expect(now.sum('tmdb_proxy_l2_breaker_state', { l2: 'redis' })).toBe(0);
    }, 10_000);
    await redis.stop();
    await vi.waitFor(async () => {
      const now = await scrape(proxy.url);
      expect(now.sum('tmdb_proxy_l2_in_use', { l2: 'redis' })).toBe(0);
      expect(now.sum('tmdb_proxy_l2_in_use', { l2: 'disk' })).toBe(1);
      expect(now.sum('tmdb_proxy_bus_synced')).toBe(0);
      // What was counted of Redis stays counted as Redis'.
      expect(now.sum('tmdb_proxy_tier_writes_total', { tier: 'redis' })).toBe(1);
    }, 20_000);
  });
});
