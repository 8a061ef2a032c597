import { describe, expect, test } from 'vitest';
import { requestCacheControl } from '../../../src/http/cache-control.js';
import { forbidsStale, freshnessLifetime, staleWindows } from '../../../src/http/freshness.js';
import { judgeReuse, type ReuseKind } from '../../../src/http/reuse.js';
import { fieldsNotStored, storability } from '../../../src/http/storable.js';
import { responsePolicy } from '../../../src/http/targeted.js';

const NOW = Date.UTC(2026, 0, 11);
const BASE = [
  'Date',
  'Sun, 11 Jan 2026 00:00:00 GMT',
  'Expires',
  'Sun, 11 Jan 2026 00:01:40 GMT',
  'ETag',
  '"a"',
];

/** Everything the engine derives from the head of a 200, and then asks of it at an age. */
function keptAs(headers: string[], request: string[] = []) {
  const response = { status: 200, headers };
  const policy = responsePolicy(headers);
  const { directives } = policy;
  const { lifetimeMs } = freshnessLifetime(response, { responseTime: NOW, policy });
  const windows = staleWindows(directives, { whileRevalidateMs: 0, ifErrorMs: 3_600_000 });
  const at = (ageSeconds: number, wishes = '', honourMaxStale = false): ReuseKind =>
    judgeReuse(
      {
        ageMs: ageSeconds * 1000,
        lifetimeMs,
        staleWhileRevalidateMs: windows.whileRevalidateMs,
        staleIfErrorMs: windows.ifErrorMs,
        noCache: directives.noCache,
        forbidsStale: forbidsStale(directives),
      },
      requestCacheControl(wishes === '' ? [] : ['Cache-Control', wishes]),
      { honourMaxStale },
    ).kind;
  return { stored: storability('GET', request, response, { policy }), directives, at };
}

const by = (value: string) => keptAs(['Cache-Control', value, ...BASE]);
const FRESH = 'fresh';
const SWR = 'stale-while-revalidate';
const SIE = 'stale-if-error-only';
const MUST = 'must-validate';

describe('response directives: what may be done with the response while fresh, and after', () => {
  test.each<[section: string, value: string, fresh: ReuseKind | 'not stored', stale: ReuseKind | '']>([
    ['none: Expires decides', 'x', FRESH, SIE],
    ['5.2.2.1 max-age', 'max-age=100', FRESH, SIE],
    ['5.2.2.1 max-age=0', 'max-age=0', SIE, SIE],
    ['5.2.2.2 must-revalidate', 'max-age=100, must-revalidate', FRESH, MUST],
    ['5.2.2.2 must-revalidate beside RFC 5861', 'must-revalidate, stale-while-revalidate=900', FRESH, MUST],
    ['5.2.2.3 must-understand', 'max-age=100, must-understand', FRESH, SIE],
    ['5.2.2.4 no-cache', 'max-age=100, no-cache', MUST, MUST],
    ['5.2.2.4 no-cache, stale-while-revalidate', 'no-cache, stale-while-revalidate=900', MUST, MUST],
    ['5.2.2.4 no-cache="f": without the field', 'max-age=100, no-cache="x-user"', FRESH, SIE],
    ['5.2.2.5 no-store', 'max-age=100, no-store', 'not stored', ''],
    ['5.2.2.5 No-Store in any case', 'max-age=100, No-Store', 'not stored', ''],
    ['5.2.2.6 no-transform concerns no reuse', 'max-age=100, no-transform', FRESH, SIE],
    ['5.2.2.7 private', 'max-age=100, private', 'not stored', ''],
    ['5.2.2.7 private, public: the stricter', 'max-age=100, private, public', 'not stored', ''],
    ['5.2.2.7 private="f": without the field', 'max-age=100, private="x-user"', FRESH, SIE],
    ['5.2.2.8 proxy-revalidate', 'max-age=100, proxy-revalidate', FRESH, MUST],
    ['5.2.2.9 public', 'public', FRESH, SIE],
    ['5.2.2.10 s-maxage', 's-maxage=100, max-age=0', FRESH, MUST],
    ['5.2.2.10 s-maxage beside RFC 5861', 's-maxage=100, stale-while-revalidate=900', FRESH, MUST],
    ['5.2.3 an extension that nobody knows', 'max-age=100, community="UCI"', FRESH, SIE],
    ['RFC 5861 section 3', 'max-age=100, stale-while-revalidate=60', FRESH, SWR],
    ['RFC 5861 section 3, over', 'max-age=100, stale-while-revalidate=10', FRESH, SIE],
    ['RFC 5861 section 4', 'max-age=100, stale-if-error=60', FRESH, SIE],
    ['RFC 5861 section 4: none', 'max-age=100, stale-if-error=0', FRESH, MUST],
    ['RFC 5861 section 4, over', 'max-age=100, stale-if-error=10', FRESH, MUST],
    ['RFC 8246 immutable gives no lifetime', 'max-age=100, immutable', FRESH, SIE],
  ])('%s: %s', (_section, value, fresh, stale) => {
    const response = by(value);
    expect(response.stored.store ? response.at(50) : 'not stored').toBe(fresh);
    if (stale !== '') expect(response.at(120)).toBe(stale);
  });

  test.each(['must-revalidate', 'proxy-revalidate', 's-maxage=100', 'no-cache'])(
    '%s is stronger than max-stale, also where the operator honours it',
    (directive) => {
      expect(by(`${directive}, max-age=100`).at(120, 'max-stale', true)).toBe(MUST);
      expect(by(`${directive}, max-age=100`).at(120, 'max-stale=9999', true)).toBe(MUST);
    },
  );
});

