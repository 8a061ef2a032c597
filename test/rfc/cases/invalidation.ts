import type { Answer, Case, Fields, Step } from '../exchange.js';

const FRESH = { 'Cache-Control': 'max-age=60' };
const fill = (at = '', fields: Fields = {}): Step => ({ at, answer: { fields: { ...FRESH, ...fields } } });
const write = (answer: Answer, method = 'POST'): Step => ({ method, body: 'x', answer });
const gone = (at = ''): Step => ({ at, answer: { fields: FRESH } });
const still = (at = '', text?: string): Step => (text === undefined ? { at } : { at, text });

const ON_TARGET: readonly Case[] = [
  ...['POST', 'PUT', 'DELETE', 'PATCH', 'M-SEARCH', 'PROPPATCH'].map(
    (method): Case => ({
      name: `4.4: ${method} that succeeds invalidates its target`,
      steps: [fill(), write({}, method), gone()],
    }),
  ),
  ...[201, 202, 204, 301, 302, 303, 307].map(
    (status): Case => ({
      name: `4.4: a write answered with ${status} invalidates its target`,
      steps: [fill(), write({ status, ...(status === 204 ? { body: '' } : {}) }), gone()],
    }),
  ),
  ...[400, 403, 404, 409, 500, 502, 503].map(
    (status): Case => ({
      name: `4.4: a write answered with ${status} invalidates nothing`,
      steps: [fill(), write({ status }), still('', 'body 1')],
    }),
  ),
  ...['OPTIONS', 'HEAD'].map(
    (method): Case => ({
      name: `4.4: ${method} is safe and invalidates nothing`,
      steps: [
        fill(),
        {
          method,
          send: { 'Cache-Control': 'no-cache' },
          answer: () => ({ body: 'body 1', fields: FRESH }),
          status: 200,
          text: /^/,
        },
        still('', 'body 1'),
      ],
    }),
  ),
  {
    name: '4.4: a write invalidates every variant',
    steps: [
      { send: { Foo: '1' }, answer: { fields: { ...FRESH, Vary: 'Foo' } } },
      { send: { Foo: '2' }, answer: { fields: { ...FRESH, Vary: 'Foo' } } },
      write({}),
      { send: { Foo: '1' }, answer: { fields: { ...FRESH, Vary: 'Foo' } } },
      { send: { Foo: '2' }, answer: { fields: { ...FRESH, Vary: 'Foo' } } },
    ],
  },
  {
    name: '4.4: the query is part of the target',
    steps: [fill('?a=1'), fill('?a=2'), { ...write({}), at: '?a=1' }, gone('?a=1'), still('?a=2', 'body 2')],
  },
];

const LOCATIONS: readonly [what: string, value: Fields['x'], drops: boolean][] = [
  ['a path', ({ path }) => `${path}/other`, true],
  ['a relative path', ({ path }) => `${path.slice(1)}/other`, true],
  ['a path with dots', ({ path }) => `${path}/x/../other`, true],
  ['a path with a fragment', ({ path }) => `${path}/other#top`, true],
  ['an address of the origin', ({ origin, path }) => `${origin}${path}/other`, true],
  ['an address of another host', ({ path }) => `http://other.example${path}/other`, false],
  ['an address of another port', ({ origin, path }) => `${origin.replace(/\d+$/, '1')}${path}/other`, false],
  [
    'an address of another scheme',
    ({ origin, path }) => `${origin.replace('http', 'https')}${path}/other`,
    false,
  ],
  ['another path', ({ path }) => `${path}/another`, false],
  ['nothing that parses', 'http://[', false],
];

const ON_OTHERS: readonly Case[] = ['Location', 'Content-Location'].flatMap((name) =>
  LOCATIONS.map(
    ([what, value, drops]): Case => ({
      name: `4.4: ${name} with ${what} ${drops ? 'invalidates what it names' : 'invalidates nothing else'}`,
      steps: [
        fill('/other'),
        write({ status: 201, fields: { [name]: value! } }),
        drops ? gone('/other') : still('/other', 'body 1'),
      ],
    }),
  ),
);

const DENIED: readonly Case[] = [
  {
    name: '4.4: Location of a failed write invalidates nothing',
    steps: [
      fill('/other'),
      write({ status: 400, fields: { Location: ({ path }) => `${path}/other` } }),
      still('/other', 'body 1'),
    ],
  },
  {
    name: '4.4: Location of a GET invalidates nothing',
    steps: [
      fill('/other'),
      { answer: { status: 302, fields: { Location: ({ path }) => `${path}/other` } } },
      still('/other', 'body 1'),
    ],
  },
];

