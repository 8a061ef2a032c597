import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  forbidsTransform,
  NO_REQUEST_DIRECTIVES,
  type ResponseDirectives,
  requestCacheControl,
  responseCacheControl,
} from '../../../src/http/cache-control.js';
import { MAX_DELTA_MS } from '../../../src/http/delta.js';

const read = (...lines: string[]) => responseCacheControl(lines.flatMap((line) => ['Cache-Control', line]));
const ask = (line: string) => requestCacheControl(['cache-control', line]);

describe('response directives, RFC 9111 section 5.2.2', () => {
  test.each<[why: string, value: string, expected: Partial<ResponseDirectives>]>([
    ['NO-STORE in capitals is no-store', 'NO-STORE', { noStore: true }],
    ['no-store with an argument is no-store', 'no-store=1', { noStore: true }],
    ['no-store followed by rubbish is no-store', 'no-store foo', { noStore: true }],
    ['no-store inside a quoted extension is none', 'x="no-store"', { noStore: false }],
    ['an unterminated quote hides no no-store', 'x="a, no-store', { noStore: true }],
    ['nor does one that opens in mid-token', 'x=a"b, no-store, c"d', { noStore: true }],
    ['a name that ends in no-store is another', 'x-no-store', { noStore: false }],
    ['MaX-aGe in any case', 'MaX-aGe=60', { maxAge: 60_000 }],
    ['a quoted max-age', 'max-age="60"', { maxAge: 60_000 }],
    ['leading zeros', 'max-age=0060', { maxAge: 60_000 }],
    ['single quotes are no quotes: stale', "max-age='60'", { maxAge: 0 }],
    ['a negative max-age is stale', 'max-age=-60', { maxAge: 0 }],
    ['a fraction is stale', 'max-age=60.0', { maxAge: 0 }],
    ['letters before are stale', 'max-age=a60', { maxAge: 0 }],
    ['letters after are stale', 'max-age=60a', { maxAge: 0 }],
    ['a space before = is stale', 'max-age =60', { maxAge: 0 }],
    ['no argument is stale', 'max-age', { maxAge: 0 }],
    ['an empty argument is stale', 'max-age=', { maxAge: 0 }],
    ['a huge one is clamped to 2^31 s', 'max-age=99999999999', { maxAge: MAX_DELTA_MS }],
    ['of two the shorter counts', 'max-age=1800, max-age=1', { maxAge: 1000 }],
    ['of a good and a bad one neither is fresh', 'max-age=1800, max-age=x', { maxAge: 0 }],
    ['max-age in a quoted extension is none', 'ext="max-age=3600", max-age=1', { maxAge: 1000 }],
    ['s-maxage', 's-maxage=5', { sMaxage: 5000, maxAge: undefined }],
    ['unqualified no-cache', 'no-cache', { noCache: true, noCacheFields: [] }],
    ['no-cache with fields', 'no-cache="Foo, bar"', { noCache: false, noCacheFields: ['foo', 'bar'] }],
    ['no-cache with one unquoted field', 'no-cache=Foo', { noCache: false, noCacheFields: ['foo'] }],
    ['no-cache with an empty list is unqualified', 'no-cache=""', { noCache: true }],
    ['no-cache with a list that is none is unqualified', 'no-cache="a b"', { noCache: true }],
    ['unqualified wins over qualified', 'private="a", private', { private: true, privateFields: [] }],
    ['private with fields', 'private="set-cookie"', { private: false, privateFields: ['set-cookie'] }],
    ['public is a permission and takes no argument', 'public=no', { public: false }],
    ['must-revalidate', 'must-revalidate', { mustRevalidate: true }],
    ['proxy-revalidate', 'Proxy-Revalidate', { proxyRevalidate: true }],
    ['must-understand', 'must-understand, no-store', { mustUnderstand: true, noStore: true }],
    [
      'RFC 5861 windows',
      'stale-while-revalidate=3, stale-if-error=4',
      { staleWhileRevalidate: 3000, staleIfError: 4000 },
    ],
    ['a bad window is none', 'stale-if-error=forever', { staleIfError: 0 }],
    ['unknown directives and empty members change nothing', ',, foo=1 ,"bar", public', { public: true }],
  ])('%s: %s', (_why, value, expected) => {
    expect(read(value)).toMatchObject(expected);
  });

  it('reads several lines as one list', () => {
    expect(read('max-age=60', 'no-store')).toMatchObject({ maxAge: 60_000, noStore: true });
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.string(), (value) => typeof read(value).noStore === 'boolean'));
  });

  it('finds no-store whatever stands around it', () => {
    const member = fc.stringMatching(/^[a-z]{1,8}(="[a-z, ]{0,8}"|=[0-9a-z]{1,4})?$/);
    fc.assert(
      fc.property(fc.array(member), fc.array(member), (before, after) => {
        expect(read([...before, 'no-store', ...after].join(',')).noStore).toBe(true);
      }),
    );
  });
});

describe('no-transform, section 5.2.2.6', () => {
  test.each([
    ['alone', ['no-transform'], true],
    ['in capitals, among others', ['max-age=60, No-Transform, public'], true],
    ['on a line of its own', ['max-age=60', 'no-transform'], true],
    ['with an argument, which a restriction does not lose its force by', ['no-transform=0'], true],
    ['as the end of another name', ['x-no-transform'], false],
    ['as the beginning of another name', ['no-transform-please'], false],
    ['within a quoted extension', ['x="no-transform", max-age=60'], false],
    ['nowhere', ['max-age=60'], false],
    ['nowhere, without the field', [], false],
  ])('%s', (_where, lines, forbids) => {
    expect(forbidsTransform(lines.flatMap((line) => ['Cache-Control', line]))).toBe(forbids);
  });
});

describe('request directives, RFC 9111 section 5.2.1', () => {
  test.each([
    ['max-age=0', { maxAge: 0 }],
    ['max-age=junk', { maxAge: 0 }],
    ['max-stale', { maxStale: Number.POSITIVE_INFINITY }],
    ['max-stale=5', { maxStale: 5000 }],
    ['max-stale=junk', { maxStale: undefined }],
    ['max-stale, max-stale=junk', { maxStale: undefined }],
    ['min-fresh=5', { minFresh: 5000 }],
    ['min-fresh=5, min-fresh=10', { minFresh: 10_000 }],
    ['min-fresh=junk', { minFresh: MAX_DELTA_MS }],
    ['No-Cache', { noCache: true }],
    ['no-store', { noStore: true }],
    ['only-if-cached', { onlyIfCached: true }],
    ['stale-if-error=7', { staleIfError: 7000 }],
  ])('%s', (value, expected) => {
    expect(ask(value)).toMatchObject(expected);
  });

  test.each([
    ['alone is no-cache', ['Pragma', 'no-cache'], true],
    ['in capitals is no-cache', ['PRAGMA', 'NO-CACHE'], true],
    ['beside Cache-Control says nothing', ['Pragma', 'no-cache', 'Cache-Control', 'max-age=60'], false],
    ['with an extension says nothing', ['Pragma', 'foo'], false],
  ])('Pragma %s', (_why, headers, noCache) => {
    expect(requestCacheControl(headers).noCache).toBe(noCache);
  });

  it('shares one object for requests that say nothing, which is how the fast path knows them', () => {
    expect(requestCacheControl(['Accept', '*/*'])).toBe(NO_REQUEST_DIRECTIVES);
  });
});
