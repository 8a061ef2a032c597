import { accountOf } from './account-states.js';
import type { UserList } from './accounts.js';
import { type Ask, found, idOf, ok, paged, parameter, type Reply } from './ask.js';
import { envelope, TmdbError } from './envelopes.js';
import type { Json } from './random.js';
import type { Router } from './router.js';
import { done, listRow, mine, titlesIn } from './routes-account.js';
import { titleRow } from './titles.js';

/** The account of a version 4 request: the Bearer token itself is the user. */
function bearerOf(ask: Ask): number {
  const token = /^Bearer\s+(\S+)/i.exec(ask.header('authorization') ?? '')?.[1];
  if (token === undefined) throw new TmdbError(3);
  return ask.world.accounts.accountOfBearer(token);
}

function rows(ask: Ask, list: UserList): Json[] {
  const { catalogue } = ask.world;
  return list.items.flatMap(({ kind, id }) => {
    const title = catalogue.title(kind, id);
    return title ? [{ ...titleRow(catalogue, title, ask.language), media_type: kind }] : [];
  });
}

function listOf(ask: Ask): UserList {
  return found(ask.world.accounts.lists.get(idOf(ask)));
}

function ownList(ask: Ask): UserList {
  const list = listOf(ask);
  if (list.owner !== accountOf(ask)) throw new TmdbError(38);
  return list;
}

function readable(ask: Ask): UserList {
  const list = listOf(ask);
  if (!list.isPublic && ask.world.accounts.accountOf(parameter(ask, 'session_id')) !== list.owner)
    throw new TmdbError(39);
  return list;
}

/** `/3/list`: its GET tells caches to keep it, though the list may be private: that is how TMDB answers. */
export function listRoutesV3(router: Router): void {
  router.get('/3/list/:id', (ask) => {
    const list = readable(ask);
    return {
      ...ok({ ...listRow(list), created_by: `user${list.owner}`, items: rows(ask, list) }),
      personal: true,
    };
  });
  router.get('/3/list/:id/item_status', (ask) => {
    const movie = Number(parameter(ask, 'movie_id'));
    const list = readable(ask);
    return {
      ...ok({ id: list.id, item_present: list.items.some(({ id }) => id === movie) }),
      personal: true,
    };
  });
  router.on('POST', '/3/list', (ask) => {
    const name = parameter(ask, 'name') ?? '';
    const description = parameter(ask, 'description') ?? '';
    const made = ask.world.accounts.addList({
      owner: accountOf(ask),
      name,
      description,
      language: 'en',
      isPublic: true,
      items: [],
    });
    return done(1, 201, { list_id: made.id });
  });
  router.on('DELETE', '/3/list/:id', (ask) => {
    ask.world.accounts.lists.delete(ownList(ask).id);
    return done(12, 200);
  });
  router.on('POST', '/3/list/:id/add_item', (ask) => {
    const list = ownList(ask);
    const id = Number(parameter(ask, 'media_id'));
    if (!ask.world.catalogue.has('movie', id)) throw new TmdbError(34);
    if (list.items.some((item) => item.id === id)) throw new TmdbError(8);
    list.items.push({ kind: 'movie', id });
    return done(12, 201);
  });
  router.on('POST', '/3/list/:id/remove_item', (ask) => {
    const list = ownList(ask);
    const id = Number(parameter(ask, 'media_id'));
    list.items = list.items.filter((item) => item.id !== id);
    return done(13, 200);
  });
  router.on('POST', '/3/list/:id/clear', (ask) => {
    if (parameter(ask, 'confirm') !== 'true') throw new TmdbError(29);
    ownList(ask).items = [];
    return done(12, 201);
  });
}

function changeItems(ask: Ask, change: (list: UserList, item: UserList['items'][number]) => void): Reply {
  const list = ownListV4(ask);
  const items = Array.isArray(ask.body.items) ? (ask.body.items as Json[]) : [];
  const results = items.map((item) => {
    const { media_type: kind, media_id: id } = (item ?? {}) as { media_type?: Json; media_id?: Json };
    const known = (kind === 'movie' || kind === 'tv') && ask.world.catalogue.has(kind, Number(id));
    if (known) change(list, { kind, id: Number(id) });
    return { media_type: kind ?? null, media_id: id ?? null, success: known };
  });
  return done(1, 200, { results });
}

