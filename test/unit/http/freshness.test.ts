import { describe, expect, it, test } from 'vitest';
import { initialAge, parseAge } from '../../../src/http/age.js';
import { clientCacheControl } from '../../../src/http/client-cache-control.js';
import { formatHttpDate } from '../../../src/http/dates.js';
import {
  forbidsStale,
  freshnessLifetime,
  type LifetimeSource,
  staleWindows,
} from '../../../src/http/freshness.js';
import { responsePolicy } from '../../../src/http/targeted.js';
import { ageAt } from '../../../src/tiers/entry.js';

const NOW = Date.UTC(2026, 0, 1);
const S = 1000;
const DAY = 86_400 * S;
const at = (seconds: number) => formatHttpDate(NOW + seconds * S);
const DATE = ['Date', at(0)];

describe('freshness lifetime of a shared cache, RFC 9111 section 4.2.1', () => {
  test.each<[why: string, headers: string[], ms: number, source: LifetimeSource]>([
    ['max-age', ['Cache-Control', 'max-age=60'], 60 * S, 'max-age'],
    ['s-maxage wins over a longer max-age', ['Cache-Control', 'max-age=3600, s-maxage=1'], S, 's-maxage'],
    [
      's-maxage wins over a shorter max-age',
      ['Cache-Control', 'max-age=1, s-maxage=3600'],
      3600 * S,
      's-maxage',
    ],
    [
      'max-age wins over Expires',
      ['Cache-Control', 'max-age=60', 'Expires', at(-10), ...DATE],
      60 * S,
      'max-age',
    ],
    [
      'max-age=0 wins over a future Expires',
      ['Cache-Control', 'max-age=0', 'Expires', at(60), ...DATE],
      0,
      'max-age',
    ],
    [
      'a bad max-age does not fall back to Expires',
      ['Cache-Control', 'max-age=x', 'Expires', at(60)],
      0,
      'max-age',
    ],
    [
      'a targeted field wins',
      ['CDN-Cache-Control', 'max-age=5', 'Cache-Control', 'max-age=60'],
      5 * S,
      'targeted',
    ],
    ['Expires counts from Date', ['Date', at(-10), 'Expires', at(10)], 20 * S, 'expires'],
    ['Expires counts from receipt without Date', ['Expires', at(10)], 10 * S, 'expires'],
    ['Expires counts from receipt with a bad Date', ['Date', 'foo', 'Expires', at(10)], 10 * S, 'expires'],
    ['Expires before Date is stale', ['Date', at(400), 'Expires', at(300)], 0, 'expires'],
    ['Expires: 0 is stale', ['Expires', '0', 'Last-Modified', at(-86_400)], 0, 'expires'],
    ['two Expires are stale', ['Expires', at(10), 'Expires', at(20)], 0, 'expires'],
    ['nothing', [...DATE], 0, 'none'],
    ['a tenth of the time since Last-Modified', [...DATE, 'Last-Modified', at(-3600)], 360 * S, 'heuristic'],
    ['never more than a day', [...DATE, 'Last-Modified', at(-86_400 * 365)], DAY, 'heuristic'],
    ['a Last-Modified after Date gives nothing', [...DATE, 'Last-Modified', at(10)], 0, 'none'],
    ['a bad Last-Modified gives nothing', [...DATE, 'Last-Modified', 'yesterday'], 0, 'none'],
  ])('%s', (_why, headers, lifetimeMs, source) => {
    expect(freshnessLifetime({ status: 200, headers }, { responseTime: NOW })).toEqual({
      lifetimeMs,
      source,
    });
  });

  const HEURISTIC = [200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501];
  const OTHERS = [201, 202, 302, 303, 307, 400, 403, 500, 502, 503, 504, 599];
  const lastDay = [...DATE, 'Last-Modified', at(-86_400)];

  test.each(HEURISTIC)('%d may be given a heuristic lifetime', (status) => {
    expect(freshnessLifetime({ status, headers: lastDay }, { responseTime: NOW }).source).toBe('heuristic');
  });

  test.each(OTHERS)('%d may not, unless it is public', (status) => {
    const judge = (headers: string[]) => freshnessLifetime({ status, headers }, { responseTime: NOW }).source;
    expect(judge(lastDay)).toBe('none');
    expect(judge([...lastDay, 'Cache-Control', 'public'])).toBe('heuristic');
  });
});

