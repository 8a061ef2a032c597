import { gzipSync } from 'node:zlib';
import { type Case, type Fields, kept, notKept } from '../exchange.js';

const LAST_WEEK = new Date(Date.now() - 7 * 86_400_000).toUTCString();
const FRESH = { 'Cache-Control': 'max-age=60' };
const both = (
  name: string,
  fields: Fields,
  has: Readonly<Record<string, string | RegExp | undefined>>,
): Case => ({
  name,
  steps: [{ answer: { fields: { ...FRESH, ...fields } }, has }, { has }],
});

const PASSED_ON: readonly Case[] = [
  both(
    '3.1: all end-to-end fields reach the client, known or not',
    {
      'Content-Type': 'text/plain; charset=utf-8',
      'X-Any': 'thing',
      'Content-Location': '/elsewhere',
      'Last-Modified': 'Sat, 01 Nov 2025 10:00:00 GMT',
      Vary: 'Foo',
      'Strict-Transport-Security': 'max-age=1',
      'Surrogate-Control': 'max-age=5',
      Server: 'us',
    },
    {
      'Content-Type': 'text/plain; charset=utf-8',
      'X-Any': 'thing',
      'Content-Location': '/elsewhere',
      'Last-Modified': 'Sat, 01 Nov 2025 10:00:00 GMT',
      Vary: 'Foo',
      'Strict-Transport-Security': 'max-age=1',
      'Surrogate-Control': 'max-age=5',
      Server: 'us',
    },
  ),
  both('5.5 of RFC 9110: bytes beyond ASCII survive', { 'X-Name': 'caf\u00e9' }, { 'X-Name': 'caf\u00e9' }),
  both('5.3 of RFC 9110: lines keep their order', { 'X-List': ['b', 'a', 'c'] }, { 'X-List': 'b, a, c' }),
  both('5.5: an empty value is a value', { 'X-Empty': '' }, { 'X-Empty': '' }),
  both('8.8.3: a tag that is none is passed on as it is', { ETag: 'bare' }, { ETag: 'bare' }),
  both(
    '6.6.1: Date is of the origin',
    { Date: LAST_WEEK, 'Cache-Control': 'max-age=999999999' },
    { Date: LAST_WEEK },
  ),
  both(
    '7.6.1: connection fields stay on their connection',
    {
      Connection: 'X-Mine, keep-alive',
      'X-Mine': '1',
      'Keep-Alive': 'timeout=77',
      'Proxy-Authenticate': 'Basic',
      'Proxy-Connection': 'keep-alive',
      Upgrade: 'h2c',
    },
    {
      'X-Mine': undefined,
      'Keep-Alive': undefined,
      'Proxy-Authenticate': undefined,
      'Proxy-Connection': undefined,
      Upgrade: undefined,
    },
  ),
  notKept('7.6.1: Connection cannot take no-store away', {
    fields: {
      Connection: 'Cache-Control',
      'Cache-Control': 'no-store',
      Expires: 'Tue, 01 Jan 2030 00:00:00 GMT',
    },
  }),
  notKept('7.6.1: Connection cannot take private away', {
    fields: { Connection: 'close, cache-control', 'Cache-Control': 'private, max-age=60' },
  }),
  {
    name: '7.6.1: Connection cannot take Vary away',
    steps: [
      { send: { Foo: '1' }, answer: { fields: { ...FRESH, Connection: 'Vary', Vary: 'Foo' } } },
      { send: { Foo: '2' }, answer: {} },
    ],
  },
  kept(
    '6.5.1 of RFC 9110: trailers are not merged into the head, now or later',
    { fields: FRESH, trailers: { 'X-Sum': '1', 'Cache-Control': 'no-store' } },
    {
      has: { 'X-Sum': undefined, 'Cache-Control': 'max-age=60' },
    },
  ),
];

