import { type Ask, paged } from './ask.js';
import type { Movie, Series, Title } from './catalogue.js';
import { originalSize } from './images.js';
import { aggregateCredits, credits } from './people.js';
import { encodeOpaque, type Json, type JsonObject, Random } from './random.js';
import { CERTIFICATIONS, LANGUAGES, PROVIDERS, REGIONS, regionName } from './reference.js';
import { imdbId, overviewOf, titleRow } from './titles.js';
import { personName, SPOKEN, textIn, titleIn } from './words.js';

/** A sub-resource of a title: on its own path, or appended to the details. */
export type TitlePart = (ask: Ask, title: Title) => JsonObject;

/** Languages of images that a request wants: undefined = all, `null` = those without text. */
function imageLanguages(ask: Ask): ReadonlySet<string> | undefined {
  const asked = ask.query.get('include_image_language') || ask.query.get('language')?.slice(0, 2);
  return asked ? new Set(asked.split(',').map((code) => code.slice(0, 4))) : undefined;
}

/** One `posters`, `backdrops` or `logos` list. */
export function imageList(ask: Ask, kind: 'p' | 'b' | 'l' | 's', owner: string, count: number): Json[] {
  const wanted = imageLanguages(ask);
  const { width, height, aspect } = originalSize(kind);
  const languages: readonly (string | null)[] = [null, 'en', 'de', 'fr', 'es'];
  return Array.from({ length: count }, (_, index) => ({
    index,
    language: languages[index % languages.length] ?? null,
  }))
    .filter(({ language }) => wanted === undefined || wanted.has(language ?? 'null'))
    .map(({ index, language }) => ({
      aspect_ratio: aspect,
      height,
      iso_639_1: language,
      file_path: ask.world.catalogue.image(kind, owner, index),
      vote_average: 5.3,
      vote_count: 20 - index,
      width,
    }));
}

/** `watch/providers`: about 32 kB. */
function watchProviders(ask: Ask, title: Title): JsonObject {
  const results = REGIONS.map((region) => {
    const random = new Random(`providers:${title.kind}:${title.id}:${region}`);
    const offer = (count: number): Json[] =>
      random.sample(PROVIDERS, count).map(([id, name], display_priority) => ({
        logo_path: ask.world.catalogue.image('l', `provider:${id}`, 1),
        provider_id: id,
        provider_name: name,
        display_priority,
      }));
    const link = `https://example.test/${title.kind}/${title.id}/watch?locale=${region}`;
    return [region, { link, rent: offer(2), flatrate: offer(1), buy: offer(2) }] as const;
  });
  return { id: title.id, results: Object.fromEntries(results) };
}

function related(ask: Ask, title: Title): JsonObject {
  const { catalogue } = ask.world;
  const all: readonly Title[] = title.kind === 'movie' ? catalogue.movies() : catalogue.allSeries();
  const near = all.filter(
    (other) => other.id !== title.id && other.genreIds.includes(title.genreIds[0] ?? 0),
  );
  return paged(ask, near.slice(0, 40), (other) => ({
    ...titleRow(catalogue, other, ask.language),
    media_type: other.kind,
  }));
}

/** One review; `index` counts from 0. */
export function review(title: Title, index: number): JsonObject {
  const random = new Random(`review:${title.kind}:${title.id}:${index}`);
  const author = personName(random);
  const id = encodeOpaque(title.kind === 'movie' ? '61' : '62', title.id, index);
  return {
    author,
    author_details: {
      name: author,
      username: author.toLowerCase().replace(' ', '_'),
      avatar_path: null,
      rating: random.int(2, 10),
    },
    content: textIn('en', title.words, random.int(4, 12), id),
    created_at: '2023-05-02T08:11:45.000Z',
    id,
    updated_at: '2023-05-02T08:11:45.000Z',
    url: `https://example.test/review/${id}`,
  };
}

function videos(ask: Ask, title: Title): JsonObject {
  const random = new Random(`videos:${title.kind}:${title.id}`);
  const results = Array.from({ length: 4 }, (_, index) => ({
    iso_639_1: ask.language,
    iso_3166_1: ask.language === 'en' ? 'US' : ask.language.toUpperCase(),
    name: `${titleIn(ask.language, title.words)}: trailer ${index + 1}`,
    key: random.int(1e9, 9e9).toString(36),
    site: 'YouTube',
    size: 1080,
    type: index === 0 ? 'Trailer' : 'Teaser',
    official: true,
    published_at: '2022-11-08T15:00:00.000Z',
    id: encodeOpaque('71', title.id, index),
  }));
  return { id: title.id, results };
}

