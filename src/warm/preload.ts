import type { Lookup } from '../cache/lookup.js';
import type { SitePolicy } from '../cache/site.js';
import { requestOf, targetOfKey } from './target.js';

/** Read from L2 at a time; others then have a turn. */
const AT_ONCE = 16;

/**
 * Brings what L2 has of these keys into this process' memory, in their order, as a request would that finds it there. The origin
 * is not asked. Resolves with how many there were; what can't be read is not there.
 */
export async function preload(
  { site, lookup }: { readonly site: SitePolicy; readonly lookup: Pick<Lookup, 'find'> },
  keys: readonly string[],
): Promise<number> {
  let found = 0;
  for (let i = 0; i < keys.length; i += AT_ONCE) {
    const looks = keys.slice(i, i + AT_ONCE).map(async (key) => {
      const target = targetOfKey(key);
      if (target === undefined) return;
      const route = site.route(requestOf(target));
      if (route.kind === 'shared' && (await lookup.find(route)) !== undefined) found++;
    });
    await Promise.allSettled(looks);
    await new Promise(setImmediate);
  }
  return found;
}