/** Bytes and what is said of them are the origin's: by the letter nothing is mended. */
const GZIP = gzipSync('some text').toString('latin1');
const UNTOUCHED: readonly Case[] = [
  {
    name: '7.7 of RFC 9110: a gzip file without Content-Encoding stays a file',
    steps: [
      {
        answer: { body: GZIP, fields: { ...FRESH, 'Content-Type': 'application/gzip' } },
        has: { 'Content-Encoding': undefined, 'Content-Type': 'application/gzip' },
      },
      { send: { 'Accept-Encoding': 'identity' }, has: { 'Content-Encoding': undefined } },
    ],
  },
  both(
    '7.7: a Content-Encoding that is not true is passed on as it is',
    { 'Content-Encoding': 'gzip' },
    {
      'Content-Encoding': 'gzip',
    },
  ),
  {
    name: '12.5.3: what is coded is served as stored to a client that did not ask for it, as the origin would',
    steps: [
      {
        send: { 'Accept-Encoding': 'gzip' },
        answer: { body: GZIP, fields: { ...FRESH, 'Content-Encoding': 'gzip' } },
      },
      { has: { 'Content-Encoding': 'gzip' }, text: GZIP },
    ],
  },
  {
    name: "8.8.3: a tag stays strong, since the bytes are the origin's",
    steps: [
      {
        send: { 'Accept-Encoding': 'gzip' },
        answer: { body: GZIP, fields: { ...FRESH, ETag: '"a"', 'Content-Encoding': 'gzip' } },
        has: { ETag: '"a"' },
      },
      {
        send: { 'Accept-Encoding': 'gzip' },
        has: { ETag: '"a"', 'Content-Length': String(GZIP.length) },
      },
    ],
  },
];

const QUALIFIED: readonly Case[] = [
  kept(
    '5.2.2.7: private="a, b" keeps those fields from others',
    {
      fields: { 'Cache-Control': 'max-age=60, private="X-A, x-b"', 'X-A': '1', 'X-B': '2', 'X-C': '3' },
    },
    { has: { 'X-A': undefined, 'X-B': undefined, 'X-C': '3' } },
  ),
  kept(
    '5.2.2.7: private with one bare name keeps that field from others',
    {
      fields: { 'Cache-Control': 'max-age=60, private=x-a', 'X-A': '1' },
    },
    { has: { 'X-A': undefined } },
  ),
  {
    name: '5.2.2.4: no-cache="a" does not replay that field without validation',
    steps: [
      {
        answer: { fields: { 'Cache-Control': 'max-age=60, no-cache="X-A"', 'X-A': '1', ETag: '"a"' } },
        has: { 'X-A': '1' },
      },
      {
        answer: ({ fields }) =>
          fields['if-none-match'] === undefined ? {} : { status: 304, fields: { 'X-A': '2' } },
        text: /^/,
        has: { 'X-A': (value) => value !== '1' },
      },
    ],
  },
  {
    name: '5.2.2.7: Set-Cookie that is private reaches the client it was made for, and no other',
    steps: [
      {
        answer: { fields: { 'Cache-Control': 'max-age=60, private="Set-Cookie"', 'Set-Cookie': 'a=1' } },
        has: { 'Set-Cookie': 'a=1' },
      },
      { has: { 'Set-Cookie': undefined } },
    ],
  },
];

const COOKIES: readonly Case[] = [
  ...(
    [
      ['max-age', FRESH],
      ['s-maxage', { 'Cache-Control': 's-maxage=60' }],
      ['Expires', { Expires: 'Tue, 01 Jan 2030 00:00:00 GMT' }],
    ] as [string, Fields][]
  ).map(([what, fields]) =>
    kept(
      `7.3: with an explicit lifetime (${what}) Set-Cookie is stored as sent`,
      { fields: { ...fields, 'Set-Cookie': ['a=1; Path=/', 'b=2'] } },
      {
        has: { 'Set-Cookie': 'a=1; Path=/, b=2' },
      },
    ),
  ),
  notKept('7.3: with a guessed lifetime a response with Set-Cookie is not stored', {
    fields: { 'Set-Cookie': 'a=1', 'Last-Modified': 'Sat, 01 Nov 2025 10:00:00 GMT' },
  }),
  notKept('7.3: with no-store Set-Cookie is not stored', {
    fields: { 'Cache-Control': 'no-store, max-age=60', 'Set-Cookie': 'a=1' },
  }),
  {
    name: '7.3: a Cookie in the request makes no answer private',
    steps: [{ answer: { fields: FRESH } }, { send: { Cookie: 'a=1' } }],
  },
];

