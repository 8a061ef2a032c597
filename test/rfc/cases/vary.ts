import { type Case, type Fields, kept } from '../exchange.js';

const FRESH = { 'Cache-Control': 'max-age=60' };
const varies = (vary: string | readonly string[], more: Fields = {}) => ({
  fields: { ...FRESH, Vary: vary, ...more },
});

/** The second request selects the same variant. */
const same = (name: string, vary: string, first: Fields, second: Fields): Case => ({
  name,
  steps: [{ answer: varies(vary), send: first }, { send: second }],
});
/** The second request selects another variant, and both are kept. */
const apart = (name: string, vary: string, first: Fields, second: Fields): Case => ({
  name,
  steps: [
    { answer: varies(vary), send: first },
    { answer: varies(vary), send: second },
    { send: first, text: 'body 1' },
    { send: second, text: 'body 2' },
  ],
});

const SELECTION: readonly Case[] = [
  apart('4.1: two values select two variants', 'Foo', { Foo: '1' }, { Foo: '2' }),
  apart('4.1: a field that is absent matches only its absence', 'Foo', { Foo: '1' }, {}),
  apart('4.1: an empty value is not an absent field', 'Foo', { Foo: '' }, {}),
  apart('4.1: every named field counts', 'Foo, Bar', { Foo: '1', Bar: '1' }, { Foo: '1', Bar: '2' }),
  apart('4.1: the case of a value counts', 'Foo', { Foo: 'a' }, { Foo: 'A' }),
  apart(
    '4.1: the order of a list counts where its meaning is not known',
    'Foo',
    { Foo: 'a, b' },
    { Foo: 'b, a' },
  ),
  apart('4.1: white space in a quoted string counts', 'Foo', { Foo: '"a, b"' }, { Foo: '"a,b"' }),
  apart('4.1: a comma in a quoted string separates nothing', 'Foo', { Foo: '"a,b"' }, { Foo: '"a","b"' }),
  apart('4.1: cookies are a field like others', 'Cookie', { Cookie: 'a=1' }, { Cookie: 'a=2' }),
  {
    name: '4.1: Authorization in Vary keeps users apart',
    steps: ['a', 'b', 'a', 'b'].map((user, index) => ({
      send: { Authorization: `Bearer ${user}` },
      ...(index < 2 ? { answer: varies('Authorization', { 'Cache-Control': 'public, max-age=60' }) } : {}),
      text: user === 'a' ? 'body 1' : 'body 2',
    })),
  },
  apart(
    '4.1: a value cannot imitate another field',
    'Bar, Foo',
    { Foo: '1', Bar: '2;foo=1:1' },
    { Foo: '1', Bar: '2' },
  ),
  apart('4.1: User-Agent is compared as it is', 'User-Agent', { 'User-Agent': 'a' }, { 'User-Agent': 'b' }),
  same(
    '4.1: fields that Vary does not name play no part',
    'Foo',
    { Foo: '1', Other: '1' },
    { Foo: '1', Other: '2' },
  ),
  same('4.1: the name is in any case', 'fOO', { Foo: '1' }, { foo: '1' }),
  same('4.1: white space around commas is no difference', 'Foo', { Foo: '1,2' }, { Foo: ' 1 ,\t2' }),
  same('4.1: two lines are one list', 'Foo', { Foo: '1, 2' }, { Foo: ['1', '2'] }),
  same('4.1: absent is absent', 'Foo', {}, {}),
  same(
    '12.4.2 of RFC 9110: q=1 is the default',
    'Accept',
    { Accept: 'text/html;q=1.0' },
    { Accept: 'text/html' },
  ),
  same(
    '12.5.4: languages have no case',
    'Accept-Language',
    { 'Accept-Language': 'EN-us' },
    { 'Accept-Language': 'en-US' },
  ),
  same(
    '12.5.4: order is no preference beside weights',
    'Accept-Language',
    { 'Accept-Language': 'en, de;q=0.5' },
    { 'Accept-Language': 'de;q=0.5,en' },
  ),
  same(
    '12.5.3: codings have no case and no order',
    'Accept-Encoding',
    { 'Accept-Encoding': 'GZIP, br' },
    { 'Accept-Encoding': 'br,gzip' },
  ),
  apart(
    '12.4.2: other weights are other wishes',
    'Accept-Language',
    { 'Accept-Language': 'fr, de;q=0.5' },
    { 'Accept-Language': 'fr;q=0.5, de' },
  ),
];

