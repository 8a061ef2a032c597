import type { Case } from '../exchange.js';
import { BODY, fetched, NEXT, range, ranged, TAGGED, whole } from './partial-steps.js';
import { part, resource } from './resource.js';

const AGED = { ...TAGGED, Age: '100' };

/** What a stored part answers, and what it does not (section 3.3). */
export const PARTS: readonly Case[] = [
  {
    name: '3.3: a 206 to a range request is kept as a part and answers the same range',
    steps: [fetched('0-4', part(BODY, 0, 4, TAGGED)), ranged('0-4', '01234', '0-4/10')],
  },
  {
    name: '3.3: a part answers ranges within it',
    steps: [
      fetched('2-7', part(BODY, 2, 7, TAGGED)),
      ranged('2-4', '234', '2-4/10'),
      ranged('5-7', '567', '5-7/10'),
      ranged('3-3', '3', '3-3/10'),
    ],
  },
  {
    name: '3.3: a part that reaches the end answers open ranges and suffixes within it',
    steps: [
      fetched('5-', part(BODY, 5, 9, TAGGED)),
      ranged('7-', '789', '7-9/10'),
      ranged('-2', '89', '8-9/10'),
      ranged('5-20', '56789', '5-9/10'),
    ],
  },
  {
    name: '3.3: a part asked for as a suffix answers later ranges by position',
    steps: [fetched('-5', part(BODY, 5, 9, TAGGED)), ranged('6-7', '67', '6-7/10')],
  },
  {
    name: '3.3: a range outside the part is asked for',
    steps: [fetched('0-4', part(BODY, 0, 4, TAGGED)), fetched('6-8', part(BODY, 6, 8, TAGGED))],
  },
  {
    name: '3.3: a range that is partly outside is asked for, and the client gets all of it',
    steps: [
      fetched('0-4', part(BODY, 0, 4, TAGGED)),
      {
        send: range('3-7'),
        answer: resource(BODY, TAGGED),
        status: 206,
        text: '34567',
        has: { 'Content-Range': 'bytes 3-7/10' },
      },
    ],
  },
  {
    name: '3.3: a part never answers as if it were whole',
    steps: [
      fetched('0-4', part(BODY, 0, 4, TAGGED)),
      { answer: resource(BODY, TAGGED), ...whole() },
      whole(),
    ],
  },
  {
    name: '3.3: one byte never answers as if it were whole',
    steps: [fetched('0-0', part(BODY, 0, 0, TAGGED)), { answer: resource(BODY, TAGGED), ...whole() }],
  },
  {
    name: '3.3: a part of a whole of unknown length answers no suffix',
    steps: [
      fetched('0-4', part(BODY, 0, 4, TAGGED, '*')),
      {
        send: range('-2'),
        answer: resource(BODY, TAGGED),
        status: 206,
        text: '89',
        has: { 'Content-Range': 'bytes 8-9/10' },
      },
      { answer: resource(BODY, TAGGED), ...whole() },
    ],
  },
  {
    name: '3.3: a 206 of every byte may answer for the whole, but with 200',
    steps: [fetched('0-', part(BODY, 0, 9, TAGGED)), { send: range('4-5'), status: 206, text: '45' }],
  },
  {
    name: '4.2: a part is fresh no longer than its lifetime',
    steps: [
      fetched('0-4', part(BODY, 0, 4, AGED)),
      { send: range('0-4'), answer: resource(BODY, NEXT), status: 206, text: '01234', has: { ETag: '"b"' } },
    ],
  },
  ...['no-store', 'private'].map(
    (directive): Case => ({
      name: `3: a 206 with ${directive} is not kept`,
      steps: [
        fetched('0-4', part(BODY, 0, 4, { ...TAGGED, 'Cache-Control': `max-age=60, ${directive}` })),
        fetched('0-4', part(BODY, 0, 4, TAGGED)),
      ],
    }),
  ),
  {
    name: '3.5: a 206 to a request with Authorization is not kept for others',
    steps: [
      { send: { ...range('0-4'), Authorization: 'Basic YTpi' }, answer: part(BODY, 0, 4, TAGGED) },
      fetched('0-4', part(BODY, 0, 4, TAGGED)),
    ],
  },
  {
    name: '4.1: a part belongs to its variant',
    steps: [
      { send: { ...range('0-4'), Foo: '1' }, answer: part(BODY, 0, 4, { ...TAGGED, Vary: 'Foo' }) },
      { send: { ...range('0-4'), Foo: '2' }, answer: part('abcdefghij', 0, 4, { ...NEXT, Vary: 'Foo' }) },
      { send: { ...range('0-4'), Foo: '2' }, status: 206, text: 'abcde' },
    ],
  },
  {
    name: '4.4: a write ends a part as it ends a whole',
    steps: [
      fetched('0-4', part(BODY, 0, 4, TAGGED)),
      { method: 'POST', body: 'x', answer: { status: 201 } },
      fetched('0-4', part('abcdefghij', 0, 4, NEXT)),
    ],
  },
  {
    name: '3.3: HEAD is not answered with a part',
    steps: [
      fetched('0-4', part(BODY, 0, 4, TAGGED)),
      {
        method: 'HEAD',
        answer: resource(BODY, TAGGED),
        status: 200,
        text: '',
        has: { 'Content-Length': '10', 'Content-Range': undefined },
      },
    ],
  },
];
