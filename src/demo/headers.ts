import type { Keeping } from './ask.js';
import { hash32 } from './random.js';

/** Seconds that `…/changes` may be kept. */
const CHANGES_SECONDS = 600;
/** Seconds that images may be kept. */
export const IMAGE_SECONDS = 31_919_000;

/** A response in TMDB's own memory cache. */
export interface MemcEntry {
  /** Milliseconds since 1970. */
  readonly born: number;
  /** Seconds, 7 to 8 hours. */
  readonly ttl: number;
}

/** A new entry of TMDB's memory cache; the lifetime depends on the key only. */
export function memcEntry(key: string, now: number): MemcEntry {
  return { born: now, ttl: 25_200 + (hash32(key) % 3600) };
}

/** Whole seconds an entry still lives at `now`; 0 or less when it is over. */
export function memcLeft(entry: MemcEntry, now: number): number {
  return entry.ttl - Math.floor((now - entry.born) / 1000);
}

/** What `jsonHeaders` is told about a response. */
export interface JsonFacts {
  readonly status: number;
  readonly keeping: Keeping;
  readonly etag: string;
  /** For `keeping: 'memory'`. */
  readonly memc: MemcEntry | undefined;
  readonly now: number;
}

/** TMDB's headers for a JSON response, without length and coding. */
export function jsonHeaders(facts: JsonFacts): [string, string][] {
  const { status, keeping, etag, memc, now } = facts;
  const headers: [string, string][] = [
    ['Content-Type', 'application/json;charset=utf-8'],
    ['Date', new Date(now).toUTCString()],
    ['Server', 'sample-origin'],
    ['Vary', 'accept-encoding, origin'],
    ['Access-Control-Allow-Origin', '*'],
    ['Access-Control-Expose-Headers', 'ETag, Cache-Control, Content-Length, Retry-After'],
  ];
  if (keeping === 'zero') headers.push(['Cache-Control', 'public, max-age=0']);
  if (keeping === 'changes') headers.push(['Cache-Control', `public, max-age=${CHANGES_SECONDS}`]);
  if (keeping === 'memory' && memc) {
    const left = Math.max(0, memcLeft(memc, now));
    headers.push(['Cache-Control', `public, max-age=${left}`]);
    headers.push(['X-Memc', left === memc.ttl ? 'MISS' : 'HIT']);
    headers.push(['X-Memc-Age', String(memc.ttl - left)], ['X-Memc-Expires', String(left)]);
  }
  if (status === 200 && keeping !== 'none') headers.push(['ETag', etag]);
  return headers;
}

/** Headers of an error envelope: only 401 may be kept, and that is TMDB's own mistake. */
export function errorHeaders(status: number, now: number): [string, string][] {
  const headers = jsonHeaders({ status, keeping: 'none', etag: '', memc: undefined, now });
  if (status === 401) headers.push(['Cache-Control', 'public, max-age=300']);
  return headers;
}

/** Whether an If-None-Match field names the tag (weak comparison, RFC 9110 13.1.2). */
export function matchesTag(field: string | undefined, etag: string): boolean {
  if (field === undefined) return false;
  if (field.trim() === '*') return true;
  const opaque = etag.replace(/^W\//, '');
  return field.split(',').some((tag) => tag.trim().replace(/^W\//, '') === opaque);
}

/** Whether an Accept-Encoding field admits gzip. */
export function acceptsGzip(field: string | undefined): boolean {
  const gzip = (field ?? '').split(',').find((item) => /^\s*(gzip|x-gzip|\*)\s*(;|$)/i.test(item));
  return gzip !== undefined && !/;\s*q=0(\.0*)?\s*$/i.test(gzip);
}
