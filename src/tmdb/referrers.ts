import { Memo } from '../memo.js';
import { isObject, type JsonMembers } from './json.js';

/** What a body calls the files of its own subject. Those of others (cast, companies, similar titles) are theirs. */
const FILE_MEMBERS = ['poster_path', 'backdrop_path', 'profile_path', 'still_path', 'logo_path'] as const;
/** Lists of `/images`, at the top of such a body and in `images` where it was appended. */
const FILE_LISTS = ['posters', 'backdrops', 'profiles', 'stills', 'logos'] as const;
/** Parts of a series that come with it, each with files of its own. */
const PART_LISTS = ['seasons', 'episodes'] as const;
const PARTS = ['last_episode_to_air', 'next_episode_to_air'] as const;
const APPENDED_SEASON = /^season\/\d+/;

/** `/abc.jpg` as TMDB writes it; anything else is no file of the image host. */
const FILE = /^\/([A-Za-z0-9_-]{1,64})\.[a-z]{3,4}$/;

/** Of a body, more files than this are not noted. */
const MOST_FILES = 1000;
/** Of one list. */
const MOST_OF_LIST = 100;
/** Titles remembered of one file, the latest first. */
const MOST_TITLES = 4;

/**
 * Which titles an image file was last named by. Bounded; forgetting costs a purge that leaves an image alone, never a
 * wrong answer. Files go by their name without the ending: TMDB serves an SVG logo as PNG too.
 */
export class ReferrerMap {
  readonly #maxFiles: number;
  #titles: Memo<readonly string[]>;

  /** @param maxFiles remembered at most; 50 000 take about 8 MB */
  constructor(maxFiles = 50_000) {
    this.#maxFiles = maxFiles;
    this.#titles = this.#empty();
  }

  /** Notes the files that a body names. `titles`: tags of whom the body is about (`tv:1399`, `tv:1399:s1`). */
  note(titles: readonly string[], body: unknown): void {
    if (titles.length === 0) return;
    const files = new Set<string>();
    collect(body, files, 2);
    for (const file of files) this.#add(file, titles);
  }

  /** Tags of the titles that name a file (`abc.jpg`); empty when none is known. */
  titlesOf(file: string): readonly string[] {
    return this.#titles.get(stemOf(file)) ?? NONE;
  }

  /** Everything was purged. */
  clear(): void {
    this.#titles = this.#empty();
  }

  #add(file: string, titles: readonly string[]): void {
    const known = this.#titles.get(file) ?? NONE;
    if (known.length > 0 && titles.every((title) => known.includes(title))) return;
    const others = known.filter((title) => !titles.includes(title));
    this.#titles.set(file, others.length === 0 ? titles : [...titles, ...others].slice(0, MOST_TITLES));
  }

  #empty(): Memo<readonly string[]> {
    return new Memo(this.#maxFiles, () => 1);
  }
}

const NONE: readonly string[] = [];

/** @param depth how many levels of parts to follow: a series, its appended seasons, their episodes */
function collect(value: unknown, files: Set<string>, depth: number): void {
  if (!isObject(value)) return;
  for (const member of FILE_MEMBERS) add(value[member], files);
  collectLists(value, files);
  if (isObject(value.images)) collectLists(value.images, files);
  if (depth === 0) return;
  for (const list of PART_LISTS) for (const part of firstOf(value[list])) collect(part, files, depth - 1);
  for (const part of PARTS) collect(value[part], files, depth - 1);
  for (const name of Object.keys(value))
    if (APPENDED_SEASON.test(name)) collect(value[name], files, depth - 1);
}

function collectLists(value: JsonMembers, files: Set<string>): void {
  for (const list of FILE_LISTS) {
    for (const item of firstOf(value[list])) if (isObject(item)) add(item.file_path, files);
  }
}

function firstOf(list: unknown): readonly unknown[] {
  return Array.isArray(list) ? list.slice(0, MOST_OF_LIST) : NONE;
}

function add(path: unknown, files: Set<string>): void {
  if (typeof path !== 'string' || files.size >= MOST_FILES) return;
  const stem = FILE.exec(path)?.[1];
  if (stem !== undefined) files.add(stem);
}

function stemOf(file: string): string {
  const dot = file.lastIndexOf('.');
  return dot < 0 ? file : file.slice(0, dot);
}
