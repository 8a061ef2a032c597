import fc from 'fast-check';
import { formatHttpDate } from '../../../src/http/dates.js';

/** What is odd about a generated directive or field; a difference from the oracle is explained by these alone. */
export type Trait =
  | 'capitals' // a name not in lower case
  | 'bad-duration' // a duration that is not 1*DIGIT
  | 'long-duration' // more than 2^31 s
  | 'argument' // a directive that takes none has one
  | 'field-list' // private or no-cache with field names
  | 'comma-in-quotes';

export interface Member {
  /** In lower case. */
  readonly name: string;
  readonly text: string;
  readonly traits: readonly Trait[];
}

export interface DateField {
  readonly text: string;
  /** Whether it is an HTTP-date (RFC 9110 section 5.6.7). */
  readonly valid: boolean;
  /** Seconds after the response arrived. */
  readonly at: number;
}

export interface Wish {
  readonly cacheControl: readonly Member[];
  readonly pragma: string | undefined;
  readonly language: string | undefined;
}

/** A request, its response, and a later request for the same. */
export interface Case {
  readonly method: string;
  readonly authorization: boolean;
  readonly first: Wish;
  readonly status: number;
  readonly cacheControl: readonly Member[];
  readonly expires: DateField | undefined;
  readonly date: DateField | undefined;
  readonly lastModified: DateField | undefined;
  readonly age: string | undefined;
  readonly vary: string | undefined;
  readonly pragma: string | undefined;
  readonly contentLocation: string | undefined;
  /** Seconds between the response and the later request. */
  readonly later: number;
  readonly second: Wish;
}

/** Clock when the response arrived, ms: a whole second, as dates are. */
export const ARRIVED = Date.UTC(2026, 0, 1);

const seconds = fc.oneof(
  fc.constantFrom(0, 1, 10, 60, 100, 3600, 3600, 3600),
  fc.integer({ min: 0, max: 200 }),
);

function durations(name: string): fc.Arbitrary<Member> {
  const member = (text: string, ...traits: Trait[]): Member => ({ name, text, traits });
  const odd = (argument: string) => member(`${name}${argument}`, 'bad-duration');
  return fc.oneof(
    { weight: 12, arbitrary: seconds.map((n) => member(`${name}=${n}`)) },
    { weight: 1, arbitrary: seconds.map((n) => member(`${name}="${n}"`)) },
    { weight: 1, arbitrary: seconds.map((n) => member(`${name}=00${n}`)) },
    { weight: 1, arbitrary: fc.constantFrom('', '=', '=x', '=10.5', '=60s', ' =60').map(odd) },
    { weight: 1, arbitrary: fc.constant(member(`${name}=99999999999`, 'long-duration')) },
  );
}

function plain(name: string): fc.Arbitrary<Member> {
  const odd = (argument: string): Member => ({ name, text: name + argument, traits: ['argument'] });
  return fc.oneof(
    { weight: 12, arbitrary: fc.constant<Member>({ name, text: name, traits: [] }) },
    { weight: 1, arbitrary: fc.constantFrom('=1', '="x"', '=').map(odd) },
  );
}

function withFields(name: string): fc.Arbitrary<Member> {
  const listed = (list: string): Member => ({
    name,
    text: `${name}="${list}"`,
    traits: list.includes(',') ? ['field-list', 'comma-in-quotes'] : ['field-list'],
  });
  return fc.oneof(
    { weight: 6, arbitrary: fc.constant<Member>({ name, text: name, traits: [] }) },
    { weight: 2, arbitrary: fc.constantFrom('x-a', 'x-a, x-b').map(listed) },
    { weight: 1, arbitrary: fc.constant<Member>({ name, text: `${name}=""`, traits: ['argument'] }) },
  );
}

const extension = fc.constantFrom<Member>(
  { name: 'foo', text: 'foo=1', traits: [] },
  { name: 'bar', text: 'bar="a, no-store, b"', traits: ['comma-in-quotes'] },
);

/** One in twelve is written with capitals. */
function spelled(member: fc.Arbitrary<Member>): fc.Arbitrary<Member> {
  return fc.tuple(member, fc.integer({ min: 0, max: 11 })).map(([given, dice]) => {
    if (dice > 0) return given;
    const text = given.name.toUpperCase() + given.text.slice(given.name.length);
    return { ...given, text, traits: [...given.traits, 'capitals'] };
  });
}