/** Groups, RFC 9875; named after the case so that cases do not disturb each other. */
const grouped =
  (...names: string[]): Fields[string] =>
  ({ path }) =>
    names.map((name) => `"${path}-${name}"`).join(', ');

const GROUPED: readonly Case[] = [
  {
    name: 'RFC 9875 3: Cache-Group-Invalidation drops what is in the group, and nothing else',
    steps: [
      fill('/a', { 'Cache-Groups': grouped('one', 'two') }),
      fill('/b', { 'Cache-Groups': grouped('three') }),
      fill('/c'),
      write({ fields: { 'Cache-Group-Invalidation': grouped('two') } }),
      gone('/a'),
      still('/b', 'body 2'),
      still('/c', 'body 3'),
    ],
  },
  {
    name: 'RFC 9875 2: groups are compared by their case',
    steps: [
      fill('/a', { 'Cache-Groups': grouped('one') }),
      write({ fields: { 'Cache-Group-Invalidation': grouped('ONE') } }),
      still('/a', 'body 1'),
    ],
  },
  {
    name: 'RFC 9875 3: on a safe method the field means nothing',
    steps: [
      fill('/a', { 'Cache-Groups': grouped('one') }),
      { answer: { fields: { 'Cache-Group-Invalidation': grouped('one') } } },
      still('/a', 'body 1'),
    ],
  },
  {
    name: 'RFC 9875 3: tokens are no Strings: the field is ignored',
    steps: [
      fill('/a', { 'Cache-Groups': grouped('one') }),
      write({ fields: { 'Cache-Group-Invalidation': ({ path }) => `"${path}-one", token` } }),
      still('/a', 'body 1'),
    ],
  },
  {
    name: 'RFC 9875 2: parameters are ignored, several lines are one list',
    steps: [
      fill('/a', { 'Cache-Groups': ['"x"', '"y"'] }),
      write({ fields: { 'Cache-Group-Invalidation': '"nobody";p=1, "y";q' } }),
      gone('/a'),
    ],
  },
  {
    name: 'RFC 9875 2: a group that a 304 adds counts from then on',
    steps: [
      fill('/a', { ETag: '"a"', Age: '100' }),
      { at: '/a', answer: { status: 304, fields: { ...FRESH, 'Cache-Groups': grouped('late') } } },
      write({ fields: { 'Cache-Group-Invalidation': grouped('late') } }),
      gone('/a'),
    ],
  },
  {
    name: 'RFC 9875 2: Cache-Groups reaches the client, from the origin and from here',
    steps: [
      { answer: { fields: { ...FRESH, 'Cache-Groups': '"seen"' } }, has: { 'Cache-Groups': '"seen"' } },
      { has: { 'Cache-Groups': '"seen"' } },
    ],
  },
];

const ITSELF: Fields = { 'Content-Location': ({ path }) => path };

const POSTED: readonly Case[] = [
  {
    name: '9.3.3 of RFC 9110: a POST that names itself and has a lifetime answers a later GET',
    steps: [write({ fields: { ...FRESH, ...ITSELF } }), still('', 'body 1')],
  },
  {
    name: '9.3.3: a POST never answers a POST',
    steps: [write({ fields: { ...FRESH, ...ITSELF } }), write({ fields: { ...FRESH, ...ITSELF } })],
  },
  ...(
    [
      ['without a lifetime', { ...ITSELF, 'Last-Modified': 'Sat, 01 Nov 2025 10:00:00 GMT' }],
      ['without Content-Location', FRESH],
      ['with another Content-Location', { ...FRESH, 'Content-Location': ({ path }) => `${path}/other` }],
      ['with no-store', { 'Cache-Control': 'max-age=60, no-store', ...ITSELF }],
      ['with private', { 'Cache-Control': 'max-age=60, private', ...ITSELF }],
    ] as [string, Fields][]
  ).map(
    ([what, fields]): Case => ({
      name: `9.3.3: a POST ${what} answers no GET`,
      steps: [write({ fields }), gone()],
    }),
  ),
  {
    name: '9.3.4: a PUT answers no GET',
    steps: [write({ fields: { ...FRESH, ...ITSELF } }, 'PUT'), gone()],
  },
  {
    name: '9.3.3: a POST that breaks off answers no GET',
    steps: [{ ...write({ fields: { ...FRESH, ...ITSELF }, fate: 'cut' }), broken: true }, gone()],
  },
];

export const INVALIDATION: readonly Case[] = [...ON_TARGET, ...ON_OTHERS, ...DENIED, ...GROUPED, ...POSTED];
