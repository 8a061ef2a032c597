import { TmdbError } from './envelopes.js';
import { hash32, hex8 } from './random.js';

/** A movie or series that an account refers to. */
export type MediaKind = 'movie' | 'tv' | 'episode';

/** A list made by an account, over version 3 or 4 of the API. */
export interface UserList {
  readonly id: number;
  readonly owner: number;
  name: string;
  description: string;
  language: string;
  isPublic: boolean;
  items: { kind: 'movie' | 'tv'; id: number }[];
}

/** What belongs to one account, or one guest session. */
export interface Shelf {
  readonly favorite: Set<string>;
  readonly watchlist: Set<string>;
  /** `movie:550` → 0.5 to 10. */
  readonly rated: Map<string, number>;
}

function emptyShelf(): Shelf {
  return { favorite: new Set(), watchlist: new Set(), rated: new Map() };
}

/** Lists that exist from the start: 1 to 5 are public, 6 is private to account 1. */
const FIRST_LISTS = 6;

/**
 * Users, sessions, tokens and lists. `session-<n>` is a session of account n, and any Bearer token is a user of
 * its own, without having been made: tests need no ceremony. Everything made is numbered from the seed.
 */
export class Accounts {
  readonly #seed: string;
  #made = 0;
  readonly #tokens = new Map<string, { approved: boolean }>();
  readonly #sessions = new Map<string, number>();
  readonly #guests = new Map<string, Shelf>();
  readonly #shelves = new Map<number, Shelf>();
  readonly lists = new Map<number, UserList>();

  constructor(seed: string) {
    this.#seed = seed;
    for (let id = 1; id <= FIRST_LISTS; id++) {
      const items = Array.from({ length: 8 }, (_, i) => ({ kind: 'movie' as const, id: id * 10 + i }));
      const isPublic = id < FIRST_LISTS;
      this.lists.set(id, {
        id,
        owner: 1,
        name: `List ${id}`,
        description: '',
        language: 'en',
        isPublic,
        items,
      });
    }
  }

  /** A new request token (40 digits). Approved at once: there is no web page where a user could do it. */
  newToken(): string {
    const token = this.#secret('token');
    this.#tokens.set(token, { approved: true });
    return token;
  }

  /** A new session of account 1 for a request token, which it uses up. */
  newSession(token: string | undefined): string {
    if (token === undefined || !this.#tokens.delete(token)) throw new TmdbError(33);
    const session = this.#secret('session');
    this.#sessions.set(session, 1);
    return session;
  }

  /** Throws error 33 unless the token is known. */
  checkToken(token: string | undefined): string {
    if (token === undefined || !this.#tokens.has(token)) throw new TmdbError(33);
    return token;
  }

  endSession(session: string | undefined): boolean {
    return session !== undefined && this.#sessions.delete(session);
  }

  newGuest(): string {
    const guest = this.#secret('guest');
    this.#guests.set(guest, emptyShelf());
    return guest;
  }

  guest(id: string | undefined): Shelf | undefined {
    return id === undefined ? undefined : this.#guests.get(id);
  }

  /** The account of a session; undefined for an unknown one. */
  accountOf(session: string | undefined): number | undefined {
    if (session === undefined) return undefined;
    const sample = /^session-(\d{1,6})$/.exec(session);
    return sample ? Number(sample[1]) : this.#sessions.get(session);
  }

  /** The account of a version 4 user token. */
  accountOfBearer(token: string): number {
    return 1_000_000 + (hash32(token) % 1_000_000);
  }

  shelf(account: number): Shelf {
    const shelf = this.#shelves.get(account) ?? emptyShelf();
    this.#shelves.set(account, shelf);
    return shelf;
  }

  addList(list: Omit<UserList, 'id'>): UserList {
    const id = 1000 + ++this.#made;
    const added = { ...list, id };
    this.lists.set(id, added);
    return added;
  }

  #secret(kind: string): string {
    const plain = `${this.#seed}:${kind}:${++this.#made}`;
    return [1, 2, 3, 4, 5].map((part) => hex8(`${plain}:${part}`)).join('');
  }
}
