import { accountStates } from './account-states.js';
import { withAppended } from './append.js';
import { type Ask, found, idOf, ok } from './ask.js';
import type { Series, Title } from './catalogue.js';
import { TmdbError } from './envelopes.js';
import { imageList, MOVIE_PARTS, partBody, SERIES_PARTS } from './parts.js';
import { credits } from './people.js';
import type { JsonObject } from './random.js';
import type { Router } from './router.js';
import { episodeId, episodeRow, movieDetails, seasonRow, seriesDetails } from './titles.js';

function titleOf(ask: Ask, kind: 'movie' | 'tv'): Title {
  return found(ask.world.catalogue.title(kind, idOf(ask)));
}

function titleAppend(ask: Ask, title: Title): (name: string) => JsonObject | undefined {
  const parts = title.kind === 'movie' ? MOVIE_PARTS : SERIES_PARTS;
  return (name) => {
    if (name === 'account_states') return accountStates(ask, title.kind, title.id);
    const season = /^season\/(\d{1,3})$/.exec(name);
    if (season && title.kind === 'tv') {
      const number = Number(season[1]);
      return title.seasons[number - 1] === undefined ? undefined : seasonBody(ask, title, number);
    }
    const part = parts.get(name);
    return part && partBody(ask, title, part);
  };
}

function seasonBody(ask: Ask, series: Series, season: number): JsonObject {
  const { catalogue } = ask.world;
  const { episode_count: count, ...row } = seasonRow(ask, series, season);
  const { revision } = catalogue.changes.edited('tv', series.id);
  const team = credits(catalogue, series);
  const episodes = Array.from({ length: Number(count) }, (_, index) => ({
    ...episodeRow(ask, series, season, index + 1),
    crew: team.crew.slice(0, 3),
    guest_stars: team.cast.slice(index % 10, (index % 10) + 6),
  }));
  return { _id: `${series.id}-${season}`, ...row, episodes, ...(revision > 0 && { edited: revision }) };
}

interface Numbers {
  readonly series: Series;
  readonly season: number;
  readonly episode: number | undefined;
}

function numbersOf(ask: Ask): Numbers {
  const series = found(ask.world.catalogue.series(idOf(ask)));
  const season = idOf(ask, 'season');
  const episodes = found(series.seasons[season - 1]);
  if (ask.params.episode === undefined) return { series, season, episode: undefined };
  const episode = idOf(ask, 'episode');
  if (episode < 1 || episode > episodes) throw new TmdbError(34);
  return { series, season, episode };
}

/** The parts of a season or an episode, by the name `append_to_response` uses. */
function seasonPart(ask: Ask, { series, season, episode }: Numbers, name: string): JsonObject | undefined {
  const id = episode === undefined ? series.id * 100 + season : episodeId(series, season, episode);
  const { catalogue } = ask.world;
  const owner = `season:${series.id * 10 + season}`;
  switch (name) {
    case 'credits':
    case 'aggregate_credits':
      return { id, ...credits(catalogue, series), ...(episode !== undefined && { guest_stars: [] }) };
    case 'images':
      return episode === undefined
        ? { id, posters: imageList(ask, 'p', owner, 5) }
        : { id, stills: imageList(ask, 's', owner, 5) };
    case 'external_ids':
      return { id, tvdb_id: id + 70_000, wikidata_id: null };
    case 'translations':
    case 'videos':
    case 'watch/providers': {
      const part = SERIES_PARTS.get(name);
      return part && { ...partBody(ask, series, part), id };
    }
    case 'account_states':
      return accountStates(ask, 'episode', id);
    default:
      return undefined;
  }
}

/** `/3/movie/{id}`, `/3/tv/{id}`, seasons, episodes, and all their sub-resources. */
export function titleRoutes(router: Router): void {
  router.get('/3/movie/latest', (ask) =>
    ok(movieDetails(ask, found(ask.world.catalogue.movie(ask.world.catalogue.size.movies)))),
  );
  router.get('/3/tv/latest', (ask) =>
    ok(seriesDetails(ask, found(ask.world.catalogue.series(ask.world.catalogue.size.series)))),
  );
  for (const kind of ['movie', 'tv'] as const) {
    router.get(`/3/${kind}/:id`, (ask) => {
      const title = titleOf(ask, kind);
      const body = title.kind === 'movie' ? movieDetails(ask, title) : seriesDetails(ask, title);
      return withAppended(ask, body, titleAppend(ask, title));
    });
    router.get(`/3/${kind}/:id/account_states`, (ask) => ({
      status: 200,
      body: accountStates(ask, kind, titleOf(ask, kind).id),
      keeping: 'zero',
      personal: true,
    }));
    for (const [name, part] of kind === 'movie' ? MOVIE_PARTS : SERIES_PARTS) {
      router.get(`/3/${kind}/:id/${name}`, (ask) => ok(partBody(ask, titleOf(ask, kind), part)));
    }
  }
  const season = '/3/tv/:id/season/:season';
  router.get(season, (ask) => {
    const numbers = numbersOf(ask);
    const body = {
      ...seasonBody(ask, numbers.series, numbers.season),
      id: numbers.series.id * 100 + numbers.season,
    };
    return withAppended(ask, body, (name) => seasonPart(ask, numbers, name));
  });
  router.get(`${season}/episode/:episode`, (ask) => {
    const numbers = numbersOf(ask);
    const team = credits(ask.world.catalogue, numbers.series);
    const row = episodeRow(ask, numbers.series, numbers.season, numbers.episode ?? 1);
    return withAppended(ask, { ...row, ...team, guest_stars: [] }, (name) => seasonPart(ask, numbers, name));
  });
  for (const base of [season, `${season}/episode/:episode`]) {
    for (const name of [
      'credits',
      'images',
      'external_ids',
      'translations',
      'videos',
      'watch/providers',
      'aggregate_credits',
    ]) {
      router.get(`${base}/${name}`, (ask) => ok(found(seasonPart(ask, numbersOf(ask), name))));
    }
    router.get(`${base}/account_states`, (ask) => ({
      status: 200,
      body: found(seasonPart(ask, numbersOf(ask), 'account_states')),
      keeping: 'zero',
      personal: true,
    }));
  }
}
