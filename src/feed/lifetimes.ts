import type { SharedRoute } from '../cache/site.js';
import type { Clock } from '../clock.js';
import type { CachedTitles } from './cached-titles.js';
import { followedTitle } from './covered.js';
import { IdSet } from './id-set.js';
import type { KindList, RecentIds } from './recent.js';
import { type FeedKind, perKind, type Title } from './status.js';

export interface LifetimesParts {
  /** How long details stay fresh while edits are told, ms. */
  readonly ttlMs: number;
  readonly titles: CachedTitles;
  readonly recents: RecentIds;
  readonly clock: Clock;
}

/** Gives lifetimes beyond the class table, in the core. */
export class Lifetimes {
  readonly #parts: LifetimesParts;
  /** Titles that were given one since the lists were last looked at. */
  readonly #given = perKind(() => new IdSet());
  #ttlMs: number;
  #until = 0;

  constructor(parts: LifetimesParts) {
    this.#parts = parts;
    this.#ttlMs = parts.ttlMs;
  }

  /** Another one for what comes from now on, ms. */
  retime(ttlMs: number): void {
    this.#ttlMs = ttlMs;
  }

  /** They are given until then, ms since epoch of this machine. */
  open(until: number): void {
    this.#until = until;
  }

  /**
   * Lifetime of a response that has just come, ms; undefined: its class'. A title that was edited lately has none: TMDB may have
   * answered from its own cache, with a body from before the edit.
   */
  of(route: SharedRoute, status: number): number | undefined {
    const { titles, recents, clock } = this.#parts;
    if (status !== 200 || clock.now() >= this.#until) return undefined;
    const title = followedTitle(route);
    if (title === undefined || recents.has(title)) return undefined;
    // Now, and not when it is stored: lists that are read in between must find it.
    titles.note(title);
    this.#given[title.kind].add(title.id);
    return this.#ttlMs;
  }

  /** Titles that were given one although this list, which was not known here then, names them. */
  suspects(kind: FeedKind, { ids }: KindList): Title[] {
    return ids.filter((id) => this.#given[kind].has(id)).map((id) => ({ kind, id }));
  }

  /** The suspects of a list have been dealt with; those of the others may not have been looked for yet. */
  settle(kind: FeedKind): void {
    this.#given[kind].clear();
  }
}
