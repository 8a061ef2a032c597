import { describe, expect, it } from 'vitest';
import type { NodeFigures } from '../../../src/admin/answers/figures.js';
import { ratesOf, type Step, Track } from '../../../src/dashboard/rates.js';
import { buckets, figures } from './figures.js';

function stepOf(...readings: NodeFigures[]): Step | undefined {
  const track = new Track();
  for (const reading of readings) track.add(reading);
  return track.step();
}

const REQUESTS = { hit: 0, stale: 0, miss: 0, bypass: 0, error: 0 };

describe('rates of a node', () => {
  it('are of the time between its last two readings, by its own clock', () => {
    const step = stepOf(
      figures({ uptime_ms: 1000 }),
      figures({ uptime_ms: 3000, requests: { ...REQUESTS, hit: 10 } }),
      figures({
        uptime_ms: 5000,
        requests: { ...REQUESTS, hit: 110, error: 4 },
        origin: { requests: 6, budgeted: 4, errors: 2, in_flight: 3 },
      }),
    );
    const { requests, origin } = ratesOf([step!]);
    expect(requests).toEqual({ ...REQUESTS, hit: 50, error: 2 });
    expect(origin).toEqual({ requests: 3, budgeted: 2, errors: 1, in_flight: 3 });
  });

  it('need two readings: the same heartbeat heard again is none', () => {
    expect(stepOf(figures({ uptime_ms: 5000 }))).toBeUndefined();
    expect(stepOf(figures({ uptime_ms: 5000 }), figures({ uptime_ms: 5000 }))).toBeUndefined();
  });

  it('begin anew when the node, or one of its processes, does: never below zero', () => {
    const old = figures({ uptime_ms: 60_000, requests: { ...REQUESTS, hit: 5000 } });
    expect(stepOf(old, figures({ uptime_ms: 1000 }))).toBeUndefined();
    expect(stepOf(old, figures({ uptime_ms: 62_000, requests: { ...REQUESTS, hit: 100 } }))).toBeUndefined();
    const lost = figures({ ...old, uptime_ms: 62_000 });
    const slow = { ...old, latency: { ...old.latency, l1: buckets(0.1, 7) } };
    expect(stepOf(slow, lost)).toBeUndefined();
  });

  it('have percentiles and hit rates of the last half minute, not of two seconds and not of all time', () => {
    const at = (second: number, hit: number, miss: number, slow: number) =>
      figures({
        uptime_ms: second * 1000,
        requests: { ...REQUESTS, hit, miss },
        latency: { l1: buckets(0.001, hit), l2: buckets(), origin: buckets(1, slow) },
      });
    const readings = [
      at(0, 0, 1000, 1000),
      at(10, 0, 1000, 1000),
      at(30, 0, 1000, 1000),
      at(38, 30, 1010, 1010),
    ];
    const rates = ratesOf([stepOf(...readings)!]);
    expect(rates.hit_rate.all).toBe(0.75);
    expect(rates.latency.origin.p50).toBeGreaterThan(500);
    expect(rates.latency.l1.p99).toBeLessThanOrEqual(1);
    expect(rates.latency.l2).toEqual({ p50: null, p95: null, p99: null });
    const quiet = ratesOf([stepOf(...readings, at(70, 30, 1010, 1010), at(72, 30, 1010, 1010))!]);
    expect(quiet.hit_rate.all).toBeNull();
    expect(quiet.latency.origin.p95).toBeNull();
  });
});

describe('rates of a cluster', () => {
  const node = (hits: number, misses: number, more: Partial<NodeFigures> = {}) =>
    stepOf(
      figures({ uptime_ms: 0 }),
      figures({
        uptime_ms: 1000,
        requests: { ...REQUESTS, hit: hits, miss: misses },
        latency: { l1: buckets(0.001, hits), l2: buckets(), origin: buckets(0.5, misses) },
        ...more,
      }),
    )!;

  it('are those of all nodes together, shares weighed by what each has done', () => {
    const rates = ratesOf([node(90, 0), node(0, 10)]);
    expect(rates.requests.hit).toBe(90);
    expect(rates.requests.miss).toBe(10);
    expect(rates.hit_rate.all).toBe(0.9);
    expect(rates.latency.origin.p50).toBeGreaterThan(200);
  });

  it('count a Redis once, and the disk of each', () => {
    const l2 = (type: 'disk' | 'redis', entries: number) => ({
      l2: {
        entries,
        bytes: entries * 10,
        max_bytes: type === 'disk' ? 1000 : 0,
        hits: 0,
        misses: 0,
        evictions: 0,
        type,
      },
    });
    expect(ratesOf([node(1, 0, l2('redis', 50)), node(1, 0, l2('redis', 49))]).l2.entries).toBe(50);
    expect(ratesOf([node(1, 0, l2('disk', 50)), node(1, 0, l2('disk', 49))]).l2).toEqual({
      entries: 99,
      bytes: 990,
      max_bytes: 2000,
    });
  });

  it('leave out latencies of a node that counts in other buckets', () => {
    const other = node(0, 0);
    const odd = { ...other, latency: { l1: [5, 5], l2: [1], origin: [] } };
    expect(ratesOf([node(10, 0), odd]).latency.l1.p99).toBeLessThanOrEqual(1);
  });
});
