import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { formatHttpDate, parseHttpDate } from '../../../src/http/dates.js';
import { MAX_DELTA_MS, parseDelta, toDeltaSeconds } from '../../../src/http/delta.js';
import { parseRetryAfter } from '../../../src/http/retry-after.js';

const NOW = Date.UTC(2026, 0, 1);
const EXAMPLE = Date.UTC(1994, 10, 6, 8, 49, 37);

describe('HTTP-date, RFC 9110 section 5.6.7', () => {
  test.each<[value: string, at: number]>([
    ['Sun, 06 Nov 1994 08:49:37 GMT', EXAMPLE],
    ['Sunday, 06-Nov-94 08:49:37 GMT', EXAMPLE],
    ['Sun Nov  6 08:49:37 1994', EXAMPLE],
    ['Thursday, 18-Aug-50 02:01:18 GMT', Date.UTC(2050, 7, 18, 2, 1, 18)],
    ['Thursday, 18-Aug-77 02:01:18 GMT', Date.UTC(1977, 7, 18, 2, 1, 18)],
    ['Thu, 29 Feb 2024 00:00:00 GMT', Date.UTC(2024, 1, 29)],
    ['Sat, 31 Dec 2016 23:59:60 GMT', Date.UTC(2017, 0, 1)],
    ['Thu, 01 Jan 0050 00:00:00 GMT', new Date('0050-01-01T00:00:00Z').getTime()],
  ])('%s', (value, at) => {
    expect(parseHttpDate(value, NOW)).toBe(at);
  });

  test.each([
    ['0'],
    [''],
    ['1994-11-06T08:49:37Z'],
    ['THU, 18 Aug 2050 02:01:18 GMT'],
    ['Thu, 18 AUG 2050 02:01:18 GMT'],
    ['Thu, 18 Aug 2050 02:01:18 gMT'],
    ['Thu, 18 Aug 2050 02:01:18 UTC'],
    ['Thu, 18 Aug 2050 02:01:18 AEST'],
    ['Thu, 18 Aug 50 02:01:18 GMT'],
    ['Thu 18 Aug 2050 02:01:18 GMT'],
    ['Thu, 18  Aug  2050 02:01:18 GMT'],
    ['Thu, 18-Aug-2050 02:01:18 GMT'],
    ['Thu, 18 Aug 2050 02.01.18 GMT'],
    ['Thu, 18 Aug 2050 2:01:18 GMT'],
    ['Thu, 18 Aug 2050 24:01:18 GMT'],
    ['Fri, 31 Feb 2025 00:00:00 GMT'],
    ['Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:38 GMT'],
  ])('%j is no date', (value) => {
    expect(parseHttpDate(value, NOW)).toBeUndefined();
  });

  it('reads back what it prints, to the second', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 253_402_300_799 }), (seconds) => {
        expect(parseHttpDate(formatHttpDate(seconds * 1000 + 999), NOW)).toBe(seconds * 1000);
      }),
    );
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.string(), (value) => parseHttpDate(value, NOW) !== null));
  });
});

describe('delta-seconds, RFC 9111 section 1.2.2', () => {
  test.each<[string, number | undefined]>([
    ['0', 0],
    ['60', 60_000],
    ['2147483648', MAX_DELTA_MS],
    ['99999999999999999999999', MAX_DELTA_MS],
    ['-1', undefined],
    ['+1', undefined],
    ['1.0', undefined],
    ['', undefined],
    [' 1', undefined],
    ['1e3', undefined],
    ['٣', undefined],
  ])('%j', (value, ms) => {
    expect(parseDelta(value)).toBe(ms);
  });

  it('prints whole seconds, rounded down so that nothing is fresh for longer', () => {
    expect([1999, -5, Number.NaN, 0].map(toDeltaSeconds)).toEqual([1, 0, 0, 0]);
  });
});

describe('Retry-After, RFC 9110 section 10.2.3', () => {
  test.each<[string | undefined, number | undefined]>([
    ['0', 0],
    ['120', 120_000],
    [' 5 ', 5000],
    ['99999999', 3_600_000],
    ['Thu, 01 Jan 2026 00:00:10 GMT', 10_000],
    ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
    ['soon', undefined],
    ['-1', undefined],
    [undefined, undefined],
  ])('%j', (value, ms) => {
    expect(parseRetryAfter(value, NOW)).toBe(ms);
  });
});
