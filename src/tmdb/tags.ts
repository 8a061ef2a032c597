/**
 * Names under which entries are purged together. One purge of `movie:550` removes the title in every language, region
 * and append variant; a purge of `path:/3/movie/550` removes every query variant of exactly that path, and nothing
 * below it. Both are O(1), which a list of keys or a scan would not be (DESIGN.md, Purge).
 */

/** Families with an id: `movie:550`. */
export const TITLED: ReadonlySet<string> = new Set([
  'movie',
  'tv',
  'person',
  'collection',
  'company',
  'network',
  'keyword',
  'review',
  'credit',
]);

const LEADING_NUMBER = /^0*(\d+)(?![0-9])/;
const APPENDED_SEASON = /(?:^|,)season\/(\d+)(?:\/episode\/(\d+))?/g;

/** Families whose bodies name image files, and parts of a series: `movie:550`, `tv:1399:s1`. */
const WITH_IMAGES = /^(?:movie|tv|person|collection|company|network):[a-z0-9:]+$/;

/** Whether a tag is that of a title, or a part of one, that has images of its own. */
export function isTitleTag(tag: string): boolean {
  return WITH_IMAGES.test(tag);
}

/** The tag of image files that a title names. */
export function referrerTag(title: string): string {
  return OF + title;
}

export function isReferrerTag(tag: string): boolean {
  return tag.startsWith(OF);
}

const OF = 'of:';

/** Every variant of one path, whatever its query; a trailing slash makes no difference to a purge. */
export function pathTag(path: string): string {
  return path.length > 1 && path.endsWith('/') ? `path:${path.slice(0, -1)}` : `path:${path}`;
}

/** @param segments of the path after the version @param appended canonical `append_to_response`, '' without */
export function apiTags(path: string, segments: readonly string[], appended: string): string[] {
  const tags = ['api'];
  const family = segments[0];
  if (family !== undefined) addFamily(tags, family, segments);
  if (family === 'tv' && appended.includes('season/')) addAppended(tags, segments[1], appended);
  tags.push(pathTag(path));
  return tags;
}

function addFamily(tags: string[], family: string, segments: readonly string[]): void {
  const second = segments[1];
  if (TITLED.has(family) && second !== undefined) {
    addTitle(tags, family, second, segments);
  } else if (family === 'trending') {
    tags.push(segments.length > 1 ? `list:${segments.join('/')}` : 'list:trending');
  } else {
    // search, discover, genre, configuration, find, …: purged as a family.
    tags.push(family);
  }
}

function addTitle(tags: string[], family: string, second: string, segments: readonly string[]): void {
  const id = titleId(family, second);
  if (id === undefined) {
    tags.push(segments[2] !== undefined ? `${second}:${segments[2]}` : `list:${family}/${second}`);
    return;
  }
  tags.push(`${family}:${id}`);
  if (family === 'tv' && segments[2] === 'season')
    addSeason(tags, id, segments[3], segments[4] === 'episode' ? segments[5] : undefined);
}

/** TMDB reads `550-fight-club` as 550; IMDb ids (`tt0137523`) and credit ids are kept as they are. */
function titleId(family: string, segment: string): string | undefined {
  if (family === 'review' || family === 'credit') return segment;
  const number = LEADING_NUMBER.exec(segment);
  if (number !== null) return number[1];
  return /^(?:tt|nm)\d+$/.test(segment) ? segment : undefined;
}

/** `tv:1399:s1`, and for an episode `tv:1399:s1e2` as well: a purge of the season includes its episodes. */
export function addSeason(
  tags: string[],
  id: string,
  season: string | undefined,
  episode: string | undefined,
): void {
  const number = season === undefined ? undefined : LEADING_NUMBER.exec(season)?.[1];
  if (number === undefined) return;
  push(tags, `tv:${id}:s${number}`);
  const part = episode === undefined ? undefined : LEADING_NUMBER.exec(episode)?.[1];
  if (part !== undefined) push(tags, `tv:${id}:s${number}e${part}`);
}

/** `append_to_response=season/1,season/2/episode/3` puts those seasons into the body of the series. */
function addAppended(tags: string[], segment: string | undefined, appended: string): void {
  const id = segment === undefined ? undefined : titleId('tv', segment);
  if (id === undefined) return;
  for (const [, season, episode] of appended.matchAll(APPENDED_SEASON)) addSeason(tags, id, season, episode);
}

/** `image`, the file in all its sizes (`image:x.jpg`), and the path. */
export function imageTags(path: string): string[] {
  const file = path.slice(path.lastIndexOf('/') + 1);
  return file === '' ? ['image', pathTag(path)] : ['image', `image:${file}`, pathTag(path)];
}

const WRITTEN_TITLE = /^([a-z]+):([^:]*)(?::(.*))?$/i;
const WRITTEN_PART = /^s0*(\d+)(?:e0*(\d+))?$/i;

/**
 * A tag as entries have it, of one that a person has written: `Movie:00550-fight-club` is `movie:550`. Undefined: nothing can have
 * it, as `movie:` or `tv:1399:season1`.
 */
export function canonicalTag(written: string): string | undefined {
  const tag = written.trim();
  if (tag === '' || tag.endsWith(':')) return undefined;
  if (tag.startsWith('path:')) return pathTag(tag.slice('path:'.length));
  const [, name = '', second = '', part] = WRITTEN_TITLE.exec(tag) ?? [];
  const family = name.toLowerCase();
  if (!TITLED.has(family)) return tag;
  const id = titleId(family, second);
  if (id === undefined || id === '') return undefined;
  if (part === undefined) return `${family}:${id}`;
  const [, season, episode] = (family === 'tv' && WRITTEN_PART.exec(part)) || [];
  if (season === undefined) return undefined;
  return `tv:${id}:s${season}${episode === undefined ? '' : `e${episode}`}`;
}

function push(tags: string[], tag: string): void {
  if (!tags.includes(tag)) tags.push(tag);
}
