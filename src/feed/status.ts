/** Kinds of titles that TMDB lists changes of. */
export const FEED_KINDS = ['movie', 'tv', 'person'] as const;
export type FeedKind = (typeof FEED_KINDS)[number];

/** What the change feed says of itself, for `/stats`, `/health` and the metrics. Plain data. */
export interface FeedStatus {
  readonly enabled: boolean;
  readonly healthy: boolean;
  /** Whether this node reads the lists for all. */
  readonly leader: boolean;
  /** End of the last complete reading, ms since epoch. */
  readonly lastPoll: number | null;
  readonly lagMs: number | null;
  /** Why it is not healthy. */
  readonly reason: string | null;
  /** Whether the lists stand in the order of the edits. */
  readonly ordered: boolean;
  readonly idsSeen: Readonly<Record<FeedKind, number>>;
  readonly softened: Readonly<Record<FeedKind, number>>;
  /** Changed, but not cached. */
  readonly skipped: Readonly<Record<FeedKind, number>>;
  readonly pages: number;
  readonly gaps: number;
}
