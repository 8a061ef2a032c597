import { TITLED } from './tags.js';

/** What a response is; it chooses the times (DESIGN.md, Times). `negative` is known from the status alone. */
export type ClassName = 'image' | 'detail' | 'search' | 'changes' | 'static' | 'other' | 'negative';

/** Families whose answers are details or lists of titles. */
const DETAIL: ReadonlySet<string> = new Set([...TITLED, 'trending', 'find']);

const SEARCH: ReadonlySet<string> = new Set(['search', 'discover']);

/** Changes with a release of TMDB itself, if at all. `timezones` and `jobs` are the old names of configuration's. */
const STATIC: ReadonlySet<string> = new Set(['configuration', 'certification', 'timezones', 'jobs', 'job']);

/** @param segments of a canonical API path after the version: `['movie', '550', 'credits']` */
export function apiClass(segments: readonly string[]): ClassName {
  const family = segments[0];
  if (family === undefined) return 'other';
  if (segments.length > 1 && segments[segments.length - 1] === 'changes') return 'changes';
  if (SEARCH.has(family)) return 'search';
  if (DETAIL.has(family)) return 'detail';
  if (STATIC.has(family)) return 'static';
  if (family === 'genre') return segments[2] === 'list' || segments[1] === 'list' ? 'static' : 'detail';
  if (family === 'watch' && segments[1] === 'providers') return 'static';
  return 'other';
}

/** A 404, and any other refusal the engine finds storable, lives shortly whatever its route is. */
export function responseClass(routeClass: string, status: number): string {
  return status >= 400 && status < 500 ? 'negative' : routeClass;
}
