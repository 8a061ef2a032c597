/** Addresses of TMDB's web site, as people paste them. */

const WEB_HOST = /^(?:www\.)?(?:themoviedb|tmdb)\.org$/i;
/** `/movie/550-fight-club`, `/de-DE/tv/1399/season/1/episode/2`, and what is below a title. */
const TITLE =
  /^\/(?:[a-z]{2}(?:-[a-z]{2})?\/)?(movie|tv|person|collection|company|network|keyword)\/0*(\d+)(?:-[^/]*)?(?:\/season\/(\d+)(?:\/episode\/(\d+))?)?(?:\/|$)/i;
const REVIEW = /^\/review\/([0-9a-f]{24})(?:\/|$)/i;
const LIST = /^\/(?:[a-z]{2}(?:-[a-z]{2})?\/)?((?:movie|tv|person)(?:\/[a-z-]+)?)\/?$/i;
/** Pages of lists, and what the API calls them. */
const LISTS: ReadonlyMap<string, string> = new Map([
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

/** What a page of the web site shows. Season and episode are of series only. */
export type WebPage =
  | {
      readonly kind: 'title';
      readonly family: string;
      readonly id: string;
      readonly season?: string | undefined;
      readonly episode?: string | undefined;
    }
  | { readonly kind: 'list' /** As the API names it: `movie/top_rated`. */; readonly list: string }
  | { readonly kind: 'review'; readonly id: string };

/** @param host with or without the port of its scheme */
export function isWebHost(host: string): boolean {
  return WEB_HOST.test(host.replace(/:(?:80|443)$/, ''));
}

/** Undefined: it shows nothing that the API has by an address of its own. `target`: path and query. */
export function webPage(target: string): WebPage | undefined {
  const path = target.replace(/\?.*$/s, '');
  const [, family, id, season, episode] = TITLE.exec(path) ?? [];
  if (family !== undefined && id !== undefined) {
    const title = { kind: 'title', family: family.toLowerCase(), id } as const;
    return title.family === 'tv' ? { ...title, season, episode } : title;
  }
  const list = LISTS.get(LIST.exec(path)?.[1]?.toLowerCase() ?? '');
  if (list !== undefined) return { kind: 'list', list };
  const review = REVIEW.exec(path)?.[1]?.toLowerCase();
  return review === undefined ? undefined : { kind: 'review', id: review };
}
