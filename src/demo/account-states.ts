import type { MediaKind, Shelf } from './accounts.js';
import { type Ask, parameter } from './ask.js';
import { TmdbError } from './envelopes.js';
import type { JsonObject } from './random.js';

/** The shelf of the account or guest that a request's session names; error 3 (401) without a valid one. */
export function shelfOf(ask: Ask): Shelf {
  const { accounts } = ask.world;
  const guest = accounts.guest(parameter(ask, 'guest_session_id'));
  if (guest) return guest;
  return accounts.shelf(accountOf(ask));
}

/** The account that a request's session names; error 3 (401) without a valid one. */
export function accountOf(ask: Ask): number {
  const account = ask.world.accounts.accountOf(parameter(ask, 'session_id'));
  if (account === undefined) throw new TmdbError(3);
  return account;
}

/** What the session's account did with one title. */
export function accountStates(ask: Ask, kind: MediaKind, id: number): JsonObject {
  const shelf = shelfOf(ask);
  const key = `${kind}:${id}`;
  const rating = shelf.rated.get(key);
  return {
    id,
    favorite: shelf.favorite.has(key),
    rated: rating === undefined ? false : { value: rating },
    watchlist: shelf.watchlist.has(key),
  };
}