function rated(title: Title): Json[] {
  const kind = title.kind;
  return Object.entries(CERTIFICATIONS[kind]).map(([region, ratings]) => {
    const rating = new Random(`rating:${kind}:${title.id}:${region}`).pick(ratings);
    return kind === 'tv'
      ? { descriptors: [], iso_3166_1: region, rating }
      : {
          iso_3166_1: region,
          release_dates: [
            {
              certification: rating,
              descriptors: [],
              iso_639_1: '',
              note: '',
              release_date: `${title.date}T00:00:00.000Z`,
              type: 3,
            },
          ],
        };
  });
}

const COMMON: readonly (readonly [string, TitlePart])[] = [
  ['credits', (ask, title) => ({ id: title.id, ...credits(ask.world.catalogue, title) })],
  [
    'images',
    (ask, title) => ({
      id: title.id,
      backdrops: imageList(ask, 'b', `${title.kind}:${title.id}`, 15),
      logos: imageList(ask, 'l', `${title.kind}:${title.id}`, 8),
      posters: imageList(ask, 'p', `${title.kind}:${title.id}`, 20),
    }),
  ],
  ['videos', videos],
  ['recommendations', related],
  ['similar', related],
  ['watch/providers', watchProviders],
  [
    'reviews',
    (ask, title) => {
      const count = new Random(`reviews:${title.kind}:${title.id}`).int(1, 8);
      const list = Array.from({ length: count }, (_, index) => review(title, index));
      return { id: title.id, ...paged(ask, list, (row) => row) };
    },
  ],
  [
    'translations',
    (_ask, title) => ({
      id: title.id,
      translations: SPOKEN.map((language) => ({
        iso_3166_1:
          language === 'en'
            ? 'US'
            : language === 'zh'
              ? 'CN'
              : language === 'ja'
                ? 'JP'
                : language.toUpperCase(),
        iso_639_1: language,
        name: LANGUAGES.get(language)?.[1] ?? language,
        english_name: LANGUAGES.get(language)?.[0] ?? language,
        data: {
          homepage: '',
          overview: overviewOf(title, language),
          tagline: '',
          [title.kind === 'movie' ? 'title' : 'name']: titleIn(language, title.words),
        },
      })),
    }),
  ],
  [
    'external_ids',
    (_ask, title) => ({
      id: title.id,
      imdb_id: imdbId[title.kind](title.id),
      wikidata_id: `Q${title.kind === 'movie' ? 100_000 + title.id : 500_000 + title.id}`,
      facebook_id: null,
      instagram_id: null,
      twitter_id: null,
    }),
  ],
  ['lists', (ask, title) => ({ id: title.id, ...paged(ask, [] as JsonObject[], (row) => row) })],
];

function alternatives(title: Title): Json[] {
  return REGIONS.slice(0, 12).map((region, index) => ({
    iso_3166_1: region,
    title: `${titleIn(SPOKEN[index % SPOKEN.length] ?? 'en', title.words)} (${regionName(region)})`,
    type: '',
  }));
}

function keywordsOf(ask: Ask, title: Title): Json[] {
  return title.keywordIds.map((id) => ({ id, name: ask.world.catalogue.keyword(id)?.name ?? '' }));
}

/** The sub-resources of movies by the name `append_to_response` uses. */
export const MOVIE_PARTS: ReadonlyMap<string, TitlePart> = new Map([
  ...COMMON,
  ['keywords', (ask: Ask, title: Title) => ({ id: title.id, keywords: keywordsOf(ask, title) })],
  ['alternative_titles', (_ask: Ask, title: Title) => ({ id: title.id, titles: alternatives(title) })],
  ['release_dates', (_ask: Ask, title: Title) => ({ id: title.id, results: rated(title) })],
]);

/** The sub-resources of series. */
export const SERIES_PARTS: ReadonlyMap<string, TitlePart> = new Map([
  ...COMMON,
  ['keywords', (ask: Ask, title: Title) => ({ id: title.id, results: keywordsOf(ask, title) })],
  ['alternative_titles', (_ask: Ask, title: Title) => ({ id: title.id, results: alternatives(title) })],
  ['content_ratings', (_ask: Ask, title: Title) => ({ id: title.id, results: rated(title) })],
  ['episode_groups', (_ask: Ask, title: Title) => ({ id: title.id, results: [] })],
  ['screened_theatrically', (_ask: Ask, title: Title) => ({ id: title.id, results: [] })],
  [
    'aggregate_credits',
    (ask: Ask, title: Title) => ({
      id: title.id,
      ...aggregateCredits(
        ask.world.catalogue,
        title,
        (title as Series).seasons.reduce((sum, n) => sum + n, 0),
      ),
    }),
  ],
]);

/** A part, marked with the title's revision when it was edited, so that each of a title's bodies shows an edit. */
export function partBody(ask: Ask, title: Movie | Series, part: TitlePart): JsonObject {
  const { revision } = ask.world.catalogue.changes.edited(title.kind, title.id);
  const body = part(ask, title);
  return revision === 0 ? body : { ...body, edited: revision };
}
