import { type Answer, type Case, validated } from '../exchange.js';

/** A response that is 40 s stale when it arrives. */
const stale = (directives: string, more: Answer['fields'] = {}): Answer => ({
  fields: { 'Cache-Control': `max-age=60${directives}`, Age: '100', ETag: '"a"', ...more },
});
const FRESH = { 'Cache-Control': 'max-age=60', ETag: '"a"' };

const WHILE_REVALIDATE: readonly Case[] = [
  {
    name: 'RFC 5861 3: within stale-while-revalidate the stale answer is given at once and a newer one is fetched',
    steps: [
      { answer: stale(', stale-while-revalidate=600') },
      { behind: { fields: FRESH }, has: { Age: /^1[0-9][0-9]$/, 'Cache-Status': /; hit; ttl=-4[0-9]/ } },
      { text: 'body 2' },
    ],
  },
  {
    name: 'RFC 5861 3: the background request validates, and a 304 makes the stored response fresh',
    steps: [
      { answer: stale(', stale-while-revalidate=600') },
      { behind: { status: 304, fields: FRESH }, saw: { 'If-None-Match': '"a"' } },
      { text: 'body 1', has: { Age: /^[0-9]$/ } },
    ],
  },
  {
    name: 'RFC 5861 3: a background request that fails harms nobody',
    steps: [{ answer: stale(', stale-while-revalidate=600') }, { behind: { fate: 'close' } }],
  },
  validated(
    'RFC 5861 3: past the window the client waits for the origin',
    stale(', stale-while-revalidate=10'),
  ),
  ...['must-revalidate', 'proxy-revalidate', 'no-cache', 's-maxage=60'].map((directive) =>
    validated(
      `RFC 9111 4.2.4, 5.2.2: ${directive} forbids stale-while-revalidate`,
      stale(`, stale-while-revalidate=600, ${directive}`),
    ),
  ),
  ...['max-age=0', 'no-cache', 'min-fresh=1', 'max-age=50'].map((wish) =>
    validated(
      `RFC 9111 5.2.1: a request with ${wish} does not get what is stale-while-revalidate`,
      stale(', stale-while-revalidate=600'),
      { send: { 'Cache-Control': wish } },
    ),
  ),
  validated('RFC 5861 3: a window that is no number is none', stale(', stale-while-revalidate=forever')),
  validated('RFC 5861 3: a negative window is none', stale(', stale-while-revalidate=-1')),
  validated(
    'RFC 9111 4.2.1: of two windows the shorter counts',
    stale(', stale-while-revalidate=600, stale-while-revalidate=1'),
  ),
  {
    name: 'RFC 5861 3: a lifetime that ends while the response is stored begins the window',
    steps: [
      { answer: { fields: { 'Cache-Control': 'max-age=1, stale-while-revalidate=600' } } },
      { waitMs: 2100, behind: { fields: FRESH } },
      { text: 'body 2' },
    ],
  },
];

const ERROR_STATUSES = [500, 502, 503, 504];

const IF_ERROR: readonly Case[] = [
  ...ERROR_STATUSES.map(
    (status): Case => ({
      name: `RFC 5861 4: stale-if-error answers for a ${status}, with the age of what is stored`,
      steps: [
        { answer: stale(', stale-if-error=600') },
        { answer: { status }, status: 200, text: 'body 1', has: { Age: /^1[0-9][0-9]$/ } },
      ],
    }),
  ),
  {
    name: 'RFC 5861 4: stale-if-error answers for a closed connection, which is tried once',
    steps: [{ answer: stale(', stale-if-error=600') }, { answer: { fate: 'close' }, status: 200 }],
  },
  {
    name: 'RFC 5861 4: stale-if-error answers for what is no HTTP',
    steps: [
      { answer: stale(', stale-if-error=600') },
      { answer: { raw: 'SSH-2.0-OpenSSH_9.2\r\n' }, status: 200 },
    ],
  },
  ...[400, 403, 404, 410, 429, 501].map(
    (status): Case => ({
      name: `RFC 5861 4: a ${status} is no such error and is passed on`,
      steps: [{ answer: stale(', stale-if-error=600') }, { answer: { status } }],
    }),
  ),
  ...ERROR_STATUSES.map(
    (status): Case => ({
      name: `RFC 5861 4: past the window a ${status} is passed on`,
      steps: [{ answer: stale(', stale-if-error=10') }, { answer: { status } }],
    }),
  ),
  {
    name: 'RFC 5861 4: past the window a closed connection is an error',
    steps: [
      { answer: stale(', stale-if-error=10') },
      { answer: { fate: 'close' }, status: [502, 504], text: /./ },
    ],
  },
  ...['must-revalidate', 'proxy-revalidate', 'no-cache', 's-maxage=60'].flatMap((directive): Case[] => [
    {
      name: `RFC 9111 5.2.2: ${directive} is never served stale, not even for a closed connection`,
      steps: [
        { answer: stale(`, stale-if-error=600, ${directive}`) },
        { answer: { fate: 'close' }, status: [502, 504], text: /./ },
      ],
    },
    {
      name: `RFC 9111 5.2.2: ${directive} is never served stale, not even for a 503`,
      steps: [{ answer: stale(`, stale-if-error=600, ${directive}`) }, { answer: { status: 503 } }],
    },
  ]),
  {
    name: 'RFC 9111 5.2.1.4: a request with no-cache gets the failure, not what is stored',
    steps: [
      { answer: stale(', stale-if-error=600') },
      { send: { 'Cache-Control': 'no-cache' }, answer: { fate: 'close' }, status: [502, 504], text: /./ },
    ],
  },
  {
    name: 'RFC 5861 4: stale-if-error=0 in a request refuses the stale answer',
    steps: [
      { answer: stale(', stale-if-error=600') },
      { send: { 'Cache-Control': 'stale-if-error=0' }, answer: { status: 503 } },
    ],
  },
  {
    name: 'RFC 9111 5.2.1: stale-if-error in a request does not lengthen what the response says',
    steps: [
      { answer: stale(', stale-if-error=10') },
      { send: { 'Cache-Control': 'stale-if-error=6000' }, answer: { status: 503 } },
    ],
  },
  {
    name: 'RFC 5861 4: an error that was bridged does not replace what is stored',
    steps: [
      { answer: stale(', stale-if-error=600') },
      { answer: { status: 503 }, status: 200, text: 'body 1' },
      { send: { 'Cache-Control': 'no-cache' }, answer: { status: 304, fields: FRESH }, text: 'body 1' },
      { text: 'body 1' },
    ],
  },
  {
    name: 'RFC 9110 9.2.2: with nothing stored a closed connection is tried once and becomes an error',
    steps: [{ answer: { fate: 'close' }, status: [502, 504], text: /./ }, { answer: { fields: FRESH } }, {}],
  },
  ...[...ERROR_STATUSES, 429].map(
    (status): Case => ({
      name: `RFC 9110 15: a ${status} with nothing stored is passed on as it is, asked for once and not kept`,
      steps: [
        { answer: { status, fields: { 'Retry-After': '1' } }, has: { 'Retry-After': '1' } },
        { answer: {} },
      ],
    }),
  ),
  {
    name: 'RFC 9110 9.2.2: a POST whose connection is closed is sent once',
    steps: [{ method: 'POST', body: 'x', answer: { fate: 'close' }, status: [502, 504], text: /./ }],
  },
];

export const STALE: readonly Case[] = [...WHILE_REVALIDATE, ...IF_ERROR];
