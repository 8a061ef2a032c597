import { withAppended } from './append.js';
import { type Ask, found, idOf, ok, paged } from './ask.js';
import { imageList, review } from './parts.js';
import { decodeOpaque, type Json } from './random.js';
import * as reference from './reference.js';
import type { Router } from './router.js';
import { collectionRow, titleRow } from './titles.js';
import { SPOKEN, textIn } from './words.js';

/** Where `/3/configuration` says that images are, without `/t/p/`. */
export type ImageBase = () => { http: string; https: string };

function configurationRoutes(router: Router, base: ImageBase): void {
  router.get('/3/configuration', () => ok(reference.configuration(base())));
  router.get('/3/configuration/countries', () =>
    ok(
      reference.REGIONS.map((code) => ({
        iso_3166_1: code,
        english_name: reference.regionName(code),
        native_name: reference.regionName(code),
      })),
    ),
  );
  router.get('/3/configuration/languages', () =>
    ok(
      [...reference.LANGUAGES].map(([code, [english, own]]) => ({
        iso_639_1: code,
        english_name: english,
        name: own,
      })),
    ),
  );
  router.get('/3/configuration/jobs', () => ok(reference.JOB_LIST));
  router.get('/3/configuration/primary_translations', () => ok(reference.TRANSLATIONS));
  router.get('/3/configuration/timezones', () =>
    ok([
      { iso_3166_1: 'DE', zones: ['Europe/Berlin'] },
      {
        iso_3166_1: 'US',
        zones: ['America/New_York', 'America/Chicago', 'America/Denver', 'America/Los_Angeles'],
      },
    ]),
  );
}

function providerRow(ask: Ask, [id, name]: readonly [number, string], index: number): Json {
  return {
    display_priorities: Object.fromEntries(reference.REGIONS.map((region, i) => [region, (i + index) % 40])),
    display_priority: index,
    logo_path: ask.world.catalogue.image('l', `provider:${id}`, 1),
    provider_name: name,
    provider_id: id,
  };
}

function collectionRoutes(router: Router): void {
  const collection = (ask: Ask) => found(ask.world.catalogue.collection(idOf(ask)));
  router.get('/3/collection/:id', (ask) => {
    const { catalogue } = ask.world;
    const movies = collection(ask);
    const id = idOf(ask);
    const { patch, revision } = catalogue.changes.edited('collection', id);
    const body = {
      ...collectionRow(catalogue, id, ask.language),
      overview: textIn(
        ask.language,
        { first: id % 24, second: (id * 5) % 24, pattern: id % 5 },
        4,
        `collection:${id}`,
      ),
      parts: movies.map((movie) => ({ ...titleRow(catalogue, movie, ask.language), media_type: 'movie' })),
      ...(revision > 0 && { edited: revision }),
      ...patch,
    };
    return withAppended(ask, body, (name) => collectionPart(ask, id, name));
  });
  for (const name of ['images', 'translations']) {
    router.get(`/3/collection/:id/${name}`, (ask) => {
      collection(ask);
      return ok(found(collectionPart(ask, idOf(ask), name)));
    });
  }
}

function collectionPart(ask: Ask, id: number, name: string) {
  if (name === 'images') {
    const owner = `collection:${id}`;
    return { id, backdrops: imageList(ask, 'b', owner, 5), posters: imageList(ask, 'p', owner, 5) };
  }
  if (name !== 'translations') return undefined;
  const { catalogue } = ask.world;
  return {
    id,
    translations: SPOKEN.map((language) => ({
      iso_639_1: language,
      data: { title: collectionRow(catalogue, id, language).name ?? '', overview: '' },
    })),
  };
}

