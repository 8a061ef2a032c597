import { type Case, date, type Fields, type Step } from '../exchange.js';

const TAGGED = { 'Cache-Control': 'max-age=60', ETag: '"a"' };
const wish = (value: string): Fields => ({ 'Cache-Control': value });
const fill = (fields: Fields = {}): Step => ({ answer: { fields: { ...TAGGED, ...fields } } });
/** What is stored does not do: it is validated. */
const validates = (name: string, send: Fields, fields?: Fields): Case => ({
  name,
  steps: [fill(fields), { send, answer: { status: 304, fields: TAGGED }, saw: { 'If-None-Match': '"a"' } }],
});
const served = (name: string, send: Fields, fields?: Fields): Case => ({
  name,
  steps: [fill(fields), { send }],
});

const DIRECTIVES: readonly Case[] = [
  validates('5.2.1.4: no-cache', wish('no-cache')),
  validates('5.2.1.4: NO-CACHE in capitals', wish('NO-CACHE')),
  validates('5.2.1.4: no-cache among others', wish('foo="a, b", no-cache')),
  served('5.2: a quoted no-cache is no directive', wish('foo="a, no-cache"')),
  validates('5.2.1.1: max-age=0', wish('max-age=0')),
  validates('5.2.1.1: max-age below the age', wish('max-age=10'), { Age: '20' }),
  served('5.2.1.1: max-age above the age', wish('max-age=30'), { Age: '20' }),
  validates('5.2.1.1: of two the stricter counts', wish('max-age=1000, max-age=0')),
  validates('5.2.1.1: an invalid max-age is the strictest', wish('max-age=soon')),
  validates('5.2.1.3: min-fresh beyond what is left', wish('min-fresh=50'), { Age: '20' }),
  served('5.2.1.3: min-fresh within what is left', wish('min-fresh=30'), { Age: '20' }),
  ...['max-stale', 'max-stale=1000', 'max-stale=99999999999'].flatMap((value): Case[] => [
    validates(`5.2.1.2: ${value} loosens nothing unless the operator says so`, wish(value), { Age: '100' }),
    validates(`5.2.1.2: ${value} never loosens must-revalidate`, wish(value), {
      Age: '100',
      'Cache-Control': 'max-age=60, must-revalidate',
    }),
  ]),
  validates('5.4: Pragma: no-cache without Cache-Control', { Pragma: 'no-cache' }),
  served('5.4: Pragma beside Cache-Control says nothing', {
    Pragma: 'no-cache',
    'Cache-Control': 'max-age=600',
  }),
  served('5.4: another Pragma says nothing', { Pragma: 'foo' }),
  served('5.2.1: unknown directives say nothing', wish('foo, bar=1, no-transform')),
  {
    name: '5.2.1.5: the answer to a request with no-store is not stored',
    steps: [{ send: wish('no-store'), answer: { fields: TAGGED } }, { answer: {} }],
  },
  {
    name: '5.2.1.5: no-store does not keep a stored response from being used, nor end it',
    steps: [
      fill(),
      {
        send: wish('no-store, max-age=600'),
        answer: () => ({ fields: TAGGED, body: 'body 1' }),
        status: 200,
        text: 'body 1',
      },
      { text: 'body 1' },
    ],
  },
];

const ONLY_IF_CACHED: readonly Case[] = [
  {
    name: '5.2.1.7: only-if-cached without anything stored is 504',
    steps: [{ send: wish('only-if-cached'), status: 504, text: /./ }],
  },
  served('5.2.1.7: only-if-cached gets what is fresh', wish('only-if-cached')),
  ...(
    [
      ['stale', wish('only-if-cached'), { Age: '100' }],
      ['older than max-age', wish('only-if-cached, max-age=10'), { Age: '20' }],
      ['to be validated', wish('only-if-cached'), { 'Cache-Control': 'no-cache' }],
      ['refused by no-cache', wish('only-if-cached, no-cache'), {}],
    ] as [string, Fields, Fields][]
  ).map(
    ([what, send, fields]): Case => ({
      name: `5.2.1.7: only-if-cached does not get what is ${what}`,
      steps: [fill(fields), { send, status: 504, text: /./ }],
    }),
  ),
];

const HEADS: readonly Case[] = [
  {
    name: '9.3.2 of RFC 9110: HEAD is answered from a stored GET, with its length and no body',
    steps: [
      fill({ 'X-Is': 'GET' }),
      { method: 'HEAD', has: { 'X-Is': 'GET', 'Content-Length': '6', ETag: '"a"' } },
    ],
  },
  {
    name: '9.3.2: the answer to a HEAD never answers a GET without a body',
    steps: [
      { method: 'HEAD', answer: () => ({ fields: TAGGED, body: 'whole' }), status: 200, text: '' },
      { answer: () => ({ fields: TAGGED, body: 'whole' }), status: 200, text: 'whole' },
    ],
  },
  ...(
    [
      ['another tag', { 'Cache-Control': 'max-age=60', ETag: '"b"' }],
      ['another length', { 'Cache-Control': 'max-age=60', 'Content-Length': '9' }],
    ] as [string, Fields][]
  ).map(
    ([what, fields]): Case => ({
      name: `4.3.5: after a HEAD with ${what} the stored GET is fresh no more`,
      steps: [
        fill(),
        {
          method: 'HEAD',
          send: wish('no-cache'),
          answer: () => ({ fields, body: 'newer one' }),
          status: 200,
          text: '',
        },
        {
          send: wish('max-age=1000'),
          answer: () => ({ fields: { ETag: '"b"' }, body: 'newer one' }),
          status: 200,
          text: 'newer one',
        },
      ],
    }),
  ),
];

