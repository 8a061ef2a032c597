import { canonicalPath } from './path.js';
import { keyOf, upstreamOf } from './place.js';
import { parseQuery, queryFault } from './query.js';
import { addSeason, pathTag } from './tags.js';

/** What a purge by address names. At least one member is set. */
export interface PurgeTarget {
  readonly key?: string;
  readonly tags?: readonly string[];
}

/** TMDB's API and image hosts and their aliases (TMDB.md, Hosts; the web site serves `/t/p` too). */
const DATA_HOSTS = ['api.themoviedb.org', 'api.tmdb.org', 'image.tmdb.org', 'media.themoviedb.org'];
const WEB_HOSTS: ReadonlySet<string> = new Set([
  'www.themoviedb.org',
  'themoviedb.org',
  'www.tmdb.org',
  'tmdb.org',
]);

const ADDRESS = /^(?:https?:)?\/\/(?:[^/?#@]*@)?([^/?#@]+)([^#]*)/i;
const WITHOUT_SCHEME = /^[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::\d+)?(?:[/?#]|$)/i;
/** `/movie/550-fight-club`, `/de-DE/tv/1399/season/1/episode/2`, and what is below a title. */
const WEB_TITLE =
  /^\/(?:[a-z]{2}(?:-[a-z]{2})?\/)?(movie|tv|person|collection|company|network|keyword)\/0*(\d+)(?:-[^/]*)?(?:\/season\/(\d+)(?:\/episode\/(\d+))?)?(?:\/|$)/i;

const WEB_REVIEW = /^\/review\/([0-9a-f]{24})(?:\/|$)/i;
const WEB_LIST = /^\/(?:[a-z]{2}(?:-[a-z]{2})?\/)?((?:movie|tv|person)(?:\/[a-z-]+)?)\/?$/i;
/** Pages of lists, and what the API calls them. */
const WEB_LISTS: ReadonlyMap<string, string> = new Map([
  ['movie', 'movie/popular'],
  ['movie/now-playing', 'movie/now_playing'],
  ['movie/upcoming', 'movie/upcoming'],
  ['movie/top-rated', 'movie/top_rated'],
  ['tv', 'tv/popular'],
  ['tv/airing-today', 'tv/airing_today'],
  ['tv/on-the-air', 'tv/on_the_air'],
  ['tv/top-rated', 'tv/top_rated'],
  ['person', 'person/popular'],
]);

/**
 * Resolves addresses as CONTRACT.md describes them: paths, full URLs of TMDB's hosts, addresses of its web site. A path
 * without a query means all its variants (a tag), one with a query that variant (a key).
 */
export class PurgeUrls {
  readonly #hosts: ReadonlySet<string>;

  /** @param hosts further hosts that serve API and image paths */
  constructor(hosts: readonly string[]) {
    this.#hosts = new Set([...DATA_HOSTS, ...hosts.map((host) => host.toLowerCase())]);
  }

  resolve(url: string): PurgeTarget | undefined {
    const text = url.trim();
    if (text.startsWith('/') && !text.startsWith('//')) return dataTarget(text);
    const address = ADDRESS.exec(WITHOUT_SCHEME.test(text) ? `//${text}` : text);
    if (address === null) return undefined;
    const host = address[1]!.toLowerCase().replace(/:(?:80|443)$/, '');
    const target = address[2]!;
    if (this.#hosts.has(host)) return dataTarget(target);
    if (!WEB_HOSTS.has(host)) return undefined;
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
  const path = target.replace(/\?.*$/s, '');
  const [, family, id, season, episode] = WEB_TITLE.exec(path) ?? [];
  if (family === undefined || id === undefined) return webList(path) ?? webReview(path);
  const title = `${family.toLowerCase()}:${id}`;
  if (title.startsWith('tv:') && season !== undefined) {
    const tags: string[] = [];
    addSeason(tags, id, season, episode);
    // The narrowest one: an episode's address does not purge its season.
    return { tags: tags.slice(-1) };
  }
  return { tags: [title] };
}

function webList(path: string): PurgeTarget | undefined {
  const list = WEB_LISTS.get(WEB_LIST.exec(path)?.[1]?.toLowerCase() ?? '');
  return list === undefined ? undefined : { tags: [`list:${list}`] };
}

function webReview(path: string): PurgeTarget | undefined {
  const id = WEB_REVIEW.exec(path)?.[1];
  return id === undefined ? undefined : { tags: [`review:${id.toLowerCase()}`] };
}

/** People type addresses as text, sockets deliver bytes: text beyond ASCII, and spaces, become UTF-8 escapes. */
function asBytes(text: string): string {
  return text.replace(/[^!-~]+/gu, (part) =>
    Buffer.from(part).toString('hex').toUpperCase().replace(/../g, '%$&'),
  );
}
