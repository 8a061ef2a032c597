import { type Case, date, kept, notKept, validated } from '../exchange.js';

const FRESH = 'max-age=60';

/** Governing directives (section 2.2): what the most specific valid field says, and nothing else. */
const PRECEDENCE: readonly Case[] = [
  kept(
    '2.2: CDN-Cache-Control lets be stored what Cache-Control forbids, and both reach the client',
    {
      fields: { 'Cache-Control': 'no-store', 'CDN-Cache-Control': FRESH },
    },
    { has: { 'CDN-Cache-Control': FRESH, 'Cache-Control': 'no-store' } },
  ),
  notKept('2.2: CDN-Cache-Control: no-store forbids what Cache-Control allows', {
    fields: { 'Cache-Control': FRESH, 'CDN-Cache-Control': 'no-store' },
  }),
  notKept('2.2: CDN-Cache-Control: private forbids what Cache-Control allows', {
    fields: { 'Cache-Control': FRESH, 'CDN-Cache-Control': 'private' },
  }),
  kept('2.2: Cache-Control: private is ignored beside a targeted field', {
    fields: { 'Cache-Control': 'private', 'CDN-Cache-Control': FRESH },
  }),
  kept('2.2: CDN-Cache-Control wins over s-maxage and Expires', {
    fields: { 'Cache-Control': 's-maxage=0', Expires: '0', 'CDN-Cache-Control': FRESH },
  }),
  validated('2.2: a shorter targeted lifetime wins', {
    fields: { 'Cache-Control': 'max-age=3600', 'CDN-Cache-Control': FRESH, Age: '100', ETag: '"a"' },
  }),
  notKept('2.2: beside a targeted field without a lifetime neither max-age nor Expires counts', {
    fields: { 'Cache-Control': FRESH, Expires: date(60), 'CDN-Cache-Control': 'public' },
  }),
  validated('2.2: CDN-Cache-Control: no-cache is validated although Cache-Control is fresh', {
    fields: { 'Cache-Control': FRESH, 'CDN-Cache-Control': 'no-cache', ETag: '"a"' },
  }),
  kept('2.2: Cache-Control: no-cache and Pragma are ignored beside a targeted field', {
    fields: { 'Cache-Control': 'no-cache', Pragma: 'no-cache', 'CDN-Cache-Control': FRESH, ETag: '"a"' },
  }),
  kept(
    '2.3: our own field wins over CDN-Cache-Control, and reaches the client',
    {
      fields: { 'TMDB-Cache-Proxy-Cache-Control': FRESH, 'CDN-Cache-Control': 'no-store' },
    },
    { has: { 'TMDB-Cache-Proxy-Cache-Control': FRESH, 'CDN-Cache-Control': 'no-store' } },
  ),
  notKept('2.3: our own no-store wins over CDN-Cache-Control', {
    fields: { 'TMDB-Cache-Proxy-Cache-Control': 'no-store', 'CDN-Cache-Control': FRESH },
  }),
  notKept('2.3: an invalid field of our own yields to CDN-Cache-Control', {
    fields: {
      'TMDB-Cache-Proxy-Cache-Control': 'max-age=;',
      'CDN-Cache-Control': 'no-store',
      'Cache-Control': FRESH,
    },
  }),
  notKept('2.2: Surrogate-Control is not addressed to this cache', {
    fields: { 'Surrogate-Control': FRESH },
  }),
];