function smallRoutes(router: Router): void {
  router.get('/3/company/:id', (ask) => {
    const { id, name, country } = found(ask.world.catalogue.company(idOf(ask)));
    const logo_path = ask.world.catalogue.image('l', `company:${id}`, 1);
    return ok({
      description: '',
      headquarters: '',
      homepage: '',
      id,
      logo_path,
      name,
      origin_country: country,
      parent_company: null,
    });
  });
  router.get('/3/network/:id', (ask) => {
    const { id, name, country } = found(ask.world.catalogue.network(idOf(ask)));
    return ok({
      headquarters: '',
      homepage: '',
      id,
      logo_path: ask.world.catalogue.image('l', `network:${id}`, 1),
      name,
      origin_country: country,
    });
  });
  for (const kind of ['company', 'network'] as const) {
    router.get(`/3/${kind}/:id/images`, (ask) => {
      const { id } = found(ask.world.catalogue[kind](idOf(ask)));
      return ok({ id, logos: imageList(ask, 'l', `${kind}:${id}`, 3) });
    });
    router.get(`/3/${kind}/:id/alternative_names`, (ask) =>
      ok({ id: found(ask.world.catalogue[kind](idOf(ask))).id, results: [] }),
    );
  }
  router.get('/3/keyword/:id', (ask) => ok(found(ask.world.catalogue.keyword(idOf(ask)))));
  router.get('/3/keyword/:id/movies', (ask) => {
    const { id } = found(ask.world.catalogue.keyword(idOf(ask)));
    const movies = ask.world.catalogue.movies().filter((movie) => movie.keywordIds.includes(id));
    return ok({ id, ...paged(ask, movies, (movie) => titleRow(ask.world.catalogue, movie, ask.language)) });
  });
  router.get('/3/review/:id', (ask) => {
    const id = ask.params.id ?? '';
    const [kind, numbers] = id.startsWith('61')
      ? (['movie', decodeOpaque('61', id)] as const)
      : (['tv', decodeOpaque('62', id)] as const);
    const [owner, index] = found(numbers);
    const title = found(ask.world.catalogue.title(kind, owner));
    return ok({ ...review(title, index), media_id: owner, media_type: kind, iso_639_1: 'en' });
  });
  router.get('/3/credit/:id', (ask) => {
    const id = ask.params.id ?? '';
    const [kind, numbers] = id.startsWith('51')
      ? (['movie', decodeOpaque('51', id)] as const)
      : (['tv', decodeOpaque('52', id)] as const);
    const [owner, personId] = found(numbers);
    const { catalogue } = ask.world;
    const title = found(catalogue.title(kind, owner));
    const part = found(catalogue.parts(title).find((candidate) => candidate.personId === personId));
    return ok({
      credit_type: part.job ? 'crew' : 'cast',
      department: part.job?.[0] ?? 'Actors',
      job: part.job?.[1] ?? 'Actor',
      media: { ...titleRow(catalogue, title, ask.language), character: part.character },
      media_type: kind,
      id,
      person: { id: personId, name: catalogue.person(personId)?.name ?? '' },
    });
  });
}

/** Configuration, genres, certifications, providers, collections, companies and other small things. */
export function referenceRoutes(router: Router, base: ImageBase): void {
  configurationRoutes(router, base);
  for (const kind of ['movie', 'tv'] as const) {
    router.get(`/3/genre/${kind}/list`, (ask) =>
      ok({
        genres: [...reference.GENRES[kind].keys()].map((id) => ({
          id,
          name: reference.genreName(kind, id, ask.language),
        })),
      }),
    );
    router.get(`/3/certification/${kind}/list`, () => {
      const regions = Object.entries(reference.CERTIFICATIONS[kind]).map(([region, ratings]) => [
        region,
        ratings.map((certification, order) => ({
          certification,
          meaning: `Rating ${certification}.`,
          order,
        })),
      ]);
      return ok({ certifications: Object.fromEntries(regions) as Record<string, Json> });
    });
    router.get(`/3/watch/providers/${kind}`, (ask) =>
      ok({ results: reference.PROVIDERS.map((provider, index) => providerRow(ask, provider, index)) }),
    );
  }
  router.get('/3/watch/providers/regions', () =>
    ok({
      results: reference.REGIONS.map((code) => ({
        iso_3166_1: code,
        english_name: reference.regionName(code),
        native_name: reference.regionName(code),
      })),
    }),
  );
  collectionRoutes(router);
  smallRoutes(router);
}
