import { weaken } from './entity-tag.js';
import { field, fieldValue, type RawHeaders, withField, withoutFields } from './headers.js';
import { splitList, trimOws } from './list.js';

/**
 * Whether a client takes a coding (RFC 9110 section 12.5.3). Without Accept-Encoding any coding may be sent by the letter,
 * but who does not ask is taken not to understand it: only `identity`. Evaluated per hit, so it allocates nothing for
 * the usual absent field and is remembered by value otherwise.
 */
export function acceptsCoding(requestHeaders: RawHeaders, coding: string): boolean {
  const value = fieldValue(requestHeaders, 'accept-encoding');
  if (value === undefined) return coding === 'identity';
  const id = `${coding} ${value}`;
  const known = ACCEPTED.get(id);
  if (known !== undefined) return known;
  const accepted = codingWeight(value, coding) > 0;
  if (ACCEPTED.size >= 256) ACCEPTED.clear(); // clients send few different values; a flood costs only the memory of it
  if (id.length <= 256) ACCEPTED.set(id, accepted);
  return accepted;
}

const ACCEPTED = new Map<string, boolean>();

/** The weight, 0 to 1, that an Accept-Encoding value gives a coding; 0 is a refusal. A bad weight refuses. */
export function codingWeight(acceptEncoding: string, coding: string): number {
  const wanted = canonicalCoding(coding);
  let named: number | undefined;
  let any: number | undefined;
  for (const member of splitList(acceptEncoding)) {
    const [name = '', ...parameters] = member.split(';');
    const weight = weightOf(parameters);
    const canonical = canonicalCoding(name);
    if (canonical === wanted) named = Math.max(named ?? 0, weight);
    else if (canonical === '*') any = Math.max(any ?? 0, weight);
  }
  // identity needs no mention: only `identity;q=0`, or `*;q=0` without it, takes it away.
  return named ?? any ?? (wanted === 'identity' ? 1 : 0);
}

function weightOf(parameters: readonly string[]): number {
  for (const parameter of parameters) {
    // Not by one pattern: `\s*(.*?)\s*$` takes seconds for 30 KB of spaces.
    const equals = parameter.indexOf('=');
    if (equals < 0 || trimOws(parameter.slice(0, equals)).toLowerCase() !== 'q') continue;
    const weight = trimOws(parameter.slice(equals + 1));
    return /^(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)$/.test(weight) ? Number(weight) : 0;
  }
  return 1;
}

/** Lower case, trimmed, and `gzip` for its old name (RFC 9110 section 8.4.1.3). */
function canonicalCoding(coding: string): string {
  const name = coding.trim().toLowerCase();
  return name === 'x-gzip' ? 'gzip' : name;
}

/** Codings of a response in the order applied, canonical, without `identity`; empty when there is none. */
export function contentCodings(headers: RawHeaders): string[] {
  const value = fieldValue(headers, 'content-encoding');
  if (value === undefined) return [];
  return splitList(value)
    .map(canonicalCoding)
    .filter((coding) => coding !== 'identity');
}

export type CodingCheck = 'ok' | 'gzip-without-header' | 'header-without-gzip';

/**
 * Compares the first bytes with Content-Encoding: CDNs have served gzip without the header and the header without gzip,
 * and caches kept both. Only types that cannot begin with `1f 8b` by themselves are judged; archives and unknown types may.
 */
export function checkCoding(headers: RawHeaders, start: Uint8Array): CodingCheck {
  const codings = contentCodings(headers);
  const gzipped = start.length >= 2 && start[0] === 0x1f && start[1] === 0x8b;
  if (codings.length > 0) {
    return codings.at(-1) === 'gzip' && !gzipped && start.length > 0 ? 'header-without-gzip' : 'ok';
  }
  return gzipped && neverGzip(field(headers, 'content-type')) ? 'gzip-without-header' : 'ok';
}

const NEVER_GZIP =
  /^(?:(?:text|font|audio|video|image)\/.*|application\/(?:json|xml|javascript|pdf|wasm|problem\+json)|.*\+(?:json|xml))$/;

/** Whether content of this type cannot itself be a gzip file (application/gzip, octet-stream, x-tar… can). */
function neverGzip(contentType: string | undefined): boolean {
  if (contentType === undefined) return false;
  return NEVER_GZIP.test(contentType.split(';', 1)[0]!.trim().toLowerCase());
}

/**
 * A copy for a representation whose coding this proxy changed: its ETag is weak (RFC 9110 section 8.8.1), and no digest of the
 * origin's coded bytes is left (RFC 9530).
 */
export function recodedFields(headers: RawHeaders): string[] {
  const tag = field(headers, 'etag');
  const tagged = tag?.startsWith('"') ? withField(headers, 'ETag', weaken(tag)) : headers;
  return withoutFields(tagged, DIGESTS);
}

const DIGESTS: ReadonlySet<string> = new Set(['content-md5', 'content-digest', 'digest', 'repr-digest']);
