import { ProxyError } from '../errors.js';
import type { Row } from '../tiers/tier.js';
import type { KeyRow } from './answers/keys.js';
import type { KeysPage, KeysQuery } from './management.js';

/** What one call of the tiers has shown. */
export interface Stretch {
  /** The copies of one key each, the nearest tier first; none empty. */
  readonly groups: readonly (readonly Row[])[];
  /** Where to go on after the group of this key, and after all of them; null at the end of everything. */
  readonly after: (key: string) => string;
  readonly end: string | null;
}

export interface Walk {
  /** What follows a position. `wanted`: rows, the rest of the offset included, that the page can still use. */
  readonly next: (position: string, wanted: number) => Promise<Stretch>;
  readonly describe: (copies: readonly Row[]) => KeyRow;
  /** Calls after which a page is given although it is short. */
  readonly maxScans: number;
  /** Calls for one page, those for its offset included: a search that finds nothing must end. */
  readonly maxCalls: number;
}

/** Walks on from `query.after` until the page is full, the end is reached or enough has been looked at. */
export async function fillPage(query: KeysQuery, walk: Walk): Promise<Pick<KeysPage, 'rows' | 'next'>> {
  const rows: KeyRow[] = [];
  let position = query.after;
  let skip = query.offset;
  // Skipping costs no scans: a page that gave up within its offset could not say how much is still to be skipped.
  for (let scan = 0, calls = 0; scan < walk.maxScans; scan += skip > 0 ? 0 : 1) {
    if (++calls > walk.maxCalls)
      throw new ProxyError('bad_request', 'offset: reaches too far; use next_cursor instead');
    const stretch = await walk.next(position, query.limit - rows.length + skip);
    for (const copies of stretch.groups) {
      if (skip > 0) {
        skip -= 1;
        continue;
      }
      if (rows.length === query.limit) return { rows, next: stretch.after(rows.at(-1)!.key) };
      rows.push(walk.describe(copies));
    }
    if (stretch.end === null || rows.length === query.limit) return { rows, next: stretch.end };
    position = stretch.end;
  }
  return { rows, next: position };
}
