import type { PerKind } from './status.js';

/** How far the lists have been read, as one glance tells. Durations in ms. */
export interface Glance {
  /** Names what has been read without a gap since it began. */
  readonly coverage: string;
  /** When the last reading was made, ms since epoch by TMDB's clock. */
  readonly date: number;
  /** Since the last complete reading, by the store's own clock (I-13); undefined: never, or the clock was set back. */
  readonly ageMs: number | undefined;
  /** How long what was read is still good for; 0 when no longer. */
  readonly aliveMs: number;
}

/** Progress of the feed as bytes; what they mean is the business of `state.ts`. */
export interface Saved {
  readonly coverage: string;
  readonly date: number;
  readonly text: string;
  readonly lists: PerKind<Buffer>;
}

/** Where progress outlives restarts. Every method rejects while the place is away. */
export interface FeedStore {
  look(): Promise<Glance | undefined>;
  load(): Promise<Saved | undefined>;
  /**
   * `aliveMs`: a reading is complete and good for so long; undefined: only progress. False when a later reading of the same
   * coverage is there already.
   */
  save(saved: Saved, aliveMs: number | undefined): Promise<boolean>;
}
