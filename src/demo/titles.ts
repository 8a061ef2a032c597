import type { Ask } from './ask.js';
import type { Catalogue, Movie, Series, Title } from './catalogue.js';
import { type Json, type JsonObject, Random } from './random.js';
import { genreName, LANGUAGES, regionName } from './reference.js';
import { textIn, titleIn } from './words.js';

/** The fields of `edit` that a list's rows show too; the others belong to the details only. */
function patched(row: JsonObject, patch: JsonObject): JsonObject {
  const shown = Object.entries(patch).filter(([key]) => key in row);
  return shown.length === 0 ? row : { ...row, ...Object.fromEntries(shown) };
}

/** A title's overview in a language. */
export function overviewOf(title: Title, language: string, sentences = 5): string {
  return textIn(language, title.words, sentences, `${title.kind}:${title.id}`);
}

/** The row that lists, searches and credits show for a movie or series. */
export function titleRow(catalogue: Catalogue, title: Title, language: string): JsonObject {
  const owner = `${title.kind}:${title.id}`;
  const name = titleIn(language, title.words);
  const original = titleIn(title.originalLanguage, title.words);
  const common = {
    id: title.id,
    adult: false,
    backdrop_path: catalogue.image('b', owner, 0),
    genre_ids: title.genreIds,
    original_language: title.originalLanguage,
    overview: overviewOf(title, language),
    popularity: title.popularity,
    poster_path: catalogue.image('p', owner, 0),
    vote_average: title.voteAverage,
    vote_count: title.voteCount,
  };
  const row =
    title.kind === 'movie'
      ? { ...common, original_title: original, release_date: title.date, title: name, video: false }
      : {
          ...common,
          origin_country: [title.originCountry],
          original_name: original,
          first_air_date: title.date,
          name,
        };
  return patched(row, catalogue.changes.edited(title.kind, title.id).patch);
}

function companies(catalogue: Catalogue, title: Title): Json[] {
  return title.companyIds.map((id) => {
    const company = catalogue.company(id);
    return {
      id,
      logo_path: catalogue.image('l', `company:${id}`, 1),
      name: company?.name ?? '',
      origin_country: company?.country ?? '',
    };
  });
}

function shared(ask: Ask, title: Title, sentences: number): JsonObject {
  const { catalogue } = ask.world;
  const { genre_ids: _listed, ...row } = titleRow(catalogue, title, ask.language);
  const spoken = [...new Set([title.originalLanguage, 'en', 'de', 'es'])];
  return {
    ...row,
    overview: overviewOf(title, ask.language, sentences),
    genres: title.genreIds.map((id) => ({ id, name: genreName(title.kind, id, ask.language) })),
    homepage: `https://example.test/${title.kind}/${title.id}`,
    production_companies: companies(catalogue, title),
    production_countries: [{ iso_3166_1: title.originCountry, name: regionName(title.originCountry) }],
    spoken_languages: spoken.map((code) => ({
      english_name: LANGUAGES.get(code)?.[0] ?? code,
      iso_639_1: code,
      name: LANGUAGES.get(code)?.[1] ?? code,
    })),
    status: title.kind === 'movie' ? 'Released' : 'Ended',
    tagline: textIn(ask.language, title.words, 1, `tagline:${title.kind}:${title.id}`),
  };
}

function withEdit(body: JsonObject, title: Title, catalogue: Catalogue): JsonObject {
  const { patch, revision } = catalogue.changes.edited(title.kind, title.id);
  if (revision === 0) return body;
  // A patch may set what was set already: the votes make sure that the body differs all the same.
  return { ...body, vote_count: title.voteCount + revision, ...patch };
}

/** IMDb numbers of movies, series and persons; `find` reads them back. */
export const imdbId = {
  movie: (id: number) => `tt${String(1_000_000 + id)}`,
  tv: (id: number) => `tt${String(5_000_000 + id)}`,
  person: (id: number) => `nm${String(1_000_000 + id)}`,
};

/** The body of `/3/movie/{id}`, about 6 kB. */
export function movieDetails(ask: Ask, movie: Movie): JsonObject {
  const { catalogue } = ask.world;
  const collection = movie.collectionId;
  const body = {
    ...shared(ask, movie, 32),
    belongs_to_collection:
      collection === undefined ? null : collectionRow(catalogue, collection, ask.language),
    budget: movie.budget,
    imdb_id: imdbId.movie(movie.id),
    origin_country: [movie.originCountry],
    revenue: movie.revenue,
    runtime: movie.runtime,
  };
  return withEdit(body, movie, catalogue);
}

