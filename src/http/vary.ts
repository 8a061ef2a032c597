import Negotiator from 'negotiator';
import { field, fieldLines, fieldValue, type RawHeaders } from './headers.js';
import { splitList, splitOutsideQuotes, TOKEN, trimOws } from './list.js';

/**
 * Request fields that select among variants: lower-case, sorted, unique; `*` when no request ever matches (RFC 9110
 * section 12.5.5). A member that is no field name cannot be compared, so it counts as `*`.
 */
export function parseVary(responseHeaders: RawHeaders): '*' | readonly string[] {
  if (field(responseHeaders, 'vary') === undefined) return NO_NAMES;
  const names = new Set<string>();
  for (const member of splitList(fieldValue(responseHeaders, 'vary')!)) {
    if (member === '*' || !TOKEN.test(member)) return '*';
    names.add(member.toLowerCase());
  }
  return names.size === 0 ? NO_NAMES : [...names].sort();
}

const NO_NAMES: readonly string[] = Object.freeze([]);

/**
 * The secondary key of a request for the field names of a `Vary` (RFC 9111 section 4.1): equal for two requests exactly
 * when every named field is absent from both or has the same normalised value in both. Lengths are written before
 * values, so no value can imitate another key.
 */
export function secondaryKey(names: readonly string[], requestHeaders: RawHeaders): string {
  let key = '';
  for (const name of names) {
    const value = normalisedField(name, requestHeaders);
    key += value === undefined ? `${name};` : `${name}=${value.length}:${value};`;
  }
  return key;
}

/**
 * Value of a selecting field in the form it is compared in; undefined when absent. Lines are joined, and white space
 * around commas goes (section 4.1). The members of the Accept family are also put in one case and order.
 */
function normalisedField(name: string, requestHeaders: RawHeaders): string | undefined {
  const lines = fieldLines(requestHeaders, name);
  if (lines.length === 0) return undefined;
  const members = splitList(lines.join(','));
  switch (name) {
    case 'accept-encoding':
    case 'accept-language':
    case 'accept-charset':
      return preferences(members, true);
    case 'accept':
      return preferences(members, false);
    default:
      return members.join(',');
  }
}

/** Members with normalised parameters, sorted: order has no meaning beside weights (RFC 9110 section 12.4.2). */
function preferences(members: readonly string[], lowerValues: boolean): string {
  const normalised = new Set<string>();
  for (const member of members) normalised.add(preference(member, lowerValues));
  return [...normalised].sort().join(',');
}

function preference(member: string, lowerValues: boolean): string {
  const [range = '', ...parameters] = splitOutsideQuotes(member, ';');
  let text = range.toLowerCase();
  if (text === 'x-gzip') text = 'gzip'; // section 8.4.1.3
  for (const parameter of parameters) {
    const equals = parameter.indexOf('=');
    const name = trimOws(equals === -1 ? parameter : parameter.slice(0, equals)).toLowerCase();
    const value = equals === -1 ? '' : trimOws(parameter.slice(equals + 1));
    if (name === 'q') text += weight(value);
    else text += `;${name}=${lowerValues ? value.toLowerCase() : value}`;
  }
  return text;
}

/** `q=1.000` is the default and says nothing; `q=0.50` is `q=0.5`. Bad weights are compared as they stand. */
function weight(value: string): string {
  if (!/^(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)$/.test(value)) return `;q=${value}`;
  const q = Number(value);
  return q === 1 ? '' : `;q=${q}`;
}

/**
 * Whether a stored response in one language is what a request's Accept-Language likes best, so that it may be reused
 * although the values differ (RFC 9111 section 4.1 allows a selection known to have the origin's semantics).
 * Only for responses whose Vary names nothing but Accept-Language.
 */
export function languagePreferred(requestHeaders: RawHeaders, storedHeaders: RawHeaders): boolean {
  const language = field(storedHeaders, 'content-language')?.toLowerCase();
  const accepted = fieldValue(requestHeaders, 'accept-language');
  if (language === undefined || accepted === undefined || !/^[a-z0-9-]+$/.test(language)) return false;
  const best = new Negotiator({ headers: { 'accept-language': accepted } }).languages()[0];
  return best?.toLowerCase() === language;
}
