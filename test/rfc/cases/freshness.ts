import { type Case, date, kept, notKept } from '../exchange.js';

const control = (value: string | readonly string[]) => ({ fields: { 'Cache-Control': value } });

const FRESH_VALUES = [
  'max-age=60',
  'MAX-AGE=60',
  's-maxage=60',
  'max-age=0, s-maxage=60',
  'max-age=99999999999999999999',
  'max-age=2147483648',
  'max-age="60"',
  'foo="a, no-store", max-age=60',
  'foo="a\\", no-store", max-age=60',
  'max-age=60, no-storeness',
  'unknown, max-age=60, other=1',
  ',,max-age=60,,',
  'max-age=060',
  'no-transform, max-age=60',
];

/** Restrictions count however they are written; what gives a lifetime must be right. */
const NOT_FRESH_VALUES = [
  'max-age=60, no-store',
  'max-age=60, NO-STORE',
  'max-age=60, No-Store=1',
  'max-age=60, no-store=""',
  'max-age=60, private',
  'max-age=60, PRIVATE',
  'max-age=60, private=""',
  'max-age=60, s-maxage=0',
  'max-age=60, max-age=0',
  'max-age=0, max-age=60',
  'max-age=-60',
  'max-age=+60',
  'max-age=60.5',
  'max-age=1e3',
  'max-age=sixty',
  'max-age=',
  'max-age',
  'max-age = 60',
  'max-age: 60',
  "max-age='60'",
  'max-age=60s',
  'x-max-age=60',
  'public',
  'no-cache, max-age=60',
  'max-age=60, no-cache=""',
];

const CONTROL: readonly Case[] = [
  ...FRESH_VALUES.map((value) => kept(`4.2.1: "${value}" is fresh`, control(value))),
  ...NOT_FRESH_VALUES.map((value) => notKept(`4.2.1: "${value}" is not reused`, control(value))),
  notKept('5.2: several lines are one field', control(['max-age=60', 'no-store'])),
  notKept('5.2: a quote that never ends hides no no-store', control('foo="a, no-store, max-age=60')),
  notKept('5.2.2.7: private wins beside public', control('public, private, max-age=60')),
  {
    name: '5.2.2.1: a lifetime ends while the response is stored',
    steps: [
      { answer: { fields: { 'Cache-Control': 'max-age=1', ETag: '"a"' } } },
      { waitMs: 2100, answer: { status: 304 } },
    ],
  },
  {
    name: '5.2.2.10: s-maxage ends before a longer max-age',
    steps: [
      { answer: { fields: { 'Cache-Control': 'max-age=60, s-maxage=1', ETag: '"a"' } } },
      { waitMs: 2100, answer: { status: 304 } },
    ],
  },
];

const EXPIRES: readonly Case[] = [
  kept('5.3: Expires in the future', { fields: { Expires: date(60) } }),
  kept('5.3: Expires counts from Date', { fields: { Date: date(0), Expires: date(60) } }),
  notKept('5.3: Expires in the past', { fields: { Expires: date(-60) } }),
  notKept('5.3: Expires that is Date', { fields: { Date: date(0), Expires: date(0) } }),
  notKept('5.3: max-age goes before Expires', {
    fields: { 'Cache-Control': 'max-age=0', Expires: date(60) },
  }),
  kept('5.3: max-age goes before a past Expires', {
    fields: { 'Cache-Control': 'max-age=60', Expires: date(-60) },
  }),
  notKept('5.3: an invalid Cache-Control max-age does not give way to Expires', {
    fields: { 'Cache-Control': 'max-age=a', Expires: date(60) },
  }),
  ...[
    '0',
    '-1',
    '',
    'never',
    'Thu, 99 Feb 2030 10:00:00 GMT',
    '2030-01-01T00:00:00Z',
    'Tue, 01 Jan 2030 25:00:00 GMT',
    'Tue, 01 Jan 2030 00:00:00 PST',
    '1893456000',
  ].map((value) =>
    notKept(`5.3: Expires: "${value}" is in the past`, {
      fields: { Expires: value, 'Last-Modified': date(-1_000_000) },
    }),
  ),
  kept('5.6.7 of RFC 9110: Expires in the form of RFC 850', {
    fields: { Expires: 'Tuesday, 01-Jan-30 00:00:00 GMT' },
  }),
  kept('5.6.7: Expires in the form of asctime', { fields: { Expires: 'Tue Jan  1 00:00:00 2030' } }),
  notKept('5.3: two lines of Expires are no date', {
    fields: { Expires: ['Tue, 01 Jan 2030 00:00:00 GMT', '0'] },
  }),
];

const HEURISTICS: readonly Case[] = [
  kept('4.2.2: Last-Modified long ago', { fields: { 'Last-Modified': date(-1_000_000) } }),
  notKept('4.2.2: nothing to go by is not fresh', { fields: {} }),
  notKept('4.2.2: Last-Modified in the future says nothing', { fields: { 'Last-Modified': date(10_000) } }),
  notKept('4.2.2: a bad Last-Modified says nothing', { fields: { 'Last-Modified': 'long ago' } }),
  notKept('4.2.2: a tenth of little is little', { fields: { 'Last-Modified': date(-5) } }, { waitMs: 1600 }),
  notKept('4.2.2: an explicit lifetime that is over leaves no room for guessing', {
    fields: { 'Cache-Control': 'max-age=0', 'Last-Modified': date(-1_000_000) },
  }),
  notKept('4.2.2: a guess is of the age too', { fields: { 'Last-Modified': date(-1_000), Age: '200' } }),
];

export const FRESHNESS: readonly Case[] = [...CONTROL, ...EXPIRES, ...HEURISTICS];
