import type { Reading } from './list-reader.js';
import { type Moved, moved } from './moved.js';
import { type KindList, nextList } from './recent.js';
import type { FeedState } from './state.js';
import { FEED_KINDS, type PerKind, perKind } from './status.js';

const HOUR = 3_600_000;
/** Readings in a row whose order was off, after which the place in a list says nothing. */
const MOST_DOUBTS = 3;
/** Share of known ids that keep their order: below the one it is off, from the other on page 1 may stand for the rest. */
const ORDERED_SHARE = 0.5;
const PROVEN_SHARE = 0.9;
/** Fewer ids prove nothing, nor do readings that lie farther apart, ms. */
const MIN_PROOF = 10;
const PROOF_MS = 2 * HOUR;
/** What had changed is taken once more by the next reading, up to so many ids of a list. */
const MAX_AGAIN = 1000;

/** What a reading of all lists says. */
export interface Learnt {
  /** Ids that may have been edited since the reading before. */
  readonly changed: PerKind<readonly number[]>;
  readonly state: FeedState;
}

/** Whether the latest edit comes first. */
export function isOrdered({ doubts }: Pick<FeedState, 'doubts'>): boolean {
  return doubts < MOST_DOUBTS;
}

/**
 * Compares lists with the reading before. In lists that show the latest edit first, what has changed is
 *
 * - what stands before the longest end that kept its order (`moved.ts`),
 * - what had changed the last time that anything had, the very first at least: edited again it may stand before the same ones and
 *   behind new ones only, which shows nothing. Also, a fill that was in flight may have been missed, and TMDB's details may lag
 *   behind its list.
 *
 * In lists without that order it is what was not there before; an id that is edited again is then not seen, but whatever a list names
 * has no more than the lifetime of its class (`lifetimes.ts`).
 */
export function learn(state: FeedState, readings: PerKind<Reading>): Learnt {
  const { date } = readings.movie;
  const ordered = isOrdered(state);
  const moves = perKind((kind) => moved(state.lists[kind].ids, readings[kind].ids));
  const changed = perKind((kind) => {
    const { ids } = readings[kind];
    return ordered ? inFront(state.lists[kind], ids, moves[kind]) : notIn(state.lists[kind], ids);
  });
  const lists = perKind((kind) => {
    const before = state.lists[kind];
    const front = moves[kind].front === 0 ? before.front : Math.min(moves[kind].front, MAX_AGAIN);
    return nextList(before, readings[kind].ids, ordered ? front : 0, date);
  });
  const order = orderOf(state, readings, moves);
  const fullAt = fullAtOf(readings, state.fullAt);
  return { changed, state: { ...state, ...order, date, fullAt, doneDay: undefined, lists } };
}

/** When every page was last read: a page that was older than the one before it leaves that open. */
export function fullAtOf(readings: PerKind<Reading>, before: number): number {
  if (FEED_KINDS.some((kind) => readings[kind].torn)) return 0;
  return FEED_KINDS.every((kind) => readings[kind].full) ? readings.movie.date : before;
}

function inFront(before: KindList, ids: readonly number[], { front }: Moved): number[] {
  const again = before.ids.slice(0, Math.max(1, before.front));
  return [...new Set([...ids.slice(0, Math.max(1, front)), ...again])];
}

function notIn(before: KindList, ids: readonly number[]): number[] {
  const known = new Set(before.ids);
  return ids.filter((id) => !known.has(id));
}

type Order = Pick<FeedState, 'proven' | 'doubts'>;

/** Whether the latest edit comes first, as far as complete readings have shown. */
function orderOf(state: FeedState, readings: PerKind<Reading>, moves: PerKind<Moved>): Order {
  const { proven, doubts } = state;
  const sum = (pick: (move: Moved) => number) =>
    FEED_KINDS.reduce((total, kind) => total + pick(moves[kind]), 0);
  const known = sum((move) => move.known);
  const isTelling =
    FEED_KINDS.every((kind) => readings[kind].full) &&
    readings.movie.date - state.date <= PROOF_MS &&
    known >= MIN_PROOF &&
    sum((move) => move.front) > 0;
  if (!isTelling) return { proven, doubts };
  const share = sum((move) => move.kept) / known;
  if (share < ORDERED_SHARE) return { proven: false, doubts: Math.min(MOST_DOUBTS, doubts + 1) };
  return { proven: share >= PROVEN_SHARE, doubts: 0 };
}