const ANY: readonly Case[] = [
  ...([['*'], ['Foo', '*'], ['Foo, *'], ['*, Foo'], ['foo,,*']] as const).map(
    (lines): Case => ({
      name: `4.1: Vary: ${lines.join(' | ')} never matches`,
      steps: [
        { answer: varies(lines), send: { Foo: '1' } },
        { answer: {}, send: { Foo: '1' } },
      ],
    }),
  ),
  {
    name: '4.1: two lines of Vary are one list',
    steps: [
      { answer: varies(['Foo', 'Bar']), send: { Foo: '1', Bar: '1' } },
      { answer: varies(['Foo', 'Bar']), send: { Foo: '1', Bar: '2' } },
    ],
  },
];

const LANGUAGES: readonly Case[] = [
  {
    name: '4.1: a stored language that the request likes best is selected',
    steps: [
      { answer: varies('Accept-Language', { 'Content-Language': 'de' }), send: { 'Accept-Language': 'de' } },
      { send: { 'Accept-Language': 'de, en;q=0.5' } },
      { send: { 'Accept-Language': 'en;q=0.2, de;q=0.9' } },
    ],
  },
  ...['en, de;q=0.5', 'fr', 'de;q=0', 'en', '*'].map(
    (wish): Case => ({
      name: `4.1: a stored language does not answer Accept-Language: ${wish}`,
      steps: [
        {
          answer: varies('Accept-Language', { 'Content-Language': 'de' }),
          send: { 'Accept-Language': 'de' },
        },
        {
          answer: varies('Accept-Language', { 'Content-Language': 'xx' }),
          send: { 'Accept-Language': wish },
        },
      ],
    }),
  ),
  {
    name: '4.1: a language is not enough where Vary names another field too',
    steps: [
      {
        answer: varies('Accept-Language, Foo', { 'Content-Language': 'de' }),
        send: { 'Accept-Language': 'de', Foo: '1' },
      },
      { answer: varies('Accept-Language, Foo'), send: { 'Accept-Language': 'de, en;q=0.5', Foo: '2' } },
    ],
  },
];

const CHANGES: readonly Case[] = [
  {
    name: '4.1: a response that begins to vary does not answer for other values',
    steps: [
      { answer: { fields: FRESH }, send: { Foo: '1' } },
      { answer: varies('Foo'), send: { Foo: '1', 'Cache-Control': 'no-cache' } },
      { answer: varies('Foo'), send: { Foo: '2' } },
      { send: { Foo: '1' }, text: 'body 2' },
      { send: { Foo: '2' }, text: 'body 3' },
    ],
  },
  {
    name: '4.1: a response that varies by more than before does not answer for other values',
    steps: [
      { answer: varies('Foo'), send: { Foo: '1', Bar: '1' } },
      { answer: varies('Foo, Bar'), send: { Foo: '1', Bar: '1', 'Cache-Control': 'no-cache' } },
      { answer: varies('Foo, Bar'), send: { Foo: '1', Bar: '2' } },
    ],
  },
  {
    name: '4.1: a response that varies no more answers all',
    steps: [
      { answer: varies('Foo'), send: { Foo: '1' } },
      { answer: { fields: FRESH }, send: { Foo: '1', 'Cache-Control': 'no-cache' } },
      { send: { Foo: '1' }, text: 'body 2' },
      { send: { Foo: '3' }, text: 'body 2' },
    ],
  },
  {
    name: '4.3.4: a 304 that adds Vary takes the stored response out of the reach of others',
    steps: [
      { answer: { fields: { ...FRESH, Age: '100', ETag: '"a"' } }, send: { Foo: '1' } },
      { answer: { status: 304, fields: { ...FRESH, Vary: 'Foo', ETag: '"a"' } }, send: { Foo: '1' } },
      { answer: varies('Foo'), send: { Foo: '2' } },
      { send: { Foo: '1' }, text: 'body 1' },
    ],
  },
  {
    name: '4.1: an error may vary like anything else',
    steps: [
      { answer: { status: 404, ...varies('Foo') }, send: { Foo: '1' } },
      { answer: { status: 200, ...varies('Foo') }, send: { Foo: '2' } },
      { send: { Foo: '1' }, status: 404, text: 'body 1' },
    ],
  },
  {
    name: '4.1: HEAD selects the variant that GET would',
    steps: [
      { answer: varies('Foo', { 'X-Is': '1' }), send: { Foo: '1' } },
      { answer: varies('Foo', { 'X-Is': '2' }), send: { Foo: '2' } },
      { method: 'HEAD', send: { Foo: '1' }, has: { 'X-Is': '1' } },
    ],
  },
  kept('4.1: an empty Vary names nothing', { fields: { ...FRESH, Vary: '' } }),
];

export const VARY: readonly Case[] = [...SELECTION, ...ANY, ...LANGUAGES, ...CHANGES];
