import type { ChangeLog, EditedKind } from './changes.js';
import { type ImageKind, imagePath } from './images.js';
import { Random } from './random.js';
import { GENRES, LANGUAGES } from './reference.js';
import { companyName, keywordName, NOUNS, personName, TITLE_PATTERNS, type TitleWords } from './words.js';

/** What movies and series have in common. */
interface Titled {
  readonly id: number;
  readonly words: TitleWords;
  readonly originalLanguage: string;
  readonly originCountry: string;
  readonly genreIds: readonly number[];
  /** `YYYY-MM-DD`: release, or first air date. */
  readonly date: string;
  readonly popularity: number;
  readonly voteAverage: number;
  readonly voteCount: number;
  readonly companyIds: readonly number[];
  readonly keywordIds: readonly number[];
}

/** A made-up movie. */
export interface Movie extends Titled {
  readonly kind: 'movie';
  readonly runtime: number;
  readonly budget: number;
  readonly revenue: number;
  readonly collectionId: number | undefined;
}

/** A made-up series. */
export interface Series extends Titled {
  readonly kind: 'tv';
  /** Number of episodes of season 1, 2, … */
  readonly seasons: readonly number[];
  readonly networkIds: readonly number[];
}

/** A made-up person. */
export interface Person {
  readonly kind: 'person';
  readonly id: number;
  readonly name: string;
  readonly birthday: string;
  readonly gender: number;
  readonly department: 'Acting' | 'Directing' | 'Writing';
  readonly popularity: number;
  readonly birthplace: string;
}

/** A movie or a series. */
export type Title = Movie | Series;

/** Where a person's work on a title is: in the cast, or with a job. */
export interface Part {
  readonly personId: number;
  readonly character: string;
  readonly job: readonly [department: string, job: string] | undefined;
}

/** How many records there are; ids run from 1, and movie 550, series 1399, person 287 always exist. */
export interface CatalogueSize {
  readonly movies: number;
  readonly series: number;
  readonly persons: number;
}

const JOBS: readonly (readonly [string, string])[] = [
  ['Directing', 'Director'],
  ['Writing', 'Screenplay'],
  ['Writing', 'Novel'],
  ['Production', 'Producer'],
  ['Camera', 'Director of Photography'],
  ['Editing', 'Editor'],
  ['Sound', 'Original Music Composer'],
  ['Art', 'Production Design'],
];

export const COMPANIES = 80;
export const NETWORKS = 60;
export const KEYWORDS = 200;
export const COLLECTIONS = 40;
const MOVIES_PER_COLLECTION = 4;
/** Records kept after they were made: a large catalogue must not fill the memory of a benchmark. */
const KEPT = 50_000;

function date(random: Random, first: number, last: number): string {
  const two = (n: number) => String(n).padStart(2, '0');
  return `${random.int(first, last)}-${two(random.int(1, 12))}-${two(random.int(1, 28))}`;
}

/** The made-up world: every record is a pure function of the seed and its id, made when first asked for. */
export class Catalogue {
  readonly seed: string;
  readonly size: CatalogueSize;
  readonly changes: ChangeLog;
  readonly #kept = new Map<string, Movie | Series | Person>();
  readonly #sorted = new Map<string, readonly unknown[]>();
  #credits: { movies: Map<number, Movie[]>; series: Map<number, Series[]> } | undefined;

  constructor(seed: string, size: CatalogueSize, changes: ChangeLog) {
    this.seed = seed;
    this.size = size;
    this.changes = changes;
  }

