import type { JsonObject } from './random.js';

/** Genre numbers and English names; they are TMDB's own, since clients have them built in. */
export const GENRES: Readonly<Record<'movie' | 'tv', ReadonlyMap<number, string>>> = {
  movie: new Map([
    [28, 'Action'],
    [12, 'Adventure'],
    [16, 'Animation'],
    [35, 'Comedy'],
    [80, 'Crime'],
    [99, 'Documentary'],
    [18, 'Drama'],
    [10751, 'Family'],
    [14, 'Fantasy'],
    [36, 'History'],
    [27, 'Horror'],
    [10402, 'Music'],
    [9648, 'Mystery'],
    [10749, 'Romance'],
    [878, 'Science Fiction'],
    [53, 'Thriller'],
    [10752, 'War'],
    [37, 'Western'],
  ]),
  tv: new Map([
    [10759, 'Action & Adventure'],
    [16, 'Animation'],
    [35, 'Comedy'],
    [80, 'Crime'],
    [99, 'Documentary'],
    [18, 'Drama'],
    [10751, 'Family'],
    [10762, 'Kids'],
    [9648, 'Mystery'],
    [10764, 'Reality'],
    [10765, 'Sci-Fi & Fantasy'],
    [37, 'Western'],
  ]),
};

const GERMAN_GENRES: ReadonlyMap<number, string> = new Map([
  [12, 'Abenteuer'],
  [35, 'Komödie'],
  [80, 'Krimi'],
  [99, 'Dokumentarfilm'],
  [10751, 'Familie'],
  [36, 'Historie'],
  [10402, 'Musik'],
  [10749, 'Liebesfilm'],
  [10752, 'Kriegsfilm'],
]);

/** A genre's name in a language; only German ones differ here. */
export function genreName(kind: 'movie' | 'tv', id: number, language: string): string {
  const english = GENRES[kind].get(id) ?? 'Unknown';
  return language === 'de' ? (GERMAN_GENRES.get(id) ?? english) : english;
}

/** Languages: code → English name and own name. */
export const LANGUAGES: ReadonlyMap<string, readonly [english: string, own: string]> = new Map([
  ['en', ['English', 'English']],
  ['de', ['German', 'Deutsch']],
  ['fr', ['French', 'Français']],
  ['es', ['Spanish', 'Español']],
  ['zh', ['Mandarin', '普通话']],
  ['ja', ['Japanese', '日本語']],
  ['it', ['Italian', 'Italiano']],
  ['pt', ['Portuguese', 'Português']],
  ['ko', ['Korean', '한국어/조선말']],
  ['pl', ['Polish', 'Polski']],
  ['nl', ['Dutch', 'Nederlands']],
  ['sv', ['Swedish', 'svenska']],
]);

/** The regions that providers, release dates and ratings are given for. */
export const REGIONS: readonly string[] =
  'AR AT AU BE BR CA CH CL CO CZ DE DK EC EE EG ES FI FR GB GR HK HR HU ID IE IL IN IT JP KR LT LV MX MY NL NO NZ PE PH PL PT RO RU SA SE SG SI SK TH TR TW UA US VE ZA'.split(
    ' ',
  );

const regionNames = new Intl.DisplayNames(['en'], { type: 'region' });

/** A region's English name. */
export function regionName(code: string): string {
  return regionNames.of(code) ?? code;
}

/** Streaming services, with the numbers that `watch/providers` uses. */
export const PROVIDERS: readonly (readonly [id: number, name: string])[] = [
  [8, 'Lantern Stream'],
  [9, 'Orchard Prime'],
  [2, 'Comet Store'],
  [3, 'River Rentals'],
  [10, 'Harbour Video'],
  [337, 'Carnival Plus'],
  [384, 'Signal Max'],
  [350, 'Forest TV+'],
  [192, 'Raven Movies'],
  [68, 'Mirror Store'],
];

/** `/3/configuration`. */
export function configuration(base: { http: string; https: string }): JsonObject {
  return {
    images: {
      base_url: `${base.http}/t/p/`,
      secure_base_url: `${base.https}/t/p/`,
      backdrop_sizes: ['w300', 'w780', 'w1280', 'original'],
      logo_sizes: ['w45', 'w92', 'w154', 'w185', 'w300', 'w500', 'original'],
      poster_sizes: ['w92', 'w154', 'w185', 'w342', 'w500', 'w780', 'original'],
      profile_sizes: ['w45', 'w185', 'h632', 'original'],
      still_sizes: ['w92', 'w185', 'w300', 'original'],
    },
    change_keys: [
      'adult',
      'biography',
      'budget',
      'cast',
      'crew',
      'general',
      'images',
      'overview',
      'runtime',
      'title',
    ],
  };
}

/** `/3/configuration/{jobs,timezones,…}` and the certifications. */
export const JOB_LIST = [
  { department: 'Directing', jobs: ['Director', 'First Assistant Director', 'Script Supervisor'] },
  { department: 'Writing', jobs: ['Novel', 'Screenplay', 'Story', 'Writer'] },
  { department: 'Production', jobs: ['Casting', 'Executive Producer', 'Producer'] },
  { department: 'Camera', jobs: ['Camera Operator', 'Director of Photography'] },
  { department: 'Editing', jobs: ['Colorist', 'Editor'] },
  { department: 'Sound', jobs: ['Original Music Composer', 'Sound Designer'] },
  { department: 'Art', jobs: ['Art Direction', 'Production Design'] },
];

/** Primary translations, as `xx-YY`. */
export const TRANSLATIONS: readonly string[] =
  'en-US en-GB de-DE de-AT fr-FR fr-CA es-ES es-MX zh-CN zh-TW ja-JP it-IT pt-PT pt-BR ko-KR pl-PL nl-NL sv-SE'.split(
    ' ',
  );

/** Ratings by region, in the order of their severity. */
export const CERTIFICATIONS: Readonly<Record<'movie' | 'tv', Readonly<Record<string, readonly string[]>>>> = {
  movie: {
    US: ['NR', 'G', 'PG', 'PG-13', 'R', 'NC-17'],
    GB: ['U', 'PG', '12A', '15', '18'],
    DE: ['0', '6', '12', '16', '18'],
    FR: ['TP', '10', '12', '16', '18'],
    JP: ['G', 'PG12', 'R15+', 'R18+'],
  },
  tv: {
    US: ['NR', 'TV-Y', 'TV-G', 'TV-PG', 'TV-14', 'TV-MA'],
    GB: ['U', 'PG', '12', '15', '18'],
    DE: ['0', '6', '12', '16', '18'],
    FR: ['NR', '10', '12', '16', '18'],
  },
};
