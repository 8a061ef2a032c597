import { isObject, parseJson } from './json.js';

/** Result lists of `/3/find/{external_id}` and the family each belongs to. */
const FOUND: ReadonlyArray<readonly [member: string, family: string]> = [
  ['movie_results', 'movie'],
  ['tv_results', 'tv'],
  ['person_results', 'person'],
];

const EXTERNAL_PATH = /^path:\/3\/(movie|person)\/(?:tt|nm)\d+$/;

/** Whether a response of a route with these tags may get more from its body. */
export function hasBodyTags(routeTags: readonly string[]): boolean {
  return routeTags.includes('find') || routeTags.some((tag) => EXTERNAL_PATH.test(tag));
}

/**
 * Tags that only the body tells: which title an IMDb id or an external id stands for. Lists and searches are not
 * tagged with what they list, or every edit would empty them; their own TTLs are short.
 */
export function bodyTags(routeTags: readonly string[], body: Buffer): readonly string[] {
  if (routeTags.includes('find')) return foundTags(body);
  for (const tag of routeTags) {
    const family = EXTERNAL_PATH.exec(tag)?.[1];
    if (family !== undefined) return idTag(family, body);
  }
  return [];
}

function idTag(family: string, body: Buffer): readonly string[] {
  const value = parseJson(body);
  return isObject(value) && typeof value.id === 'number' ? [`${family}:${value.id}`] : [];
}

function foundTags(body: Buffer): string[] {
  const value = parseJson(body);
  if (!isObject(value)) return [];
  const tags: string[] = [];
  for (const [member, family] of FOUND) {
    const results = value[member];
    if (!Array.isArray(results)) continue;
    for (const result of results.slice(0, 8)) {
      if (isObject(result) && typeof result.id === 'number') tags.push(`${family}:${result.id}`);
    }
  }
  return tags;
}
