import type { KindList } from './recent.js';
import { type PerKind, perKind } from './status.js';
import type { Saved } from './store.js';

/** How far the lists of changes have been read. Times are ms since epoch by TMDB's clock. */
export interface FeedState {
  /** Names this coverage; another one begins when edits may have been missed. */
  readonly coverage: string;
  /** Purges have told of every edit of what was fetched since this one. */
  readonly sinceStamp: number;
  /** When page 1 of the last complete reading was made. */
  readonly date: number;
  /** The same of the last one that read every page; 0: the next one is to. */
  readonly fullAt: number;
  /** Whether the last one that read every page showed that the latest edit comes first. */
  readonly proven: boolean;
  /** Such readings in a row in which it did not. */
  readonly doubts: number;
  /** While a gap is read up: the last day done, `YYYY-MM-DD`. */
  readonly doneDay: string | undefined;
  readonly lists: PerKind<KindList>;
}

const VERSION = 2;

/** The form in which it is stored. */
export function encodeState(state: FeedState): Saved {
  const { coverage, sinceStamp, date, fullAt, proven, doubts, doneDay, lists } = state;
  const text = JSON.stringify({ v: VERSION, sinceStamp, fullAt, proven, doubts, doneDay });
  return { coverage, date, text, lists: perKind((kind) => encodeList(lists[kind])) };
}

/** Undefined when it is damaged or of another version: whoever reads it then begins anew. */
export function decodeState({ coverage, date, text, lists }: Saved): FeedState | undefined {
  try {
    const told = JSON.parse(text) as Record<string, unknown>;
    const numbers = [told.sinceStamp, told.fullAt, told.doubts, date];
    if (told.v !== VERSION || coverage === '' || !numbers.every(Number.isFinite)) return undefined;
    if (told.doneDay !== undefined && typeof told.doneDay !== 'string') return undefined;
    return {
      coverage,
      date,
      sinceStamp: told.sinceStamp as number,
      fullAt: told.fullAt as number,
      doubts: told.doubts as number,
      proven: told.proven === true,
      doneDay: told.doneDay,
      lists: perKind((kind) => decodeList(lists[kind])),
    };
  } catch {
    return undefined;
  }
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
