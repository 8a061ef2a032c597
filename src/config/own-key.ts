import type { Config } from './config.js';

/** What is wrong where `lacksOwnKey`. */
export const LACKS_OWN_KEY =
  'TMDB_API_KEY is unset, and clients with a proxy key send none for TMDB: it refuses all they ask for but images';
/** What to do about it. */
export const OWN_KEY_ADVICE = 'set TMDB_API_KEY, or PARENT_PROXY to a proxy that has one';

/**
 * Whether nobody has a key for TMDB: clients have keys of this proxy, which has none of its own, and no parent that may have one.
 * While nobody is asked (OFFLINE) none is needed.
 */
export function lacksOwnKey({
  cache,
  clients,
  cluster,
  upstream,
}: Pick<Config, 'cache' | 'clients' | 'cluster' | 'upstream'>): boolean {
  if (upstream.type !== 'tmdb' || upstream.credentials.length > 0) return false;
  if (cluster.parent !== undefined || cache.offline) return false;
  return clients.proxyKeys !== undefined || clients.proxyKeysFile !== undefined;
}
