import { type BareItem, parseDictionary } from 'structured-headers';
import {
  type Directive,
  type ResponseDirectives,
  responseCacheControl,
  responseDirectives,
} from './cache-control.js';
import { field, fieldValue, type RawHeaders } from './headers.js';

/** Fields addressed to this cache, most specific first (RFC 9213 section 2.2, the "target list"). */
export const TARGET_LIST: readonly string[] = ['tmdb-cache-proxy-cache-control', 'cdn-cache-control'];

/** What a response says to this cache, read once when it arrives. */
export interface ResponsePolicy {
  readonly directives: ResponseDirectives;
  /** The targeted field that spoke; undefined when Cache-Control (and Expires) did. */
  readonly targetedBy: string | undefined;
}

/**
 * The directives that govern a response: those of the first field of the target list with a valid, non-empty value,
 * which replaces Cache-Control *and* Expires, else those of Cache-Control (RFC 9213 section 2.2).
 */
export function responsePolicy(
  headers: RawHeaders,
  targets: readonly string[] = TARGET_LIST,
): ResponsePolicy {
  for (const target of targets) {
    if (field(headers, target) === undefined) continue;
    const directives = parseTargeted(fieldValue(headers, target)!);
    if (directives !== undefined) return { directives, targetedBy: target };
  }
  return { directives: responseCacheControl(headers), targetedBy: undefined };
}

/** A structured-fields dictionary of directives; undefined when it does not parse or is empty: then it is ignored. */
export function parseTargeted(value: string): ResponseDirectives | undefined {
  let members: ReturnType<typeof parseDictionary>;
  try {
    members = parseDictionary(value);
  } catch {
    return undefined;
  }
  if (members.size === 0) return undefined;
  const decimals = decimalMembers(value);
  const directives: Directive[] = [];
  for (const [name, [item]] of members) directives.push([name, decimals.has(name) ? '?' : argument(item)]);
  return responseDirectives(directives);
}

/** Parameters are ignored (RFC 9213 section 2.1); a value of the wrong type becomes one no directive accepts. */
function argument(item: BareItem | unknown[]): string | undefined {
  if (item === true) return undefined;
  if (typeof item === 'number') return String(item);
  if (Array.isArray(item)) return notDigits(fieldNames(item));
  // A String where an Integer is due is a type error, so digits in quotes must not pass for a duration.
  return typeof item === 'string' ? notDigits(item) : '?';
}

function notDigits(text: string): string {
  return /^[0-9]+$/.test(text) ? '?' : text;
}

/**
 * A Display String, in which a backslash escapes nothing, or a String; without an end it is the rest, so that no text is read more
 * than once.
 */
const QUOTED = /%"[^"]*(?:"|$)|"(?:[^"\\]|\\.?)*(?:"|$)/g;

/**
 * Members with a Decimal, which no directive takes: section 2.1 warns of coercing one into an Integer, and the parser
 * makes `60.0` the number 60.
 */
function decimalMembers(value: string): ReadonlySet<string> {
  const names = new Set<string>();
  if (!value.includes('.')) return names;
  const unquoted = value.replace(QUOTED, '""');
  for (const [, name] of unquoted.matchAll(/(?:^|,)[ \t]*([^=,; \t]+)=-?[0-9]+\./g)) names.add(name!);
  return names;
}

/** `private=("a" "b")` names fields like `private="a, b"` does. */
function fieldNames(items: unknown[]): string {
  return items.map((member) => String(Array.isArray(member) ? member[0] : member)).join(', ');
}
