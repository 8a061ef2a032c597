import type { Clock } from '../clock.js';
import type { EntryHead } from '../tiers/entry.js';
import type { Tier } from '../tiers/tier.js';
import type { CachedTitles } from './cached-titles.js';
import type { KnownTitles } from './known-titles.js';
import { walk } from './walk.js';

export interface InventoryParts {
  readonly tier: Pick<Tier, 'list'>;
  /** Redis is gone through by one node for all, a disk by its own. */
  readonly of: 'disk' | 'redis';
  readonly titles: CachedTitles;
  readonly known: KnownTitles;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

/** After a walk that did not come to an end, ms. */
const RETRY_MS = 60_000;

/** Notes, in the background, the titles that earlier runs have stored. */
export class Inventory {
  readonly #parts: InventoryParts;
  readonly #closing = new AbortController();
  #walking: Promise<void> | undefined;
  #cancel = () => {};

  constructor(parts: InventoryParts) {
    this.#parts = parts;
  }

  /** A disk of this node is gone through once: what is stored later is noted as it comes. */
  start(): void {
    if (this.#parts.of === 'disk') this.#walk();
  }

  /** This node reads the lists for all: they are to know what all have cached, anew under each coverage. */
  needed(): void {
    this.#walk();
  }

  /** Resolves when nothing of it goes on. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#cancel();
    await this.#walking;
  }

  #walk(): void {
    if (this.#closing.signal.aborted) return;
    this.#walking ??= this.#walkOnce().finally(() => {
      this.#walking = undefined;
    });
  }

  async #walkOnce(): Promise<void> {
    const { tier, of, titles, known, clock, onError } = this.#parts;
    const { signal } = this.#closing;
    try {
      const isNoted = of === 'disk' && titles.isComplete;
      if ((of === 'redis' || isNoted) && (await known.isRegionComplete())) return;
      if (isNoted) return await known.complete();
      const pause = (ms: number) => new Promise<void>((resolve) => clock.after(ms, resolve));
      const note = (head: EntryHead) => void titles.noteHead(head);
      if (await walk({ tier, note, pause, signal })) return await known.complete();
    } catch (error) {
      onError(error);
    }
    if (of === 'disk' && !signal.aborted) this.#cancel = clock.after(RETRY_MS, () => this.#walk());
  }
}
