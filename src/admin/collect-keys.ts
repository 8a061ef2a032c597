import type { EntryHead } from '../tiers/entry.js';
import type { ListQuery } from '../tiers/tier.js';
import { fillPage } from './fill-page.js';
import { keyRow } from './key-rows.js';
import type { KeysPage, KeysQuery } from './management.js';
import { readKey } from './position.js';
import { type Lister, nextSorted } from './walk-sorted.js';
import { nextUnsorted, type UnsortedTier } from './walk-unsorted.js';

/** Calls of each tier for one page, those for its offset included. Fewer where each may cost hundreds of looks at L2. */
const MAX_CALLS = 500;
const MAX_CALLS_UNSORTED = 100;

export interface CollectOptions {
  /** Sorted tiers, the nearest first: its row wins. */
  readonly listers: readonly Lister[];
  /** The L2 when it lists in no order, as Redis does; `listers` are then those of memory, or none. */
  readonly unsorted?: UnsortedTier | undefined;
  /** Wall clock, ms. */
  readonly now: number;
  /** Rows for which it says no are not shown: purged, not yet swept. */
  readonly alive?: (head: EntryHead) => boolean;
  /** Keys each tier looks at in one call. Default 10 000. */
  readonly scanLimit?: number;
  /** Calls of each tier after which a page is given although it is short. Default 10. */
  readonly maxScans?: number;
}

/**
 * One page over several tiers: one row per key, in order of the keys unless a tier is unsorted. A page may be short and
 * still have a `next`; no key that is there throughout a walk is left out. A position in a listing of the other kind is
 * a bad request.
 */
export async function collectKeys(
  query: KeysQuery,
  options: CollectOptions,
): Promise<Pick<KeysPage, 'rows' | 'next'>> {
  const { listers, unsorted, now, alive = () => true, scanLimit = 10_000, maxScans = 10 } = options;
  const asked = (after: string, limit: number): ListQuery => ({
    after,
    limit: Math.min(scanLimit, limit),
    contains: query.contains,
    scanLimit,
    ...(query.class === undefined ? {} : { class: query.class }),
  });
  return fillPage(query, {
    next: (position, wanted) =>
      unsorted === undefined
        ? nextSorted(listers, asked(readKey(position), wanted), alive)
        : nextUnsorted({ memory: listers, l2: unsorted, alive, now }, asked(position, wanted)),
    describe: (copies) => keyRow(copies, now),
    maxScans,
    maxCalls: unsorted === undefined ? MAX_CALLS : MAX_CALLS_UNSORTED,
  });
}
