import fc from 'fast-check';
import { parseList } from 'structured-headers';
import { describe, expect, it, test } from 'vitest';
import { appendCacheStatus, type CacheStatus, printCacheStatus } from '../../../src/http/cache-status.js';
import { field } from '../../../src/http/headers.js';
import { HOP_BY_HOP, withoutHopByHop } from '../../../src/http/hop-by-hop.js';
import { isLoop, passesThrough, withVia } from '../../../src/http/via.js';

describe('hop-by-hop fields, RFC 9110 section 7.6.1', () => {
  test.each([...HOP_BY_HOP])('%s goes no further', (name) => {
    expect(withoutHopByHop([name.toUpperCase(), 'x', 'X-Kept', '1'])).toEqual(['X-Kept', '1']);
  });

  it('fields that Connection names go too, from every line, in any case', () => {
    const headers = ['Connection', 'A, close', 'connection', 'b', 'a', '1', 'B', '2', 'C', '3'];
    expect(withoutHopByHop(headers)).toEqual(['C', '3']);
  });

  test.each(['Cache-Control', 'CDN-Cache-Control', 'Pragma', 'Vary', 'Set-Cookie', 'Authorization', 'Host'])(
    'Connection cannot take %s away and make a private message look public',
    (name) => {
      expect(field(withoutHopByHop(['Connection', name, name, 'x']), name)).toBe('x');
    },
  );
});

describe('Cache-Status, RFC 9211', () => {
  test.each<[status: CacheStatus, text: string]>([
    [{ cache: 'proxy', hit: true, ttlSeconds: 42 }, 'proxy; hit; ttl=42'],
    [
      { cache: 'proxy', hit: true, ttlSeconds: -12.7, detail: 'memory' },
      'proxy; hit; ttl=-12; detail=memory',
    ],
    [{ cache: 'proxy', hit: true, ttlSeconds: -0.5 }, 'proxy; hit; ttl=0'],
    [
      {
        cache: 'proxy',
        fwd: 'uri-miss',
        fwdStatus: 200,
        stored: true,
        collapsed: true,
        key: 'v1:a:/b?c=" d',
      },
      'proxy; fwd=uri-miss; fwd-status=200; stored; collapsed; key="v1:a:/b?c=\\" d"',
    ],
    [{ cache: 'proxy', fwd: 'stale', stored: false }, 'proxy; fwd=stale'],
    [{ cache: 'a b', fwd: 'bypass', detail: 'two words' }, '"a b"; fwd=bypass; detail="two words"'],
    [{ cache: 'proxy', fwd: 'miss', key: 'ü\n' }, 'proxy; fwd=miss; key="??"'],
  ])('%j', (status, text) => {
    expect(printCacheStatus(status)).toBe(text);
  });

  it('is always a structured list, whatever key and detail contain', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.string(),
        fc.integer({ min: -1e9, max: 1e9 }),
        (key, detail, ttlSeconds) => {
          const text = printCacheStatus({ cache: 'proxy', fwd: 'miss', key, detail, ttlSeconds });
          expect(parseList(text)[0]?.[1].get('ttl')).toBe(ttlSeconds);
        },
      ),
    );
  });

  test.each<[upstream: string | undefined, expected: string]>([
    [undefined, 'p; hit'],
    ['', 'p; hit'],
    ['origin; hit; ttl=5', 'origin; hit; ttl=5, p; hit'],
    ['a; fwd=miss, b; hit', 'a; fwd=miss, b; hit, p; hit'],
    ['not, a, "list', 'p; hit'],
  ])('after %j', (upstream, expected) => {
    expect(appendCacheStatus(upstream, 'p; hit')).toBe(expected);
  });
});

describe('loops, RFC 9110 section 7.6.3 and RFC 8586', () => {
  it('a request that passed here is known by either field', () => {
    expect(passesThrough(['CDN-Loop', 'foo; bar=1, NODE; x=1, node'], 'node')).toBe(2);
    expect(passesThrough(['Via', '1.1 other, 1.1 node (comment), HTTP/2 nodes'], 'node')).toBe(1);
    expect(isLoop(withVia([], '1.1', 'node'), 'node')).toBe(true);
    expect(isLoop(['CDN-Loop', 'node'], 'node')).toBe(true);
    expect(isLoop(['CDN-Loop', 'node'], 'node', 1)).toBe(false);
    expect(isLoop(['Via', '1.1 other'], 'node')).toBe(false);
  });

  it('appends to what is there', () => {
    expect(withVia(['via', '1.0 a'], '1.1', 'b')).toEqual(['via', '1.0 a, 1.1 b']);
  });
});
