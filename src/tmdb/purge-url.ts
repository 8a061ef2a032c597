import { Bases } from '../http/bases.js';
import { canonicalPath } from './path.js';
import { keyOf, upstreamOf } from './place.js';
import { parseQuery, queryFault } from './query.js';
import { addSeason, pathTag } from './tags.js';
import { isWebHost, webPage } from './web-address.js';

/** What a purge by address names. At least one member is set. */
export interface PurgeTarget {
  readonly key?: string;
  readonly tags?: readonly string[];
}

/** TMDB's API and image hosts and their aliases (TMDB.md, Hosts; the web site serves `/t/p` too). */
const DATA_HOSTS = ['api.themoviedb.org', 'api.tmdb.org', 'image.tmdb.org', 'media.themoviedb.org'];

const ADDRESS = /^(?:https?:)?\/\/(?:[^/?#@]*@)?([^/?#@]+)([^#]*)/i;
const WITHOUT_SCHEME = /^[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::\d+)?(?:[/?#]|$)/i;

/**
 * Resolves addresses as CONTRACT.md describes them: paths, full URLs of TMDB's hosts, addresses of its web site. A path
 * without a query means all its variants (a tag), one with a query that variant (a key).
 */
export class PurgeUrls {
  readonly #bases: Bases;

  /** @param bases further hosts that serve API and image paths, as `Bases` takes them */
  constructor(bases: readonly string[]) {
    this.#bases = new Bases([...DATA_HOSTS, ...bases]);
  }

  resolve(url: string): PurgeTarget | undefined {
    const text = url.trim();
    if (text.startsWith('/') && !text.startsWith('//')) return dataTarget(text);
    const address = ADDRESS.exec(WITHOUT_SCHEME.test(text) ? `//${text}` : text);
    if (address === null) return undefined;
    const [, host = '', target = ''] = address;
    const data = this.#bases.below(host.replace(/:(?:80|443)$/, ''), target);
    if (data !== undefined) return dataTarget(data);
    if (!isWebHost(host)) return undefined;
    return dataTarget(target) ?? webTarget(target);
  }
}

/** A path and query of the API or the image host. */
function dataTarget(given: string): PurgeTarget | undefined {
  const target = asBytes(given.replace(/#.*$/s, ''));
  const mark = target.indexOf('?');
  const path = canonicalPath(mark < 0 ? target : target.slice(0, mark));
  if (typeof path !== 'string') return undefined;
  const upstream = upstreamOf(path);
  if (upstream === undefined) return undefined;
  // An image's key also tells what was accepted, so one address is more than one key: purge the path.
  if (mark < 0 || upstream === 'image') return { tags: [pathTag(path)] };
  const query = target.slice(mark + 1);
  return queryFault(query) === undefined
    ? { key: keyOf(upstream, path, parseQuery(query).canonical) }
    : undefined;
}

function webTarget(target: string): PurgeTarget | undefined {
  const page = webPage(target);
  switch (page?.kind) {
    case undefined:
      return undefined;
    case 'list':
      return { tags: [`list:${page.list}`] };
    case 'review':
      return { tags: [`review:${page.id}`] };
    case 'title': {
      if (page.season === undefined) return { tags: [`${page.family}:${page.id}`] };
      const tags: string[] = [];
      addSeason(tags, page.id, page.season, page.episode);
      // The narrowest one: an episode's address does not purge its season.
      return { tags: tags.slice(-1) };
    }
  }
}

/** People type addresses as text, sockets deliver bytes: text beyond ASCII, and spaces, become UTF-8 escapes. */
function asBytes(text: string): string {
  return text.replace(/[^!-~]+/gu, (part) =>
    Buffer.from(part).toString('hex').toUpperCase().replace(/../g, '%$&'),
  );
}