const CONDITIONS: readonly Case[] = [
  ...['"a"', 'W/"a"', '"x", "a"', '"x","y,z", W/"a"', '*'].map(
    (value): Case => ({
      name: `13.1.2 of RFC 9110: If-None-Match: ${value} is answered here with 304`,
      steps: [
        fill(),
        {
          send: { 'If-None-Match': value },
          status: 304,
          text: '',
          has: { ETag: '"a"', 'Cache-Control': 'max-age=60' },
        },
      ],
    }),
  ),
  ...['"b"', '"A"', 'a', '"a'].map((value) =>
    served(`13.1.2: If-None-Match: ${value} names something else`, { 'If-None-Match': value }),
  ),
  {
    name: '13.1.3: If-Modified-Since at Last-Modified is answered here with 304',
    steps: [
      fill({ 'Last-Modified': 'Sat, 01 Nov 2025 10:00:00 GMT' }),
      { send: { 'If-Modified-Since': 'Sat, 01 Nov 2025 10:00:00 GMT' }, status: 304, text: '' },
    ],
  },
  served(
    '13.1.3: If-Modified-Since before Last-Modified',
    { 'If-Modified-Since': 'Sat, 01 Nov 2025 09:59:59 GMT' },
    {
      'Last-Modified': 'Sat, 01 Nov 2025 10:00:00 GMT',
    },
  ),
  served(
    '13.1.3: a bad date is ignored',
    { 'If-Modified-Since': 'tomorrow' },
    { 'Last-Modified': 'Sat, 01 Nov 2025 10:00:00 GMT' },
  ),
  served(
    '13.2.2: If-None-Match goes before If-Modified-Since',
    { 'If-None-Match': '"b"', 'If-Modified-Since': date(0) },
    {
      'Last-Modified': 'Sat, 01 Nov 2025 10:00:00 GMT',
    },
  ),
  {
    name: "4.3.2: conditions of a client do not become the cache's: the whole is fetched and stored",
    steps: [
      { send: { 'If-None-Match': '"a"' }, answer: { fields: TAGGED, body: 'whole' }, status: 304, text: '' },
      { text: 'whole' },
    ],
  },
  ...(
    [
      ['If-Match', '"b"'],
      ['If-Unmodified-Since', 'Sat, 01 Nov 2025 10:00:00 GMT'],
    ] as const
  ).map(
    ([name, value]): Case => ({
      // An intermediary may ignore it (13.1.1, 13.1.4); a 412 can only be the origin's.
      name: `4.3.2: ${name} is never judged here`,
      steps: [
        fill(),
        {
          send: { [name]: value },
          answer: () => ({ status: 412, body: 'theirs' }),
          status: [200, 412],
          text: /^body 1$|^theirs$/,
        },
        { text: 'body 1' },
      ],
    }),
  ),
];

const AUTHORIZED = { Authorization: 'Basic YTpi' };
const CREDENTIALS: readonly Case[] = [
  ...['max-age=60', 'max-age=60, private="x"', 'max-age=60, must-understand'].map(
    (value): Case => ({
      name: `3.5: an answer to Authorization with "${value}" is shared with nobody`,
      steps: [
        { send: AUTHORIZED, answer: { fields: wish(value) } },
        { answer: { fields: wish('no-store') } },
        { send: AUTHORIZED, answer: {} },
      ],
    }),
  ),
  ...['max-age=60, public', 's-maxage=60', 'max-age=60, must-revalidate'].map(
    (value): Case => ({
      name: `3.5: an answer to Authorization with "${value}" may be shared`,
      steps: [{ send: AUTHORIZED, answer: { fields: wish(value) } }, {}, { send: AUTHORIZED }],
    }),
  ),
  {
    name: '11.6.2 of RFC 9110: Authorization and Cookie reach the origin',
    steps: [
      {
        send: { ...AUTHORIZED, Cookie: 'a=1' },
        answer: {},
        saw: { Authorization: 'Basic YTpi', Cookie: 'a=1' },
      },
    ],
  },
  {
    name: '7.6.1: connection fields of the client stay on its connection',
    steps: [
      {
        send: {
          Connection: 'close, X-Mine',
          'X-Mine': '1',
          'X-Other': '1',
          TE: 'trailers',
          'Proxy-Authorization': 'Basic YTpi',
        },
        answer: {},
        saw: { 'X-Mine': undefined, 'X-Other': '1', TE: undefined, 'Proxy-Authorization': undefined },
      },
    ],
  },
];

export const REQUESTS: readonly Case[] = [
  ...DIRECTIVES,
  ...ONLY_IF_CACHED,
  ...HEADS,
  ...CONDITIONS,
  ...CREDENTIALS,
];
