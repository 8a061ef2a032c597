import { type Ask, ok, paged } from './ask.js';
import type { Catalogue, Part, Person, Title } from './catalogue.js';
import { encodeOpaque, type Json, type JsonObject } from './random.js';
import { imdbId, titleRow } from './titles.js';
import { textIn, titleIn } from './words.js';

/** A person's row without what they are known for. */
function base(catalogue: Catalogue, person: Person): JsonObject {
  return {
    adult: false,
    gender: person.gender,
    id: person.id,
    known_for_department: person.department,
    name: person.name,
    original_name: person.name,
    popularity: person.popularity,
    profile_path: catalogue.image('h', `person:${person.id}`, 0),
  };
}

/** The row that searches and `person/popular` show. */
export function personRow(catalogue: Catalogue, person: Person, language: string): JsonObject {
  const work = catalogue.work(person.id);
  const known = [...work.movies.slice(0, 2), ...work.series.slice(0, 1)];
  return {
    ...base(catalogue, person),
    known_for: known.map((title) => ({ ...titleRow(catalogue, title, language), media_type: title.kind })),
  };
}

/** The body of `/3/person/{id}`. */
export function personDetails(ask: Ask, person: Person): JsonObject {
  const { catalogue } = ask.world;
  const { patch, revision } = catalogue.changes.edited('person', person.id);
  const words = { first: person.id % 24, second: (person.id * 7) % 24, pattern: person.id % 5 };
  const { original_name: _unused, ...row } = base(catalogue, person);
  return {
    ...row,
    also_known_as: ['en', 'de', 'ja'].map((language) => `${person.name} (${titleIn(language, words)})`),
    biography: textIn(ask.language, words, 25, `person:${person.id}`),
    birthday: person.birthday,
    deathday: null,
    homepage: null,
    imdb_id: imdbId.person(person.id),
    place_of_birth: person.birthplace,
    popularity: person.popularity + revision,
    ...patch,
  };
}

/** The id of a person's part in a title, as `/3/credit/{id}` takes it. */
function creditId(title: Title, personId: number): string {
  return encodeOpaque(title.kind === 'movie' ? '51' : '52', title.id, personId);
}

function member(catalogue: Catalogue, title: Title, part: Part, order: number): JsonObject {
  const person = catalogue.person(part.personId);
  const row = person ? base(catalogue, person) : { id: part.personId };
  const credit_id = creditId(title, part.personId);
  return part.job
    ? { ...row, credit_id, department: part.job[0], job: part.job[1] }
    : { ...row, cast_id: order + 1, character: part.character, credit_id, order };
}

/** `{cast, crew}` of a title. */
export function credits(catalogue: Catalogue, title: Title): { cast: Json[]; crew: Json[] } {
  const rows = catalogue
    .parts(title)
    .map((part, order) => ({ part, row: member(catalogue, title, part, order) }));
  return {
    cast: rows.filter(({ part }) => !part.job).map(({ row }) => row),
    crew: rows.filter(({ part }) => part.job).map(({ row }) => row),
  };
}

/** `aggregate_credits` of a series: each person once, with roles or jobs and their episodes. */
export function aggregateCredits(catalogue: Catalogue, title: Title, episodes: number): JsonObject {
  const of = (part: Part, order: number): JsonObject => {
    const { credit_id, character, job, ...row } = member(catalogue, title, part, order) as Record<
      string,
      Json
    >;
    return part.job
      ? {
          ...row,
          jobs: [{ credit_id: credit_id ?? '', job: job ?? '', episode_count: episodes }],
          total_episode_count: episodes,
        }
      : {
          ...row,
          roles: [{ credit_id: credit_id ?? '', character: character ?? '', episode_count: episodes }],
          total_episode_count: episodes,
        };
  };
  const parts = catalogue.parts(title);
  return {
    cast: parts.filter((part) => !part.job).map(of),
    crew: parts.filter((part) => part.job).map(of),
  };
}

function creditsOf(ask: Ask, person: Person, titles: readonly Title[], tellKind: boolean): JsonObject {
  const { catalogue } = ask.world;
  const rows = titles.map((title) => {
    const part = catalogue.parts(title).find((candidate) => candidate.personId === person.id);
    const kind = tellKind ? { media_type: title.kind } : {};
    const row = {
      ...titleRow(catalogue, title, ask.language),
      ...kind,
      credit_id: creditId(title, person.id),
    };
    return part?.job
      ? { crew: true, row: { ...row, department: part.job[0], job: part.job[1] } }
      : { crew: false, row: { ...row, character: part?.character ?? '' } };
  });
  return {
    cast: rows.filter(({ crew }) => !crew).map(({ row }) => row),
    crew: rows.filter(({ crew }) => crew).map(({ row }) => row),
    id: person.id,
  };
}

/** What can be appended to a person, or asked for on its own. */
export const PERSON_PARTS: ReadonlyMap<string, (ask: Ask, person: Person) => JsonObject> = new Map<
  string,
  (ask: Ask, person: Person) => JsonObject
>([
  [
    'movie_credits',
    (ask, person) => creditsOf(ask, person, ask.world.catalogue.work(person.id).movies, false),
  ],
  ['tv_credits', (ask, person) => creditsOf(ask, person, ask.world.catalogue.work(person.id).series, false)],
  [
    'combined_credits',
    (ask, person) => {
      const work = ask.world.catalogue.work(person.id);
      return creditsOf(ask, person, [...work.movies, ...work.series], true);
    },
  ],
  [
    'images',
    (ask, person) => ({
      id: person.id,
      profiles: [0, 1, 2, 3].map((index) => ({
        aspect_ratio: 0.667,
        height: 1500,
        iso_639_1: null,
        file_path: ask.world.catalogue.image('h', `person:${person.id}`, index),
        vote_average: 5.3,
        vote_count: 3 + index,
        width: 1000,
      })),
    }),
  ],
  [
    'external_ids',
    (_ask, person) => ({
      id: person.id,
      freebase_mid: null,
      imdb_id: imdbId.person(person.id),
      wikidata_id: `Q${900_000 + person.id}`,
      facebook_id: null,
      instagram_id: null,
      twitter_id: null,
    }),
  ],
  ['tagged_images', (ask, person) => ({ id: person.id, ...paged(ask, [] as JsonObject[], (row) => row) })],
  [
    'translations',
    (_ask, person) => ({
      id: person.id,
      translations: ['en', 'de', 'fr'].map((language) => ({
        iso_3166_1: language === 'en' ? 'US' : language.toUpperCase(),
        iso_639_1: language,
        data: { biography: textIn(language, { first: person.id % 24, second: 3, pattern: 0 }, 4, 'bio') },
      })),
    }),
  ],
]);

/** `/3/person/popular`. */
export function popularPersons(ask: Ask) {
  const { catalogue } = ask.world;
  return ok(paged(ask, catalogue.persons(), (person) => personRow(catalogue, person, ask.language)));
}
