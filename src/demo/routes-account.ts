import { accountOf, shelfOf } from './account-states.js';
import type { MediaKind, Shelf, UserList } from './accounts.js';
import { type Ask, found, idOf, paged, parameter, type Reply } from './ask.js';
import { envelope, TmdbError } from './envelopes.js';
import type { Json, JsonObject } from './random.js';
import type { Router } from './router.js';
import { episodeId, titleRow } from './titles.js';

/** A write's answer: an envelope with more fields perhaps; 1 becomes 201 where something was made. */
export function done(code: number, status: number, more: JsonObject = {}): Reply {
  return { status, body: { ...envelope(code).body, ...more }, keeping: 'zero', personal: true };
}

/** A user's own reading. */
export function mine(body: Json): Reply {
  return { status: 200, body, keeping: 'zero', personal: true };
}

export function titlesIn(
  ask: Ask,
  keys: Iterable<string>,
  kind: 'movie' | 'tv',
  ratings?: ReadonlyMap<string, number>,
): JsonObject {
  const chosen = [...keys].filter((key) => key.startsWith(`${kind}:`));
  return paged(ask, chosen, (key) => {
    const title = found(ask.world.catalogue.title(kind, Number(key.split(':')[1])));
    const row = titleRow(ask.world.catalogue, title, ask.language);
    const rating = ratings?.get(key);
    return rating === undefined ? row : { ...row, rating };
  });
}

function authenticationRoutes(router: Router): void {
  const expiry = (ask: Ask, hours = 1) =>
    new Date(ask.world.now() + hours * 3_600_000).toISOString().replace('T', ' ').replace(/\..*/, ' UTC');
  router.get('/3/authentication', () => mine(envelope(1).body));
  router.get('/3/authentication/token/new', (ask) => {
    const token = ask.world.accounts.newToken();
    return {
      ...mine({ success: true, expires_at: expiry(ask), request_token: token }),
      headers: [['Authentication-Callback', `https://www.example.test/authenticate/${token}`]],
    };
  });
  router.get('/3/authentication/guest_session/new', (ask) =>
    mine({ success: true, guest_session_id: ask.world.accounts.newGuest(), expires_at: expiry(ask, 24) }),
  );
  const session = (ask: Ask) =>
    mine({ success: true, session_id: ask.world.accounts.newSession(parameter(ask, 'request_token')) });
  const login = (ask: Ask) => {
    const [username, password] = [parameter(ask, 'username'), parameter(ask, 'password')];
    if (username === undefined || password === undefined) throw new TmdbError(26);
    if (password === 'bad') throw new TmdbError(30);
    const request_token = ask.world.accounts.checkToken(parameter(ask, 'request_token'));
    return mine({ success: true, expires_at: expiry(ask), request_token });
  };
  for (const method of ['GET', 'POST']) {
    router.on(method, '/3/authentication/session/new', session);
    router.on(method, '/3/authentication/token/validate_with_login', login);
  }
  router.on('POST', '/3/authentication/session/convert/4', (ask) => {
    const token = parameter(ask, 'access_token');
    if (token === undefined) throw new TmdbError(35);
    return mine({
      success: true,
      session_id: `session-${ask.world.accounts.accountOfBearer(token) % 1_000_000}`,
    });
  });
  router.on('DELETE', '/3/authentication/session', (ask) => {
    if (!ask.world.accounts.endSession(parameter(ask, 'session_id'))) throw new TmdbError(37);
    return { status: 200, body: { success: true }, keeping: 'zero', personal: true };
  });
}

function mark(kind: 'favorite' | 'watchlist'): (ask: Ask) => Reply {
  return (ask) => {
    const shelf = ask.world.accounts.shelf(accountOf(ask));
    const media = parameter(ask, 'media_type');
    const id = Number(parameter(ask, 'media_id'));
    if ((media !== 'movie' && media !== 'tv') || !ask.world.catalogue.has(media, id)) throw new TmdbError(34);
    if (parameter(ask, kind) === 'true') {
      const known = shelf[kind].has(`${media}:${id}`);
      shelf[kind].add(`${media}:${id}`);
      return known ? done(12, 201) : done(1, 201);
    }
    return shelf[kind].delete(`${media}:${id}`) ? done(13, 200) : done(21, 200);
  };
}

