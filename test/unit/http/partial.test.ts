import { describe, expect, it, test } from 'vitest';
import {
  forwardableRange,
  isWhole,
  missingRest,
  type Part,
  partOf,
  rangeWithin,
  sameStrongTag,
  union,
} from '../../../src/http/partial.js';

const of = (start: number, end: number, size = 10): Part => ({ start, end, size });

describe('ranges that may be forwarded as they are', () => {
  test.each<[why: string, headers: string[], forwarded: string | undefined]>([
    ['one range', ['Range', 'bytes=0-4'], 'bytes=0-4'],
    ['open at its end', ['Range', 'bytes=5-'], 'bytes=5-'],
    ['a suffix', ['Range', 'BYTES=-5'], 'bytes=-5'],
    ['several ranges', ['Range', 'bytes=0-1,3-4'], undefined],
    ['two fields', ['Range', 'bytes=0-1', 'Range', 'bytes=0-1'], undefined],
    ['another unit', ['Range', 'pages=1-2'], undefined],
    ['nothing at all', ['Range', 'bytes=-'], undefined],
    ['a precondition beside it', ['Range', 'bytes=0-1', 'If-None-Match', '"a"'], undefined],
    ['If-Range beside it', ['Range', 'bytes=0-1', 'If-Range', '"a"'], undefined],
    ['no Range', [], undefined],
  ])('%s', (_why, headers, forwarded) => {
    expect(forwardableRange('GET', headers)).toBe(forwarded);
  });

  it('a Range on anything but GET means nothing (RFC 9110 section 14.2)', () => {
    expect(forwardableRange('HEAD', ['Range', 'bytes=0-4'])).toBeUndefined();
  });
});

describe('what a 206 holds, RFC 9110 section 15.3.7.1', () => {
  const range = (value: string) => ['Content-Range', value];
  test.each<[why: string, headers: string[], bytes: number | undefined, part: Part | undefined]>([
    ['a part of a known whole', range('bytes 2-5/10'), 4, of(2, 5)],
    ['before its body is there', range('bytes 2-5/10'), undefined, of(2, 5)],
    ['a body that is too short', range('bytes 4-9/10'), 5, undefined],
    ['a body that is too long', range('bytes 0-0/10'), 2, undefined],
    ['of a whole of unknown length', range('bytes 2-5/*'), 4, undefined],
    ['beyond the whole', range('bytes 2-10/10'), 9, undefined],
    ['backwards', range('bytes 5-2/10'), undefined, undefined],
    ['without Content-Range', [], 4, undefined],
    ['two of them', [...range('bytes 0-1/10'), ...range('bytes 2-3/10')], 2, undefined],
    [
      'several parts',
      [...range('bytes 2-5/10'), 'Content-Type', 'multipart/byteranges; boundary=x'],
      4,
      undefined,
    ],
  ])('%s', (_why, headers, bytes, part) => {
    expect(partOf(headers, bytes)).toEqual(part);
  });
});

test.each<[range: string, part: Part, within: { start: number; end: number } | undefined]>([
  ['bytes=2-5', of(2, 5), { start: 2, end: 5 }],
  ['bytes=3-4', of(2, 5), { start: 3, end: 4 }],
  ['bytes=5-', of(5, 9), { start: 5, end: 9 }],
  ['bytes=5-', of(5, 8), undefined],
  ['bytes=-5', of(5, 9), { start: 5, end: 9 }],
  ['bytes=-5', of(6, 9), undefined],
  ['bytes=0-99', of(0, 9), { start: 0, end: 9 }],
  ['bytes=1-5', of(2, 5), undefined],
  ['bytes=10-', of(5, 9), undefined],
])('%s of the part %j', (range, part, within) => {
  expect(rangeWithin(range, part)).toEqual(within);
});

test.each<[part: Part, rest: string | undefined]>([
  [of(0, 4), 'bytes=5-'],
  [of(5, 9), 'bytes=0-4'],
  [of(2, 4), undefined],
  [of(0, 9), undefined],
])('what %j lacks', (part, rest) => {
  expect(missingRest(part)).toBe(rest);
});

test.each<[a: Part, b: Part, together: Part | undefined]>([
  [of(0, 4), of(5, 9), of(0, 9)],
  [of(5, 9), of(0, 4), of(0, 9)],
  [of(0, 6), of(3, 8), of(0, 8)],
  [of(0, 8), of(3, 4), of(0, 8)],
  [of(0, 3), of(5, 9), undefined],
  [of(0, 4, 10), of(5, 10, 11), undefined],
])('%j and %j', (a, b, together) => {
  expect(union(a, b)).toEqual(together);
});

it('the whole is what has both ends', () => {
  expect([of(0, 9), of(0, 8), of(1, 9)].map(isWhole)).toEqual([true, false, false]);
});

test.each([
  ['"a"', '"a"', true],
  ['"a"', '"b"', false],
  ['W/"a"', 'W/"a"', false],
  [undefined, undefined, false],
])('parts with the tags %s and %s are of the same bytes: %s', (a, b, same) => {
  const tag = (value: string | undefined) => (value === undefined ? [] : ['ETag', value]);
  expect(sameStrongTag(tag(a), tag(b))).toBe(same);
});
