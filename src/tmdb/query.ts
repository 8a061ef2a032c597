import { canonicalComponent } from './component.js';
import { appendsPersonal, hidesParameter, roleOf } from './parameters.js';

/** A query, read once: what the key covers and what it must never hold. */
export interface Query {
  /** Sorted, canonical, without credentials and empty values; '' when nothing is left. */
  readonly canonical: string;
  /** The client's own `api_key` in canonical spelling, undefined when it sent none. */
  readonly apiKey: string | undefined;
  /** It names a user: never shared, never stored. */
  readonly personal: boolean;
  /** Canonical `append_to_response` values joined with commas, '' without. */
  readonly appended: string;
}

export const NO_QUERY: Query = { canonical: '', apiKey: undefined, personal: false, appended: '' };

interface Pair {
  readonly name: string;
  readonly value: string;
}

/** Text the wire cannot carry: Node hands bytes over as Latin-1, so anything above is not from a socket. */
const UNSENDABLE = /[^\u0021-\u00ff]|[\u007f#]|%00/;
const SUSPICIOUS = /[;?]|%3b|%3f/i;
/** What nearly every query looks like: pairs that are in canonical spelling already. */
const PLAIN = /^(?:[A-Za-z0-9\-._~,:/]*=[A-Za-z0-9\-._~,:/]*(?:&|$))*$/;

/** Why a query is refused, or undefined. */
export function queryFault(raw: string): string | undefined {
  return UNSENDABLE.test(raw)
    ? 'The query holds a NUL, a fragment or a character that must be percent-encoded'
    : undefined;
}

/**
 * Reads what follows the question mark. Split on `&` only. Out of the key: credentials, empty pairs, empty values and
 * the order of parameters (DESIGN.md, Keys). Parameters of one name keep their order, since which of them TMDB takes is
 * not known; comma lists are left alone, since the order of appended members shows in the body.
 */
export function parseQuery(raw: string): Query {
  if (raw === '') return NO_QUERY;
  const plain = PLAIN.test(raw);
  const pairs: Pair[] = [];
  let apiKey: string | undefined;
  let personal = false;
  let appended = '';
  let empties = false;
  let sorted = true;
  let previous = '';
  let start = 0;
  while (start <= raw.length) {
    let end = raw.indexOf('&', start);
    if (end < 0) end = raw.length;
    if (end > start) {
      let equals = raw.indexOf('=', start);
      if (equals < 0 || equals > end) equals = end;
      const givenName = raw.slice(start, equals);
      const givenValue = raw.slice(equals + 1, end);
      const name = plain ? givenName : canonicalComponent(givenName);
      const value = plain ? givenValue : canonicalComponent(givenValue);
      const role = roleOf(name);
      if (role === 'personal') personal = true;
      else if (role === 'append' && appendsPersonal(value)) personal = true;
      if (role === 'application-key') {
        if (value !== '') apiKey ??= value;
      } else if (role !== 'secret' && (name !== '' || value !== '')) {
        if (role === 'append') appended = appended === '' ? value : `${appended},${value}`;
        if (value === '') empties = true;
        if (name < previous) sorted = false;
        previous = name;
        pairs.push({ name, value });
      }
    }
    start = end + 1;
  }
  if (!plain && SUSPICIOUS.test(raw) && raw.split('&').some(hidesParameter)) personal = true;
  if (!sorted) pairs.sort(byName);
  return { canonical: joined(empties ? withoutEmpties(pairs) : pairs), apiKey, personal, appended };
}

/** Compares code units, so that the order is the same in every locale. The sort is stable. */
function byName(a: Pair, b: Pair): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

/** `region=` says nothing (TMDB.md), unless the same name also has a value: then which one counts is TMDB's to say. */
function withoutEmpties(pairs: readonly Pair[]): Pair[] {
  const named = new Set<string>();
  for (const { name, value } of pairs) if (value !== '') named.add(name);
  return pairs.filter(({ name, value }) => value !== '' || named.has(name));
}

function joined(pairs: readonly Pair[]): string {
  let text = '';
  for (const { name, value } of pairs) text += text === '' ? `${name}=${value}` : `&${name}=${value}`;
  return text;
}

/** The query of a request that is passed on: as it came, but for bytes that are not valid in a target. */
export function wireQuery(raw: string): string {
  return raw.replace(
    /[\u0080-\u00ff]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** The query as it came without any application key, so that the proxy's own can be added without ambiguity. */
export function withoutApiKeys(raw: string): string {
  const kept = raw.split('&').filter((pair) => {
    const equals = pair.indexOf('=');
    return roleOf(canonicalComponent(equals < 0 ? pair : pair.slice(0, equals))) !== 'application-key';
  });
  return kept.join('&');
}
