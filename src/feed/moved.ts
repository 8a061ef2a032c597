/** What two readings of one list tell. */
export interface Moved {
  /** How many ids at the front of the later one may have been edited in between. */
  readonly front: number;
  /** Ids of the later one that were in the earlier one as well. */
  readonly known: number;
  /** Those of them that stand behind the front: they kept their order. */
  readonly kept: number;
}

/**
 * Finds what was edited between two readings of a list that names each id once, the latest edit first: everything before the
 * longest end of `now` whose members stood in `before` in the same order. What is edited moves to the front, so nothing else
 * was, with one exception: the first ones of `before`, edited again in the same order (see `changed.ts`).
 */
export function moved(before: readonly number[], now: readonly number[]): Moved {
  const places = placesOf(before);
  let front = now.length;
  let place = Number.POSITIVE_INFINITY;
  while (front > 0) {
    const earlier = places.get(now[front - 1]!);
    if (earlier === undefined || earlier >= place) break;
    place = earlier;
    front--;
  }
  let known = 0;
  for (const id of now) if (places.has(id)) known++;
  return { front, known, kept: now.length - front };
}

/** Where each id of a list stands. */
export function placesOf(ids: readonly number[]): Map<number, number> {
  return new Map(ids.map((id, place) => [id, place]));
}

/** Whether ids were all in the earlier list, in this order: then nothing behind them was edited. */
export function standAsBefore(places: ReadonlyMap<number, number>, ids: readonly number[]): boolean {
  let last = -1;
  for (const id of ids) {
    const place = places.get(id);
    if (place === undefined || place <= last) return false;
    last = place;
  }
  return true;
}