describe('staleness, RFC 9111 section 4.2.4 and RFC 5861', () => {
  const directives = (value: string) => responsePolicy(['Cache-Control', value]).directives;
  const operator = { whileRevalidateMs: 7, ifErrorMs: 8 };

  test.each(['must-revalidate', 'proxy-revalidate', 's-maxage=5', 'no-cache'])(
    '%s allows no stale answer, whatever stands beside it',
    (directive) => {
      const read = directives(`${directive}, max-age=5, stale-while-revalidate=60, stale-if-error=60`);
      expect(forbidsStale(read)).toBe(true);
      expect(staleWindows(read, operator)).toEqual({ whileRevalidateMs: 0, ifErrorMs: 0 });
    },
  );

  it('the origin decides before the operator', () => {
    expect(staleWindows(directives('stale-while-revalidate=1'), operator)).toEqual({
      whileRevalidateMs: S,
      ifErrorMs: 8,
    });
    expect(staleWindows(directives('max-age=1'))).toEqual({ whileRevalidateMs: 0, ifErrorMs: 0 });
  });

  it('no-cache="f" concerns its fields only', () => {
    expect(forbidsStale(directives('no-cache="a"'))).toBe(false);
  });
});

describe('age, RFC 9111 sections 4.2.3 and 5.1', () => {
  test.each<[values: string[], ms: number | undefined]>([
    [['60'], 60 * S],
    [['7200,0'], 7200 * S],
    [['0,7200'], 0],
    [['7200', '0'], 7200 * S],
    [['-7200'], undefined],
    [['7200.0'], undefined],
    [['abc'], undefined],
    [['7200;foo=bar'], undefined],
    [['99999999999'], 2 ** 31 * S],
    [[], undefined],
  ])('Age: %j', (values, ms) => {
    expect(parseAge(values.flatMap((value) => ['Age', value]))).toBe(ms);
  });

  test.each<[why: string, headers: string[], delay: number, expected: number]>([
    ['Age plus the delay of the response', ['Age', '30', ...DATE], 2 * S, 32 * S],
    ['the age that Date shows, when larger', ['Age', '30', 'Date', at(-60)], 0, 60 * S],
    ['a Date in the future makes nothing younger', ['Age', '30', 'Date', at(60)], 0, 30 * S],
    ['without either the delay alone', [], 3 * S, 3 * S],
    ['a bad Age is ignored', ['Age', 'abc', ...DATE], 0, 0],
  ])('%s', (_why, headers, delay, expected) => {
    expect(initialAge(headers, NOW - delay, NOW)).toBe(expected);
  });

  it('grows with time spent here and never shrinks with the clock', () => {
    const stored = { ageAtStore: 5 * S, storedAt: NOW };
    expect(ageAt(stored, NOW + 10 * S)).toBe(15 * S);
    expect(ageAt(stored, NOW - 10 * S)).toBe(5 * S);
  });
});

describe('Cache-Control for clients', () => {
  it('has one "=" so that clients which split on it read a number', () => {
    const value = clientCacheControl(90_500, 900_000);
    expect(value).toBe('public, max-age=90');
    expect(Number(value.split('=')[1])).toBe(90);
  });

  it('is bounded by the memory TTL and never negative', () => {
    expect(clientCacheControl(3_600_000, 900_000)).toBe('public, max-age=900');
    expect(clientCacheControl(-5, 900_000)).toBe('public, max-age=0');
  });
});