function accountRoutes(router: Router): void {
  const account = (ask: Ask): Reply => {
    const id = accountOf(ask);
    return mine({
      avatar: { gravatar: { hash: 'c9e9fc152ee756a900db85757c29815d' } },
      id,
      iso_639_1: 'en',
      iso_3166_1: 'US',
      name: `User ${id}`,
      include_adult: false,
      username: `user${id}`,
    });
  };
  router.get('/3/account', account).get('/3/account/:id', account);
  for (const kind of ['favorite', 'watchlist'] as const) {
    router.on('POST', `/3/account/:id/${kind}`, mark(kind));
    for (const [path, media] of [
      ['movies', 'movie'],
      ['tv', 'tv'],
    ] as const) {
      router.get(`/3/account/:id/${kind}/${path}`, (ask) =>
        mine(titlesIn(ask, ask.world.accounts.shelf(accountOf(ask))[kind], media)),
      );
    }
  }
  const rated = (of: (ask: Ask) => Shelf, media: 'movie' | 'tv') => (ask: Ask) => {
    const shelf = of(ask);
    return mine(titlesIn(ask, shelf.rated.keys(), media, shelf.rated));
  };
  for (const [path, media] of [
    ['movies', 'movie'],
    ['tv', 'tv'],
  ] as const) {
    router.get(
      `/3/account/:id/rated/${path}`,
      rated((ask) => ask.world.accounts.shelf(accountOf(ask)), media),
    );
    router.get(
      `/3/guest_session/:guest/rated/${path}`,
      rated((ask) => found(ask.world.accounts.guest(ask.params.guest)), media),
    );
  }
  router.get('/3/account/:id/lists', (ask) => {
    const owner = accountOf(ask);
    const lists = [...ask.world.accounts.lists.values()].filter((list) => list.owner === owner);
    return mine(paged(ask, lists, listRow));
  });
}

export function listRow(list: UserList): JsonObject {
  return {
    description: list.description,
    favorite_count: 0,
    id: list.id,
    item_count: list.items.length,
    iso_639_1: list.language,
    list_type: 'movie',
    name: list.name,
    poster_path: null,
  };
}

function ratingRoutes(router: Router): void {
  const rate = (key: (ask: Ask) => string): void => {
    const set = (ask: Ask): Reply => {
      const value = Number(parameter(ask, 'value'));
      const where = key(ask);
      if (!(value >= 0.5 && value <= 10)) throw new TmdbError(18);
      const { rated } = shelfOf(ask);
      const known = rated.has(where);
      rated.set(where, value);
      return known ? done(12, 201) : done(1, 201);
    };
    const unset = (ask: Ask): Reply => (shelfOf(ask).rated.delete(key(ask)) ? done(13, 200) : done(21, 200));
    handlers.push([set, unset]);
  };
  const handlers: [(ask: Ask) => Reply, (ask: Ask) => Reply][] = [];
  const of = (kind: Exclude<MediaKind, 'episode'>) => (ask: Ask) =>
    `${kind}:${found(ask.world.catalogue.title(kind, idOf(ask))).id}`;
  rate(of('movie'));
  rate(of('tv'));
  rate((ask) => {
    const series = found(ask.world.catalogue.series(idOf(ask)));
    return `episode:${episodeId(series, idOf(ask, 'season'), idOf(ask, 'episode'))}`;
  });
  const paths = [
    '/3/movie/:id/rating',
    '/3/tv/:id/rating',
    '/3/tv/:id/season/:season/episode/:episode/rating',
  ];
  for (const [index, [set, unset]] of handlers.entries()) {
    router.on('POST', paths[index] ?? '', set).on('DELETE', paths[index] ?? '', unset);
  }
}

/** Version 3's account, ratings, guest sessions and authentication. */
export function userRoutes(router: Router): void {
  authenticationRoutes(router);
  accountRoutes(router);
  ratingRoutes(router);
}
