import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  cacheGroups,
  invalidatedGroups,
  invalidatedTargets,
  isUnsafe,
} from '../../../src/http/invalidation.js';

const OWN = 'http://origin.test:8080';
const PUBLIC = 'https://public.test/mount';
const TARGET = '/a/b?c';

function named(method: string, status: number, headers: string[], bases = [OWN, PUBLIC], target = TARGET) {
  return invalidatedTargets({ method, target }, { status, headers }, bases);
}

describe('the target, RFC 9111 section 4.4', () => {
  const methods = ['POST', 'PUT', 'PATCH', 'DELETE', 'M-SEARCH', 'get', 'GET', 'HEAD', 'OPTIONS', 'TRACE'];
  const statuses = [199, 200, 201, 204, 206, 299, 301, 303, 304, 399, 400, 404, 409, 500, 503, 600];
  const every = methods.flatMap((method) => statuses.map((status) => [method, status] as const));
  test.each(every)('%s answered with %s', (method, status) => {
    const safe = ['GET', 'HEAD', 'OPTIONS', 'TRACE'].includes(method);
    const expected = !safe && status >= 200 && status < 400 ? [TARGET] : [];
    expect(named(method, status, [])).toEqual(expected);
    if (expected.length === 0) expect(named(method, status, ['Location', '/x'])).toEqual([]);
  });

  it('is named as it was received, whatever a URL parser would make of it', () => {
    expect(named('POST', 200, [], [OWN], "/{a}|b?q='x'")).toEqual(["/{a}|b?q='x'"]);
  });
});

describe.each(['Location', 'Content-Location'])('%s', (field) => {
  test.each<[what: string, reference: string, more: string[]]>([
    ['an absolute path', '/x', ['/x']],
    ['a relative path', 'x?y=1', ['/a/x?y=1']],
    ['a relative path up', '../x', ['/x']],
    ['a query alone', '?d', ['/a/b?d']],
    ['nothing at all', '', []],
    ['a fragment alone', '#f', []],
    ['a fragment, which no request has', '/x#f', ['/x']],
    ['an absolute URI of our own', `${OWN}/x?y`, ['/x?y']],
    ['the same in capitals', 'HTTP://ORIGIN.TEST:8080/X', ['/X']],
    ['without a path', OWN, ['/']],
    ['without a path, with a query', `${OWN}?q`, ['/?q']],
    ['no scheme', '//origin.test:8080/x', ['/x']],
    ['user and password', 'http://user:secret@origin.test:8080/x', ['/x']],
    ['as clients see us', 'https://public.test/mount/x', ['/x']],
    ['as clients see us, the default port written', 'https://public.test:443/mount/x', ['/x']],
    ['the mount itself', 'https://public.test/mount', ['/']],
    ['beside the mount', 'https://public.test/mounted/x', []],
    ['above the mount', 'https://public.test/mount/../x', []],
    ['another host', 'http://other.test:8080/x', []],
    ['another port', 'http://origin.test:8081/x', []],
    ['the default port', 'http://origin.test/x', []],
    ['another scheme', 'https://origin.test:8080/x', []],
    ['no web address', 'mailto:a@b', []],
    ['a host that is none', 'http://[', []],
    ['a host in the place of the user', 'http://origin.test:8080@other.test/x', []],
    ['spelled as written, and as a browser sends it', "/x?q='1'", ['/x?q=%271%27', "/x?q='1'"]],
    ['dot segments', '/x/./y/../z', ['/x/z']],
  ])('%s', (_what, reference, more) => {
    expect(named('POST', 201, [field, reference])).toEqual([TARGET, ...more]);
  });

  it('counts each line, should there be several', () => {
    expect(named('POST', 201, [field, '/x', field, '/y'])).toEqual([TARGET, '/x', '/y']);
  });

  it('is the same name twice', () => {
    expect(named('POST', 201, ['Location', '/x', 'Content-Location', `${OWN}/x`])).toEqual([TARGET, '/x']);
  });

  it('is read under the path the origin has, and is not ours beside it', () => {
    const bases = ['http://origin.test/base/'];
    expect(named('POST', 201, [field, '/base/x'], bases)).toEqual([TARGET, '/x']);
    expect(named('POST', 201, [field, 'x'], bases)).toEqual([TARGET, '/a/x']);
    expect(named('POST', 201, [field, '/x'], bases)).toEqual([TARGET]);
    expect(named('POST', 201, [field, '/based/x'], bases)).toEqual([TARGET]);
  });

  it('means nothing where the origin is not known', () => {
    expect(named('POST', 201, [field, '/x'], [])).toEqual([TARGET]);
  });

  it('never throws, and names only targets', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.webUrl(), fc.string({ unit: 'binary' })), (reference) => {
        for (const target of named('PUT', 200, [field, reference])) expect(target).toMatch(/^\//);
      }),
    );
  });
});

it('methods are case-sensitive, and an unknown one may change anything', () => {
  expect(['GET', 'HEAD', 'OPTIONS', 'TRACE'].some(isUnsafe)).toBe(false);
  expect(['get', 'POST', 'LINK'].every(isUnsafe)).toBe(true);
});

describe('cache groups, RFC 9875', () => {
  test.each<[value: string, groups: string[]]>([
    ['"a", "b"', ['a', 'b']],
    ['"a";x=1, "a"', ['a']],
    ['"a", b', []],
    ['"a", 1', []],
    ['"a"', ['a']],
    ['"A b"', ['A b']],
    ['"\\"q\\""', ['"q"']],
    ['"a', []],
    ['("a" "b")', []],
    ['', []],
  ])('%s', (value, groups) => {
    expect(cacheGroups(['Cache-Groups', value])).toEqual(groups);
    expect(invalidatedGroups('POST', ['Cache-Group-Invalidation', value])).toEqual(groups);
  });

  it('are one list over several lines', () => {
    expect(cacheGroups(['Cache-Groups', '"a"', 'cache-groups', '"b"'])).toEqual(['a', 'b']);
  });

  it('32 of 32 characters are the least a cache must take (section 2)', () => {
    const groups = Array.from({ length: 32 }, (_, i) => String(i).padStart(32, 'x'));
    expect(cacheGroups(['Cache-Groups', groups.map((group) => `"${group}"`).join(', ')])).toEqual(groups);
  });

  it('an answer to a safe method invalidates none (section 3)', () => {
    for (const method of ['GET', 'HEAD', 'OPTIONS']) {
      expect(invalidatedGroups(method, ['Cache-Group-Invalidation', '"a"'])).toEqual([]);
    }
  });

  it('never throw', () => {
    fc.assert(fc.property(fc.string(), (value) => Array.isArray(cacheGroups(['Cache-Groups', value]))));
  });
});
