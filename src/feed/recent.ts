import { type FeedKind, perKind, type Title } from './status.js';

/** What is kept of one list of changes. */
export interface KindList {
  /** The latest edit first, each id once. */
  readonly ids: readonly number[];
  /** How many of the first ones had changed when it was read. */
  readonly front: number;
  /** Ids that are not in it any more, and since when, in minutes since epoch by TMDB's clock. */
  readonly left: ReadonlyMap<number, number>;
}

export const EMPTY_LIST: KindList = { ids: [], front: 0, left: new Map() };

/** Longer than TMDB's memory cache may hold a body from before an edit (TMDB.md: 7 to 8 h), minutes. */
const LEFT_MINUTES = 9 * 60;

/** A new reading in place of an older one. `date`: ms since epoch by TMDB's clock. */
export function nextList(before: KindList, ids: readonly number[], front: number, date: number): KindList {
  const minute = Math.floor(date / 60_000);
  const present = new Set(ids);
  const left = new Map<number, number>();
  for (const [id, since] of before.left)
    if (!present.has(id) && minute - since < LEFT_MINUTES) left.set(id, since);
  for (const id of before.ids) if (!present.has(id)) left.set(id, minute);
  return { ids, front, left };
}

/** Titles that were edited lately: TMDB may still answer with a body from before. */
export class RecentIds {
  readonly #ids: Record<FeedKind, ReadonlySet<number>> = perKind(() => new Set<number>());

  set(kind: FeedKind, { ids, left }: KindList): void {
    this.#ids[kind] = new Set([...ids, ...left.keys()]);
  }

  has({ kind, id }: Title): boolean {
    return this.#ids[kind].has(id);
  }
}
