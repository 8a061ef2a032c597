import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  acceptsCoding,
  type CodingCheck,
  checkCoding,
  codingWeight,
  contentCodings,
  recodedFields,
} from '../../../src/http/content-coding.js';

describe('Accept-Encoding, RFC 9110 section 12.5.3', () => {
  test.each<[accept: string | undefined, gzip: boolean, identity: boolean]>([
    [undefined, false, true],
    ['', false, true],
    ['gzip', true, true],
    ['GZIP', true, true],
    ['x-gzip', true, true],
    ['gzip, br', true, true],
    ['br;q=1.0, gzip;q=0.8, *;q=0.1', true, true],
    ['gzip;q=0', false, true],
    ['gzip; q=0.000', false, true],
    ['gzip;q=nonsense', false, true],
    ['*', true, true],
    ['*;q=0', false, false],
    ['identity;q=0', false, false],
    ['gzip, identity;q=0', true, false],
    ['gzip;q=0, *', false, true],
    ['*;q=0, identity;q=0.5', false, true],
    ['deflate', false, true],
  ])('%j: gzip %s, identity %s', (accept, gzip, identity) => {
    const headers = accept === undefined ? [] : ['Accept-Encoding', accept];
    expect([acceptsCoding(headers, 'gzip'), acceptsCoding(headers, 'identity')]).toEqual([gzip, identity]);
    expect([acceptsCoding(headers, 'gzip'), acceptsCoding(headers, 'identity')]).toEqual([gzip, identity]); // remembered
  });

  it('never throws, and weighs between 0 and 1', () => {
    fc.assert(fc.property(fc.string(), (v) => codingWeight(v, 'gzip') >= 0 && codingWeight(v, 'gzip') <= 1));
  });
});

describe('magic bytes against Content-Encoding', () => {
  const GZIP = Uint8Array.of(0x1f, 0x8b, 8);
  const JSON_BYTES = Buffer.from('{}');
  test.each<[why: string, headers: string[], start: Uint8Array, expected: CodingCheck]>([
    ['gzip that says so', ['Content-Encoding', 'gzip'], GZIP, 'ok'],
    ['x-gzip is gzip', ['Content-Encoding', 'x-gzip'], GZIP, 'ok'],
    ['plain that says nothing', ['Content-Type', 'application/json'], JSON_BYTES, 'ok'],
    [
      'gzip without header is poison',
      ['Content-Type', 'application/json; charset=utf-8'],
      GZIP,
      'gzip-without-header',
    ],
    ['header without gzip is poison', ['Content-Encoding', 'GZIP'], JSON_BYTES, 'header-without-gzip'],
    ['an image is no gzip file', ['Content-Type', 'image/jpeg'], GZIP, 'gzip-without-header'],
    [
      'identity is no coding',
      ['Content-Encoding', 'identity', 'Content-Type', 'text/html'],
      GZIP,
      'gzip-without-header',
    ],
    ['an empty body has no magic', ['Content-Encoding', 'gzip'], new Uint8Array(), 'ok'],
    ['other codings are not judged', ['Content-Encoding', 'br', 'Content-Type', 'text/html'], GZIP, 'ok'],
    ['the last coding is the outer one', ['Content-Encoding', 'br, gzip'], JSON_BYTES, 'header-without-gzip'],
    ['a gzip file', ['Content-Type', 'application/gzip'], GZIP, 'ok'],
    ['an archive', ['Content-Type', 'application/x-tar'], GZIP, 'ok'],
    ['bytes of any kind', ['Content-Type', 'application/octet-stream'], GZIP, 'ok'],
    ['an unknown type', [], GZIP, 'ok'],
  ])('%s', (_why, headers, start, expected) => {
    expect(checkCoding(headers, start)).toBe(expected);
  });
});

it('codings are listed in the order applied', () => {
  expect(contentCodings(['Content-Encoding', 'identity, BR', 'content-encoding', 'X-GZIP'])).toEqual([
    'br',
    'gzip',
  ]);
});

it('the tag of a recoded representation is weak, and the original headers are untouched', () => {
  const headers = ['ETag', '"a"', 'X', '1'];
  expect(recodedFields(headers)).toEqual(['ETag', 'W/"a"', 'X', '1']);
  expect(headers[1]).toBe('"a"');
  expect(recodedFields(['ETag', 'W/"a"'])).toEqual(['ETag', 'W/"a"']);
  expect(recodedFields(['X', '1'])).toEqual(['X', '1']);
});

it('a recoded representation has no digest of the bytes it was made of', () => {
  const digests = ['Content-MD5', 'a', 'content-digest', 'b', 'Digest', 'c', 'Repr-Digest', 'd'];
  expect(recodedFields(['X', '1', ...digests])).toEqual(['X', '1']);
});