function ownListV4(ask: Ask): UserList {
  const list = listOf(ask);
  if (list.owner !== bearerOf(ask)) throw new TmdbError(38);
  return list;
}

/** A modest version 4: lists, accounts, authentication. */
export function routesV4(router: Router): void {
  router.get('/4/list/:id', (ask) => {
    const list = listOf(ask);
    if (!list.isPublic && list.owner !== bearerOf(ask)) throw new TmdbError(39);
    return {
      ...ok({ ...listRow(list), public: list.isPublic, ...paged(ask, rows(ask, list), (row) => row) }),
      personal: true,
    };
  });
  // A GET that changes something: TMDB's own, and the reason why a proxy must know the path.
  router.get('/4/list/:id/clear', (ask) => {
    const list = ownListV4(ask);
    const items_deleted = list.items.length;
    list.items = [];
    return done(1, 200, { id: list.id, items_deleted });
  });
  router.get('/4/list/:id/item_status', (ask) => {
    const id = Number(parameter(ask, 'media_id'));
    const present = listOf(ask).items.some(
      (item) => item.id === id && item.kind === parameter(ask, 'media_type'),
    );
    if (!present) throw new TmdbError(34);
    return mine({ ...envelope(1).body, media_id: id });
  });
  router.on('POST', '/4/list', (ask) => {
    const name = parameter(ask, 'name') ?? '';
    const isPublic = parameter(ask, 'public') !== 'false';
    const made = ask.world.accounts.addList({
      owner: bearerOf(ask),
      name,
      description: '',
      language: 'en',
      isPublic,
      items: [],
    });
    return done(1, 201, { id: made.id });
  });
  router.on('PUT', '/4/list/:id', (ask) => {
    const list = ownListV4(ask);
    list.name = parameter(ask, 'name') ?? list.name;
    list.description = parameter(ask, 'description') ?? list.description;
    return done(12, 201);
  });
  router.on('DELETE', '/4/list/:id', (ask) => {
    ask.world.accounts.lists.delete(ownListV4(ask).id);
    return done(13, 200);
  });
  const same = (a: UserList['items'][number], b: UserList['items'][number]) =>
    a.id === b.id && a.kind === b.kind;
  router.on('POST', '/4/list/:id/items', (ask) =>
    changeItems(ask, (list, item) => {
      if (!list.items.some((other) => same(other, item))) list.items.push(item);
    }),
  );
  router.on('DELETE', '/4/list/:id/items', (ask) =>
    changeItems(ask, (list, item) => {
      list.items = list.items.filter((other) => !same(other, item));
    }),
  );
  for (const [path, kind] of [
    ['movie', 'movie'],
    ['tv', 'tv'],
  ] as const) {
    for (const [name, shelf] of [
      ['favorites', 'favorite'],
      ['watchlist', 'watchlist'],
    ] as const) {
      router.get(`/4/account/:account/${path}/${name}`, (ask) =>
        mine(titlesIn(ask, ask.world.accounts.shelf(bearerOf(ask))[shelf], kind)),
      );
    }
    router.get(`/4/account/:account/${path}/rated`, (ask) => {
      const { rated } = ask.world.accounts.shelf(bearerOf(ask));
      return mine(titlesIn(ask, rated.keys(), kind, rated));
    });
    router.get(`/4/account/:account/${path}/recommendations`, (ask) => {
      // Differs by user, so that a proxy that mixes users up is caught.
      const first = bearerOf(ask) % 100;
      const ids = Array.from({ length: 20 }, (_, index) => `${kind}:${first + index + 1}`);
      return mine(titlesIn(ask, ids, kind));
    });
  }
  router.get('/4/account/:account/lists', (ask) => {
    const owner = bearerOf(ask);
    return mine(
      paged(
        ask,
        [...ask.world.accounts.lists.values()].filter((list) => list.owner === owner),
        listRow,
      ),
    );
  });
  router.on('POST', '/4/auth/request_token', (ask) =>
    mine({ ...envelope(1).body, request_token: ask.world.accounts.newToken() }),
  );
  router.on('POST', '/4/auth/access_token', (ask) => {
    const token = ask.world.accounts.checkToken(parameter(ask, 'request_token'));
    return mine({
      ...envelope(1).body,
      access_token: `user.${token}`,
      account_id: `account${ask.world.accounts.accountOfBearer(`user.${token}`)}`,
    });
  });
  router.on('DELETE', '/4/auth/access_token', () => done(1, 200));
}
