import { responseCacheControl } from './cache-control.js';
import { toDeltaSeconds } from './delta.js';
import { fieldValue, type RawHeaders, withField, withoutFields } from './headers.js';
import { splitList } from './list.js';

/**
 * Cache-Control for clients of a class-timed upstream: what is left of the lifetime, at most `capMs` (the memory TTL), so
 * that a purge is not outlived by browsers. max-age is the only directive with `=`, and the last one, because Overseerr and
 * its relatives take `Number(cacheControl.split('=')[1])`. A client that subtracts the Age sent beside it keeps the answer
 * for less time, never for more. `immutable` (RFC 8246): the bytes under this address never change, so a reload need not ask.
 */
export function clientCacheControl(remainingMs: number, capMs: number, immutable = false): string {
  const seconds = toDeltaSeconds(Math.min(remainingMs, capMs));
  return immutable && seconds > 0 ? `public, immutable, max-age=${seconds}` : `public, max-age=${seconds}`;
}

/**
 * Fields of a response by the letter for someone who is told neither its Age nor when it was made: what is left of its
 * lifetimes is all they get of them (RFC 9111 section 4.2.1), so that nothing is kept for longer than with these two.
 */
export function withRemainingLifetime(headers: RawHeaders, remainingMs: number, ageMs: number): string[] {
  const { maxAge } = responseCacheControl(headers);
  const left = maxAge === undefined ? remainingMs : Math.min(remainingMs, maxAge - ageMs);
  const directives = splitList(fieldValue(headers, 'cache-control') ?? '').filter(
    (directive) => !LIFETIME.test(directive),
  );
  directives.push(`max-age=${toDeltaSeconds(left)}`);
  return withField(withoutFields(headers, OTHER_LIFETIMES), 'Cache-Control', directives.join(', '));
}

const LIFETIME = /^(?:s-maxage|max-age)\s*(?:=|$)/i;
const OTHER_LIFETIMES: ReadonlySet<string> = new Set(['expires', 'pragma', 'cdn-cache-control']);
