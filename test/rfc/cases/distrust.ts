import { type Case, date } from '../exchange.js';
import { BODY, fetched, NEXT, range, ranged, TAGGED, whole } from './partial-steps.js';
import { part, resource } from './resource.js';

/** What the origin says of its bytes, against the five bytes `01234` it sends. */
const LIES = [
  'bytes 0-9/10',
  'bytes 0-3/10',
  'bytes 0-5/10',
  'bytes 4-0/10',
  'bytes 0-4/3',
  'bytes 0-4',
  'items 0-4/10',
  'bytes 0-4/ten',
  'bytes */10',
  '',
];

/** Partial answers that are not what they say, and requests that no part may answer. */
export const DISTRUST: readonly Case[] = [
  ...LIES.map(
    (contentRange): Case => ({
      name: `14.4 of RFC 9110: a 206 with five bytes and Content-Range "${contentRange}" is never kept`,
      steps: [
        {
          send: range('0-4'),
          answer: { status: 206, body: '01234', fields: { ...TAGGED, 'Content-Range': contentRange } },
          status: [206, 502],
          text: /^/,
        },
        fetched('0-4', part(BODY, 0, 4, TAGGED)),
        { answer: resource(BODY, TAGGED), ...whole() },
      ],
    }),
  ),
  {
    name: '15.3.7 of RFC 9110: a 206 without Content-Range is never kept',
    steps: [
      {
        send: range('0-4'),
        answer: { status: 206, body: '01234', fields: TAGGED },
        status: [206, 502],
        text: /^/,
      },
      fetched('0-4', part(BODY, 0, 4, TAGGED)),
    ],
  },
  {
    name: '15.3.7: a 206 to a plain GET answers nobody else',
    steps: [
      { answer: part(BODY, 0, 4, TAGGED), status: [206, 502], text: /^/ },
      { answer: resource(BODY, TAGGED), ...whole() },
    ],
  },
  {
    name: '15.3.7: another part than asked for is kept, if at all, for what it is',
    steps: [
      { send: range('0-4'), answer: part(BODY, 5, 9, TAGGED), status: [206, 502], text: /^/ },
      {
        send: range('0-4'),
        answer: resource(BODY, TAGGED),
        status: 206,
        text: '01234',
        has: { 'Content-Range': 'bytes 0-4/10' },
      },
    ],
  },
  {
    name: '14.6: a multipart 206 of the origin is never kept',
    steps: [
      {
        send: range('0-4'),
        answer: {
          status: 206,
          body: '--x\r\nContent-Range: bytes 0-4/10\r\n\r\n01234\r\n--x--\r\n',
          fields: { ...TAGGED, 'Content-Type': 'multipart/byteranges; boundary=x' },
        },
      },
      fetched('0-4', part(BODY, 0, 4, TAGGED)),
    ],
  },
  {
    name: '15.5.17: a 416 is passed on and not kept',
    steps: [
      {
        send: range('20-'),
        answer: resource(BODY, TAGGED),
        status: 416,
        text: /^/,
        has: { 'Content-Range': 'bytes */10' },
      },
      { answer: resource(BODY, TAGGED), ...whole() },
    ],
  },
  {
    name: '14.2: a 200 in place of a range is kept whole',
    steps: [
      { send: range('0-4'), answer: { body: BODY, fields: TAGGED }, status: [200, 206], text: /^01234/ },
      whole(),
      ranged('2-3', '23', '2-3/10'),
    ],
  },
  {
    name: '13.1.5: the If-Range of a client is honoured on a miss',
    steps: [
      {
        send: { ...range('0-4'), 'If-Range': '"old"' },
        answer: resource(BODY, TAGGED),
        status: 200,
        text: BODY,
      },
    ],
  },
  {
    name: '13.1.5: a part does not answer an If-Range of another version',
    steps: [
      fetched('0-4', part(BODY, 0, 4, TAGGED)),
      {
        send: { ...range('0-4'), 'If-Range': '"old"' },
        answer: resource(BODY, TAGGED),
        status: 200,
        text: BODY,
      },
    ],
  },
  {
    name: '14.2: several ranges on a miss are fetched in full and cut here',
    steps: [
      {
        send: range('0-1,5-6'),
        answer: { body: BODY, fields: TAGGED },
        saw: { Range: undefined },
        status: 206,
        text: /\r\n\r\n01\r\n[\s\S]*\r\n\r\n56\r\n/,
      },
      whole(),
    ],
  },
  {
    name: '4.2.2: a part without an explicit lifetime is kept for a heuristic one at most',
    steps: [
      fetched('0-4', part(BODY, 0, 4, { ETag: '"a"', 'Last-Modified': date(-5) })),
      { waitMs: 2000, send: range('0-4'), answer: resource('abcdefghij', NEXT), status: 206, text: 'abcde' },
    ],
  },
];
