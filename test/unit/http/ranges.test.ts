import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { multipartByteranges } from '../../../src/http/multipart.js';
import {
  ifRangeHolds,
  MAX_RANGES,
  parseContentRange,
  parseRange,
  printContentRange,
  printUnsatisfiedRange,
  selectRange,
} from '../../../src/http/ranges.js';

const NOW = Date.UTC(2026, 0, 1);
const OLD = 'Wed, 01 Jan 2020 00:00:00 GMT';
const NEXT = 'Wed, 01 Jan 2020 00:00:01 GMT';
const show = (value: string, size: number) => {
  const verdict = parseRange(value, size);
  return verdict.kind === 'ranges'
    ? verdict.ranges.map((r) => `${r.start}-${r.end}`).join(' ')
    : verdict.kind;
};

test.each<[value: string, size: number, expected: string]>([
  ['bytes=0-1', 10, '0-1'],
  ['Bytes=0-0', 10, '0-0'],
  ['bytes=1-', 10, '1-9'],
  ['bytes=-1', 10, '9-9'],
  ['bytes=-100', 10, '0-9'],
  ['bytes=5-100', 10, '5-9'],
  ['bytes=0-9', 10, '0-9'],
  ['bytes=10-', 10, 'unsatisfiable'],
  ['bytes=10-20, 30-', 10, 'unsatisfiable'],
  ['bytes=-0', 10, 'unsatisfiable'],
  ['bytes=0-0, 10-20', 10, '0-0'],
  ['bytes=0-0,-1', 10, '0-0 9-9'],
  ['bytes= 0-0 ,, 4-5', 10, '0-0 4-5'],
  ['bytes=8-9, 0-1', 10, '8-9 0-1'],
  ['bytes=4-6, 0-5', 10, '0-6'],
  ['bytes=0-1, 2-3', 10, '0-3'],
  ['bytes=0-, 0-, 0-', 10, '0-9'],
  ['bytes=5-4', 10, 'full'],
  ['bytes=0-0, 5-4', 10, 'full'],
  ['bytes=-', 10, 'full'],
  ['bytes=a-b', 10, 'full'],
  ['bytes=1 - 2', 10, 'full'],
  ['bytes=', 10, 'full'],
  ['bytes 0-1', 10, 'full'],
  ['lines=0-1', 10, 'full'],
  ['bytes=0-0', 0, 'full'],
  ['bytes=99999999999999999999-', 10, 'unsatisfiable'],
])('Range: %s of %d bytes → %s', (value, size, expected) => {
  expect(show(value, size)).toBe(expected);
});

