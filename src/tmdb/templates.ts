/**
 * TMDB's addresses with what names one thing left out (`/3/movie/{id}/credits`), for metrics. The list is closed: whatever is
 * not in it, and there is no end of what clients can ask for, is `OTHER`. An id of a guest session or an account stands in
 * no template.
 */
export const OTHER = 'other';

/** The one address of image files. */
export const IMAGE = '/t/p/{size}/{file}';

const LISTED_TITLES = ['favorite', 'rated', 'watchlist'];

/** Below a root, by what it is; '' is the root itself. */
const BELOW: Readonly<Record<string, readonly string[]>> = {
  '/3/account': ['', '/{id}'],
  '/3/account/{id}': [
    '/lists',
    '/favorite',
    '/watchlist',
    '/rated/tv/episodes',
    ...LISTED_TITLES.flatMap((list) => [`/${list}/movies`, `/${list}/tv`]),
  ],
  '/3/authentication': [
    '',
    '/guest_session/new',
    '/session',
    '/session/convert/4',
    '/session/new',
    '/token/new',
    '/token/validate_with_login',
  ],
  '/3/certification': ['/movie/list', '/tv/list'],
  '/3/collection': ['/{id}', '/{id}/images', '/{id}/translations'],
  '/3/company': ['/{id}', '/{id}/alternative_names', '/{id}/images'],
  '/3/configuration': ['', '/countries', '/jobs', '/languages', '/primary_translations', '/timezones'],
  '/3/credit': ['/{id}'],
  '/3/discover': ['/movie', '/tv'],
  '/3/find': ['/{id}'],
  '/3/genre': ['/movie/list', '/tv/list', '/{id}/movies'],
  '/3/guest_session': ['/{id}', '/{id}/rated/movies', '/{id}/rated/tv', '/{id}/rated/tv/episodes'],
  '/3/keyword': ['/{id}', '/{id}/movies'],
  '/3/list': ['', '/{id}', '/{id}/add_item', '/{id}/clear', '/{id}/item_status', '/{id}/remove_item'],
  '/3/movie': ['/changes', '/latest', '/now_playing', '/popular', '/top_rated', '/upcoming'],
  '/3/movie/{id}': [
    '',
    '/account_states',
    '/alternative_names',
    '/changes',
    '/credits',
    '/external_ids',
    '/images',
    '/keywords',
    '/lists',
    '/rating',
    '/recommendations',
    '/release_dates',
    '/reviews',
    '/similar',
    '/translations',
    '/videos',
    '/watch/providers',
  ],
  '/3/network': ['/{id}', '/{id}/alternative_names', '/{id}/images'],
  '/3/person': ['/changes', '/latest', '/popular'],
  '/3/person/{id}': [
    '',
    '/changes',
    '/combined_credits',
    '/external_ids',
    '/images',
    '/movie_credits',
    '/tagged_images',
    '/translations',
    '/tv_credits',
  ],
  '/3/review': ['/{id}'],
  '/3/search': ['/collection', '/company', '/keyword', '/movie', '/multi', '/person', '/tv'],
  '/3/trending': ['/all/{window}', '/movie/{window}', '/person/{window}', '/tv/{window}'],
  '/3/tv': [
    '/airing_today',
    '/changes',
    '/episode/{id}/changes',
    '/episode_group/{id}',
    '/latest',
    '/on_the_air',
    '/popular',
    '/season/{id}/changes',
    '/top_rated',
  ],
  '/3/tv/{id}': [
    '',
    '/account_states',
    '/aggregate_credits',
    '/alternative_names',
    '/changes',
    '/content_ratings',
    '/credits',
    '/episode_groups',
    '/external_ids',
    '/images',
    '/keywords',
    '/lists',
    '/rating',
    '/recommendations',
    '/reviews',
    '/screened_theatrically',
    '/similar',
    '/translations',
    '/videos',
    '/watch/providers',
  ],
  '/3/tv/{id}/season/{season}': [
    '',
    '/account_states',
    '/aggregate_credits',
    '/credits',
    '/external_ids',
    '/images',
    '/translations',
    '/videos',
    '/watch/providers',
  ],
  '/3/tv/{id}/season/{season}/episode/{episode}': [
    '',
    '/account_states',
    '/credits',
    '/external_ids',
    '/images',
    '/rating',
    '/translations',
    '/videos',
  ],
  '/3/watch/providers': ['/movie', '/regions', '/tv'],
  '/4/account/{id}': [
    '/lists',
    ...['favorites', 'rated', 'recommendations', 'watchlist'].flatMap((list) => [
      `/movie/${list}`,
      `/tv/${list}`,
    ]),
  ],
  '/4/auth': ['/access_token', '/request_token'],
  '/4/list': ['', '/{id}', '/{id}/clear', '/{id}/item_status', '/{id}/items'],
};

/** Every template there is, `OTHER` included. */
export const TEMPLATES: ReadonlySet<string> = new Set([
  ...Object.entries(BELOW).flatMap(([root, ends]) => ends.map((end) => root + end)),
  IMAGE,
  OTHER,
]);

/** A segment of the templates; `any` stands for whatever is no segment of its own here. */
class Place {
  template: string | undefined;
  any: Place | undefined;
  readonly named = new Map<string, Place>();
}

const ROOT = new Place();
for (const template of TEMPLATES) {
  let place = ROOT;
  for (const segment of template.split('/').slice(1)) {
    if (segment.startsWith('{')) {
      place.any ??= new Place();
      place = place.any;
    } else {
      const next = place.named.get(segment) ?? new Place();
      place.named.set(segment, next);
      place = next;
    }
  }
  if (place !== ROOT) place.template = template;
}

/**
 * The template of an API path; one of `TEMPLATES`, whatever is asked. Asked once for each route that is made: the fast path
 * remembers routes.
 *
 * @param version `3` or `4` @param segments of the canonical path after it
 */
export function apiTemplate(version: string, segments: readonly string[]): string {
  let place = ROOT.named.get(version);
  for (const segment of segments) place = place?.named.get(segment) ?? place?.any;
  return place?.template ?? OTHER;
}

/** The template of a path of the image host. */
export function imageTemplate(path: string): string {
  return IMAGE_PATH.test(path) ? IMAGE : OTHER;
}

const IMAGE_PATH = /^\/t\/p\/[^/]+\/[^/]+$/;
