import { type Case, date, kept, type Value, validated } from '../exchange.js';

const LONG = { 'Cache-Control': 'max-age=3600', ETag: '"a"' };
const shows = (name: string, age: Value, shown: RegExp): Case =>
  kept(name, { fields: { ...LONG, Age: age } }, { has: { Age: shown } });

export const AGE: readonly Case[] = [
  kept('5.1: a response from here tells its age', { fields: LONG }, { has: { Age: /^[0-2]$/ } }),
  kept('4.2.3: the age grows while stored', { fields: LONG }, { waitMs: 2100, has: { Age: /^[2-5]$/ } }),
  shows('4.2.3: the age a response arrives with counts', '100', /^10[0-5]$/),
  kept(
    '4.2.3: a Date in the past is an age',
    { fields: { ...LONG, Date: date(-100) } },
    { has: { Age: /^10[0-6]$/ } },
  ),
  kept(
    '4.2.3: of Age and Date the older counts',
    { fields: { ...LONG, Date: date(-100), Age: '10' } },
    { has: { Age: /^10[0-6]$/ } },
  ),
  kept(
    '4.2.3: a Date in the future is no age',
    { fields: { ...LONG, Date: date(1000) } },
    { has: { Age: /^[0-5]$/ } },
  ),
  kept(
    '6.6.1 of RFC 9110: without Date the time of receipt counts, and is added',
    { fields: LONG, noDate: true },
    {
      has: { Age: /^[0-5]$/, Date: /GMT$/ },
    },
  ),
  kept(
    '5.6.7 of RFC 9110: a bad Date is as none',
    { fields: { ...LONG, Date: 'today' } },
    { has: { Age: /^[0-5]$/ } },
  ),
  validated('4.2: what arrives older than its lifetime is stale', { fields: { ...LONG, Age: '3600' } }),
  validated('4.2: what arrives with an old Date is stale', { fields: { ...LONG, Date: date(-3600) } }),
  validated('1.2.2: an age beyond every number is stale', {
    fields: { ...LONG, Age: '99999999999999999999999' },
  }),
  validated('1.2.2: an age beyond 2^31 is stale', {
    fields: { ...LONG, 'Cache-Control': 'max-age=2147483648', Age: '2147483649' },
  }),
  ...['-100', 'old', '1.5', '', '100;x', '0x10'].map((value) =>
    kept(
      `5.1: the invalid Age "${value}" is ignored`,
      { fields: { ...LONG, Age: value } },
      { has: { Age: /^[0-5]$/ } },
    ),
  ),
  shows('5.1: of a list the first member counts', '100, 0', /^10[0-5]$/),
  shows('5.1: of several lines the first counts', ['100', '0'], /^10[0-5]$/),
  {
    name: '4.2.3: an answer that was just validated has the age of the 304',
    steps: [
      { answer: { fields: { ...LONG, Age: '4000' } } },
      { answer: { status: 304, fields: { ETag: '"a"' } }, has: { Age: /^([0-2])?$/ } },
      { has: { Age: /^[0-3]$/ } },
    ],
  },
  {
    name: '5.1: an age that the 304 has counts',
    steps: [
      { answer: { fields: { ...LONG, Age: '4000' } } },
      { answer: { status: 304, fields: { ETag: '"a"', Age: '50' } } },
      { has: { Age: /^5[0-5]$/ } },
    ],
  },
];
