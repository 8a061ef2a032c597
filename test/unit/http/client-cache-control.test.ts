import { describe, expect, it } from 'vitest';
import { clientCacheControl, withRemainingLifetime } from '../../../src/http/client-cache-control.js';

const MINUTE = 60_000;

describe('Cache-Control for clients', () => {
  it('says what is left, at most the memory TTL', () => {
    expect(clientCacheControl(90 * MINUTE, 30 * MINUTE)).toBe('public, max-age=1800');
    expect(clientCacheControl(90_999, 30 * MINUTE)).toBe('public, max-age=90');
    expect(clientCacheControl(-1, 30 * MINUTE)).toBe('public, max-age=0');
  });

  it("Overseerr's parser reads the age of an immutable image", () => {
    const value = clientCacheControl(90 * MINUTE, 30 * MINUTE, true);
    expect(value).toBe('public, immutable, max-age=1800');
    expect(Number(value.split('=')[1])).toBe(1800);
  });

  it('what is stale is not called immutable: the browser is to ask', () => {
    expect(clientCacheControl(999, 30 * MINUTE, true)).toBe('public, max-age=0');
  });
});

describe('lifetimes told without an age', () => {
  const left = (cacheControl: string | undefined, remainingMs: number, ageMs: number) => {
    const given = ['X-Odd', 'a', 'Expires', 'Thu, 01 Jan 2099 00:00:00 GMT'];
    if (cacheControl !== undefined) given.push('Cache-Control', cacheControl);
    return withRemainingLifetime(given, remainingMs, ageMs);
  };

  it.each([
    ['max-age=600', 500_000, 100_000, 'max-age=500'],
    ['public, max-age=600, must-revalidate', 500_000, 100_000, 'public, must-revalidate, max-age=500'],
    // For shared caches there was more time than for browsers.
    ['s-maxage=600, max-age=120', 500_000, 100_000, 'max-age=20'],
    ['s-maxage=600, max-age=60', 500_000, 100_000, 'max-age=0'],
    ['s-maxage=600', 500_000, 100_000, 'max-age=500'],
    ['max-age=600', -5000, 605_000, 'max-age=0'],
    ['no-cache="set-cookie, x", max-age=9', 4000, 5000, 'no-cache="set-cookie, x", max-age=4'],
    [undefined, 4000, 5000, 'max-age=4'],
  ])('%s', (given, remaining, age, expected) => {
    expect(left(given, remaining, age)).toEqual(['X-Odd', 'a', 'Cache-Control', expected]);
  });
});
