import type { PurgeScope } from '../cache/purge-table.js';
import type { Title } from './status.js';
import { tagOf, titleOf } from './title-tags.js';

/** Numbers purges (`cluster/purger.ts`, Purges); this region's only: peers have feeds of their own. */
type Purge = (
  scopes: readonly PurgeScope[],
  soft: boolean,
) => Promise<{ readonly seq: number; readonly pending: boolean }>;

/** Scopes of one purge: as many as one script call of the log takes. */
const CHUNK = 500;

/** Titles are stale on this node; the others will be told when Redis is back, and so will this be done again. */
export class RedisAway extends Error {
  override readonly name = 'RedisAway';
  constructor() {
    super('Redis went away while titles were made stale');
  }
}

/** What the feed tells the cache, as ordinary soft purges. */
export class FeedRules {
  constructor(
    private readonly purge: Purge,
    /** Reading of the purge clock: whatever begins now is stamped so. */
    readonly stamp: () => number,
  ) {}

  /** Makes everything of these titles stale. Rejects when that is not, or not durably, so; what was done holds, and may be done again. */
  async soften(titles: readonly Title[]): Promise<void> {
    for (let from = 0; from < titles.length; from += CHUNK) {
      const chunk = titles.slice(from, from + CHUNK);
      await this.#raise(chunk.map((title): PurgeScope => ({ kind: 'tag', name: tagOf(title) })));
    }
  }

  /** A number between what was fetched before and after now: that of a purge of a tag that nothing has. */
  mark(coverage: string): Promise<number> {
    return this.#raise([{ kind: 'tag', name: `feed:${coverage}` }]);
  }

  async #raise(scopes: readonly PurgeScope[]): Promise<number> {
    const { seq, pending } = await this.purge(scopes, true);
    if (pending) throw new RedisAway();
    return seq;
  }
}

/** Whether it is a purge of ours: of a title, or a mark. */
export function isFeedTag(tag: string): boolean {
  return titleOf(tag) !== undefined || tag.startsWith('feed:');
}
