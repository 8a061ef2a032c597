import type { Coverage } from './cache/coverage.js';
import type { PurgeRule } from './cache/purge-table.js';
import { systemClock } from './clock.js';
import type { MemberExtras } from './cluster/member.js';
import type { Config } from './config/config.js';
import { CachedTitles } from './feed/cached-titles.js';
import { FeedCoverage } from './feed/feed-coverage.js';
import { Lifetimes } from './feed/lifetimes.js';
import { RecentIds } from './feed/recent.js';
import type { Title } from './feed/status.js';
import type { EntryHead } from './tiers/entry.js';

/** What the change feed puts into a process that looks entries up. */
export interface FeedSide {
  readonly coverage: Coverage;
  /** In the core: which titles are cached. */
  readonly onKept?: ((head: EntryHead) => Promise<void> | undefined) | undefined;
  /** In the core: a purge that was not known there. */
  readonly onPurged?: ((rule: PurgeRule) => void) | undefined;
  readonly extras: Pick<MemberExtras, 'cover'>;
  /** In the core, where the feed is on. */
  readonly core?: FeedCore | undefined;
}

/** What a core's side has in common with its feed. */
interface FeedCore {
  /** Set by the feed: see `KnownTitles.told`. */
  told: (titles: readonly Title[]) => Promise<void> | undefined;
  readonly coverage: FeedCoverage;
  readonly titles: CachedTitles;
  readonly recents: RecentIds;
  readonly lifetimes: Lifetimes;
}

/**
 * `core`: lifetimes are given here. Undefined: they are those of the class table. Without the feed as well, entries that an earlier run
 * has stored for longer than their class lives must not be believed.
 */
export function feedSide(config: Config, core: boolean): FeedSide | undefined {
  const { cache, upstream, changeFeed } = config;
  const isTmdb = upstream.type === 'tmdb' || upstream.type === 'tmdb-api';
  if (!isTmdb || !cache.enabled || cache.ttlPolicy !== 'content-type') return undefined;
  const classMs = cache.classes.detail.freshMs;
  const clock = systemClock;
  if (!core || !changeFeed.enabled) {
    const coverage = new FeedCoverage({ classMs, clock });
    return { coverage, extras: { cover: (cover) => coverage.become(cover) } };
  }
  const titles = new CachedTitles();
  const recents = new RecentIds();
  const { ttlMs } = changeFeed;
  const lifetimes = new Lifetimes({ ttlMs, titles, recents, clock });
  // 0 switches the class off; a shorter lifetime than its own would be none that the feed has to vouch for.
  const isLonger = classMs > 0 && ttlMs > classMs;
  const coverage = new FeedCoverage({ classMs, clock, lifetimes: isLonger ? lifetimes : undefined });
  const made: FeedCore = { coverage, titles, recents, lifetimes, told: () => undefined };
  return {
    coverage,
    onKept: (head) => made.told(titles.noteHead(head)),
    onPurged: ({ scope, soft }) => {
      if (scope.kind === 'all' && !soft) titles.clear();
    },
    extras: { cover: (cover) => coverage.become(cover) },
    core: made,
  };
}
