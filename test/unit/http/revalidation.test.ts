import { describe, expect, it, test } from 'vitest';
import { field, fieldLines } from '../../../src/http/headers.js';
import {
  hasValidator,
  mergeHeaders,
  revalidationHeaders,
  selectsStored,
  withoutConditions,
} from '../../../src/http/revalidation.js';

const NOW = Date.UTC(2026, 0, 1);
const OLD = 'Wed, 01 Jan 2020 00:00:00 GMT';
const NEW = 'Thu, 02 Jan 2020 00:00:00 GMT';

describe('the request that validates, RFC 9111 section 4.3.1', () => {
  const CLIENT = [
    'Accept',
    '*/*',
    'If-None-Match',
    '"mine"',
    'If-Modified-Since',
    NEW,
    'Range',
    'bytes=0-1',
    'If-Range',
    '"mine"',
  ];

  it("sends the entry's validators in place of the client's, and no Range", () => {
    expect(revalidationHeaders(CLIENT, ['ETag', 'W/"a"', 'Last-Modified', OLD], NOW)).toEqual([
      'Accept',
      '*/*',
      'If-None-Match',
      'W/"a"',
      'If-Modified-Since',
      OLD,
    ]);
  });

  test.each([[[]], [['ETag', 'unquoted']], [['Last-Modified', 'yesterday']]])(
    'cannot validate %j',
    (stored) => {
      expect(hasValidator(stored, NOW)).toBe(false);
      expect(revalidationHeaders(CLIENT, stored, NOW)).toBeUndefined();
    },
  );

  it('a fill asks for the whole, whatever the client asked', () => {
    expect(withoutConditions(CLIENT)).toEqual(['Accept', '*/*']);
  });
});

describe('which stored response a 304 is about, RFC 9111 section 4.3.4', () => {
  test.each<[why: string, stored: string[], update: string[], selected: boolean]>([
    ['the same strong tag', ['ETag', '"a"'], ['ETag', '"a"'], true],
    ['another tag than the one it was asked about', ['ETag', '"a"'], ['ETag', '"b"'], true],
    ['a tag where there was only a date', ['Last-Modified', OLD], ['ETag', '"b"'], false],
    ['a weak tag for the strong one', ['ETag', '"a"'], ['ETag', 'W/"a"'], true],
    ['the same Last-Modified', ['Last-Modified', OLD], ['Last-Modified', OLD], true],
    ['another Last-Modified', ['Last-Modified', OLD], ['Last-Modified', NEW], false],
    ['no validator at all', ['ETag', '"a"'], [], true],
  ])('%s', (_why, stored, update, selected) => {
    expect(selectsStored(stored, update)).toBe(selected);
  });
});

describe('updating stored fields, RFC 9111 section 3.2', () => {
  const STORED = [
    'ETag',
    '"a"',
    'Cache-Control',
    'max-age=1',
    'Content-Length',
    '5',
    'Content-Encoding',
    'gzip',
    'X-Old',
    '1',
    'Age',
    '900',
    'Link',
    'a',
    'Link',
    'b',
  ];

  test.each<[why: string, update: string[], name: string, lines: string[]]>([
    ['replaces', ['Cache-Control', 'max-age=60'], 'cache-control', ['max-age=60']],
    ['adds', ['X-New', '2'], 'x-new', ['2']],
    ['adds Vary', ['Vary', 'Origin'], 'vary', ['Origin']],
    ['keeps what the 304 does not mention', ['X-New', '2'], 'x-old', ['1']],
    ['replaces all lines of a name', ['LINK', 'c'], 'link', ['c']],
    ['takes over all lines of a name', ['X-Old', '2', 'x-old', '3'], 'x-old', ['2', '3']],
    ['a 304 never changes Content-Length', ['Content-Length', '0'], 'content-length', ['5']],
    ['nor Content-Encoding', ['Content-Encoding', 'identity'], 'content-encoding', ['gzip']],
    ['nor adds Content-Range', ['Content-Range', 'bytes 0-1/5'], 'content-range', []],
    ['changes Content-Type', ['Content-Type', 'text/html'], 'content-type', ['text/html']],
    ['never gives the stored bytes the tag of others', ['ETag', '"b"'], 'etag', ['"a"']],
    ['the Age of the stored response does not survive', [], 'age', []],
    ['the Age of the 304 counts', ['Age', '3'], 'age', ['3']],
    [
      'hop-by-hop fields are not taken over',
      ['Connection', 'x-new', 'X-New', '2', 'Keep-Alive', '5'],
      'x-new',
      [],
    ],
    ['a cookie never enters by a 304 (I-20)', ['Set-Cookie', 'a=b'], 'set-cookie', []],
  ])('%s', (_why, update, name, lines) => {
    expect(fieldLines(mergeHeaders(STORED, update), name)).toEqual(lines);
  });

  it('leaves fields where they stand: their order tells nobody that the response was validated', () => {
    const stored = ['Content-Type', 'a', 'Date', '1', 'Link', 'a', 'Vary', 'x', 'Link', 'b', 'ETag', '"a"'];
    const update = ['Vary', 'y', 'ETag', '"a"', 'Link', 'c', 'Date', '2', 'X-New', '1'];
    const names = ['Content-Type', 'Date', 'Link', 'Vary', 'ETag', 'X-New'];
    const merged = mergeHeaders(stored, update);
    expect(merged.filter((_, i) => i % 2 === 0)).toEqual(names);
    expect(field(merged, 'date')).toBe('2');
  });

  it('gives an entry without a tag the one of the 304, and cookies where the operator stores them', () => {
    const merged = mergeHeaders([], ['ETag', '"b"', 'Set-Cookie', 'a=b'], new Set());
    expect([field(merged, 'etag'), field(merged, 'set-cookie')]).toEqual(['"b"', 'a=b']);
  });
});
