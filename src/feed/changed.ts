import type { Reading } from './list-reader.js';
import { type Moved, moved } from './moved.js';
import { type KindList, nextList } from './recent.js';
import type { FeedState, ListProgress } from './state.js';
import { FEED_KINDS, type FeedKind, type PerKind } from './status.js';

const HOUR = 3_600_000;
/** Readings in a row whose order was off, after which the place in a list says nothing. */
const MOST_DOUBTS = 3;
/** From then on, until so many more have shown it with none in between that did not: a list in no order shows it now and then. */
const SURE = 2 * MOST_DOUBTS - 1;
/** Share of known ids that keep their order: below the one it is off, from the other on page 1 may stand for the rest. */
const ORDERED_SHARE = 0.5;
const PROVEN_SHARE = 0.9;
/** Fewer ids prove nothing, nor do readings that lie farther apart, ms. */
const MIN_PROOF = 10;
const PROOF_MS = 2 * HOUR;
/** What had changed is taken once more by the next reading, up to so many ids of a list. */
const MAX_AGAIN = 1000;

/** What a reading of one list says. */
export interface Learnt {
  /** Ids that may have been edited since the reading before. */
  readonly changed: readonly number[];
  readonly list: KindList;
  readonly moved: Moved;
}

/** Whether the latest edit comes first. */
export function isOrdered({ doubts }: Pick<FeedState, 'doubts'>): boolean {
  return doubts < MOST_DOUBTS;
}

/**
 * Compares a list with the reading before. In lists that show the latest edit first, what has changed is
 *
 * - what stands before the longest end that kept its order (`moved.ts`),
 * - what had changed in the reading before, the very first at least: edited again it may stand before the same ones and
 *   behind new ones only, which shows nothing. Once, or a list that rests makes the same titles stale with each reading. Also, a fill that was in flight may have been missed, and TMDB's details may lag
 *   behind its list.
 *
 * In lists without that order it is what was not there before; an id that is edited again is then not seen, but whatever a list names
 * has no more than the lifetime of its class (`lifetimes.ts`).
 */
export function learn(state: FeedState, kind: FeedKind, { ids, date }: Reading): Learnt {
  const before = state.lists[kind];
  const ordered = isOrdered(state);
  const move = moved(before.ids, ids);
  return {
    changed: ordered ? inFront(before, ids, move) : notIn(before, ids),
    list: nextList(before, ids, ordered ? Math.min(move.front, MAX_AGAIN) : 0, date),
    moved: move,
  };
}

/** A state whose lists have all been read, and learnt from. `state`: with how far each has come, its `date` that of the last such. */
export function completed(
  state: FeedState,
  readings: PerKind<Reading>,
  learnt: PerKind<Pick<Learnt, 'moved'>>,
): FeedState {
  return { ...state, ...orderOf(state, readings, learnt), date: readings.movie.date };
}

/** How far a list has come with this reading. `fullAt`: a page that was older than the one before it leaves that open. */
export function progressOf({ date, full, torn }: Reading, before: number): ListProgress {
  return { date, fullAt: torn ? 0 : full ? date : before, doneDay: undefined };
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
function orderOf(
  state: FeedState,
  readings: PerKind<Reading>,
  learnt: PerKind<Pick<Learnt, 'moved'>>,
): Order {
  const { proven, doubts } = state;
  // One that has not moved shows nothing: it would stand as before in any order.
  const moves = FEED_KINDS.map((kind) => learnt[kind].moved).filter(({ front }) => front > 0);
  const sum = (member: 'known' | 'kept') => moves.reduce((total, move) => total + move[member], 0);
  const known = sum('known');
  const isTelling =
    FEED_KINDS.every((kind) => readings[kind].full) &&
    readings.movie.date - state.date <= PROOF_MS &&
    known >= MIN_PROOF;
  if (!isTelling) return { proven, doubts };
  const share = sum('kept') / known;
  const isProof = share >= PROVEN_SHARE;
  if (share < ORDERED_SHARE) return { proven: false, doubts: doubts + 1 < MOST_DOUBTS ? doubts + 1 : SURE };
  if (isOrdered(state)) return { proven: isProof, doubts: 0 };
  return { proven: false, doubts: isProof ? doubts - 1 : doubts };
}
