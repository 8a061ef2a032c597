import type { UpstreamName } from './options.js';

/**
 * Where a canonical path leads; undefined when it is not TMDB's. `/3`, `/4` and `/t/p` exactly, since their case and
 * spelling are TMDB's and everything else on the listener is somebody else's (CONTRACT.md, Paths).
 */
export function upstreamOf(path: string): UpstreamName | undefined {
  if (isUnder(path, '/3') || isUnder(path, '/4')) return 'api';
  return isUnder(path, '/t/p') ? 'image' : undefined;
}

function isUnder(path: string, root: string): boolean {
  return path.startsWith(root) && (path.length === root.length || path[root.length] === '/');
}

/** Segments of an API path after the version, a trailing slash ignored. */
export function apiSegments(path: string): string[] {
  const end = path.endsWith('/') ? path.length - 1 : path.length;
  return end <= 3 ? [] : path.slice(3, end).split('/');
}

/** `v1:<upstream>:<path>?<query>`: readable, so that search works, and without credentials (DESIGN.md, Keys). */
export function keyOf(upstream: UpstreamName, path: string, canonicalQuery: string): string {
  return canonicalQuery === '' ? `v1:${upstream}:${path}` : `v1:${upstream}:${path}?${canonicalQuery}`;
}

/** Path and query as they go on the wire; `pair` is a credential to add, '' for none. */
export function targetOf(path: string, query: string, pair: string): string {
  if (query === '') return pair === '' ? path : `${path}?${pair}`;
  return pair === '' ? `${path}?${query}` : `${path}?${query}&${pair}`;
}
