import type { SharedRoute } from '../cache/site.js';
import { isObject, type ParsedOnce } from './json.js';
import type { ReferrerMap } from './referrers.js';
import { isTitleTag, referrerTag } from './tags.js';

/** Result lists of `/3/find/{external_id}` and the family each belongs to. */
const FOUND: ReadonlyArray<readonly [member: string, family: string]> = [
  ['movie_results', 'movie'],
  ['tv_results', 'tv'],
  ['person_results', 'person'],
];

/** What stands below an id of IMDb has the id of TMDB in its body as well, but for /changes. */
const EXTERNAL_PATH = /^path:\/3\/(movie|person)\/(?:tt|nm)\d+(?:\/|$)/;
const COLLECTION = /^collection:\d+$/;
const IMAGE = 'image:';

/** A collection has as many parts at most that it is tagged with: the tags of an entry must fit into its head. */
const MOST_PARTS = 50;

/** Whether a response of a route may get more tags than the route has. */
export function mayGetTags({ upstream, tags }: Pick<SharedRoute, 'upstream' | 'tags'>): boolean {
  return upstream === 'image' || hasBodyTags(tags);
}

function hasBodyTags(routeTags: readonly string[]): boolean {
  return routeTags.some((tag) => tag === 'find' || COLLECTION.test(tag) || EXTERNAL_PATH.test(tag));
}

/** Finds tags that no path tells, and notes which titles name which image files. */
export class ResponseTags {
  readonly #parsed: ParsedOnce;
  readonly #referrers: ReferrerMap | undefined;

  /** @param referrers where there is one process that sees all that comes from the origin: the core */
  constructor(parsed: ParsedOnce, referrers: ReferrerMap | undefined) {
    this.#parsed = parsed;
    this.#referrers = referrers;
  }

  /** Tags of a response beside those of its route. `body`: plain bytes; of an image they are not looked at. */
  of(route: Pick<SharedRoute, 'upstream' | 'tags'>, status: number, body: Buffer): readonly string[] {
    if (route.upstream === 'image') return this.#ofImage(route.tags);
    const titles = this.#referrers === undefined ? NONE : subjectsOf(route.tags);
    const found = hasBodyTags(route.tags);
    if (status !== 200 || (!found && titles.length === 0)) {
      this.#parsed.drop(body);
      return NONE;
    }
    const value = this.#parsed.take(body);
    const tags = found ? bodyTags(route.tags, value) : NONE;
    this.#referrers?.note(withFound(titles, tags), value);
    return tags;
  }

  /** A namespace of its own: the change feed makes `movie:550` stale, and its images never change. */
  #ofImage(routeTags: readonly string[]): readonly string[] {
    const file = routeTags.find((tag) => tag.startsWith(IMAGE))?.slice(IMAGE.length);
    if (file === undefined || this.#referrers === undefined) return NONE;
    return this.#referrers.titlesOf(file).map(referrerTag);
  }
}

const NONE: readonly string[] = [];

/**
 * Whom a body with these tags is about: the title, and of a season or an episode these too. Appended seasons are left out: their
 * files are the series' here.
 */
function subjectsOf(routeTags: readonly string[]): readonly string[] {
  const titles = routeTags.filter(isTitleTag);
  const isPart = routeTags.some((tag) => tag.startsWith('path:') && tag.includes('/season/'));
  return isPart ? titles : titles.slice(0, 1);
}

/** With what TMDB calls a title that was asked for by an id of somebody else. The parts of a collection are not what it is. */
function withFound(titles: readonly string[], found: readonly string[]): readonly string[] {
  const family = titles[0]?.split(':', 1)[0];
  const same = found.filter((tag) => tag.split(':', 1)[0] === family);
  return same.length === 0 ? titles : [...titles, ...same];
}

/**
 * Tags that only the body tells: which title an IMDb id or an external id stands for, and the parts of a collection, whose
 * titles and posters it shows. Other lists and searches are not tagged with what they list, or every edit would empty
 * them; their own TTLs are short.
 */
function bodyTags(routeTags: readonly string[], value: unknown): readonly string[] {
  if (!isObject(value)) return NONE;
  if (routeTags.includes('find'))
    return FOUND.flatMap(([member, family]) => idTags(family, value[member], 8));
  if (routeTags.some((tag) => COLLECTION.test(tag))) return idTags('movie', value.parts, MOST_PARTS);
  for (const tag of routeTags) {
    const family = EXTERNAL_PATH.exec(tag)?.[1];
    if (family !== undefined) return idTags(family, [value], 1);
  }
  return NONE;
}

function idTags(family: string, list: unknown, most: number): string[] {
  const tags: string[] = [];
  if (!Array.isArray(list)) return tags;
  for (const item of list.slice(0, most)) {
    if (isObject(item) && typeof item.id === 'number') tags.push(`${family}:${item.id}`);
  }
  return tags;
}
