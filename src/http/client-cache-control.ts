import { toDeltaSeconds } from './delta.js';

/**
 * Cache-Control for clients of a class-timed upstream: what is left of the lifetime, at most `capMs` (the memory TTL), so
 * that a purge is not outlived by browsers. max-age is the only directive with `=`, because Overseerr and its relatives
 * read `cacheControl.split('=')[1]`. A client that subtracts the Age sent beside it keeps the answer for less time, never
 * for more.
 */
export function clientCacheControl(remainingMs: number, capMs: number): string {
  return `public, max-age=${toDeltaSeconds(Math.min(remainingMs, capMs))}`;
}