const RESPONSE_DIRECTIVES = fc.oneof(
  { weight: 4, arbitrary: durations('max-age') },
  { weight: 2, arbitrary: durations('s-maxage') },
  { weight: 1, arbitrary: durations('stale-while-revalidate') },
  { weight: 1, arbitrary: durations('stale-if-error') },
  { weight: 2, arbitrary: plain('public') },
  { weight: 1, arbitrary: withFields('private') },
  { weight: 1, arbitrary: withFields('no-cache') },
  { weight: 1, arbitrary: plain('no-store') },
  ...['must-revalidate', 'proxy-revalidate', 'must-understand', 'immutable', 'no-transform'].map((name) => ({
    weight: 1,
    arbitrary: plain(name),
  })),
  { weight: 1, arbitrary: extension },
);
const REQUEST_DIRECTIVES = fc.oneof(
  durations('max-age'),
  durations('min-fresh'),
  durations('max-stale'),
  fc
    .constantFrom('max-stale', 'max-stale=0', 'max-stale=10', 'max-stale=60')
    .map((text): Member => ({ name: 'max-stale', text, traits: [] })),
  plain('no-cache'),
  plain('no-store'),
  extension,
);

function members(one: fc.Arbitrary<Member>, max: number): fc.Arbitrary<Member[]> {
  return fc.array(spelled(one), { maxLength: max });
}

/** Present once in `oneIn`, so that most cases are odd in few ways. */
function seldom<T>(arbitrary: fc.Arbitrary<T>, oneIn = 4): fc.Arbitrary<T | undefined> {
  return fc.oneof({ weight: oneIn - 1, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
}

function dates(min: number, max: number): fc.Arbitrary<DateField> {
  const when = fc.oneof(fc.constantFrom(min, max), fc.integer({ min, max }));
  const imf = when.map((at) => ({ text: formatHttpDate(ARRIVED + at * 1000), valid: true, at }));
  const lax = when.map((at) => ({
    text: formatHttpDate(ARRIVED + at * 1000).replace('GMT', '+0000'),
    valid: false,
    at,
  }));
  const bad = fc.constantFrom('0', 'tomorrow').map((text) => ({ text, valid: false, at: 0 }));
  return fc.oneof(
    { weight: 8, arbitrary: imf },
    { weight: 1, arbitrary: lax },
    { weight: 1, arbitrary: bad },
  );
}

const LANGUAGES = ['en', 'EN', 'en, de', 'en,de', 'de, en'];

function wishes(max: number): fc.Arbitrary<Wish> {
  return fc.record({
    cacheControl: fc.oneof(
      { weight: 2, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: members(REQUEST_DIRECTIVES, max) },
    ),
    pragma: seldom(fc.constantFrom('no-cache', 'foo'), 6),
    language: seldom(fc.constantFrom(...LANGUAGES), 2),
  });
}

const STATUSES = [
  201, 203, 204, 206, 299, 301, 302, 302, 303, 304, 307, 404, 410, 429, 451, 500, 501, 503, 599,
];

export const CASES: fc.Arbitrary<Case> = fc.record({
  method: fc.oneof(
    { weight: 9, arbitrary: fc.constant('GET') },
    { weight: 1, arbitrary: fc.constantFrom('HEAD', 'POST', 'PUT') },
  ),
  authorization: fc.boolean().chain((b) => (b ? fc.boolean() : fc.constant(false))),
  first: wishes(1),
  status: fc.oneof(
    { weight: 2, arbitrary: fc.constant(200) },
    { weight: 1, arbitrary: fc.constantFrom(...STATUSES) },
  ),
  cacheControl: members(RESPONSE_DIRECTIVES, 4),
  expires: seldom(dates(-100, 4000)),
  date: seldom(dates(-100, 50), 2),
  lastModified: seldom(dates(-40_000_000, 10)),
  age: seldom(fc.constantFrom('0', '30', '3000', '007', '-5', '10.5', 'abc', '60, 5', '99999999999')),
  vary: seldom(fc.constantFrom('Accept-Language', 'Accept-Language, X-None', 'X-None', '*', 'X-None, *')),
  pragma: seldom(fc.constantFrom('no-cache', 'foo'), 10),
  contentLocation: seldom(fc.constantFrom('/a', '/b'), 2),
  later: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(0, 10, 60, 61, 70) },
    { weight: 2, arbitrary: fc.integer({ min: 0, max: 4000 }) },
  ),
  second: wishes(2),
});
