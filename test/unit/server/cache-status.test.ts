import { parseList } from 'structured-headers';
import { describe, expect, it, test } from 'vitest';
import type { Outcome } from '../../../src/cache/outcome.js';
import { ProxyError } from '../../../src/errors.js';
import { outcomeFields, type Telling } from '../../../src/server/outcome-fields.js';
import {
  answerOf,
  bodyOf,
  entryOf,
  exchange,
  get,
  HIT,
  MISS,
  PASS,
  request,
  SITE,
  start,
} from './helpers.js';

const LETTER = { settings: { site: { ...SITE, ttlPolicy: 'origin' as const }, cors: false } };
const STALE: Outcome = { ...HIT, result: 'stale', ttl: -5 };
const FAILED: Outcome = { result: 'error', served: 'none', class: 'detail', stored: false };

describe('what is told of each outcome, RFC 9211 section 2', () => {
  test.each<[why: string, outcome: Outcome, telling: Telling, member: string]>([
    ['2.1 a hit, and from which tier', HIT, {}, 'n; hit; ttl=600; detail=memory'],
    ['of L2', { ...HIT, served: 'redis' }, {}, 'n; hit; ttl=600; detail=redis'],
    [
      '2.1 stale, not forwarded first',
      { ...STALE, stale: 'while-revalidate' },
      {},
      'n; hit; ttl=-5; detail=memory/while-revalidate',
    ],
    ['offline', { ...STALE, stale: 'offline' }, {}, 'n; hit; ttl=-5; detail=memory/offline'],
    ['left alone', { ...STALE, stale: 'not-before' }, {}, 'n; hit; ttl=-5; detail=memory/not-before'],
    [
      '2.1 stale, after the origin failed, is no hit',
      { ...STALE, stale: 'origin-error', forward: 'stale' },
      {},
      'n; fwd=stale; ttl=-5; detail=memory/origin-error',
    ],
    [
      'nor after it took too long',
      { ...STALE, stale: 'soft-timeout', forward: 'stale' },
      {},
      'n; fwd=stale; ttl=-5; detail=memory/soft-timeout',
    ],
    ['2.2 miss, stored', MISS, { ttlSeconds: 60 }, 'n; fwd=uri-miss; fwd-status=200; stored; ttl=60'],
    [
      '2.2 another variant is there',
      { ...MISS, forward: 'vary-miss' },
      {},
      'n; fwd=vary-miss; fwd-status=200; stored',
    ],
    [
      '2.3 validated',
      { ...MISS, forward: 'stale', forwardStatus: 304 },
      { ttlSeconds: 0 },
      'n; fwd=stale; fwd-status=304; stored; ttl=0',
    ],
    [
      '2.2 fresh, but the request wants validation',
      { ...MISS, forward: 'request', forwardStatus: 304 },
      {},
      'n; fwd=request; fwd-status=304; stored',
    ],
    [
      '2.2 a part is there',
      { ...MISS, forward: 'partial', forwardStatus: 206 },
      {},
      'n; fwd=partial; fwd-status=206; stored',
    ],
    [
      '2.6 shared with another request',
      { ...MISS, collapsed: true },
      {},
      'n; fwd=uri-miss; fwd-status=200; stored; collapsed',
    ],
    [
      '2.5 not stored, and why',
      { ...MISS, stored: false, noStore: 'no-store' },
      {},
      'n; fwd=uri-miss; fwd-status=200; detail=no-store',
    ],
    [
      '2.2 method',
      { ...PASS, forward: 'method', pass: 'method', forwardStatus: 201 },
      {},
      'n; fwd=method; fwd-status=201; detail=method',
    ],
    ['2.2 bypass', { ...PASS, pass: 'disabled' }, {}, 'n; fwd=bypass; fwd-status=200; detail=disabled'],
    ['only-if-cached: neither', FAILED, { error: 'only_if_cached' }, 'n; detail=only_if_cached'],
    ['the origin is dead', FAILED, { error: 'origin_unreachable' }, 'n; fwd=miss; detail=origin_unreachable'],
    [
      '2.7 the key, to those who ask',
      HIT,
      { withKey: true },
      'n; hit; ttl=600; key="v1:api:/3/movie/1"; detail=memory',
    ],
    [
      'what has no key tells none',
      PASS,
      { withKey: true },
      'n; fwd=bypass; fwd-status=200; detail=personal-path',
    ],
  ])('%s', (_, outcome, telling, member) => {
    const { cacheStatus } = outcomeFields(outcome, 'n', telling);
    expect(cacheStatus).toBe(member);
    const parameters = parseList(cacheStatus)[0]![1];
    expect(parameters.has('hit') && parameters.has('fwd')).toBe(false);
  });

  it('a key of any length and content stays a short String', () => {
    const key = `v1:custom:/"\\é${'x'.repeat(9000)}`;
    const { cacheStatus } = outcomeFields({ ...HIT, key }, 'n', { withKey: true });
    const told = String(parseList(cacheStatus)[0]![1].get('key'));
    expect(told).toMatch(/^v1:custom:\/"\\\?x+\.\.\.$/);
    expect(told).toHaveLength(1024);
  });
});

describe('Cache-Status on the wire', () => {
  const theirs = ['Cache-Status', 'origin; hit; ttl=9', 'cache-status', '"cdn"; fwd=miss'];
  const kept = 'origin; hit; ttl=9, "cdn"; fwd=miss, node-1; ';

  it('the key goes to who asks with X-Cache-Debug, whatever its value, and to nobody else', async () => {
    const { port } = await start(() => answerOf(entryOf('{}')));
    const key = '; key="v1:api:/3/movie/1"';
    expect((await get(port, '/3/movie/1')).get('cache-status')).not.toContain('key=');
    for (const line of ['X-Cache-Debug: 0', 'x-cache-debug:']) {
      expect((await get(port, '/3/movie/1', line)).get('cache-status')).toContain(key);
    }
  });

  it.each([
    ['a hit', HIT, 'hit; ttl=600; detail=memory'],
    ['a miss', MISS, 'fwd=uri-miss; fwd-status=200; stored; ttl=3537'],
  ])('what caches before us said stays in front of ours: %s', async (_, outcome, own) => {
    const { port } = await start(() => answerOf(entryOf('{}', { headers: theirs }), outcome), LETTER);
    expect((await get(port, '/3/movie/1')).all('cache-status')).toEqual([kept + own]);
  });

  it('also with 304, 206, HEAD and of what is passed through', async () => {
    const headers = [...theirs, 'ETag', '"a"'];
    const { port } = await start(
      ({ request: { target } }) =>
        target.startsWith('/3/account')
          ? {
              kind: 'raw',
              share: false,
              head: { status: 200, statusText: 'OK', headers },
              body: bodyOf('1'),
              outcome: PASS,
            }
          : answerOf(entryOf('{"a":1}', { headers })),
      LETTER,
    );
    const replies = [
      await get(port, '/3/movie/1', 'If-None-Match: "a"'),
      await get(port, '/3/movie/1', 'Range: bytes=0-1'),
      await exchange(port, request('HEAD', '/3/movie/1')),
      await get(port, '/3/account/1'),
    ];
    expect(replies.map(({ status }) => status)).toEqual([304, 206, 200, 200]);
    for (const reply of replies) expect(reply.get('cache-status')).toContain(kept);
  });

  it('of what was just stored the ttl is that of the moment the head is sent, negative when it came stale', async () => {
    const entry = entryOf('{}', { lifetime: 0, ageAtStore: 10_500 });
    const { port } = await start(() => answerOf(entry, MISS), LETTER);
    // Stored a minute ago.
    expect((await get(port, '/3/movie/1')).get('cache-status')).toMatch(/; stored; ttl=-71$/);
  });

  it('a failure of our own says so', async () => {
    const { port } = await start(() => {
      throw new ProxyError('only_if_cached', 'nothing');
    });
    const reply = await get(port, '/3/movie/1');
    expect([reply.status, reply.get('cache-status')]).toEqual([504, 'node-1; detail=only_if_cached']);
  });
});

describe('fields for other caches are passed on, RFC 9213 section 2', () => {
  const headers = [
    ...['CDN-Cache-Control', 'max-age=600', 'Surrogate-Control', 'max-age=5', 'Cache-Groups', '"a", "b"'],
    ...['TMDB-Cache-Proxy-Cache-Control', 'max-age=60', 'Cache-Control', 'no-cache'],
  ];

  it.each(['/3/movie/1', '/3/account/1'])('%s', async (path) => {
    const { port } = await start(
      ({ request: { target } }) =>
        target === path && path.startsWith('/3/account')
          ? {
              kind: 'raw',
              share: false,
              head: { status: 200, statusText: 'OK', headers },
              body: bodyOf(),
              outcome: PASS,
            }
          : answerOf(entryOf('{}', { headers })),
      LETTER,
    );
    const reply = await get(port, path);
    for (let i = 0; i < headers.length; i += 2) expect(reply.all(headers[i]!)).toEqual([headers[i + 1]]);
  });
});