describe('request directives against max-age=100, stale-while-revalidate=60', () => {
  test.each<[section: string, value: string, at10: ReuseKind, at50: ReuseKind, at120: ReuseKind]>([
    ['none', '', FRESH, FRESH, SWR],
    ['5.2.1.1 max-age=10: that age, no more', 'max-age=10', FRESH, SIE, SIE],
    ['5.2.1.1 max-age=0', 'max-age=0', SIE, SIE, SIE],
    ['5.2.1.1 a bad max-age', 'max-age=ten', SIE, SIE, SIE],
    ['5.2.1.1 max-age wants nothing stale', 'max-age=9999', FRESH, FRESH, SIE],
    ['5.2.1.2 max-stale loosens nothing by itself', 'max-stale', FRESH, FRESH, SWR],
    ['5.2.1.3 min-fresh', 'min-fresh=90', FRESH, SIE, SIE],
    ['5.2.1.3 a bad min-fresh', 'min-fresh=x', SIE, SIE, SIE],
    ['5.2.1.4 no-cache', 'no-cache', MUST, MUST, MUST],
    ['5.2.1.4 no-cache with an argument', 'no-cache="x"', MUST, MUST, MUST],
    ['5.2.1.5 no-store does not touch what is stored', 'no-store', FRESH, FRESH, SWR],
    ['5.2.1.6 no-transform', 'no-transform', FRESH, FRESH, SWR],
    ['5.2.1.7 only-if-cached', 'only-if-cached', FRESH, FRESH, SWR],
    ['5.2.1.7 only-if-cached, max-age=0', 'only-if-cached, max-age=0', 'unusable', 'unusable', 'unusable'],
    ['5.2.1.7 only-if-cached, no-cache', 'only-if-cached, no-cache', 'unusable', 'unusable', 'unusable'],
    ['RFC 5861 section 4', 'stale-if-error=5', FRESH, FRESH, SWR],
  ])('%s: %s', (_section, value, ...expected) => {
    const response = by('max-age=100, stale-while-revalidate=60');
    expect([response.at(10, value), response.at(50, value), response.at(120, value)]).toEqual(expected);
  });

  test.each<[value: string, kind: ReuseKind]>([
    ['max-stale', SWR],
    ['max-stale=20', SWR],
    ['max-stale=19', SIE],
    ['max-stale=x', SIE],
    ['max-stale, max-stale=19', SIE],
    ['max-stale=100, max-age=100', SIE],
    ['max-stale=100, no-cache', MUST],
    ['max-stale=100, min-fresh=1', SIE],
  ])('5.2.1.2 where the operator honours it, 20 s after the end: %s', (value, kind) => {
    expect(by('max-age=100').at(120, value, true)).toBe(kind);
  });
});

