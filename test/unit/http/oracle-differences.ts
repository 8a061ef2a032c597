import type { Case, Member, Trait, Wish } from './oracle-cases.js';
import type { Judgement } from './oracle-judges.js';

/** What is compared. */
export type Check = 'storable' | 'lifetime' | 'age' | 'reuse';

/** One accepted difference between this proxy and the oracle. */
export interface Difference {
  readonly name: string;
  /** The text that this proxy follows. */
  readonly section: string;
  readonly checks: readonly Check[];
  /** `stricter`: this proxy stores less, for shorter, takes it for older, asks the origin more. */
  readonly ours: 'stricter' | 'laxer' | 'either';
  readonly applies: (given: Case, theirs: Judgement) => boolean;
}

const PARSED: readonly Check[] = ['storable', 'lifetime', 'reuse'];

export const DIFFERENCES: readonly Difference[] = [
  {
    name: 'names of directives have no case',
    section: 'RFC 9111 section 5.2',
    checks: PARSED,
    ours: 'either',
    applies: (given) => trait(given, 'capitals'),
  },
  {
    name: 'commas in quoted strings separate nothing',
    section: 'RFC 9110 section 5.6.4',
    checks: PARSED,
    ours: 'either',
    applies: (given) => trait(given, 'comma-in-quotes'),
  },
  {
    name: 'of a directive given twice the stricter counts, not the last',
    section: 'RFC 9111 section 4.2.1',
    checks: PARSED,
    ours: 'stricter',
    applies: (given) =>
      [given.cacheControl, given.first.cacheControl, given.second.cacheControl].some(repeated),
  },
  {
    name: 'a bad duration is 0 (min-fresh: endless), not the digits it begins with, and not absent',
    section: 'RFC 9111 sections 1.2.2 and 4.2.1',
    checks: ['lifetime', 'reuse'],
    ours: 'stricter',
    applies: (given) => trait(given, 'bad-duration'),
  },
  {
    name: 'a bad duration is explicit freshness all the same',
    section: 'RFC 9111 section 3',
    checks: ['storable'],
    ours: 'laxer',
    applies: (given) => given.cacheControl.some((member) => has(member, 'bad-duration')),
  },
  {
    name: 'delta-seconds end at 2^31',
    section: 'RFC 9111 section 1.2.2',
    checks: ['lifetime', 'reuse'],
    ours: 'either',
    applies: (given) => trait(given, 'long-duration'),
  },
  {
    name: 'a restriction counts, a permission does not, when it has an argument it should not have',
    section: 'RFC 9111 section 5.2, malformed input read the safe way',
    checks: PARSED,
    ours: 'stricter',
    applies: (given) => trait(given, 'argument'),
  },
  {
    name: 'private="f" and no-cache="f" concern their fields only',
    section: 'RFC 9111 sections 5.2.2.4 and 5.2.2.7',
    checks: PARSED,
    ours: 'laxer',
    applies: (given) => given.cacheControl.some((member) => has(member, 'field-list')),
  },
  {
    name: 'the answer to HEAD has no content to store',
    section: 'RFC 9110 section 9.3.2, storing is optional',
    checks: ['storable'],
    ours: 'stricter',
    applies: ({ method }) => method === 'HEAD',
  },
  {
    name: 'POST is stored only if Content-Location is its target',
    section: 'RFC 9110 section 9.3.3',
    checks: ['storable'],
    ours: 'stricter',
    applies: ({ method, contentLocation }) => method === 'POST' && contentLocation !== '/a',
  },
  {
    name: 'a status must be understood only where the response says must-understand, or is 206 or 304',
    section: 'RFC 9111 section 3',
    checks: ['storable'],
    ours: 'laxer',
    applies: (given) =>
      [201, 299, 429, 451, 500, 503, 599].includes(given.status) && !says(given, 'must-understand'),
  },
  {
    name: 'the rules of 201, 451, 500 and 503 are known',
    section: 'RFC 9110 section 15, RFC 7725 section 3',
    checks: ['storable'],
    ours: 'laxer',
    applies: ({ status }) => [201, 451, 500, 503].includes(status),
  },
  {
    name: 'must-understand lifts no-store from a status that is understood',
    section: 'RFC 9111 section 5.2.2.3',
    checks: ['storable'],
    ours: 'laxer',
    applies: (given) => says(given, 'must-understand') && says(given, 'no-store'),
  },
  {
    name: 'Vary with a star matches no request, so it is not stored',
    section: 'RFC 9111 section 4.1',
    checks: ['storable'],
    ours: 'stricter',
    applies: ({ vary }) => vary?.includes('*') === true,
  },
  {
    name: 'proxy-revalidate forbids stale answers, not fresh ones',
    section: 'RFC 9111 section 5.2.2.8',
    checks: ['lifetime'],
    ours: 'laxer',
    applies: (given) => says(given, 'proxy-revalidate'),
  },
  {
    name: 'must-revalidate forbids stale answers, not fresh ones',
    section: 'RFC 9111 section 5.2.2.2',
    checks: ['reuse'],
    ours: 'laxer',
    applies: (given, theirs) => says(given, 'must-revalidate') && theirs.age < theirs.lifetime,
  },
  {
    name: 'immutable gives no lifetime',
    section: 'RFC 8246 section 2',
    checks: ['lifetime'],
    ours: 'stricter',
    applies: (given) => says(given, 'immutable'),
  },
  {
    name: 'Pragma means nothing in a response',
    section: 'RFC 9111 section 5.4',
    checks: ['lifetime', 'reuse'],
    ours: 'laxer',
    applies: ({ pragma, cacheControl }) => pragma === 'no-cache' && cacheControl.length === 0,
  },
  {
    name: 'a heuristic lifetime ends after a day',
    section: 'RFC 9111 section 4.2.2',
    checks: ['lifetime'],
    ours: 'stricter',
    applies: ({ lastModified }) => lastModified !== undefined && lastModified.at < -864_000,
  },
  {
    name: 'a date is an HTTP-date, not whatever Date.parse reads',
    section: 'RFC 9110 section 5.6.7',
    checks: ['lifetime'],
    ours: 'either',
    applies: ({ date, expires, lastModified }) =>
      [date, expires, lastModified].some((field) => field !== undefined && !field.valid),
  },
  {
    name: 'Date shows an age of its own',
    section: 'RFC 9111 section 4.2.3, apparent_age',
    checks: ['age'],
    ours: 'stricter',
    applies: ({ date }) => date?.valid === true && date.at < 0,
  },
  {
    name: 'a bad Age is ignored whole, of a list the first counts, and it ends at 2^31',
    section: 'RFC 9111 sections 1.2.2 and 5.1',
    checks: ['age'],
    ours: 'either',
    applies: ({ age }) => age !== undefined && !/^[0-9]{1,9}$/.test(age),
  },
  {
    name: 'Pragma of a request means nothing beside Cache-Control',
    section: 'RFC 9111 section 5.4',
    checks: ['reuse'],
    ours: 'laxer',
    applies: ({ second }) => second.pragma === 'no-cache' && second.cacheControl.length > 0,
  },
  {
    name: 's-maxage, proxy-revalidate and no-cache forbid stale answers also under max-stale',
    section: 'RFC 9111 section 4.2.4',
    checks: ['reuse'],
    ours: 'stricter',
    applies: (given) =>
      asks(given.second, 'max-stale') &&
      ['s-maxage', 'proxy-revalidate', 'no-cache'].some((name) => says(given, name)),
  },
  {
    name: 'max-stale means no more than that, so just that is accepted',
    section: 'RFC 9111 section 5.2.1.2',
    checks: ['reuse'],
    ours: 'laxer',
    applies: ({ second }, { age, lifetime }) =>
      second.cacheControl.some(({ name, text }) => name === 'max-stale' && digits(text) === age - lifetime),
  },
  {
    name: 'values that Vary names are compared as the lists they are',
    section: 'RFC 9111 section 4.1',
    checks: ['reuse'],
    ours: 'laxer',
    applies: ({ vary, first, second }) =>
      vary?.includes('Accept-Language') === true && languages(first) === languages(second),
  },
];

/** Whether a member anywhere in a case is odd in this way. */
function trait({ cacheControl, first, second }: Case, wanted: Trait): boolean {
  const all = [...cacheControl, ...first.cacheControl, ...second.cacheControl];
  return all.some((member) => has(member, wanted));
}

function has({ traits }: Member, wanted: Trait): boolean {
  return traits.includes(wanted);
}

function says({ cacheControl }: Case, name: string): boolean {
  return cacheControl.some((member) => member.name === name);
}

function asks({ cacheControl }: Wish, name: string): boolean {
  return cacheControl.some((member) => member.name === name);
}

function repeated(members: readonly Member[]): boolean {
  return new Set(members.map(({ name }) => name)).size < members.length;
}

/** The number in `name=60` and `name="060"`. */
function digits(text: string): number {
  return Number(/="?([0-9]+)/.exec(text)?.[1]);
}

/** The languages a client takes, as a set. */
function languages({ language }: Wish): string | undefined {
  return language
    ?.toLowerCase()
    .split(',')
    .map((tag) => tag.trim())
    .sort()
    .join();
}
