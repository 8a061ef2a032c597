import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PassRoute, Route, SharedRoute } from '../../../src/cache/site.js';
import { createGenericPolicy } from '../../../src/generic/policy.js';

const times = { memoryMs: 1, freshMs: 2, swrMs: 3, sieMs: 4 };
const options = {
  ttlPolicy: 'origin',
  classes: { image: times, detail: times, other: { ...times, memoryMs: 9 }, negative: times },
  cacheEnabled: true,
  viaPseudonym: 'tcp',
  bases: ['origin.test:8080'],
} as const;
const site = createGenericPolicy(options);

function routed(target: string, headers: readonly string[] = [], method = 'GET'): Route {
  return site.route({ method, target, headers });
}

function shared(target: string, headers: readonly string[] = []): SharedRoute {
  const route = routed(target, headers);
  if (route.kind !== 'shared') throw new Error(JSON.stringify(route));
  return route;
}

function passed(method: string, headers: readonly string[] = []): PassRoute {
  const route = routed('/a?b', headers, method);
  if (route.kind !== 'pass') throw new Error(JSON.stringify(route));
  return route;
}

describe('targets of a generic upstream', () => {
  it.each([
    ['/', '/'],
    ['/a/b?x=2&a=1&&x=', '/a/b?x=2&a=1&&x='],
    ['/a?', '/a?'],
    ['/a', '/a'],
    ['/a//b/', '/a//b/'],
    ['/a%2fb', '/a%2fb'],
    ['/a%2Fb%41', '/a%2Fb%41'],
    ['/3/account?session_id=1', '/3/account?session_id=1'],
    ['/a/./b/../c', '/a/c'],
    ['/a/..', '/'],
    ['/../a/.', '/a/'],
    ['/a//../b', '/a/b'],
    ['/a...', '/a...'],
    ['/.../%2e%2e%2e', '/.../%2e%2e%2e'],
    ['/%252e%252e/a', '/%252e%252e/a'],
    ['/\u00e9?\u00e9', '/%E9?%E9'],
    ['/a?q=100%', '/a?q=100%'],
  ])('%s is asked and kept as %s', (target, wire) => {
    expect(shared(target)).toMatchObject({ upstream: 'custom', key: `v1:custom:${wire}`, target: wire });
  });

  it.each([
    'a',
    '',
    '*',
    'http://h/a',
    '/a\\b',
    '/a%5Cb',
    '/a%00',
    '/a\0',
    '/a b',
    '/%0a',
    '/%',
    '/%2',
    '/%gg',
    '/a/%2e%2e/b',
    '/a/.%2E',
    '/%2e/a',
    '/a#b',
    '/a?b#c',
    '/a?%00',
    '/日',
  ])('%j is refused', (target) => {
    expect(routed(target)).toMatchObject({ kind: 'refuse', code: 'bad_target' });
  }); // prettier-ignore

  it('never share a key unless they are the same text or differ in dot segments', () => {
    const segment = fc.constantFrom('a', 'A', '%61', '', 'b;c', 'a%2fb', '~', 'a,b');
    const part = fc.constantFrom('x=1', 'x=2', 'y', '', 'x=%41', 'x=A', 'x=+', 'x=%20');
    const target = fc
      .tuple(fc.array(segment, { maxLength: 4 }), fc.option(fc.array(part, { maxLength: 4 })))
      .map(([path, query]) => `/${path.join('/')}${query === null ? '' : `?${query.join('&')}`}`);
    fc.assert(
      fc.property(target, target, (a, b) => {
        expect(shared(a).key === shared(b).key).toBe(a === b);
        expect(shared(a).target).toBe(a);
      }),
    );
  });
});

