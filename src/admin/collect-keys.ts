import type { PurgeVerdict } from '../cache/purge-table.js';
import { ProxyError } from '../errors.js';
import { ageAt, type EntryHead, freshUntil, usefulUntil } from '../tiers/entry.js';
import type { ListPage, ListQuery, Row } from '../tiers/tier.js';
import type { EntryAnswer, KeyRow } from './answers/keys.js';
import type { KeysPage, KeysQuery } from './management.js';

/** Calls of each tier for one page, those for its offset included: a search that finds nothing must end. */
const MAX_CALLS = 500;

/** Lists one tier, be it here or in a worker. */
export type Lister = (query: ListQuery) => Promise<ListPage>;

export interface CollectOptions {
  /** The nearest tier first: its row wins. */
  readonly listers: readonly Lister[];
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
 * One page over several tiers, each sorted by key: one row per key. Beyond the smallest `next` of any tier nothing is
 * known yet, so rows are taken up to it only. A page may be short and still have a `next`; none is ever skipped.
 */
export async function collectKeys(
  query: KeysQuery,
  options: CollectOptions,
): Promise<Pick<KeysPage, 'rows' | 'next'>> {
  const { listers, now, alive = () => true, scanLimit = 10_000, maxScans = 10 } = options;
  const rows: KeyRow[] = [];
  let after = query.after;
  let skip = query.offset;
  // Skipping costs no scans: a page that gave up within its offset could not say how much is still to be skipped.
  for (let scan = 0, calls = 0; scan < maxScans; scan += skip > 0 ? 0 : 1) {
    if (++calls > MAX_CALLS)
      throw new ProxyError('bad_request', 'offset: reaches too far; use next_cursor instead');
    const asked: ListQuery = {
      after,
      limit: Math.min(scanLimit, query.limit + skip),
      contains: query.contains,
      scanLimit,
      ...(query.class === undefined ? {} : { class: query.class }),
    };
    const pages = await Promise.all(listers.map((list) => list(asked)));
    const bound = smallest(pages.map((page) => page.next));
    const found = pages.flatMap((page) => page.rows.filter((row) => bound === null || row.head.key <= bound));
    for (const copies of byKey(found.filter((row) => alive(row.head)))) {
      if (skip > 0) {
        skip -= 1;
        continue;
      }
      if (rows.length === query.limit) return { rows, next: rows.at(-1)!.key };
      rows.push(keyRow(copies, now));
    }
    if (bound === null) return { rows, next: null };
    if (rows.length === query.limit) return { rows, next: bound };
    after = bound;
  }
  return { rows, next: after };
}

/** All that is known of one key from its copies, the nearest tier first; null without any. */
export function describeEntry(
  copies: readonly Row[],
  verdict: PurgeVerdict,
  now: number,
): EntryAnswer | null {
  const nearest = copies[0];
  if (nearest === undefined) return null;
  const { head } = nearest;
  const row = keyRow(copies, now);
  return {
    key: head.key,
    primary_key: head.primaryKey,
    state: stateOf(head, verdict, now),
    tier: nearest.tier,
    copies: copies.map(({ tier, bytes, head: { storedAt } }) => ({ tier, bytes, stored_at: iso(storedAt) })),
    status: head.status,
    headers: pairs(head.headers),
    coding: head.coding,
    recoded: head.recoded,
    class: head.class,
    tags: [...head.tags],
    epoch: head.stamp,
    marker: head.marker,
    vary: [...head.vary],
    size: nearest.bytes,
    stored_at: iso(head.storedAt),
    fresh_until: iso(freshUntil(head)),
    useful_until: iso(usefulUntil(head)),
    age: row.age,
    ttl: row.ttl,
    lifetime: head.lifetime / 1000,
    memory_ttl: head.memoryFor / 1000,
    stale_while_revalidate: head.staleWhileRevalidate / 1000,
    stale_if_error: head.staleIfError / 1000,
  };
}

function keyRow(copies: readonly Row[], now: number): KeyRow {
  const { head, bytes, tier } = copies[0]!;
  const age = ageAt(head, now);
  return {
    key: head.key,
    tier,
    tiers: [...new Set(copies.map((copy) => copy.tier))],
    class: head.class,
    status: head.status,
    size: bytes,
    age: Math.floor(age / 1000),
    ttl: Math.floor((head.lifetime - age) / 1000),
  };
}

function stateOf(head: EntryHead, verdict: PurgeVerdict, now: number): EntryAnswer['state'] {
  if (verdict === 'purged') return 'purged';
  const staleSince = Math.min(
    freshUntil(head),
    verdict === 'valid' ? Number.POSITIVE_INFINITY : verdict.staleSince,
  );
  if (now < staleSince) return 'fresh';
  return now < staleSince + Math.max(head.staleWhileRevalidate, head.staleIfError) ? 'stale' : 'expired';
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

function pairs(flat: readonly string[]): [string, string][] {
  const fields: [string, string][] = [];
  for (let i = 0; i + 1 < flat.length; i += 2) fields.push([flat[i]!, flat[i + 1]!]);
  return fields;
}

/** Dates beyond what ISO 8601 text can hold would throw. */
function iso(ms: number): string {
  return new Date(Math.min(ms, 8.64e15)).toISOString();
}
