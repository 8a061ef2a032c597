import type { EntryHead } from '../tiers/entry.js';
import type { ListPage, ListQuery, Row } from '../tiers/tier.js';
import type { Stretch } from './fill-page.js';

/** Lists one tier, be it here or in a worker. */
export type Lister = (query: ListQuery) => Promise<ListPage>;

/**
 * The next keys of several tiers, each sorted by key, the nearest first. Beyond the smallest `next` of any tier nothing
 * is known yet, so rows are taken up to it only.
 */
export async function nextSorted(
  listers: readonly Lister[],
  query: ListQuery,
  alive: (head: EntryHead) => boolean,
): Promise<Stretch> {
  const pages = await Promise.all(listers.map((list) => list(query)));
  const end = smallest(pages.map((page) => page.next));
  const rows = pages.flatMap((page) => page.rows.filter((row) => end === null || row.head.key <= end));
  return { groups: byKey(rows.filter((row) => alive(row.head))), after: (key) => key, end };
}

/** Rows grouped by key in order; within a key in the order of the tiers. */
function byKey(rows: readonly Row[]): Row[][] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const group = groups.get(row.head.key);
    if (group === undefined) groups.set(row.head.key, [row]);
    else group.push(row);
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
}

function smallest(keys: readonly (string | null)[]): string | null {
  return keys.reduce((least, key) => (key !== null && (least === null || key < least) ? key : least), null);
}
