import { type Case, type Fields, notKept, type Step, validated } from '../exchange.js';

const TAGGED = { 'Cache-Control': 'max-age=60', ETag: '"a"' };
const MODIFIED = 'Sat, 01 Nov 2025 10:00:00 GMT';
const stale = (fields: Fields = {}): Step => ({ answer: { fields: { ...TAGGED, Age: '100', ...fields } } });
const update = (fields: Fields = {}): Step => ({
  answer: { status: 304, fields: { ...TAGGED, ...fields } },
  text: 'body 1',
});

export const VALIDATION: readonly Case[] = [
  validated(
    '4.3.1: the stored tag is sent as it came',
    { fields: { ...TAGGED, Age: '100' } },
    { saw: { 'If-None-Match': '"a"' } },
  ),
  validated(
    '4.3.1: a weak tag is sent as it came',
    { fields: { ...TAGGED, ETag: 'W/"a"', Age: '100' } },
    { saw: { 'If-None-Match': 'W/"a"' } },
  ),
  validated(
    '4.3.1: Last-Modified is sent as it came',
    {
      fields: { 'Cache-Control': 'max-age=60', Age: '100', 'Last-Modified': MODIFIED },
    },
    { saw: { 'If-Modified-Since': MODIFIED, 'If-None-Match': undefined } },
  ),
  validated(
    '4.3.1: both validators are sent',
    { fields: { ...TAGGED, Age: '100', 'Last-Modified': MODIFIED } },
    {
      saw: { 'If-Modified-Since': MODIFIED, 'If-None-Match': '"a"' },
    },
  ),
  {
    name: "4.3.1: the cache validates with its own tag, and the client's decides what it gets",
    steps: [
      stale(),
      {
        send: { 'If-None-Match': '"old"' },
        answer: { status: 304, fields: TAGGED },
        saw: { 'If-None-Match': /"a"/ },
        status: 200,
        text: 'body 1',
      },
    ],
  },
  {
    name: '4.3.1: a client that has what is stored gets a 304 after the validation',
    steps: [
      stale(),
      { send: { 'If-None-Match': '"a"' }, answer: { status: 304, fields: TAGGED }, status: 304, text: '' },
      { text: 'body 1' },
    ],
  },
  ...[
    'no-cache',
    'no-cache, max-age=60',
    'max-age=0',
    'max-age=60, no-cache, stale-while-revalidate=600',
  ].map((value) =>
    validated(`5.2.2.4: "${value}" with a tag is stored and validated each time`, {
      fields: { 'Cache-Control': value, ETag: '"a"' },
    }),
  ),
  notKept('5.2.2.4: no-cache without a validator is asked for anew', {
    fields: { 'Cache-Control': 'no-cache' },
  }),
  {
    name: '4.3.3: a 304 makes the stored response fresh',
    steps: [stale(), update(), { has: { Age: /^[0-9]$/ } }],
  },
  {
    name: '4.3.4: a 304 without a lifetime of its own keeps that of the stored response',
    steps: [stale(), { answer: { status: 304 } }, {}],
  },
  {
    name: '3.2: a 304 replaces fields and adds new ones',
    steps: [
      stale({ 'X-Old': '1', 'X-Kept': '1' }),
      { ...update({ 'X-Old': '2', 'X-New': '1' }), has: { 'X-Old': '2', 'X-New': '1', 'X-Kept': '1' } },
      { has: { 'X-Old': '2', 'X-New': '1', 'X-Kept': '1' } },
    ],
  },
  {
    name: '3.2: a 304 replaces all lines of a field',
    steps: [
      stale({ 'X-Old': ['1', '2'] }),
      { ...update({ 'X-Old': '3' }), has: { 'X-Old': '3' } },
      { has: { 'X-Old': '3' } },
    ],
  },
  {
    name: '3.2: a 304 does not change what describes the bytes',
    steps: [
      stale({ 'Content-Encoding': 'x-own', 'Content-Type': 'text/plain' }),
      {
        ...update({ 'Content-Encoding': 'gzip' }),
        has: { 'Content-Encoding': 'x-own', 'Content-Length': '6' },
      },
      { send: { Foo: '1' }, has: { 'Content-Encoding': 'x-own', 'Content-Length': '6' } },
    ],
  },
  {
    name: '3.2: a 304 does not change Content-Range into a lie',
    steps: [
      stale(),
      { ...update({ 'Content-Range': 'bytes 0-1/2' }), has: { 'Content-Range': undefined } },
      { has: { 'Content-Range': undefined } },
    ],
  },
  {
    name: '7.6.1: connection fields of a 304 are not stored',
    steps: [stale(), update({ Connection: 'X-Mine', 'X-Mine': '1' }), { has: { 'X-Mine': undefined } }],
  },
  {
    name: '3.2: a 304 that forbids storing ends what is stored',
    steps: [
      stale(),
      update({ 'Cache-Control': 'no-store' }),
      { answer: () => ({ status: 200, body: 'new' }), text: 'new' },
    ],
  },
  {
    name: '5.2.2.2: must-revalidate that a 304 adds counts from then on',
    steps: [
      stale({ 'Cache-Control': 'max-age=60, stale-if-error=600' }),
      update({ 'Cache-Control': 'max-age=60, must-revalidate', Age: '100' }),
      { answer: { fate: 'close' }, status: [502, 504], text: /./ },
    ],
  },
  {
    name: '4.3.3: a new 200 replaces what is stored',
    steps: [
      stale(),
      { answer: { fields: { ...TAGGED, ETag: '"b"' } } },
      { text: 'body 2', has: { ETag: '"b"' } },
    ],
  },
  {
    name: '4.3.3: a 404 to a validation is passed on and ends what is stored as it says',
    steps: [
      stale(),
      { answer: { status: 404, fields: { 'Cache-Control': 'max-age=60' } } },
      { status: 404, text: 'body 2' },
    ],
  },
  {
    // The request named one tag, so a 304 can have been about no other, whatever it calls it (`selectsStored`).
    name: '4.3.4: a 304 with another tag never gives old bytes a new name',
    steps: [
      stale(),
      { answer: { status: 304, fields: { ...TAGGED, ETag: '"b"' } }, text: 'body 1', has: { ETag: '"a"' } },
      { send: { 'If-None-Match': '"b"' }, text: 'body 1', has: { ETag: '"a"' } },
    ],
  },
  {
    name: '4.3.4: Set-Cookie of a 304 replaces the stored one (RFC 9111 section 7.3)',
    steps: [
      { answer: { fields: { ...TAGGED, 'Cache-Control': 'max-age=1', 'Set-Cookie': 'a=1' } } },
      { waitMs: 2100, ...update({ 'Set-Cookie': 'a=2' }), has: { 'Set-Cookie': 'a=2' } },
      { has: { 'Set-Cookie': 'a=2' } },
    ],
  },
  {
    name: '4.3.4: a cookie that came stale is kept for nobody',
    steps: [stale({ 'Set-Cookie': 'a=1' }), { answer: {}, saw: { 'If-None-Match': undefined } }],
  },
];
