import type { ClientRequest, SitePolicy } from '../cache/site.js';

/**
 * A target is what a list holds, one a line: a cache key without its first two parts (`v1:api:`), so a canonical path and query
 * without credentials, and for an image the suffix that its key has where the client takes WebP.
 */

const KEY_START = /^v\d+:[a-z]+:(?=\/)/;
const WEBP = ' accept=webp';

/** Longest target, characters: no client sends a longer one. */
export const MAX_TARGET = 8192;

/** The target that a key (or a target itself) stands for; undefined of a variant chosen by `Vary` and of what is no path. */
export function targetOfKey(key: string): string | undefined {
  const target = key.replace(KEY_START, '');
  return target.startsWith('/') && target.length <= MAX_TARGET && !target.includes('\n') ? target : undefined;
}

/** The request that a target stands for. */
export function requestOf(target: string): ClientRequest {
  const webp = target.endsWith(WEBP);
  return {
    method: 'GET',
    target: webp ? target.slice(0, -WEBP.length) : target,
    headers: webp ? ['Accept', 'image/webp'] : [],
  };
}

/** The canonical form of a target; undefined of what may not be shared: personal, refused, not this site's. */
export function canonicalTarget(site: SitePolicy, target: string): string | undefined {
  const route = site.route(requestOf(target));
  return route.kind === 'shared' ? targetOfKey(route.key) : undefined;
}
