import type { KindList } from './recent.js';
import { FEED_KINDS, type PerKind, perKind } from './status.js';
import type { Saved } from './store.js';

/** How far one list has been read: one that can't be read stays behind the others. */
export interface ListProgress {
  /** When page 1 of its last reading was made. */
  readonly date: number;
  /** The same of the last one that read every page; 0: the next one is to. */
  readonly fullAt: number;
  /** While a gap is read up: the last day done, `YYYY-MM-DD`. */
  readonly doneDay: string | undefined;
}

/** How far the lists of changes have been read. Times are ms since epoch by TMDB's clock. */
export interface FeedState {
  /** Names this coverage; another one begins when edits may have been missed. */
  readonly coverage: string;
  /** Purges have told of every edit of what was fetched since this one. */
  readonly sinceStamp: number;
  /** When page 1 of the last reading of all lists was made. */
  readonly date: number;
  /** Whether the last one that read every page showed that the latest edit comes first. */
  readonly proven: boolean;
  /** Such readings in a row in which it did not. */
  readonly doubts: number;
  readonly read: PerKind<ListProgress>;
  readonly lists: PerKind<KindList>;
}

const VERSION = 2;

/** The form in which it is stored. `fullAt`: for an earlier release, which knows one for all lists. */
export function encodeState(state: FeedState): Saved {
  const { coverage, sinceStamp, date, proven, doubts, read, lists } = state;
  const fullAt = allFullAt(state);
  const text = JSON.stringify({ v: VERSION, sinceStamp, fullAt, proven, doubts, read });
  return { coverage, date, text, lists: perKind((kind) => encodeList(lists[kind])) };
}

/** When every list had been read to its last page; 0: one is to be. */
export function allFullAt({ read }: Pick<FeedState, 'read'>): number {
  return Math.min(...FEED_KINDS.map((kind) => read[kind].fullAt));
}

/** Undefined when it is damaged or of another version: whoever reads it then begins anew. */
export function decodeState({ coverage, date, text, lists }: Saved): FeedState | undefined {
  try {
    const told = JSON.parse(text) as Record<string, unknown>;
    const numbers = [told.sinceStamp, told.doubts, date];
    if (told.v !== VERSION || coverage === '' || !numbers.every(Number.isFinite)) return undefined;
    // An earlier release read all lists or none: what it noted holds for each.
    const earlier = { date, fullAt: told.fullAt, doneDay: told.doneDay };
    const read = (told.read ?? {}) as Partial<PerKind<unknown>>;
    return {
      coverage,
      date,
      sinceStamp: told.sinceStamp as number,
      doubts: told.doubts as number,
      proven: told.proven === true,
      read: perKind((kind) => decodeProgress(told.read === undefined ? earlier : read[kind])),
      lists: perKind((kind) => decodeList(lists[kind])),
    };
  } catch {
    return undefined;
  }
}

function decodeProgress(told: unknown): ListProgress {
  const { date, fullAt, doneDay } = told as Record<string, unknown>;
  if (!Number.isFinite(date) || !Number.isFinite(fullAt)) throw new RangeError('not the progress of a list');
  if (doneDay !== undefined && typeof doneDay !== 'string') throw new RangeError('not a day');
  return { date: date as number, fullAt: fullAt as number, doneDay };
}

/** Numbers of 4 bytes: how many ids, how many of them in front, how many that left; the ids; those that left, with minutes. */
function encodeList({ ids, front, left }: KindList): Buffer {
  const numbers = Uint32Array.from([ids.length, front, left.size, ...ids, ...[...left].flat()]);
  return Buffer.from(numbers.buffer);
}

function decodeList(bytes: Buffer): KindList {
  const numbers = new Uint32Array(Uint8Array.from(bytes).buffer);
  const [length, front, leftSize] = numbers;
  if (length === undefined || numbers.length !== 3 + length + 2 * leftSize! || front! > length)
    throw new RangeError('not a list of ids');
  const left = new Map<number, number>();
  for (let at = 3 + length; at < numbers.length; at += 2) left.set(numbers[at]!, numbers[at + 1]!);
  return { ids: [...numbers.subarray(3, 3 + length)], front: front!, left };
}
