import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { freshnessLifetime } from '../../../src/http/freshness.js';
import { parseTargeted, responsePolicy } from '../../../src/http/targeted.js';

const CDN = 'CDN-Cache-Control';
const OWN = 'TMDB-Cache-Proxy-Cache-Control';

describe('targeted fields, RFC 9213', () => {
  test.each<[why: string, headers: string[], by: string | undefined, maxAge: number | undefined]>([
    [
      'wins over Cache-Control',
      [CDN, 'max-age=60', 'Cache-Control', 'max-age=1'],
      'cdn-cache-control',
      60_000,
    ],
    [
      'the more specific field wins',
      [CDN, 'max-age=60', OWN, 'max-age=5'],
      'tmdb-cache-proxy-cache-control',
      5000,
    ],
    ['an empty value is ignored', [CDN, '', 'Cache-Control', 'max-age=1'], undefined, 1000],
    [
      'a value that does not parse is ignored',
      [CDN, 'max-age=60,', 'Cache-Control', 'max-age=1'],
      undefined,
      1000,
    ],
    ['MaX-aGe is no key of a dictionary', [CDN, 'MaX-aGe=60', 'Cache-Control', 'max-age=1'], undefined, 1000],
    [
      'a bad specific field leaves the word to the next',
      [OWN, '=', CDN, 'max-age=60'],
      'cdn-cache-control',
      60_000,
    ],
    [
      'two lines are one dictionary',
      [CDN, 'max-age=60', CDN, 'must-revalidate'],
      'cdn-cache-control',
      60_000,
    ],
    [
      'a member without max-age does not fall back',
      [CDN, 'foo', 'Cache-Control', 'max-age=1'],
      'cdn-cache-control',
      undefined,
    ],
    ['a String is no Integer: stale', [CDN, 'max-age="60"'], 'cdn-cache-control', 0],
    ['an Inner List is none either', [CDN, 'max-age=(60)'], 'cdn-cache-control', 0],
    ['a Decimal is none', [CDN, 'a="\\"", max-age=60.0'], 'cdn-cache-control', 0],
    ['nor behind a Display String', [CDN, 'a=%"\\", max-age=60.0, b="c"'], 'cdn-cache-control', 0],
    [
      'digits and a dot in a String are no Decimal',
      [CDN, 'a=", max-age=1.0", max-age=60'],
      'cdn-cache-control',
      60_000,
    ],
    ['a negative Integer is stale', [CDN, 'max-age=-1'], 'cdn-cache-control', 0],
    ['parameters are ignored', [CDN, 'max-age=60;x=1'], 'cdn-cache-control', 60_000],
  ])('%s', (_why, headers, by, maxAge) => {
    const policy = responsePolicy(headers);
    expect([policy.targetedBy, policy.directives.maxAge]).toEqual([by, maxAge]);
  });

  it('the no-store of a targeted field beats the max-age of Cache-Control, and the other way round', () => {
    expect(responsePolicy([CDN, 'no-store', 'Cache-Control', 'max-age=60']).directives.noStore).toBe(true);
    expect(responsePolicy([CDN, 'max-age=60', 'Cache-Control', 'no-store']).directives.noStore).toBe(false);
  });

  it('Expires gives no lifetime beside a targeted field', () => {
    const headers = [CDN, 'foo', 'Expires', 'Thu, 01 Jan 2099 00:00:00 GMT'];
    expect(freshnessLifetime({ status: 200, headers }, { responseTime: 0 }).source).toBe('none');
  });

  it('field names come as a String or an Inner List', () => {
    expect(parseTargeted('private="a, b"')?.privateFields).toEqual(['a', 'b']);
    expect(parseTargeted('private=("a" "b")')?.privateFields).toEqual(['a', 'b']);
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.string(), (value) => parseTargeted(value) === undefined || true));
  });
});
