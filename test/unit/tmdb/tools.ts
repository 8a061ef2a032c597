import type { ClassTimes, PassRoute, Route, SharedRoute, SitePolicy } from '../../../src/cache/site.js';
import type { TmdbPolicyOptions } from '../../../src/tmdb/options.js';
import { createTmdbPolicy } from '../../../src/tmdb/policy.js';

function times(memoryMs: number): ClassTimes {
  return { memoryMs, freshMs: memoryMs * 10, swrMs: 0, sieMs: 0 };
}

export const V3 = { kind: 'v3', value: '0123456789abcdef0123456789abcdef' } as const;
export const V4 = { kind: 'v4', value: 'eyJhbGciOiJIUzI1NiJ9.eyJzY29wZXMiOlsiYXBpX3JlYWQiXX0.c2ln' } as const;

export function policy(options: Partial<TmdbPolicyOptions> = {}): SitePolicy {
  return createTmdbPolicy({
    kind: 'tmdb',
    classes: {
      image: times(1),
      detail: times(2),
      search: times(3),
      changes: times(4),
      static: times(5),
      other: times(6),
      negative: times(7),
    },
    ttlPolicy: 'content-type',
    credentials: [],
    cacheEnabled: true,
    userAgent: 'tmdb-cache-proxy/test',
    viaPseudonym: 'tcp',
    ...options,
  });
}

const open = policy();

export function routed(target: string, headers: readonly string[] = [], site = open, method = 'GET'): Route {
  return site.route({ method, target, headers });
}

export function shared(target: string, headers: readonly string[] = [], site = open): SharedRoute {
  const route = routed(target, headers, site);
  if (route.kind !== 'shared')
    throw new Error(`${target}: ${JSON.stringify(route)} instead of a shared route`);
  return route;
}

export function passed(
  target: string,
  headers: readonly string[] = [],
  site = open,
  method = 'GET',
): PassRoute {
  const route = routed(target, headers, site, method);
  if (route.kind !== 'pass') throw new Error(`${target}: ${JSON.stringify(route)} instead of a pass route`);
  return route;
}
