import type { SharedRoute } from '../cache/site.js';
import type { Title } from './status.js';
import { titleOf } from './title-tags.js';

/**
 * Parts of a title that change without an entry in its log: what others are like, whose lists it is on, what people wrote of it,
 * where it is shown, and a person's roles, which are edits of the films. Assumed, TMDB does not document it.
 */
const VOLATILE: ReadonlySet<string> = new Set([
  'recommendations',
  'similar',
  'lists',
  'reviews',
  'watch/providers',
  'changes',
  'account_states',
  'movie_credits',
  'tv_credits',
  'combined_credits',
  'tagged_images',
]);

/** `/3/movie/550/…?…` within a key. */
const TITLE_PATH = /:\/3\/(movie|tv|person)\/\d[^/?]*([^?]*)(?:\?(.*))?$/;
/** More than one, if a client sends more: which of them TMDB takes is not known. */
const APPENDED = /(?:^|&)append_to_response=([^&]*)/g;

/** The title whose change log tells of every edit of what a route names; undefined when none does. */
export function followedTitle(route: SharedRoute): Title | undefined {
  if (route.class !== 'detail') return undefined;
  const path = TITLE_PATH.exec(route.key);
  if (path === null) return undefined;
  const [, kind, parts, query] = path;
  if (VOLATILE.has(lastPart(parts!))) return undefined;
  const appended = [...(query ?? '').matchAll(APPENDED)].flatMap(([, value]) => partsOf(value!));
  if (appended.some((part) => VOLATILE.has(lastPart(part)))) return undefined;
  for (const tag of route.tags) {
    const title = titleOf(tag);
    if (title?.kind === kind) return title;
  }
  return undefined;
}

/** `watch/providers` is one part, whatever stands before it. */
function lastPart(path: string): string {
  const segments = path.split('/');
  const last = segments.at(-1)!;
  return last === 'providers' && segments.at(-2) === 'watch' ? 'watch/providers' : last;
}

/** Members of `append_to_response` in a canonical query. */
function partsOf(value: string): string[] {
  return value.replace(/%2f/gi, '/').replace(/%2c/gi, ',').split(',');
}