/** Syntax (section 2.1): a structured-fields Dictionary, ignored when it fails to parse or is empty. */
const SYNTAX: readonly Case[] = [
  ...[
    'max-age=60, &',
    'max-age=',
    'max-age=60,',
    'no-store; =',
    'Max-Age=0',
    'max-age="0',
    'no store',
    '',
  ].map((value) =>
    kept(`2.1: the invalid or empty field "${value}" is ignored and Cache-Control counts`, {
      fields: { 'Cache-Control': FRESH, 'CDN-Cache-Control': value },
    }),
  ),
  ...['max-age=60, &', 'MAX-AGE=60', 'max-age=60;;', 'max-age= 60', ''].map((value) =>
    notKept(`2.1: the invalid or empty field "${value}" allows nothing`, {
      fields: { 'Cache-Control': 'no-store', 'CDN-Cache-Control': value },
    }),
  ),
  ...[
    'max-age="60"',
    'max-age=60.5',
    'max-age=?1',
    'max-age',
    'max-age=sixty',
    'max-age=:NjA=:',
    'max-age=(60)',
    'max-age=-60',
  ].map((value) =>
    notKept(`2.1: "${value}" has no Integer and gives no lifetime`, {
      fields: { 'CDN-Cache-Control': value },
    }),
  ),
  kept('2.1: parameters are ignored', { fields: { 'CDN-Cache-Control': 'max-age=60;no-store;x="1"' } }),
  kept('2.1: unknown members are ignored', {
    fields: { 'CDN-Cache-Control': 'foo=("a" "b"), max-age=60, bar=:YQ==:' },
  }),
  kept('2.1: the last member of a name is the one (RFC 9651 section 4.2.2)', {
    fields: { 'CDN-Cache-Control': 'max-age=0, max-age=60' },
  }),
  notKept('2.1: several lines are one Dictionary', { fields: { 'CDN-Cache-Control': [FRESH, 'no-store'] } }),
  kept('2.1: a quoted no-store is a String, not a directive', {
    fields: { 'CDN-Cache-Control': 'ext="no-store, private", max-age=60' },
  }),
  kept('2.1: white space around members is optional', {
    fields: { 'CDN-Cache-Control': '  max-age=60 ,\tpublic  ' },
  }),
];

/** Everything a directive means elsewhere it means in a targeted field. */
const MEANING: readonly Case[] = [
  {
    name: '2.1: must-revalidate in the targeted field forbids a stale answer',
    steps: [
      {
        answer: {
          fields: {
            'CDN-Cache-Control': 'max-age=60, must-revalidate, stale-if-error=600',
            Age: '100',
            ETag: '"a"',
          },
        },
      },
      { answer: { fate: 'close' }, status: [502, 504], text: /./ },
    ],
  },
  {
    name: '2.2: must-revalidate in Cache-Control does not bind a cache that is spoken to apart',
    steps: [
      {
        answer: {
          fields: {
            'Cache-Control': 'must-revalidate',
            'CDN-Cache-Control': 'max-age=60, stale-if-error=600',
            Age: '100',
            ETag: '"a"',
          },
        },
      },
      { answer: { fate: 'close' }, status: 200 },
    ],
  },
  {
    name: '2.2: stale-while-revalidate works in the targeted field',
    steps: [
      { answer: { fields: { 'CDN-Cache-Control': 'max-age=60, stale-while-revalidate=600', Age: '100' } } },
      { behind: { fields: { 'CDN-Cache-Control': FRESH } } },
      { text: 'body 2' },
    ],
  },
  {
    name: '2.2: s-maxage wins over max-age within the targeted field',
    steps: [{ answer: { fields: { 'CDN-Cache-Control': 'max-age=0, s-maxage=60' } } }, {}],
  },
  {
    name: '4.3.4 of RFC 9111: a 304 with a targeted field renews the lifetime',
    steps: [
      { answer: { fields: { 'CDN-Cache-Control': FRESH, Age: '100', ETag: '"a"' } } },
      { answer: { status: 304, fields: { 'CDN-Cache-Control': FRESH, ETag: '"a"' } } },
      {},
    ],
  },
  notKept(
    '3.5 of RFC 9111: max-age alone does not share an answer to Authorization',
    {
      fields: { 'CDN-Cache-Control': FRESH, 'Cache-Control': 'public' },
    },
    { send: { Authorization: 'Basic YTpi' } },
  ),
  kept(
    '3.5 of RFC 9111: public in the targeted field shares an answer to Authorization',
    {
      fields: { 'CDN-Cache-Control': 'public, max-age=60' },
    },
    { send: { Authorization: 'Basic YTpi' } },
  ),
  kept(
    '7.3 of RFC 9111: a targeted lifetime is explicit enough for Set-Cookie',
    {
      fields: { 'CDN-Cache-Control': FRESH, 'Cache-Control': 'no-store', 'Set-Cookie': 'a=1' },
    },
    { has: { 'Set-Cookie': 'a=1' } },
  ),
];

export const TARGETED: readonly Case[] = [...PRECEDENCE, ...SYNTAX, ...MEANING];