describe('methods and fields', () => {
  const CLIENT = [
    'Host',
    'h',
    'Connection',
    'close, X-Hop',
    'X-Hop',
    '1',
    'TE',
    'trailers',
    'Authorization',
    'Bearer u',
    'Cookie',
    'c',
    'Accept',
    '*/*',
    'X-API-Key',
    'k',
    'If-None-Match',
    '"x"',
    'If-Modified-Since',
    'x',
    'X-Forwarded-Host',
    'evil',
    'If-Range',
    '"x"',
    'Range',
    'bytes=0-',
    'Cache-Control',
    'no-cache',
    'via',
    '1.1 front',
  ]; // prettier-ignore
  it.each(['If-Match', 'If-Unmodified-Since'])('whether %s holds is asked of the origin', (name) => {
    expect(site.route({ method: 'GET', target: '/a', headers: [name, 'x'] })).toMatchObject({
      kind: 'pass',
      reason: 'unshareable',
    });
  });

  it("a fill carries the client's end-to-end fields without conditions, ranges and the way here", () => {
    expect(shared('/a', CLIENT).headers).toEqual([
      'Authorization',
      'Bearer u',
      'Cookie',
      'c',
      'Accept',
      '*/*',
      'X-API-Key',
      'k',
      'Cache-Control',
      'no-cache',
      'Via',
      '1.1 tcp',
    ]); // prettier-ignore
  });
  it('a passed request keeps them', () => {
    expect(passed('POST', CLIENT).headers).toEqual(
      expect.arrayContaining(['If-None-Match', 'Range', 'If-Range']),
    );
    expect(passed('POST', CLIENT).headers).not.toContain('Host');
  });
  it.each([
    ['POST', false],
    ['PUT', false],
    ['DELETE', false],
    ['M-SEARCH', false],
    ['OPTIONS', true],
  ])('%s passes', (method, retryable) => {
    expect(passed(method)).toMatchObject({ reason: 'method', target: '/a?b', retryable });
  });
  it('HEAD is shared under the key of GET', () => {
    expect(routed('/a', [], 'HEAD')).toMatchObject({ kind: 'shared', key: 'v1:custom:/a' });
  });
  it.each(['TRACE', 'CONNECT'])('%s is refused', (method) => {
    expect(routed('/a', [], method)).toMatchObject({ kind: 'refuse', code: 'method_refused' });
  });
  it('a GET with a body passes once', () => {
    expect(passed('GET', ['Content-Length', '1'])).toMatchObject({ reason: 'unshareable', retryable: false });
    expect(passed('GET', ['Transfer-Encoding', 'chunked']).reason).toBe('unshareable');
    expect(routed('/a', ['Content-Length', '0']).kind).toBe('shared');
  });
  it('everything passes with the cache switched off', () => {
    const off = createGenericPolicy({ ...options, cacheEnabled: false });
    expect(off.route({ method: 'GET', target: '/a', headers: [] })).toMatchObject({
      reason: 'disabled',
      key: 'v1:custom:/a',
      retryable: true,
    });
  });
});

describe('under the class table, which applies no Vary', () => {
  const table = createGenericPolicy({ ...options, ttlPolicy: 'content-type' });
  const route = (headers: readonly string[]) => table.route({ method: 'GET', target: '/a', headers });
  it.each([
    ['Authorization', 'Bearer u'],
    ['cookie', 'sid=1'],
  ])("a request with %s is nobody else's", (name, value) => {
    expect(route([name, value])).toMatchObject({
      kind: 'pass',
      reason: 'personal-credential',
      retryable: true,
    });
  });
  it('a fill carries nothing of the client', () => {
    const headers = ['Accept-Language', 'de', 'Accept-Encoding', 'br', 'X-User', 'u'];
    expect(route(headers)).toEqual(route([]));
    expect(route(headers)).toMatchObject({ kind: 'shared', key: 'v1:custom:/a' });
  });
});

describe('the rest of the policy', () => {
  it('leaves bytes and bodies alone', () => {
    expect(site).toMatchObject({ name: 'custom', ttlPolicy: 'origin', transforms: false });
    expect(site.inspect(shared('/a'), 200, [], Buffer.from('{'))).toBeUndefined();
    expect(site.tagsOf(shared('/a'), 200, [], Buffer.from('{'))).toEqual([]);
  });
  it.each([
    [200, 'image/png', 'image'],
    [200, 'application/json; charset=utf-8', 'detail'],
    [200, 'application/problem+json', 'detail'],
    [200, 'application/jsonish', 'other'],
    [200, undefined, 'other'],
    [404, 'image/png', 'negative'],
  ])('labels %i %s as %s', (status, type, label) => {
    expect(site.classOf(shared('/a'), status, type === undefined ? [] : ['content-type', type])).toBe(label);
  });
  it('has times for every label', () => {
    expect(site.times('constructor').memoryMs).toBe(9);
    expect(site.times('image').memoryMs).toBe(1);
  });
  it.each([
    ['/a', { tags: ['path:/a'] }],
    ['/a?b=2&a=1', { key: 'v1:custom:/a?b=2&a=1' }],
    ['http://ORIGIN.test:8080/a/../b', { tags: ['path:/b'] }],
    ['http://origin.test:8080?x', { key: 'v1:custom:/?x' }],
    ['/é', { tags: ['path:/%C3%A9'] }],
    ['http://other.test/a', undefined],
    ['a', undefined],
    ['/%', undefined],
  ])('resolves %s for a purge', (url, target) => {
    expect(site.resolveUrl(url)).toEqual(target);
  });
  it('purges every variant of a path by its tag', () => {
    expect(shared('/a?x=1').tags).toEqual(['path:/a']);
  });
  it('reports errors as problems', () => {
    const { type, body } = site.errorBody(504, 'origin_timeout', 'No answer.');
    expect(type).toBe('application/problem+json');
    expect(JSON.parse(body)).toEqual({
      type: 'about:blank',
      title: 'Gateway Timeout',
      status: 504,
      detail: 'No answer.',
      code: 'origin_timeout',
    });
  });
});
