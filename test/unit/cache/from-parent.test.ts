import { describe, expect, it } from 'vitest';
import { type Arrived, decide, type ParentAnswer } from '../../../src/cache/verdict.js';
import type { EntryHead } from '../../../src/tiers/entry.js';
import { plainSite } from './engine-kit.js';

const NOW = Date.UTC(2026, 0, 1);
const HOUR = 3600_000;
/** plainSite: fresh for an hour; `random` 0.5 is no jitter. */
function stored(parent: ParentAnswer | undefined, headers: string[], random = 0.5): EntryHead | undefined {
  const arrived: Arrived = {
    route: {
      kind: 'shared',
      upstream: 'api',
      key: 'k',
      class: 'detail',
      tags: [],
      target: '/3/movie/1',
      headers: [],
    },
    status: 200,
    statusText: 'OK',
    headers: ['Content-Type', 'application/json', ...headers],
    requestTime: NOW,
    responseTime: NOW,
    stamp: 1,
    parent,
  };
  const decision = decide(plainSite, arrived, random);
  return decision.store ? decision.head : undefined;
}
const left = (head: EntryHead | undefined) =>
  head === undefined ? undefined : head.lifetime - head.ageAtStore;

describe('I-11: between proxies freshness only shrinks, and age is copied', () => {
  it("TMDB's own Age is copied but not held against the table", () => {
    const head = stored(undefined, ['Age', '7200']);
    expect([head?.ageAtStore, left(head)]).toEqual([2 * HOUR, HOUR]);
  });

  it("a parent's Age counts against the table", () => {
    const head = stored({ ttlMs: undefined }, ['Age', '1200']);
    expect([head?.ageAtStore, left(head)]).toEqual([1_200_000, HOUR - 1_200_000]);
  });

  it('no fresher than the parent says, however long our own table and jitter are', () => {
    for (const random of [0, 0.5, 0.999]) {
      const head = stored({ ttlMs: 60_000 }, ['Age', '10'], random);
      expect([head?.ageAtStore, left(head)]).toEqual([10_000, 60_000]);
    }
    expect(left(stored({ ttlMs: 100 * HOUR }, ['Age', '10']))).toBe(HOUR);
  });

  it('an old copy of the CDN does not make everything of a parent stale that it calls fresh', () => {
    expect(left(stored({ ttlMs: 2 * HOUR }, ['Age', '8640000']))).toBe(HOUR);
  });

  it("I-13: a parent's Date, which another clock wrote, is not compared with ours", () => {
    const skewed = ['Date', new Date(NOW - 30 * HOUR).toUTCString(), 'Age', '5'];
    expect(stored({ ttlMs: HOUR }, skewed)?.ageAtStore).toBe(5000);
  });
});

describe('I-12: stale travels only with its age', () => {
  it('what a parent serves stale is kept, stale by as much, for the windows of the table only', () => {
    const head = stored({ ttlMs: -30_000 }, ['Age', '3630', 'Cache-Control', 'public, max-age=0']);
    expect(head).toMatchObject({ ageAtStore: 3_630_000, lifetime: 3_600_000, staleWhileRevalidate: 600_000 });
  });

  it('a copy that was purged softly there is stale here, young as it is', () => {
    expect(left(stored({ ttlMs: 0 }, ['Age', '3', 'Cache-Control', 'public, max-age=0']))).toBe(0);
  });

  it('a parent without Cache-Status: older than the table is stale', () => {
    expect(left(stored({ ttlMs: undefined }, ['Age', '4000']))).toBe(-400_000);
  });

  it("max-age=0 of TMDB itself still forbids keeping, and a parent's no-store does", () => {
    expect(stored(undefined, ['Cache-Control', 'public, max-age=0'])).toBeUndefined();
    expect(stored({ ttlMs: undefined }, ['Cache-Control', 'no-store'])).toBeUndefined();
  });
});