  movie(id: number): Movie | undefined {
    if (!this.#exists(id, this.size.movies, 550)) return undefined;
    return this.#keep(`movie:${id}`, (random) => ({
      kind: 'movie',
      ...this.#titled(id, random, 'movie'),
      runtime: random.int(78, 195),
      budget: random.int(0, 200) * 1_000_000,
      revenue: random.int(0, 900) * 1_000_003,
      collectionId: id <= COLLECTIONS * MOVIES_PER_COLLECTION ? ((id - 1) % COLLECTIONS) + 1 : undefined,
    }));
  }

  series(id: number): Series | undefined {
    if (!this.#exists(id, this.size.series, 1399)) return undefined;
    return this.#keep(`tv:${id}`, (random) => ({
      kind: 'tv',
      ...this.#titled(id, random, 'tv'),
      seasons: Array.from({ length: id === 1399 ? 8 : random.int(1, 8) }, () => random.int(6, 12)),
      networkIds: random.ids(NETWORKS, random.int(1, 2)),
    }));
  }

  person(id: number): Person | undefined {
    if (!this.#exists(id, this.size.persons, 287)) return undefined;
    return this.#keep(`person:${id}`, (random) => ({
      kind: 'person',
      id,
      name: personName(random),
      birthday: date(random, 1930, 2004),
      gender: random.int(1, 3),
      department: random.pick(['Acting', 'Acting', 'Acting', 'Directing', 'Writing']),
      popularity: random.decimal(0.6, 90, 3),
      birthplace: random.pick(['Lisbon, Portugal', 'Graz, Austria', 'Leeds, England, UK', 'Oslo, Norway']),
    }));
  }

  /** A movie or series by TMDB's name for the kind. */
  title(kind: 'movie' | 'tv', id: number): Title | undefined {
    return kind === 'movie' ? this.movie(id) : this.series(id);
  }

  /** The movies of a collection, oldest first; undefined when there is no such collection. */
  collection(id: number): readonly Movie[] | undefined {
    if (!Number.isInteger(id) || id < 1 || id > COLLECTIONS) return undefined;
    const members = Array.from({ length: MOVIES_PER_COLLECTION }, (_, i) => this.movie(id + i * COLLECTIONS));
    return members.filter((m) => m !== undefined).sort((a, b) => a.date.localeCompare(b.date));
  }

  company(id: number): { id: number; name: string; country: string } | undefined {
    if (!Number.isInteger(id) || id < 1 || id > COMPANIES) return undefined;
    const random = new Random(`${this.seed}:company:${id}`);
    return { id, name: companyName(random), country: random.pick(['US', 'GB', 'DE', 'FR', 'JP']) };
  }

  network(id: number): { id: number; name: string; country: string } | undefined {
    if (!Number.isInteger(id) || id < 1 || id > NETWORKS) return undefined;
    const random = new Random(`${this.seed}:network:${id}`);
    return { id, name: `${companyName(random)} TV`, country: random.pick(['US', 'GB', 'DE', 'KR']) };
  }

  keyword(id: number): { id: number; name: string } | undefined {
    if (!Number.isInteger(id) || id < 1 || id > KEYWORDS) return undefined;
    return { id, name: keywordName(new Random(`${this.seed}:keyword:${id}`)) };
  }

  /** All movies, most popular first. */
  movies(): readonly Movie[] {
    return this.#all('movies', this.size.movies, 550, (id) => this.movie(id));
  }

  /** All series, most popular first. */
  allSeries(): readonly Series[] {
    return this.#all('series', this.size.series, 1399, (id) => this.series(id));
  }

  /** All persons, most popular first. */
  persons(): readonly Person[] {
    return this.#all('persons', this.size.persons, 287, (id) => this.person(id));
  }

  /** Who worked on a title: the cast first, then the crew. */
  parts(title: Title): readonly Part[] {
    const random = new Random(`${this.seed}:parts:${title.kind}:${title.id}`);
    const persons = random.ids(this.size.persons, 20 + JOBS.length);
    return persons.map((personId, index) => ({
      personId,
      character: personName(random),
      job: index < 20 ? undefined : JOBS[index - 20],
    }));
  }

  /** What a person worked on. */
  work(personId: number): { movies: readonly Movie[]; series: readonly Series[] } {
    if (!this.#credits) {
      const collect = <T extends Title>(titles: readonly T[]): Map<number, T[]> => {
        const index = new Map<number, T[]>();
        for (const title of titles) {
          for (const { personId: id } of this.parts(title)) index.set(id, [...(index.get(id) ?? []), title]);
        }
        return index;
      };
      this.#credits = { movies: collect(this.movies()), series: collect(this.allSeries()) };
    }
    const { movies, series } = this.#credits;
    return { movies: movies.get(personId) ?? [], series: series.get(personId) ?? [] };
  }

  /** The path of an image of this catalogue, as bodies give it. */
  image(kind: ImageKind, owner: string, index: number): string {
    // Movies, series and persons count separately: their kind takes part in the owner's number.
    const [name, id] = owner.split(':') as [string, string];
    const offset = [
      'movie',
      'tv',
      'person',
      'collection',
      'company',
      'network',
      'provider',
      'season',
    ].indexOf(name);
    return imagePath(this.seed, kind, Number(id) * 8 + Math.max(0, offset), index);
  }

  /** Whether an id may be edited, that is, exists. */
  has(kind: EditedKind, id: number): boolean {
    if (kind === 'person') return this.person(id) !== undefined;
    return kind === 'collection' ? this.collection(id) !== undefined : this.title(kind, id) !== undefined;
  }

  #exists(id: number, highest: number, always: number): boolean {
    return Number.isInteger(id) && id >= 1 && (id <= highest || id === always);
  }

  #keep<T extends Movie | Series | Person>(key: string, make: (random: Random) => T): T {
    const kept = this.#kept.get(key);
    if (kept) return kept as T;
    if (this.#kept.size >= KEPT) this.#kept.clear();
    const made = make(new Random(`${this.seed}:${key}`));
    this.#kept.set(key, made);
    return made;
  }

  #all<T extends { popularity: number }>(
    name: string,
    highest: number,
    always: number,
    get: (id: number) => T | undefined,
  ): readonly T[] {
    const known = this.#sorted.get(name);
    if (known) return known as readonly T[];
    const ids = Array.from({ length: highest }, (_, i) => i + 1);
    if (always > highest) ids.push(always);
    const list = ids
      .map(get)
      .filter((r) => r !== undefined)
      .sort((a, b) => b.popularity - a.popularity);
    this.#sorted.set(name, list);
    return list;
  }

  #titled(id: number, random: Random, kind: 'movie' | 'tv'): Titled {
    const first = random.int(0, NOUNS - 1);
    return {
      id,
      words: {
        first,
        second: (first + random.int(1, NOUNS - 1)) % NOUNS,
        pattern: random.int(0, TITLE_PATTERNS - 1),
      },
      originalLanguage: random.pick(
        ['en', 'en', 'en', 'de', 'fr', 'es', 'ja', 'zh'].filter((l) => LANGUAGES.has(l)),
      ),
      originCountry: random.pick(['US', 'GB', 'DE', 'FR', 'ES', 'JP']),
      genreIds: random.sample([...GENRES[kind].keys()], random.int(1, 3)),
      date: date(random, 1970, 2025),
      popularity: random.decimal(0.6, 400, 3),
      voteAverage: random.decimal(3, 9, 3),
      voteCount: random.int(12, 30_000),
      companyIds: random.ids(COMPANIES, random.int(2, 5)),
      keywordIds: random.ids(KEYWORDS, random.int(5, 15)),
    };
  }
}
