import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  type EntityTag,
  parseEntityTag,
  parseEntityTags,
  strongMatch,
  weaken,
  weakMatch,
} from '../../../src/http/entity-tag.js';
import {
  evaluateConditional,
  hasOriginPrecondition,
  notModifiedHeaders,
  type Precondition,
} from '../../../src/http/validation.js';

const NOW = Date.UTC(2026, 0, 1);
const OLD = 'Wed, 01 Jan 2020 00:00:00 GMT';
const NEW = 'Thu, 02 Jan 2020 00:00:00 GMT';

const printEntityTag = ({ weak, opaque }: EntityTag) => `${weak ? 'W/' : ''}"${opaque}"`;

describe('entity-tags, RFC 9110 section 8.8.3', () => {
  test.each<[a: string, b: string, strong: boolean, weak: boolean]>([
    ['W/"1"', 'W/"1"', false, true],
    ['W/"1"', 'W/"2"', false, false],
    ['W/"1"', '"1"', false, true],
    ['"1"', '"1"', true, true],
  ])('%s and %s: strong %s, weak %s', (a, b, strong, weak) => {
    const [left, right] = [parseEntityTag(a)!, parseEntityTag(b)!];
    expect([strongMatch(left, right), weakMatch(left, right)]).toEqual([strong, weak]);
  });

  test.each(['abc', 'w/"abc"', 'W\\"abc"', 'W"abc"', '"a"b"', '"a b"', '"a", "b"', '', '*'])(
    '%s is none',
    (value) => {
      expect(parseEntityTag(value)).toBeUndefined();
    },
  );

  it('a comma inside a tag does not end it', () => {
    expect(parseEntityTags('"a,b" , W/"c",,"d"').map(printEntityTag)).toEqual(['"a,b"', 'W/"c"', '"d"']);
  });

  it('rubbish in a list is skipped', () => {
    expect(parseEntityTags('abc, "x"y, "d"').map(printEntityTag)).toEqual(['"d"']);
  });

  it('reads back what it prints, alone and in lists', () => {
    const tag = fc.record({ weak: fc.boolean(), opaque: fc.stringMatching(/^[!#-~\x80-\xff]*$/) });
    fc.assert(
      fc.property(fc.array(tag), (tags) => {
        expect(parseEntityTags(tags.map(printEntityTag).join(', '))).toEqual(tags);
      }),
    );
    fc.assert(fc.property(fc.string(), (value) => Array.isArray(parseEntityTags(value))));
  });

  it('is weakened once', () => {
    expect([weaken('"a"'), weaken('W/"a"')]).toEqual(['W/"a"', 'W/"a"']);
  });
});

describe('preconditions at a cache, RFC 9110 section 13.2.2 and RFC 9111 section 4.3.2', () => {
  const ENTRY = ['ETag', '"a"', 'Last-Modified', OLD];
  test.each<[why: string, method: string, request: string[], entry: string[], expected: Precondition]>([
    ['no condition', 'GET', [], ENTRY, 'none'],
    ['a matching tag', 'GET', ['If-None-Match', '"a"'], ENTRY, 'not-modified'],
    ['a weak form of it', 'GET', ['If-None-Match', 'W/"a"'], ENTRY, 'not-modified'],
    [
      'one of several, on two lines',
      'GET',
      ['If-None-Match', '"x", "y"', 'If-None-Match', '"a"'],
      ENTRY,
      'not-modified',
    ],
    ['a star', 'GET', ['If-None-Match', '*'], ENTRY, 'not-modified'],
    ['another tag', 'GET', ['If-None-Match', '"b"'], ENTRY, 'none'],
    ['an unquoted tag is none', 'GET', ['If-None-Match', 'a'], ENTRY, 'none'],
    ['HEAD is like GET', 'HEAD', ['If-None-Match', '"a"'], ENTRY, 'not-modified'],
    ['a matching tag on PUT', 'PUT', ['If-None-Match', '"a"'], ENTRY, 'precondition-failed'],
    [
      'If-None-Match wins over If-Modified-Since',
      'GET',
      ['If-None-Match', '"b"', 'If-Modified-Since', NEW],
      ENTRY,
      'none',
    ],
    ['the same date', 'GET', ['If-Modified-Since', OLD], ENTRY, 'not-modified'],
    ['a later date', 'GET', ['If-Modified-Since', NEW], ENTRY, 'not-modified'],
    ['an earlier date', 'GET', ['If-Modified-Since', OLD], ['Last-Modified', NEW], 'none'],
    [
      'the same date in an obsolete form',
      'GET',
      ['If-Modified-Since', 'Wednesday, 01-Jan-20 00:00:00 GMT'],
      ENTRY,
      'not-modified',
    ],
    [
      'a bad date is ignored',
      'GET',
      ['If-Modified-Since', 'yesterday'],
      ['Last-Modified', 'yesterday'],
      'none',
    ],
    [
      'two dates are none (RFC 9110 section 13.1.3)',
      'GET',
      ['If-Modified-Since', NEW, 'If-Modified-Since', NEW],
      ENTRY,
      'none',
    ],
    ['If-Modified-Since on POST is ignored', 'POST', ['If-Modified-Since', NEW], ENTRY, 'none'],
    ['without Last-Modified, Date decides', 'GET', ['If-Modified-Since', OLD], ['Date', NEW], 'none'],
    [
      'without Last-Modified, a Date before it',
      'GET',
      ['If-Modified-Since', NEW],
      ['Date', OLD],
      'not-modified',
    ],
    ['without any date', 'GET', ['If-Modified-Since', NEW], [], 'none'],
    ['If-Match is for the origin', 'GET', ['If-Match', '"b"'], ENTRY, 'none'],
    [
      'If-Unmodified-Since is for the origin',
      'GET',
      ['If-Unmodified-Since', OLD],
      ['Last-Modified', NEW],
      'none',
    ],
  ])('%s', (_why, method, request, entry, expected) => {
    expect(evaluateConditional(method, request, entry, 200, { now: NOW })).toBe(expected);
  });

  it('does not turn an error into a 304', () => {
    expect(evaluateConditional('GET', ['If-None-Match', '"a"'], ['ETag', '"a"'], 404, { now: NOW })).toBe(
      'none',
    );
  });

  it('uses the time of receipt when the entry has no date at all', () => {
    const options = { now: NOW, receivedAt: Date.UTC(2019, 0, 1) };
    expect(evaluateConditional('GET', ['If-Modified-Since', OLD], [], 200, options)).toBe('not-modified');
  });

  it('tells that a request must be passed on for its If-Match', () => {
    expect(hasOriginPrecondition(['if-match', '"a"'])).toBe(true);
    expect(hasOriginPrecondition(['If-None-Match', '"a"'])).toBe(false);
  });
});

describe('preconditions at an origin, RFC 9110 section 13.1', () => {
  test.each<[why: string, request: string[], entry: string[], expected: Precondition]>([
    ['If-Match that matches', ['If-Match', '"a"'], ['ETag', '"a"'], 'none'],
    ['If-Match compares strongly', ['If-Match', 'W/"a"'], ['ETag', 'W/"a"'], 'precondition-failed'],
    ['If-Match with a star', ['If-Match', '*'], [], 'none'],
    ['If-Match that does not', ['If-Match', '"b"'], ['ETag', '"a"'], 'precondition-failed'],
    [
      'If-Match wins over If-Unmodified-Since',
      ['If-Match', '"a"', 'If-Unmodified-Since', OLD],
      ['ETag', '"a"', 'Last-Modified', NEW],
      'none',
    ],
    ['modified since', ['If-Unmodified-Since', OLD], ['Last-Modified', NEW], 'precondition-failed'],
    ['not modified since', ['If-Unmodified-Since', NEW], ['Last-Modified', OLD], 'none'],
    ['a bad date is ignored', ['If-Unmodified-Since', 'x'], ['Last-Modified', OLD], 'none'],
    [
      'two dates are none (section 13.1.4)',
      ['If-Unmodified-Since', OLD, 'If-Unmodified-Since', OLD],
      ['Last-Modified', NEW],
      'none',
    ],
    ['then If-None-Match', ['If-Match', '"a"', 'If-None-Match', '"a"'], ['ETag', '"a"'], 'not-modified'],
  ])('%s', (_why, request, entry, expected) => {
    expect(evaluateConditional('GET', request, entry, 200, { now: NOW, role: 'origin' })).toBe(expected);
  });
});

it('a 304 keeps what updates caches and drops what describes the absent content', () => {
  const kept = [
    'Cache-Control',
    'max-age=1',
    'Content-Location',
    '/a',
    'Date',
    NEW,
    'ETag',
    '"a"',
    'Expires',
    NEW,
    'Vary',
    'Origin',
    'Access-Control-Allow-Origin',
    '*',
  ];
  const dropped = [
    'Content-Length',
    '5',
    'Content-Type',
    'text/plain',
    'Content-Encoding',
    'gzip',
    'Last-Modified',
    OLD,
  ];
  expect(notModifiedHeaders([...kept, ...dropped])).toEqual(kept);
  expect(notModifiedHeaders(['Last-Modified', OLD])).toEqual(['Last-Modified', OLD]);
});