describe('floods', () => {
  it('more ranges than allowed are answered in full', () => {
    const flood = (n: number) =>
      `bytes=${Array.from({ length: n }, (_, i) => `${i * 2}-${i * 2}`).join(',')}`;
    expect(parseRange(flood(MAX_RANGES), 1000).kind).toBe('ranges');
    expect(parseRange(flood(MAX_RANGES + 1), 1000).kind).toBe('full');
  });

  it('no byte is ever sent twice, nor one that is not there', () => {
    const spec = fc.tuple(fc.nat(30), fc.nat(30)).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`);
    const anySpec = fc.oneof(
      spec,
      fc.nat(30).map((n) => `-${n}`),
      fc.nat(30).map((n) => `${n}-`),
    );
    fc.assert(
      fc.property(
        fc.array(anySpec, { minLength: 1, maxLength: MAX_RANGES }),
        fc.integer({ min: 1, max: 25 }),
        (specs, size) => {
          const verdict = parseRange(`bytes=${specs.join(',')}`, size);
          const seen = new Set<number>();
          for (const { start, end } of verdict.kind === 'ranges' ? verdict.ranges : []) {
            for (let i = start; i <= end; i++) {
              expect(i < size && !seen.has(i)).toBe(true);
              seen.add(i);
            }
          }
        },
      ),
    );
  });

  it('never throws', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.nat(),
        (value, size) => parseRange(`bytes=${value}`, size).kind !== undefined,
      ),
    );
  });
});

describe('when a range applies, RFC 9110 sections 14.2 and 13.1.5', () => {
  const RANGE = ['Range', 'bytes=0-1'];
  const DATED = ['Last-Modified', OLD, 'Date', NEXT];
  test.each<[why: string, method: string, request: string[], status: number, entry: string[], kind: string]>([
    ['GET of a 200', 'GET', RANGE, 200, [], 'ranges'],
    ['no Range', 'GET', [], 200, [], 'full'],
    ['HEAD', 'HEAD', RANGE, 200, [], 'full'],
    ['a 404', 'GET', RANGE, 404, [], 'full'],
    ['two Range lines', 'GET', [...RANGE, ...RANGE], 200, [], 'full'],
    ['If-Range with the strong tag', 'GET', [...RANGE, 'If-Range', '"a"'], 200, ['ETag', '"a"'], 'ranges'],
    ['If-Range with a weak tag', 'GET', [...RANGE, 'If-Range', 'W/"a"'], 200, ['ETag', 'W/"a"'], 'full'],
    ['If-Range with another tag', 'GET', [...RANGE, 'If-Range', '"b"'], 200, ['ETag', '"a"'], 'full'],
    ['If-Range with a tag the entry lacks', 'GET', [...RANGE, 'If-Range', '"b"'], 200, [], 'full'],
    ['If-Range with the exact date', 'GET', [...RANGE, 'If-Range', OLD], 200, DATED, 'ranges'],
    ['If-Range with a later date', 'GET', [...RANGE, 'If-Range', NEXT], 200, DATED, 'full'],
    [
      'If-Range with a date that may be weak',
      'GET',
      [...RANGE, 'If-Range', OLD],
      200,
      ['Last-Modified', OLD, 'Date', OLD],
      'full',
    ],
    ['If-Range with rubbish', 'GET', [...RANGE, 'If-Range', 'x'], 200, DATED, 'full'],
  ])('%s', (_why, method, request, status, entry, kind) => {
    expect(selectRange(method, request, status, entry, 10, NOW).kind).toBe(kind);
  });

  it('an absent If-Range holds', () => {
    expect(ifRangeHolds([], [], NOW)).toBe(true);
  });
});

describe('Content-Range, RFC 9110 section 14.4', () => {
  it('is printed for a part and for a 416', () => {
    expect(printContentRange({ start: 0, end: 499 }, 1234)).toBe('bytes 0-499/1234');
    expect(printUnsatisfiedRange(1234)).toBe('bytes */1234');
  });

  test.each<[string, ReturnType<typeof parseContentRange>]>([
    ['bytes 4-9/10', { start: 4, end: 9, size: 10 }],
    ['bytes 4-9/*', { start: 4, end: 9, size: undefined }],
    ['bytes 4-10/10', undefined],
    ['bytes 9-4/10', undefined],
    ['bytes */10', undefined],
    ['lines 4-9/10', undefined],
  ])('%s', (value, expected) => {
    expect(parseContentRange(value)).toEqual(expected);
  });
});

it('a multipart body is as long as it says', () => {
  const body = Buffer.from('0123456789');
  const plan = multipartByteranges(
    [
      { start: 0, end: 1 },
      { start: 8, end: 9 },
    ],
    body.length,
    'text/plain',
    'XX',
  );
  const text =
    plan.parts.map((p) => p.head + body.toString('latin1', p.range.start, p.range.end + 1)).join('') +
    plan.tail;
  expect(plan.contentType).toBe('multipart/byteranges; boundary=XX');
  expect(plan.length).toBe(text.length);
  expect(text).toBe(
    '--XX\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-1/10\r\n\r\n01' +
      '\r\n--XX\r\nContent-Type: text/plain\r\nContent-Range: bytes 8-9/10\r\n\r\n89\r\n--XX--\r\n',
  );
});
