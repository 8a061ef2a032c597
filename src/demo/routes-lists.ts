import { type Ask, found, ok, paged, parameter, type Reply } from './ask.js';
import { COLLECTIONS, COMPANIES, KEYWORDS, type Title } from './catalogue.js';
import { personRow, popularPersons } from './people.js';
import type { Json } from './random.js';
import type { Router } from './router.js';
import { discover, searchTitles, shuffled, sorted } from './selection.js';
import { collectionRow, imdbId, titleRow } from './titles.js';

const DAY = 86_400_000;

function titlesOf(ask: Ask, kind: 'movie' | 'tv'): readonly Title[] {
  return kind === 'movie' ? ask.world.catalogue.movies() : ask.world.catalogue.allSeries();
}

function show(ask: Ask, tellKind = false): (title: Title) => Json {
  return (title) => {
    const row = titleRow(ask.world.catalogue, title, ask.language);
    return tellKind ? { ...row, media_type: title.kind } : row;
  };
}

function day(ask: Ask, offset = 0): string {
  return new Date(ask.world.now() + offset * DAY).toISOString().slice(0, 10);
}

/** `popular`, `now_playing`, …: the region decides the order, the day the charts of the cinemas. */
function chart(kind: 'movie' | 'tv', name: string): (ask: Ask) => Reply {
  return (ask) => {
    const region = parameter(ask, 'region');
    const all = titlesOf(ask, kind);
    if (name === 'top_rated') return ok(paged(ask, sorted(all, 'vote_average.desc'), show(ask)));
    if (name === 'popular')
      return ok(paged(ask, region === undefined ? all : shuffled(all, region), show(ask)));
    const list = shuffled(all, `${name}:${region ?? ''}`).slice(0, 120);
    const dates = { dates: { maximum: day(ask, 14), minimum: day(ask, -28) } };
    return ok({ ...(kind === 'movie' ? dates : {}), ...paged(ask, list, show(ask)) });
  };
}

function numbered<T>(count: number, get: (id: number) => T | undefined): T[] {
  return Array.from({ length: count }, (_, index) => get(index + 1)).filter((item) => item !== undefined);
}

function named<T extends { readonly name?: Json }>(ask: Ask, list: readonly T[]): T[] {
  const words = (parameter(ask, 'query') ?? '').toLowerCase();
  return list.filter(
    ({ name }) => words !== '' && typeof name === 'string' && name.toLowerCase().includes(words),
  );
}

function searchRoutes(router: Router): void {
  for (const kind of ['movie', 'tv'] as const) {
    router.get(`/3/search/${kind}`, (ask) =>
      ok(paged(ask, searchTitles(ask, titlesOf(ask, kind), ask.world.catalogue), show(ask))),
    );
    router.get(`/3/discover/${kind}`, (ask) =>
      ok(paged(ask, discover(ask, titlesOf(ask, kind), ask.world.catalogue), show(ask))),
    );
  }
  router.get('/3/search/person', (ask) => {
    const { catalogue } = ask.world;
    return ok(
      paged(ask, named(ask, catalogue.persons().map(nameOnly)), ({ person }) =>
        personRow(catalogue, person, ask.language),
      ),
    );
  });
  router.get('/3/search/multi', (ask) => {
    const { catalogue } = ask.world;
    const titles = [
      ...searchTitles(ask, catalogue.movies(), catalogue),
      ...searchTitles(ask, catalogue.allSeries(), catalogue),
    ];
    const persons = named(ask, catalogue.persons().map(nameOnly));
    const rows: (() => Json)[] = [
      ...titles.map((title) => () => show(ask, true)(title)),
      ...persons.map(({ person }) => () => ({
        ...personRow(catalogue, person, ask.language),
        media_type: 'person',
      })),
    ];
    return ok(paged(ask, rows, (row) => row()));
  });
  router.get('/3/search/collection', (ask) => {
    const { catalogue } = ask.world;
    const all = numbered(COLLECTIONS, (id) => collectionRow(catalogue, id, ask.language));
    return ok(paged(ask, named(ask, all), (row) => row));
  });
  router.get('/3/search/keyword', (ask) =>
    ok(
      paged(
        ask,
        named(
          ask,
          numbered(KEYWORDS, (id) => ask.world.catalogue.keyword(id)),
        ),
        (row) => row,
      ),
    ),
  );
  router.get('/3/search/company', (ask) => {
    const all = named(
      ask,
      numbered(COMPANIES, (id) => ask.world.catalogue.company(id)),
    );
    return ok(
      paged(ask, all, ({ id, name, country }) => ({ id, logo_path: null, name, origin_country: country })),
    );
  });
}

function nameOnly<T extends { readonly name: string }>(person: T): { name: string; person: T } {
  return { name: person.name, person };
}

/** The title or person with an IMDb number. */
function find(ask: Ask): Reply {
  const { catalogue } = ask.world;
  const id = ask.params.external ?? '';
  const number = Number(id.slice(2));
  const hit = <T>(list: T | undefined, expected: string, row: (item: T) => Json): Json =>
    list !== undefined && expected === id && parameter(ask, 'external_source') === 'imdb_id'
      ? [row(list)]
      : [];
  const movie = number - 1_000_000;
  const tv = number - 5_000_000;
  return ok({
    movie_results: hit<Title>(catalogue.movie(movie), imdbId.movie(movie), show(ask, true)),
    person_results: hit(catalogue.person(movie), imdbId.person(movie), (p) =>
      personRow(catalogue, p, ask.language),
    ),
    tv_results: hit<Title>(catalogue.series(tv), imdbId.tv(tv), show(ask, true)),
    tv_episode_results: [],
    tv_season_results: [],
  });
}

/** Charts, searches, discover, trending and find. */
export function listRoutes(router: Router): void {
  for (const name of ['popular', 'top_rated', 'now_playing', 'upcoming'])
    router.get(`/3/movie/${name}`, chart('movie', name));
  for (const name of ['popular', 'top_rated', 'airing_today', 'on_the_air'])
    router.get(`/3/tv/${name}`, chart('tv', name));
  router.get('/3/person/popular', popularPersons);
  router.get('/3/trending/:kind/:window', (ask) => {
    const { catalogue } = ask.world;
    const { kind, window } = ask.params;
    const length = found(({ day: DAY, week: 7 * DAY } as Record<string, number>)[window ?? '']);
    const name = `trending:${window}:${Math.floor(ask.world.now() / length)}`;
    if (kind === 'person') {
      return ok(
        paged(ask, shuffled(catalogue.persons(), name).slice(0, 400), (p) => ({
          ...personRow(catalogue, p, ask.language),
          media_type: 'person',
        })),
      );
    }
    const lists: Record<string, readonly Title[]> = {
      movie: catalogue.movies(),
      tv: catalogue.allSeries(),
      all: [...catalogue.movies(), ...catalogue.allSeries()],
    };
    return ok(paged(ask, shuffled(found(lists[kind ?? '']), name).slice(0, 400), show(ask, true)));
  });
  router.get('/3/find/:external', find);
  searchRoutes(router);
}
