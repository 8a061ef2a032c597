import type { Cover, Coverage } from '../cache/coverage.js';
import type { SharedRoute } from '../cache/site.js';
import type { Clock } from '../clock.js';
import type { EntryHead } from '../tiers/entry.js';
import type { Lifetimes } from './lifetimes.js';

export interface FeedCoverageParts {
  /** Lifetime of the class that the feed prolongs, ms. */
  readonly classMs: number;
  readonly clock: Clock;
  /** In the core, where the feed is on. */
  readonly lifetimes?: Lifetimes | undefined;
}

/** The one class that has long lifetimes (docs/change-feed.md). */
const CLASS = 'detail';
/** Lifetimes are spread by ±10 % (`cache/verdict.ts`): what lives longer than that was given more than its class has. */
const SPREAD = 1.1;
/** A clock that was set back by more than this ends the cover, ms: until when it goes is then not known. */
const SET_BACK_MS = 1000;

/**
 * Whether long lifetimes are believed: of what was fetched since the feed tells of every edit, for as long as it does. Anything else
 * has the lifetime of its class. So a feed that fails silently costs freshness for as long as its cover goes on, and no more.
 */
export class FeedCoverage implements Coverage {
  readonly #clock: Clock;
  #classMs: number;
  #longestMs: number;
  #lifetimes: Lifetimes | undefined;
  #sinceStamp = Number.POSITIVE_INFINITY;
  #from = 0;
  #until = 0;

  constructor({ classMs, clock, lifetimes }: FeedCoverageParts) {
    this.#clock = clock;
    this.#classMs = classMs;
    this.#longestMs = classMs;
    this.#lifetimes = lifetimes;
  }

  /** Longest lifetime the class has had in this run, ms: up to it nobody has to vouch for what is stored. */
  get longestMs(): number {
    return this.#longestMs;
  }

  /** Lifetimes from now on. What is stored keeps that of its class as it was then. */
  retime({ classMs, lifetimes }: Pick<FeedCoverageParts, 'classMs' | 'lifetimes'>): void {
    this.#classMs = classMs;
    this.#longestMs = Math.max(this.#longestMs, classMs);
    this.#lifetimes = lifetimes;
  }

  become({ sinceStamp, until }: Cover): void {
    this.#sinceStamp = sinceStamp;
    this.#from = this.#clock.now() - SET_BACK_MS;
    this.#until = until;
  }

  lifetimeOf(route: SharedRoute, status: number): number | undefined {
    return this.#lifetimes?.of(route, status);
  }

  staleSince(head: EntryHead, now: number): number {
    if (head.class !== CLASS || head.lifetime - head.ageAtStore <= this.#longestMs * SPREAD)
      return Number.POSITIVE_INFINITY;
    if (now < this.#until && now >= this.#from && head.stamp >= this.#sinceStamp)
      return Number.POSITIVE_INFINITY;
    return head.storedAt + this.#classMs;
  }
}
