import type { Clock } from '../clock.js';
import type { CachedTitles } from './cached-titles.js';
import { IdSet, MAX_ID } from './id-set.js';
import { FEED_KINDS, type FeedKind, type PerKind, perKind, type Title } from './status.js';

/**
 * Why what the nodes have noted does not tell what is not cached. `lost`: it has been kept since this coverage began no longer.
 * `open`: what was cached before has not all been noted yet.
 */
export type Lack = 'lost' | 'open';

/** What all nodes of a region have noted (`redis/feed-titles.ts`). Every method rejects while Redis is away. */
export interface TitlesOfAll {
  /** From now on what is noted is kept for this coverage. Nobody else says so: what is lost later stays lost until another one begins. */
  begin(coverage: string): Promise<void>;
  add(titles: readonly Title[]): Promise<void>;
  /** Whether each was noted by a node. */
  which(coverage: string, titles: readonly Title[]): Promise<readonly boolean[] | Lack>;
  /** Everything that is cached has been noted since this coverage began. */
  complete(coverage: string): Promise<void>;
}

export interface KnownTitlesParts {
  /** Of this node. */
  readonly here: CachedTitles;
  /** Undefined: there is no other node. */
  readonly all: TitlesOfAll | undefined;
  /** Whether what this node has stored is its own: it is then to be noted before anything counts as not cached. */
  readonly ownL2: boolean;
  readonly clock: Clock;
  /** Longest a title waits before the others are told, ms. */
  readonly tellMs: number;
  readonly onError: (error: unknown) => void;
}

/** Titles of one call. */
const CHUNK = 500;
/** Everything is told a second time after so long, ms: a failover of Redis may lose what it was told last. */
const AGAIN_MS = 15_000;
/** Between two tries while Redis is away, ms. */
const RETRY_MS = 1000;

/**
 * Which titles any node of the region has cached. What a node stores where others, or its own next run, find it waits until they
 * know of the title (`told`): else a node that dies in between leaves an entry behind that no edit would make stale.
 */
export class KnownTitles {
  readonly #parts: KnownTitlesParts;
  readonly #untold = perKind(() => new IdSet());
  /** Told once, and to be told again. */
  readonly #toldOnce = perKind(() => new IdSet());
  readonly #told = perKind(() => new IdSet());
  /** Under which everything is told. */
  #coverage: string | undefined;
  #toldAt: number;
  /** The next telling: when, ms since epoch, and how not to. */
  #next: { readonly at: number; readonly cancel: () => void } | undefined;
  #telling: Promise<void> = Promise.resolve();
  #waiting: { readonly done: Promise<void>; readonly end: () => void } | undefined;

  constructor(parts: KnownTitlesParts) {
    this.#parts = parts;
    this.#toldAt = parts.clock.steady();
  }

  /** Whether everything that is cached is known, as far as this node can tell without asking. */
  get isComplete(): boolean {
    return !this.#parts.ownL2 || this.#parts.here.isComplete;
  }