describe('storing answers to Authorization, RFC 9111 section 3.5', () => {
  test.each<[value: string, stored: boolean]>([
    ['max-age=100', false],
    ['max-age=100, must-revalidate', true],
    ['max-age=100, must-revalidate=x', false],
    ['max-age=100, proxy-revalidate', false],
    ['max-age=100, public', true],
    ['max-age=100, public=yes', false],
    ['max-age=100, PUBLIC', true],
    ['s-maxage=100', true],
    ['s-maxage=0', true],
    ['max-age=100, public, private', false],
    ['max-age=100, no-cache', false],
  ])('%s: %s', (value, stored) => {
    const given = keptAs(['Cache-Control', value, ...BASE], ['Authorization', 'Basic x']);
    expect(given.stored.store).toBe(stored);
  });
});

describe('targeted fields, RFC 9213 section 2', () => {
  const CC = ['Cache-Control', 'max-age=10'];
  const LATE = ['Expires', 'Thu, 01 Jan 2099 00:00:00 GMT', 'Pragma', 'no-cache'];
  test.each<[why: string, targeted: string, kind: ReuseKind | 'not stored']>([
    ['max-age', 'max-age=100', FRESH],
    ['s-maxage', 's-maxage=100, max-age=0', FRESH],
    ['no-cache', 'max-age=100, no-cache', MUST],
    ['no-store', 'no-store', 'not stored'],
    ['private', 'private', 'not stored'],
    ['must-revalidate', 'max-age=10, must-revalidate', MUST],
    ['stale-while-revalidate', 'max-age=10, stale-while-revalidate=60', SWR],
    ['of two members the last counts, as dictionaries have it', 'max-age=1, max-age=100', FRESH],
    ['an unregistered directive alone is a valid field', 'none', SIE],
    ['parameters say nothing', 'max-age=100;public;a=1.5', FRESH],
    ['a Decimal is no Integer', 'max-age=100.0', SIE],
    ['a Decimal among others', 'foo=1.5, max-age=100', FRESH],
    ['dots in a String are none', 'foo=",max-age=1.0", max-age=100', FRESH],
    ['a String is no Integer', 'max-age="100"', SIE],
    ['a Token is no Integer', 'max-age=a100', SIE],
    ['a Byte Sequence is no Integer', 'max-age=:MTAw:', SIE],
    ['a Boolean is no Integer', 'max-age', SIE],
    ['a negative Integer', 'max-age=-100', SIE],
    ['false is no permission', 'max-age=100, must-understand=?0, no-store', 'not stored'],
    ['a restriction counts whatever its value', 'max-age=100, no-store=?0', 'not stored'],
  ])('%s: %s', (_why, targeted, kind) => {
    const response = keptAs(['CDN-Cache-Control', targeted, ...CC, ...LATE]);
    expect(response.stored.store ? response.at(50) : 'not stored').toBe(kind);
  });

  test.each<[why: string, lines: string[]]>([
    ['empty', ['']],
    ['white space', ['  ']],
    ['a trailing comma', ['max-age=100,']],
    ['a key in capitals', ['Max-Age=100']],
    ['an Integer of 16 digits', ['max-age=1234567890123456']],
    ['one bad line of two', ['max-age=100', '"']],
    ['not ASCII', ['max-age=100, é']],
  ])('a field that is %s is as if absent', (_why, lines) => {
    const response = keptAs([...lines.flatMap((line) => ['CDN-Cache-Control', line]), ...CC]);
    expect([response.at(5), response.at(50)]).toEqual([FRESH, SIE]);
  });

  test.each<[value: string, fields: string[]]>([
    ['private="x-user"', ['x-user']],
    ['private="X-User, x-id", no-cache="x-n"', ['x-user', 'x-id', 'x-n']],
  ])('fields that are not stored: %s', (value, fields) => {
    expect(fieldsNotStored(keptAs(['CDN-Cache-Control', value]).directives)).toEqual(fields);
  });
});
