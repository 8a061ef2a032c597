import { describe, expect, it } from 'vitest';
import { cacheInfoAnswer } from '../../../src/admin/answers/cache.js';
import { statsAnswer } from '../../../src/admin/answers/stats.js';
import { cacheInfo } from '../../../src/admin/cache-info-answer.js';
import { mergeStats } from '../../../src/admin/merge-stats.js';
import { mergeUpstreams } from '../../../src/admin/merge-upstreams.js';
import type { Config } from '../../../src/config/config.js';
import type { FeedStatus } from '../../../src/feed/status.js';
import { config, core, NOW, report, tierStats, upstream } from './fakes.js';

describe('mergeStats', () => {
  it('of no worker is all zeros and nulls, never NaN', () => {
    const answer = mergeStats([], core({ upstreams: [] }), NOW);
    expect(statsAnswer.parse(answer)).toEqual(answer);
    expect(answer).toMatchObject({
      requests: { total: 0 },
      cache: { hit_rate: 0, l1: { entries: 0, hit_rate: 0 } },
      latency_ms: { p50: null, l1: { p99: null } },
      upstreams: {},
    });
  });

  it('adds workers up; a store they share counts once', () => {
    const { cache, requests, workers, uptime } = mergeStats([report(), report(), report()], core(), NOW);
    expect({ workers, uptime, total: requests.total }).toEqual({ workers: 3, uptime: 3600, total: 15 });
    expect(cache.l1).toMatchObject({
      entries: 30,
      bytes: 15_000,
      max_bytes: 300_000,
      hits: 90,
      misses: 30,
      hit_rate: 0.75,
    });
    expect(cache.l2).toMatchObject({
      entries: 10,
      bytes: 5000,
      max_bytes: 100_000,
      hits: 15,
      misses: 15,
      hit_rate: 0.5,
    });
  });

  it('takes L2 from the process that speaks for it', () => {
    const l2Stats = tierStats({ entries: 77, hits: 3, misses: 1 });
    const { cache } = mergeStats([report({ l2: undefined })], core({ l2Stats }), NOW);
    expect(cache.l2).toMatchObject({ entries: 77, hits: 3, hit_rate: 0.75 });
  });

  it('tells percentiles of what each tier served', () => {
    const { latency_ms } = mergeStats([report(), report()], core(), NOW);
    expect(latency_ms.l1.p50).toBeGreaterThan(0.1);
    expect(latency_ms.l1.p50).toBeLessThanOrEqual(0.25);
    expect(latency_ms.l2.p95).toBeGreaterThan(2.5);
    expect(latency_ms.l2.p95).toBeLessThanOrEqual(5);
    expect(latency_ms.origin.p99).toBeGreaterThan(50);
    expect(latency_ms.origin.p99).toBeLessThanOrEqual(100);
    expect(latency_ms.p50).toBeLessThanOrEqual(0.25);
  });

  it('tells of the change feed, and that there is none', () => {
    expect(mergeStats([report()], core(), NOW).change_feed).toBeNull();
    const counts = { movie: 3, tv: 2, person: 1 };
    const feed: FeedStatus = {
      enabled: true,
      healthy: false,
      leader: true,
      lastPoll: NOW - 5000,
      lagMs: 5000,
      reason: 'TMDB refuses the key',
      ordered: true,
      idsSeen: counts,
      softened: counts,
      skipped: { movie: 0, tv: 0, person: 7 },
      pages: counts,
      polls: { complete: 4, failed: 1, refused: 0 },
      gaps: 1,
    };
    const answer = mergeStats([report()], core({ feed }), NOW);
    expect(statsAnswer.parse(answer).change_feed).toEqual({
      healthy: false,
      leader: true,
      last_poll: '2026-01-02T03:04:00.000Z',
      lag_ms: 5000,
      reason: 'TMDB refuses the key',
      ordered: true,
      ids_seen: counts,
      softened: counts,
      not_cached: { movie: 0, tv: 0, person: 7 },
      pages: counts,
      polls: { complete: 4, failed: 1, refused: 0 },
      gaps: 1,
    });
  });

  it('survives a structured clone on its way', () => {
    const reports = structuredClone([report()]);
    expect(mergeStats(reports, structuredClone(core()), NOW)).toEqual(mergeStats([report()], core(), NOW));
  });
});

describe('mergeUpstreams', () => {
  it('adds counts and shares, and tells the worst state and the last error', () => {
    const other = upstream({
      status: 'degraded',
      requests: 30,
      p50_ms: 40,
      breaker: 'open',
      last_error: 'reset',
      last_error_at: '2026-01-01T00:00:00.000Z',
      rate_limited_until: '2026-01-01T00:01:00.000Z',
    });
    expect(
      mergeUpstreams([upstream(), other, upstream({ upstream: 'image', url: 'https://i.example' })]),
    ).toMatchObject([
      {
        requests: 40,
        p50_ms: 35,
        status: 'degraded',
        breaker: 'open',
        last_error: 'reset',
        max_connections: 40,
        rate_limited_until: '2026-01-01T00:01:00.000Z',
        budget: { rate: 80 },
      },
      { upstream: 'image', requests: 10 },
    ]);
  });

  it('keeps "no limit" and "never asked" apart from zero', () => {
    const free = upstream({ p50_ms: null, budget: { ...upstream().budget, rate: null } });
    const [merged] = mergeUpstreams([free, upstream()]);
    expect(merged).toMatchObject({ p50_ms: 20, budget: { rate: null } });
  });
});

describe('cacheInfo', () => {
  it('tells both tiers with lifetimes in seconds', () => {
    const answer = cacheInfo(config, [report(), report()], core());
    expect(cacheInfoAnswer.parse(answer)).toEqual(answer);
    expect(answer).toMatchObject({
      cache_enabled: true,
      architecture: 'L1 (Memory) + L2 (Redis/Disk)',
      memory_cache: {
        enabled: true,
        current_size: 20,
        bytes: 10_000,
        max_bytes: 200_000,
        ttl: { detail: 900 },
      },
      l2_cache: {
        type: 'disk',
        enabled: true,
        nodes: ['/var/cache/tmdb'],
        total_size: 5000,
        ttl: { detail: 21_600 },
        pool_size: 0,
        in_use: 'disk',
        in_use_reason: null,
      },
    });
  });

  it('says what is in use instead of what was configured', () => {
    const l2 = { type: 'redis', inUse: 'disk', reason: 'Redis is away' } as const;
    const redis = { poolSize: 10, l2: { nodes: [{ host: 'r1', port: 7000 }], password: 'hunter2' } };
    const answer = cacheInfo(
      { ...config, redis } as unknown as Pick<Config, 'cache' | 'redis'>,
      [report()],
      core({ l2 }),
    );
    expect(answer.l2_cache).toMatchObject({ type: 'redis', in_use: 'disk' });
    expect(answer.l2_cache).toMatchObject({
      type: 'redis',
      nodes: ['r1:7000'],
      in_use: 'disk',
      in_use_reason: 'Redis is away',
    });
    expect(JSON.stringify(answer)).not.toContain('hunter2');
  });

  it('says that a cache is off', () => {
    const off = { ...config, cache: { ...config.cache, enabled: false } };
    expect(cacheInfo(off, [report()], core())).toMatchObject({
      cache_enabled: false,
      memory_cache: { enabled: false },
      l2_cache: { enabled: false },
    });
  });
});