/** Where no Vary tells, nobody knows whether such a field has shaped the answer. */
const UNTOLD: readonly Case[] = ['Cookie', 'Origin', 'X-Any'].flatMap((name): Case[] => [
  {
    name: `4.1: what was made for a request with ${name} is that request's alone, and what was made without is everybody's`,
    steps: [
      { answer: { fields: FRESH }, send: { [name]: 'a' } },
      { answer: { fields: FRESH }, send: { [name]: 'b' } },
      { answer: { fields: FRESH } },
      { send: { [name]: 'a' }, text: 'body 3' },
    ],
  },
  {
    name: `4.1: what was made for a request with ${name} is kept for those with the same one, where Vary names it`,
    steps: [
      { answer: { fields: { ...FRESH, Vary: name } }, send: { [name]: 'a' } },
      { answer: { fields: { ...FRESH, Vary: name } } },
      { send: { [name]: 'a' }, text: 'body 1' },
      { text: 'body 2' },
    ],
  },
  {
    name: `4.3.4: a 304 to a request with ${name} changes no field for others`,
    steps: [
      { answer: { fields: { 'Cache-Control': 'max-age=60', Age: '100', ETag: '"a"', 'X-Is': '1' } } },
      {
        answer: { status: 304, fields: { ...FRESH, ETag: '"a"', 'X-Is': 'evil' } },
        send: { [name]: 'a' },
        text: 'body 1',
      },
      { answer: { status: 304, fields: { ETag: '"a"' } }, text: 'body 1', has: { 'X-Is': '1' } },
    ],
  },
]);

const STATUS: readonly Case[] = [
  {
    name: 'RFC 9211 2: a miss says why and that it was stored, a hit says where it was',
    steps: [
      {
        answer: { fields: FRESH },
        has: { 'Cache-Status': /^[^,]*; fwd=uri-miss(; fwd-status=200)?; stored/ },
      },
      { has: { 'Cache-Status': /^[^,]*; hit; ttl=[56]\d; detail=/ } },
    ],
  },
  {
    name: 'RFC 9211 2.2: another variant is a vary-miss',
    steps: [
      { send: { Foo: '1' }, answer: { fields: { ...FRESH, Vary: 'Foo' } } },
      {
        send: { Foo: '2' },
        answer: { fields: { ...FRESH, Vary: 'Foo' } },
        has: { 'Cache-Status': /; fwd=vary-miss/ },
      },
    ],
  },
  {
    name: 'RFC 9211 2.2, 2.3: a validation says stale and 304',
    steps: [
      { answer: { fields: { ...FRESH, Age: '100', ETag: '"a"' } } },
      { answer: { status: 304, fields: FRESH }, has: { 'Cache-Status': /; fwd=stale; fwd-status=304/ } },
    ],
  },
  {
    name: "RFC 9211 2.2: the client's own wish is the reason",
    steps: [
      { answer: { fields: FRESH } },
      {
        send: { 'Cache-Control': 'no-cache' },
        answer: { fields: FRESH },
        has: { 'Cache-Status': /; fwd=request/ },
      },
    ],
  },
  {
    name: 'RFC 9211 2.2: a write is forwarded for its method',
    steps: [{ method: 'POST', body: 'x', answer: {}, has: { 'Cache-Status': /; fwd=method/ } }],
  },
  {
    name: 'RFC 9211 2.2: a range beyond a stored part is partial',
    steps: [
      {
        send: { Range: 'bytes=0-1' },
        answer: {
          status: 206,
          body: '01',
          fields: { ...FRESH, ETag: '"a"', 'Content-Range': 'bytes 0-1/9' },
        },
      },
      {
        send: { Range: 'bytes=4-5' },
        answer: {
          status: 206,
          body: '45',
          fields: { ...FRESH, ETag: '"a"', 'Content-Range': 'bytes 4-5/9' },
        },
        has: { 'Cache-Status': /; fwd=partial/ },
      },
    ],
  },
  both(
    'RFC 9211 2: what caches before us said is kept, and ours comes last',
    { 'Cache-Status': 'upstream; hit, other; fwd=miss' },
    {
      'Cache-Status': /^upstream; hit, other; fwd=miss, [^,]+$/,
    },
  ),
  both(
    'RFC 9211 2: what is no list is not joined to ours',
    { 'Cache-Status': 'upstream; hit,, ,' },
    { 'Cache-Status': /^[^,]+$/ },
  ),
  {
    name: 'RFC 9211 2.7: a request with X-Cache-Debug is told the key, which reaches nobody else',
    steps: [
      {
        send: { 'X-Cache-Debug': '1' },
        answer: { fields: FRESH },
        saw: { 'X-Cache-Debug': undefined },
        has: { 'Cache-Status': /; key="[^"]*\/[cr]\d+[^"]*"/ },
      },
      { has: { 'Cache-Status': /^(?!.*key=)/ } },
      { send: { 'X-Cache-Debug': '1' }, has: { 'Cache-Status': /; hit;.*key="/ } },
    ],
  },
];

export const FIELDS: readonly Case[] = [
  ...PASSED_ON,
  ...UNTOUCHED,
  ...QUALIFIED,
  ...COOKIES,
  ...UNTOLD,
  ...STATUS,
];
