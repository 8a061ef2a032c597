import type { RawHeaders } from '../http/headers.js';

/**
 * Fields in which caches in front of us (a parent, TMDB's memcache, its CDNs) say when an answer was made, or of which request:
 * lower-case. Whoever knows that knows whether it was made for them. CDN-Cache-Control is about lifetimes alone (RFC 9213).
 */
const DATING =
  /^(?:age|server-timing|x-timer|x-served-by|(?:x-memc|x-cache|x-varnish|x-amz-cf|cf|cdn)(?:-(?!cache-control$).*)?)$/;

/** A copy without the fields that date an answer. */
export function withoutDating(headers: RawHeaders): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < headers.length; i += 2) {
    if (!DATING.test(headers[i]!.toLowerCase())) kept.push(headers[i]!, headers[i + 1]!);
  }
  return kept;
}