/** A collection's name follows its first movie. */
export function collectionRow(catalogue: Catalogue, id: number, language: string): JsonObject {
  const first = catalogue.movie(id) ?? catalogue.movies()[0];
  const words = first?.words ?? { first: id, second: id + 1, pattern: 0 };
  return {
    id,
    name: `${titleIn(language, words)} Collection`,
    poster_path: catalogue.image('p', `collection:${id}`, 0),
    backdrop_path: catalogue.image('b', `collection:${id}`, 0),
  };
}

/** The first day of an episode: seasons are a year apart, episodes a week. */
function airDate(series: Series, season: number, episode: number): string {
  const start = Date.parse(`${series.date}T00:00:00Z`);
  return new Date(start + ((season - 1) * 364 + (episode - 1) * 7) * 86_400_000).toISOString().slice(0, 10);
}

/** The number of an episode in the whole catalogue. */
export function episodeId(series: Series, season: number, episode: number): number {
  return series.id * 1000 + season * 50 + episode;
}

/** One episode as seasons list it. */
export function episodeRow(ask: Ask, series: Series, season: number, episode: number): JsonObject {
  const random = new Random(`episode:${series.id}:${season}:${episode}`);
  const words = { first: random.int(0, 23), second: random.int(0, 23), pattern: random.int(0, 4) };
  const id = episodeId(series, season, episode);
  return {
    id,
    name: titleIn(ask.language, words),
    overview: textIn(ask.language, words, 3, `episode:${id}`),
    vote_average: random.decimal(5, 9, 3),
    vote_count: random.int(3, 400),
    air_date: airDate(series, season, episode),
    episode_number: episode,
    episode_type: episode === series.seasons[season - 1] ? 'finale' : 'standard',
    production_code: '',
    runtime: random.int(22, 60),
    season_number: season,
    show_id: series.id,
    still_path: ask.world.catalogue.image('s', `season:${series.id * 10 + season}`, episode),
  };
}

/** One season as series list it. */
export function seasonRow(ask: Ask, series: Series, season: number): JsonObject {
  return {
    air_date: airDate(series, season, 1),
    episode_count: series.seasons[season - 1] ?? 0,
    id: series.id * 100 + season,
    name: ask.language === 'de' ? `Staffel ${season}` : `Season ${season}`,
    overview: textIn(ask.language, series.words, 2, `season:${series.id}:${season}`),
    poster_path: ask.world.catalogue.image('p', `season:${series.id * 10 + season}`, 0),
    season_number: season,
    vote_average: series.voteAverage,
  };
}

/** The body of `/3/tv/{id}`. */
export function seriesDetails(ask: Ask, series: Series): JsonObject {
  const { catalogue } = ask.world;
  const count = series.seasons.length;
  const last = series.seasons[count - 1] ?? 1;
  const maker = catalogue.parts(series).find((part) => part.job?.[1] === 'Screenplay');
  const person = maker && catalogue.person(maker.personId);
  const body = {
    ...shared(ask, series, 12),
    created_by: person
      ? [
          {
            id: person.id,
            credit_id: '',
            name: person.name,
            gender: person.gender,
            profile_path: catalogue.image('h', `person:${person.id}`, 0),
          },
        ]
      : [],
    episode_run_time: [45],
    in_production: false,
    languages: [series.originalLanguage],
    last_air_date: airDate(series, count, last),
    last_episode_to_air: episodeRow(ask, series, count, last),
    next_episode_to_air: null,
    networks: series.networkIds.map((id) => ({
      id,
      logo_path: catalogue.image('l', `network:${id}`, 1),
      name: catalogue.network(id)?.name ?? '',
      origin_country: catalogue.network(id)?.country ?? '',
    })),
    number_of_episodes: series.seasons.reduce((sum, episodes) => sum + episodes, 0),
    number_of_seasons: count,
    seasons: series.seasons.map((_, index) => seasonRow(ask, series, index + 1)),
    type: 'Scripted',
  };
  return withEdit(body, series, catalogue);
}
