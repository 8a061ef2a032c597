import { ownsPath } from './admin/paths.js';
import { readTarget } from './generic/target.js';
import type { Territory } from './server/app.js';
import { canonicalPath } from './tmdb/path.js';
import { upstreamOf } from './tmdb/place.js';

/** In front of TMDB: its own paths are proxied, ours are answered, anything else is nothing (CONTRACT, Paths). */
export const tmdbPaths: Territory = {
  canonicalPath,
  owns: ownsPath,
  proxied: (path) => upstreamOf(path) !== undefined,
};

/** In front of anything else every path that is not ours is the upstream's. */
export const everyPath: Territory = {
  canonicalPath: (path) => {
    const target = readTarget(path);
    return 'fault' in target ? target : target.path;
  },
  owns: ownsPath,
  proxied: () => true,
};