  /** This node has begun to cache it. */
  noted({ kind, id }: Title): void {
    if (this.#parts.all === undefined) return;
    this.#untold[kind].add(id);
    this.#tellWithin(this.#parts.tellMs);
  }

  /**
   * Settles when the others know of these titles, or can't be told; undefined when they do. Never rejects. Who waits for one title
   * goes on in the order in which they came.
   */
  told(titles: readonly Title[]): Promise<void> | undefined {
    if (this.#parts.all === undefined) return undefined;
    if (titles.every(({ kind, id }) => id >= MAX_ID || this.#told[kind].has(id))) return undefined;
    this.#waiting ??= waiting();
    this.#tellWithin(this.#parts.tellMs);
    return this.#waiting.done;
  }

  /** Another coverage: what the others knew may be lost, everything is told anew. */
  tellAnew(coverage: string): void {
    if (this.#parts.all === undefined) return;
    this.#coverage = coverage;
    for (const kind of FEED_KINDS) {
      this.#told[kind].clear();
      for (const id of this.#parts.here.idsOf(kind)) this.#untold[kind].add(id);
    }
    this.#tellWithin(this.#parts.tellMs);
  }

  /** This node, which reads for all, begins a coverage. Rejects while Redis is away. */
  async begin(coverage: string): Promise<void> {
    await this.#parts.all?.begin(coverage);
  }

  /** Those that may be cached somewhere. Rejects while that can't be found out. */
  async cached(coverage: string, titles: readonly Title[]): Promise<readonly Title[]> {
    const { here, all } = this.#parts;
    if (!this.isComplete) return titles;
    if (all === undefined) return titles.filter((title) => here.has(title));
    const cached: Title[] = [];
    const others: Title[] = [];
    for (const title of titles) (here.has(title) ? cached : others).push(title);
    for (let from = 0; from < others.length; from += CHUNK) {
      const chunk = others.slice(from, from + CHUNK);
      const known = await all.which(coverage, chunk);
      if (typeof known === 'string') return titles;
      cached.push(...chunk.filter((_, i) => known[i]));
    }
    return cached;
  }

  /** Whether what the nodes have noted since a coverage began is all there. Rejects while that can't be found out. */
  async isKept(coverage: string): Promise<boolean> {
    const { all } = this.#parts;
    return all === undefined || (await all.which(coverage, [])) !== 'lost';
  }

  /** Whether the nodes together know everything that any has cached. Rejects while that can't be found out. */
  async isRegionComplete(): Promise<boolean> {
    const { all } = this.#parts;
    if (all === undefined) return true;
    return this.#coverage !== undefined && typeof (await all.which(this.#coverage, [])) !== 'string';
  }

  /** Everything in L2 has been noted here. Rejects when the others could not be told. */
  async complete(): Promise<void> {
    const { here, all } = this.#parts;
    here.complete();
    if (all === undefined) return;
    // The one under which all of it is told: should another one begin meanwhile, nothing is said of that.
    const coverage = this.#coverage;
    await this.#tell();
    if (coverage !== undefined) await all.complete(coverage);
  }

  /** Tells the others what is left to be told, if Redis is there. Never rejects. */
  async close(): Promise<void> {
    if (this.#parts.all !== undefined) await this.#tell().catch(this.#parts.onError);
    this.#next?.cancel();
  }

  #tellWithin(ms: number): void {
    const { clock, onError, tellMs } = this.#parts;
    const at = clock.steady() + ms;
    if (this.#next !== undefined && this.#next.at <= at) return;
    this.#next?.cancel();
    const cancel = clock.after(ms, () => {
      this.#next = undefined;
      this.#tell().catch((error) => {
        onError(error);
        this.#tellWithin(Math.max(RETRY_MS, tellMs));
      });
    });
    this.#next = { at, cancel };
  }

  #tell(): Promise<void> {
    const next = this.#telling.then(() => this.#tellNow());
    this.#telling = next.catch(() => {}); // for the next one's turn only
    return next;
  }

  async #tellNow(): Promise<void> {
    const { clock } = this.#parts;
    const waited = this.#waiting;
    this.#waiting = undefined;
    try {
      if (clock.steady() - this.#toldAt >= AGAIN_MS) {
        this.#toldAt = clock.steady();
        await this.#tellAll(this.#toldOnce, () => {});
      }
      await this.#tellAll(this.#untold, (kind, id) => {
        this.#told[kind].add(id);
        this.#toldOnce[kind].add(id);
      });
    } finally {
      waited?.end();
    }
    if (FEED_KINDS.some((kind) => this.#toldOnce[kind].size > 0)) this.#tellWithin(AGAIN_MS);
  }

  async #tellAll(from: PerKind<IdSet>, onTold: (kind: FeedKind, id: number) => void): Promise<void> {
    for (const kind of FEED_KINDS) {
      const source = from[kind];
      for (let ids = source.take(CHUNK); ids.length > 0; ids = source.take(CHUNK)) {
        try {
          await this.#parts.all?.add(ids.map((id) => ({ kind, id })));
        } catch (error) {
          for (const id of ids) source.add(id);
          throw error;
        }
        for (const id of ids) onTold(kind, id);
      }
    }
  }
}

function waiting(): { readonly done: Promise<void>; readonly end: () => void } {
  let end = () => {};
  const done = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { done, end };
}
