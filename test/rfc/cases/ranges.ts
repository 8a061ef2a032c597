import type { Case, Fields, Step } from '../exchange.js';

const BODY = '0123456789';
const MODIFIED = 'Sat, 01 Nov 2025 10:00:00 GMT';
const full = (fields: Fields = { ETag: '"a"' }): Step => ({
  answer: { body: BODY, fields: { 'Cache-Control': 'max-age=60', ...fields } },
});

/** One request against a stored whole response. */
const of = (name: string, send: Fields, expected: Partial<Step>, fields?: Fields): Case => ({
  name,
  steps: [full(fields), { send, text: BODY, ...expected }],
});
const part = (text: string, contentRange: string): Partial<Step> => ({
  status: 206,
  text,
  has: { 'Content-Range': `bytes ${contentRange}`, 'Content-Length': String(text.length) },
});
const WHOLE: Partial<Step> = { status: 200, has: { 'Content-Range': undefined } };

export const RANGES: readonly Case[] = [
  of('14.1.2: first bytes', { Range: 'bytes=0-3' }, part('0123', '0-3/10')),
  of('14.1.2: from a byte on', { Range: 'bytes=7-' }, part('789', '7-9/10')),
  of('14.1.2: last bytes', { Range: 'bytes=-3' }, part('789', '7-9/10')),
  of('14.1.2: a suffix longer than the whole is the whole', { Range: 'bytes=-30' }, part(BODY, '0-9/10')),
  of('14.1.2: a range past the end is cut', { Range: 'bytes=8-99' }, part('89', '8-9/10')),
  of('14.1.2: one byte', { Range: 'bytes=0-0' }, part('0', '0-0/10')),
  of('14.1: the unit is in any case', { Range: 'BYTES=0-3' }, part('0123', '0-3/10')),
  of(
    '14.2: a position beyond every number is past the end',
    { Range: 'bytes=1-99999999999999999999999' },
    part('123456789', '1-9/10'),
  ),
  of(
    '14.2: several ranges are parts of a multipart',
    { Range: 'bytes=0-1, 5-6' },
    {
      status: 206,
      text: /\r\n\r\n01\r\n[\s\S]*\r\n\r\n56\r\n/,
      has: { 'Content-Type': /^multipart\/byteranges; boundary=/, 'Content-Range': undefined },
    },
  ),
  of(
    '15.5.17: nothing to send is 416, with the length',
    { Range: 'bytes=10-' },
    {
      status: 416,
      text: /^/,
      has: { 'Content-Range': 'bytes */10' },
    },
  ),
  of(
    '15.5.17: a suffix of nothing is 416',
    { Range: 'bytes=-0' },
    { status: 416, text: /^/, has: { 'Content-Range': 'bytes */10' } },
  ),
  ...[
    'bytes=3-1',
    'bytes=',
    'bytes=-',
    'bytes=a-b',
    'bytes=0-1-2',
    'bytes 0-3',
    'items=0-3',
    'bytes=0-3;',
    'bytes=+0-3',
    'bytes=0x0-3',
  ].map((value) => of(`14.2: the invalid or unknown "${value}" is ignored`, { Range: value }, WHOLE)),
  of(
    '14.2: two Range lines are ignored',
    { Range: ['bytes=0-1', 'bytes=5-6'] },
    { status: [200, 206], text: /^0123456789$|\r\n01\r\n/ },
  ),
  {
    name: '14.2: HEAD has no ranges',
    steps: [
      full(),
      {
        method: 'HEAD',
        send: { Range: 'bytes=0-3' },
        has: { 'Content-Length': '10', 'Content-Range': undefined },
      },
    ],
  },
  of(
    '13.1.5: If-Range with the strong tag of what is stored',
    { Range: 'bytes=0-3', 'If-Range': '"a"' },
    part('0123', '0-3/10'),
  ),
  of('13.1.5: If-Range with another tag gets the whole', { Range: 'bytes=0-3', 'If-Range': '"b"' }, WHOLE),
  of('13.1.5: If-Range with a weak tag gets the whole', { Range: 'bytes=0-3', 'If-Range': 'W/"a"' }, WHOLE),
  of('13.1.5: a weak stored tag never holds', { Range: 'bytes=0-3', 'If-Range': 'W/"a"' }, WHOLE, {
    ETag: 'W/"a"',
  }),
  of(
    '13.1.5: If-Range with the very date of Last-Modified',
    { Range: 'bytes=0-3', 'If-Range': MODIFIED },
    part('0123', '0-3/10'),
    {
      'Last-Modified': MODIFIED,
    },
  ),
  of(
    '13.1.5: If-Range with a later date gets the whole',
    { Range: 'bytes=0-3', 'If-Range': 'Sat, 01 Nov 2025 10:00:01 GMT' },
    WHOLE,
    {
      'Last-Modified': MODIFIED,
    },
  ),
  of('13.1.5: an If-Range that is neither gets the whole', { Range: 'bytes=0-3', 'If-Range': 'a' }, WHOLE),
  of(
    '13.2.2: If-None-Match comes before Range',
    { Range: 'bytes=0-3', 'If-None-Match': '"a"' },
    { status: 304, text: '' },
  ),
  of(
    '13.2.2: If-None-Match that fails leaves the range',
    { Range: 'bytes=0-3', 'If-None-Match': '"b"' },
    part('0123', '0-3/10'),
  ),
  {
    name: '14.2: an error that is stored has no ranges',
    steps: [
      { answer: { status: 404, body: BODY, fields: { 'Cache-Control': 'max-age=60' } } },
      { send: { Range: 'bytes=0-3' }, status: 404, text: BODY },
    ],
  },
  {
    name: '14.2: a stale whole response is validated before its ranges are served',
    steps: [
      full({ ETag: '"a"', Age: '100' }),
      {
        send: { Range: 'bytes=0-3' },
        answer: ({ fields }) =>
          fields['if-none-match'] === '"a"'
            ? { status: 304, fields: { ETag: '"a"', 'Cache-Control': 'max-age=60' } }
            : { status: 206, body: '0123', fields: { ETag: '"a"', 'Content-Range': 'bytes 0-3/10' } },
        status: 206,
        text: '0123',
      },
    ],
  },
];
