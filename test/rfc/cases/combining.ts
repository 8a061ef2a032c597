import type { Case, Fields } from '../exchange.js';
import { BODY, FRESH, fetched, NEXT, range, ranged, TAGGED, whole } from './partial-steps.js';
import { part, resource } from './resource.js';

const COMBINING: readonly Case[] = [
  {
    name: '3.4: parts that touch under one strong tag are combined',
    steps: [
      fetched('0-4', part(BODY, 0, 4, TAGGED)),
      fetched('5-7', part(BODY, 5, 7, TAGGED)),
      ranged('3-6', '3456', '3-6/10'),
    ],
  },
  {
    name: '3.4: parts that overlap under one strong tag are combined',
    steps: [
      fetched('0-4', part(BODY, 0, 4, TAGGED)),
      { send: range('3-8'), answer: resource(BODY, TAGGED), status: 206, text: '345678' },
      ranged('1-8', '12345678', '1-8/10'),
    ],
  },
  {
    name: '3.4: parts that make the whole answer a plain GET with 200',
    steps: [fetched('0-4', part(BODY, 0, 4, TAGGED)), fetched('5-9', part(BODY, 5, 9, TAGGED)), whole()],
  },
  {
    name: '3.4: parts of two versions are never combined',
    steps: [
      fetched('0-4', part(BODY, 0, 4, TAGGED)),
      fetched('5-9', part('abcdefghij', 5, 9, NEXT)),
      { send: range('3-6'), answer: resource('abcdefghij', NEXT), status: 206, text: 'defg' },
      { answer: resource('abcdefghij', NEXT), ...whole('abcdefghij') },
    ],
  },
  ...[
    ['a weak tag', { ...FRESH, ETag: 'W/"a"' }],
    ['no validator', FRESH],
    ['a tag that is none', { ...FRESH, ETag: 'a' }],
  ].map(
    ([what, fields]): Case => ({
      name: `3.4: parts with ${what as string} are never combined`,
      steps: [
        fetched('0-4', part('aaaaaaaaaa', 0, 4, fields as Fields)),
        fetched('5-9', part('bbbbbbbbbb', 5, 9, fields as Fields)),
        { answer: resource('cccccccccc', fields as Fields), ...whole('cccccccccc') },
      ],
    }),
  ),
  {
    name: '3.4: parts of different lengths of the whole are never combined, whatever their tag',
    steps: [
      fetched('0-4', part(BODY, 0, 4, TAGGED)),
      fetched('5-9', part('0123456789abc', 5, 9, TAGGED)),
      { answer: resource('0123456789abc', TAGGED), ...whole('0123456789abc') },
    ],
  },
];

const COMPLETING: readonly Case[] = [
  {
    name: '3.4: a plain GET asks only for the rest of a prefix, and gets the whole',
    steps: [
      fetched('0-4', part(BODY, 0, 4, TAGGED)),
      { answer: part(BODY, 5, 9, TAGGED), saw: { Range: 'bytes=5-', 'If-Range': '"a"' }, ...whole() },
      whole(),
      ranged('3-6', '3456', '3-6/10'),
    ],
  },
  {
    name: '3.4: a rest of another version is taken whole instead',
    steps: [
      fetched('0-4', part(BODY, 0, 4, TAGGED)),
      { answer: resource('abcdefghij', NEXT), ...whole('abcdefghij') },
      whole('abcdefghij'),
    ],
  },
  {
    name: '3.4: a 206 of another version in place of the rest is never joined to the prefix',
    steps: [
      fetched('0-4', part(BODY, 0, 4, TAGGED)),
      {
        answer: ({ fields }) =>
          fields.range === undefined ? { body: 'abcdefghij', fields: NEXT } : part('abcdefghij', 5, 9, NEXT),
        ...whole('abcdefghij'),
      },
    ],
  },
  {
    name: '3.4: a rest that begins elsewhere than asked is never joined to the prefix',
    steps: [
      fetched('0-4', part(BODY, 0, 4, TAGGED)),
      {
        answer: ({ fields }) =>
          fields.range === undefined ? { body: BODY, fields: TAGGED } : part(BODY, 6, 9, TAGGED),
        ...whole(),
      },
    ],
  },
  ...[
    ['a weak tag', { ...FRESH, ETag: 'W/"a"' }],
    ['no validator', FRESH],
  ].map(
    ([what, fields]): Case => ({
      name: `3.4: a prefix with ${what as string} is never completed by bytes that may be of another version`,
      steps: [
        fetched('0-4', part(BODY, 0, 4, fields as Fields)),
        { answer: resource('abcdefghij', fields as Fields), ...whole('abcdefghij') },
      ],
    }),
  ),
  {
    name: '3.3: a 200 that was cut never answers as if it were whole',
    steps: [
      { answer: { body: BODY, fields: TAGGED, fate: 'cut' }, broken: true },
      { answer: resource('abcdefghij', NEXT), ...whole('abcdefghij') },
      whole('abcdefghij'),
    ],
  },
  {
    name: '3.3: a 206 that was cut never answers for the bytes it lacks',
    steps: [
      { send: range('0-7'), answer: { ...part(BODY, 0, 7, TAGGED), fate: 'cut' }, status: 206, broken: true },
      { send: range('0-7'), answer: resource('abcdefghij', NEXT), status: 206, text: 'abcdefgh' },
    ],
  },
];

/** Parts made whole (section 3.4). */
export const COMBINED: readonly Case[] = [...COMBINING, ...COMPLETING];
