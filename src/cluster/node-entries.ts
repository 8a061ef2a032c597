import type { EntryAnswer } from '../admin/answers/keys.js';
import { collectKeys } from '../admin/collect-keys.js';
import { describeEntry } from '../admin/key-rows.js';
import type { KeysPage, KeysQuery, PurgeSelection, PurgeTally } from '../admin/management.js';
import type { Preview } from '../admin/preview.js';
import type { Lister } from '../admin/walk-sorted.js';
import type { UnsortedTier } from '../admin/walk-unsorted.js';
import type { PurgeTable } from '../cache/purge-table.js';
import type { SitePolicy } from '../cache/site.js';
import type { Clock } from '../clock.js';
import type { EntryHead } from '../tiers/entry.js';
import { entryBytes } from '../tiers/memory.js';
import type { Row, Tier } from '../tiers/tier.js';
import { answered, type Member } from './member.js';
import type { RedisView } from './node-health.js';
import { previewOf } from './preview.js';
import { tallyOf } from './purge-tally.js';

export interface EntriesParts {
  readonly site: SitePolicy;
  readonly clock: Clock;
  /** Processes that answer clients: whose memories there are. */
  readonly members: () => readonly Member[];
  /** What lookups use as L2: the disk store, or Redis with what stands in for it. */
  readonly l2: Tier;
  readonly redis: RedisView | undefined;
  readonly table: PurgeTable;
}

/** What is stored, in the memories of a node and in its L2. */
export class NodeEntries {
  readonly #parts: EntriesParts;

  constructor(parts: EntriesParts) {
    this.#parts = parts;
  }

  async keys(query: KeysQuery): Promise<KeysPage> {
    const { l2, members, table, clock } = this.#parts;
    const { tier } = query;
    const listers: Lister[] = [];
    if (tier === undefined || tier === 'memory') {
      for (const member of members()) listers.push((page) => member.list(page));
    }
    const shared = tier === undefined || tier === l2.name ? this.#unsorted() : undefined;
    if (shared === undefined && (tier === undefined || tier === l2.name))
      listers.push((page) => l2.list(page));
    const alive = (head: EntryHead) => table.judge(head) !== 'purged';
    const page = await collectKeys(query, { listers, unsorted: shared, now: clock.now(), alive });
    const seen = query.offset + page.rows.length;
    if (query.after === '' && page.next === null && query.offset === 0) {
      return { ...page, total: seen, totalIsEstimate: false };
    }
    // What only memory holds, what waits to be swept and what a filter leaves out are not counted.
    const total = tier === 'memory' ? seen : Math.max(seen, l2.stats().entries);
    return { ...page, total, totalIsEstimate: true };
  }

  #unsorted(): UnsortedTier | undefined {
    const { l2, redis } = this.#parts;
    if (l2.sorted) return undefined;
    return {
      place: redis?.status().inUse ?? l2.name,
      list: (page) => l2.list(page),
      head: (key) => l2.get(key),
      nearer: (key) => this.#inMemory(key),
    };
  }

  async #inMemory(key: string): Promise<Row[]> {
    const rows = await answered(this.#parts.members().map((member) => member.row(key)));
    return rows.filter((row) => row !== null);
  }

  async entry(key: string): Promise<EntryAnswer | null> {
    const { l2, table, clock } = this.#parts;
    const rows = await this.#inMemory(key);
    const stored = await l2.get(key);
    if (stored !== undefined) {
      const { body, ...head } = stored;
      rows.push({ head, bytes: entryBytes(head, body.length), tier: l2.whence?.(stored) ?? l2.name });
    }
    const nearest = rows[0];
    return nearest === undefined ? null : describeEntry(rows, table.judge(nearest.head), clock.now());
  }

  async preview(key: string): Promise<Preview | null> {
    const { l2, table } = this.#parts;
    const stored = await l2.get(key);
    // What was purged is not shown by any door (I-1).
    if (stored === undefined || table.judge(stored) === 'purged') return null;
    return previewOf(stored);
  }

  tally(selection: PurgeSelection): Promise<PurgeTally> {
    const { site, l2, members, table, clock } = this.#parts;
    const memories = members().map(
      (member): Lister =>
        (page) =>
          member.list(page),
    );
    return tallyOf(selection, { site, tier: l2, memories, table, clock });
  }
}
