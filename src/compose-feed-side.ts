import type { Coverage } from './cache/coverage.js';
import type { PurgeRule } from './cache/purge-table.js';
import { systemClock } from './clock.js';
import type { MemberExtras } from './cluster/member.js';
import type { Config } from './config/config.js';
import type { LiveConfig } from './config/live.js';
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
export interface FeedCore {
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
export function feedSide(live: LiveConfig, core: boolean): FeedSide | undefined {
  const { cache, upstream, changeFeed } = live.config;
  const isTmdb = upstream.type === 'tmdb' || upstream.type === 'tmdb-api';
  if (!isTmdb || !cache.enabled || cache.ttlPolicy !== 'content-type') return undefined;
  const classMs = cache.classes.detail.freshMs;
  const clock = systemClock;
  if (!core || !changeFeed.enabled) {
    const coverage = new FeedCoverage({ classMs, clock });
    live.onChange(({ cache: { classes } }) => coverage.retime({ classMs: classes.detail.freshMs }));
    return { coverage, extras: { cover: (cover) => coverage.become(cover) } };
  }
  const titles = new CachedTitles();
  const recents = new RecentIds();
  const lifetimes = new Lifetimes({ ttlMs: changeFeed.ttlMs, titles, recents, clock });
  const given = (config: Config, longestMs: number) => (isLonger(config, longestMs) ? lifetimes : undefined);
  const coverage = new FeedCoverage({ classMs, clock, lifetimes: given(live.config, classMs) });
  live.onChange((config) => {
    const nextMs = config.cache.classes.detail.freshMs;
    lifetimes.retime(config.changeFeed.ttlMs);
    coverage.retime({ classMs: nextMs, lifetimes: given(config, Math.max(nextMs, coverage.longestMs)) });
  });
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

/**
 * 0 switches the class off; a shorter lifetime than its own, or than it had earlier in this run, would be none that the feed has to
 * vouch for.
 */
function isLonger({ cache, changeFeed }: Config, longestMs: number): boolean {
  return cache.classes.detail.freshMs > 0 && changeFeed.ttlMs > longestMs;
}
