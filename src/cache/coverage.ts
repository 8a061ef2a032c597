import type { EntryHead } from '../tiers/entry.js';
import type { SharedRoute } from './site.js';

/** What a core tells every process of its node: from which purge on, and until when, the change feed tells of edits. */
export interface Cover {
  /** Entries with a lower stamp may have missed an edit. */
  readonly sinceStamp: number;
  /** ms since epoch, by the clock of this machine. */
  readonly until: number;
}

/** Whether lifetimes beyond the class table may be given and believed. Asked for every hit: a few comparisons. */
export interface Coverage {
  /** Lifetime (ms) of a response that has just come, or undefined: the class table's. In the core only. */
  lifetimeOf(route: SharedRoute, status: number): number | undefined;
  /** From when an entry does not count as fresh although its lifetime goes on, ms since epoch; Infinity: it may. */
  staleSince(head: EntryHead, now: number): number;
}
