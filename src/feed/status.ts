/** Kinds of titles that TMDB lists changes of. */
export const FEED_KINDS = ['movie', 'tv', 'person'] as const;
export type FeedKind = (typeof FEED_KINDS)[number];
export type PerKind<V> = Readonly<Record<FeedKind, V>>;

/** One title of TMDB. */
export interface Title {
  readonly kind: FeedKind;
  readonly id: number;
}

/** How a reading of all lists ended. `refused`: another node had read later ones. */
export type PollResult = 'complete' | 'failed' | 'refused';

/** What the change feed says of itself, for `/stats`, `/health` and the metrics. Plain data. */
export interface FeedStatus {
  readonly enabled: boolean;
  /** Whether edits are known to be told: details may be fresh for longer than their class. */
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
  /** Ids that may have changed since the reading before. The counters are this node's, since its start. */
  readonly idsSeen: PerKind<number>;
  /** Titles whose entries were made stale. */
  readonly softened: PerKind<number>;
  /** Changed, but not cached. */
  readonly skipped: PerKind<number>;
  readonly pages: PerKind<number>;
  readonly polls: Readonly<Record<PollResult, number>>;
  /** Times for which edits were read up day by day, or given up on. */
  readonly gaps: number;
}

/** The same for every kind. */
export function perKind<V>(make: (kind: FeedKind) => V): Record<FeedKind, V> {
  return { movie: make('movie'), tv: make('tv'), person: make('person') };
}
