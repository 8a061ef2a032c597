import type { EntryHead } from '../tiers/entry.js';
import { IdSet, MAX_ID } from './id-set.js';
import { type FeedKind, perKind, type Title } from './status.js';
import { titleOf } from './title-tags.js';

/**
 * Which titles something is cached of, exactly and in a bit each: a change of any other is of no interest. Bits are set before
 * an entry is stored and stay when it is evicted, so it may say "cached" too often, never too seldom. "Cached" is also the
 * answer for every title until what earlier runs have stored is known.
 */
export class CachedTitles {
  readonly #ids = perKind(() => new IdSet());
  #isComplete = false;

  #onNew: (title: Title) => void = () => {};

  /** `onNew` is told of every title that is noted for the first time from now on. */
  follow(onNew: (title: Title) => void): void {
    this.#onNew = onNew;
  }

  /** Whether what earlier runs have stored is known. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** Notes the titles that an entry is tagged with, and answers them. */
  noteHead(head: Pick<EntryHead, 'status' | 'tags'>): Title[] {
    if (head.status !== 200) return [];
    const titles: Title[] = [];
    for (const tag of head.tags) {
      const title = titleOf(tag);
      if (title === undefined) continue;
      this.note(title);
      titles.push(title);
    }
    return titles;
  }

  note(title: Title): void {
    if (this.#ids[title.kind].add(title.id)) this.#onNew(title);
  }

  /** Whether it was noted here. */
  has({ kind, id }: Title): boolean {
    return id >= MAX_ID || this.#ids[kind].has(id);
  }

  /** Everything that was noted of a kind. */
  idsOf(kind: FeedKind): Iterable<number> {
    return this.#ids[kind].values();
  }

  /** What earlier runs have stored has been noted. */
  complete(): void {
    this.#isComplete = true;
  }

  /** Everything stored so far is purged. */
  clear(): void {
    for (const ids of Object.values(this.#ids)) ids.clear();
  }
}
