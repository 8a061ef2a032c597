import type { EntryHead } from '../tiers/entry.js';
import type { ListQuery, Row } from '../tiers/tier.js';
import type { Stretch } from './fill-page.js';
import { type Position, printPosition, readPosition } from './position.js';
import { type Lister, nextSorted } from './walk-sorted.js';

/** An L2 that lists in no order. */
export interface UnsortedTier {
  /** Which store it is, without spaces; `after` of one means nothing in another. */
  readonly place: string;
  readonly list: Lister;
  /** What it holds under exactly this key. */
  readonly head: (key: string) => Promise<EntryHead | undefined>;
  /** Copies of exactly this key in memory. */
  readonly nearer: (key: string) => Promise<readonly Row[]>;
}

export interface UnsortedParts {
  readonly memory: readonly Lister[];
  readonly l2: UnsortedTier;
  readonly alive: (head: EntryHead) => boolean;
  readonly now: number;
}

/** Keys of memory that are compared with L2 in one call: each costs it a look. */
const COMPARED = 200;

/**
 * What follows in a walk that goes through L2 first and then gives what only memory holds: few keys, as fills are written
 * to both. `query.limit` rows at most come from L2, so that all it gives is used and its cursor never stands inside.
 */
export async function nextUnsorted(parts: UnsortedParts, query: ListQuery): Promise<Stretch> {
  const position = readPosition(query.after, parts.l2.place, parts.now);
  return position.phase === 'shared' ? inShared(parts, query, position) : inMemory(parts, query, position);
}

async function inShared(parts: UnsortedParts, query: ListQuery, position: Position): Promise<Stretch> {
  const { l2, memory, alive } = parts;
  const { rows, next } = await l2.list({ ...query, after: position.after });
  // A scan may give a key twice.
  const unique = new Map(rows.filter((row) => alive(row.head)).map((row) => [row.head.key, row]));
  const groups = await Promise.all(
    [...unique].map(async ([key, row]) => [...(memory.length === 0 ? [] : await l2.nearer(key)), row]),
  );
  const end = printPosition({ ...position, after: next ?? '' });
  const onward = memory.length === 0 ? null : printPosition({ ...position, phase: 'memory', after: '' });
  return { groups, after: () => end, end: next === null ? onward : end };
}

async function inMemory(parts: UnsortedParts, query: ListQuery, position: Position): Promise<Stretch> {
  const { l2, memory, alive } = parts;
  const asked = { ...query, after: position.after, limit: Math.min(query.scanLimit, COMPARED) };
  const { groups, end } = await nextSorted(memory, asked, alive);
  const shared = await Promise.all(groups.map((copies) => l2.head(copies[0]!.head.key)));
  const at = (key: string) => printPosition({ ...position, after: key });
  return {
    // What came into L2 after the walk began may have come behind its back: shown again rather than not at all.
    groups: groups.filter((_, i) => !(shared[i] !== undefined && shared[i].storedAt < position.since)),
    after: at,
    end: end === null ? null : at(end),
  };
}
