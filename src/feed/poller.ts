import { fullAtOf, isOrdered, learn } from './changed.js';
import { type ChangesPage, type ChangesReader, LAST_PAGE } from './changes-reader.js';
import type { FeedCounters } from './counters.js';
import { daysBetween } from './days.js';
import type { KnownTitles } from './known-titles.js';
import type { Lifetimes } from './lifetimes.js';
import { type AskPage, type Reading, readDay, readList } from './list-reader.js';
import { EMPTY_LIST, nextList, type RecentIds } from './recent.js';
import { type FeedRules, RedisAway } from './rules.js';
import { decodeState, encodeState, type FeedState } from './state.js';
import { FEED_KINDS, type FeedKind, type PerKind, perKind, type Title } from './status.js';
import type { FeedStore } from './store.js';
import { tagOf } from './title-tags.js';

export interface PollerParts {
  readonly reader: Pick<ChangesReader, 'page'>;
  readonly store: FeedStore;
  readonly known: KnownTitles;
  readonly rules: FeedRules;
  readonly recents: RecentIds;
  readonly lifetimes: Lifetimes;
  readonly counters: FeedCounters;
  /** How long a complete reading is good for, ms. */
  readonly aliveMs: number;
  /** Called before each page; rejects when another node reads now. */
  readonly keepTurn: () => Promise<void>;
  /** Makes room for durable purges, where a new coverage has begun. */
  readonly makeRoom: () => Promise<void>;
  readonly newName: () => string;
}

/** `refused`: a later reading of another node was there already. */
export type Polled = 'complete' | 'refused';

/** From when on purges have told of every edit. */
type Base = Pick<FeedState, 'coverage' | 'sinceStamp'>;

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** TMDB lists the last 24 hours: up to here the list overlaps with the one before it. */
const OVERLAP_MS = 23 * HOUR;
/** TMDB lists days of the last two weeks (error 20). */
const MAX_GAP_MS = 13 * DAY;
/** However little is new, every page is read so often. */
const FULL_MS = 6 * HOUR;

/**
 * Reads all lists, makes stale what was edited since the last reading, and notes how far it has come. In this order: a crash in
 * between makes the same titles stale twice, which harms nothing. One reading at a time.
 */
export class Poller {
  readonly #parts: PollerParts;
  /** A reading has failed: the next one trusts no page to stand for those behind it. */
  #wasBroken = false;

  constructor(parts: PollerParts) {
    this.#parts = parts;
  }

  /** Rejects when the lists could not be read, or told of, to the end: nothing is then marked as read. */
  async run(signal: AbortSignal): Promise<Polled> {
    const readFully = this.#wasBroken;
    this.#wasBroken = true;
    const polled = await this.#run(readFully, signal);
    this.#wasBroken = false;
    return polled;
  }

  async #run(readFully: boolean, signal: AbortSignal): Promise<Polled> {
    const { store, counters } = this.#parts;
    const saved = await store.load();
    const state = saved && decodeState(saved);
    const first = await this.#ask('movie', signal)(1);
    const gap = state === undefined ? Number.POSITIVE_INFINITY : first.date - state.date;
    if (state !== undefined && Math.abs(gap) < OVERLAP_MS) return this.#goOn(state, first, readFully, signal);
    // Anything but a first start: the last reading is too old, damaged, or of another origin.
    if (saved !== undefined) counters.gaps++;
    if (state === undefined || gap <= 0 || gap > MAX_GAP_MS) return this.#begin(first, signal);
    const caughtUp = await this.#readUp(state, first.date, signal);
    return caughtUp === undefined
      ? this.#begin(undefined, signal)
      : this.#goOn(caughtUp, undefined, true, signal);
  }

  /** A new coverage: nothing that was fetched before it has more than the lifetime of its class. `opened`: see `#goOn`. */
  async #begin(opened: ChangesPage | undefined, signal: AbortSignal): Promise<Polled> {
    const { rules, known, newName } = this.#parts;
    const readings = await this.#readAll(signal, undefined, opened);
    const coverage = newName();
    const { date } = readings.movie;
    const lists = perKind((kind) => nextList(EMPTY_LIST, readings[kind].ids, 0, date));
    this.#adopt(lists);
    const sinceStamp = await rules.mark(coverage);
    await known.begin(coverage);
    const fullAt = fullAtOf(readings, 0);
    return this.#keep({
      coverage,
      sinceStamp,
      date,
      fullAt,
      proven: false,
      doubts: 0,
      doneDay: undefined,
      lists,
    });
  }

  /** `opened`: page 1 of the movies, if it is of now. */
  async #goOn(
    state: FeedState,
    opened: ChangesPage | undefined,
    readFully: boolean,
    signal: AbortSignal,
  ): Promise<Polled> {
    if (!(await this.#parts.known.isKept(state.coverage))) {
      // What the nodes had noted is lost, and so may be titles that are cached.
      this.#parts.counters.gaps++;
      return this.#begin(opened, signal);
    }
    const isDue = opened === undefined || opened.date - state.fullAt >= FULL_MS;
    const isShort = isOrdered(state) && state.proven && !readFully && !isDue;
    const readings = await this.#readAll(signal, isShort ? state : undefined, opened);
    const learnt = learn(state, readings);
    // First: what is fetched from here on has the lifetime of its class, what was fetched before is found as cached.
    this.#adopt(learnt.state.lists);
    const base = await this.#soften(learnt.changed, learnt.state);
    return this.#keep({ ...learnt.state, ...base });
  }

  /** Every day since the last reading, the oldest first; each is noted. Undefined: they can't be read. */
  async #readUp(state: FeedState, now: number, signal: AbortSignal): Promise<FeedState | undefined> {
    let at = state;
    // A day earlier than need be: whose days they are is not documented.
    for (const day of daysBetween(state.date - DAY, now)) {
      if (at.doneDay !== undefined && day <= at.doneDay) continue;
      const ids: Record<FeedKind, readonly number[]> = perKind(() => []);
      for (const kind of FEED_KINDS) {
        const ask = this.#ask(kind, signal, day);
        const first = await ask(1);
        if (first.totalPages > LAST_PAGE) return undefined;
        ids[kind] = await readDay(ask, first);
      }
      const isOver = Date.parse(day) + 2 * DAY <= now;
      at = { ...at, ...(await this.#soften(ids, at)), ...(isOver && { doneDay: day }) };
      if (!(await this.#parts.store.save(encodeState(at), undefined)))
        throw new Error('another node has read the lists meanwhile');
    }
    return at;
  }

  /** `before`: it is enough to read up to what stood there. */
  async #readAll(
    signal: AbortSignal,
    before: FeedState | undefined,
    opened?: ChangesPage,
  ): Promise<PerKind<Reading>> {
    const readings: Partial<Record<FeedKind, Reading>> = {};
    for (const kind of FEED_KINDS) {
      const ask = this.#ask(kind, signal);
      const first = kind === 'movie' && opened !== undefined ? opened : await ask(1);
      readings[kind] = await readList(ask, first, before?.lists[kind].ids);
    }
    return readings as Record<FeedKind, Reading>;
  }

  #ask(kind: FeedKind, signal: AbortSignal, day?: string): AskPage {
    const { reader, keepTurn, counters } = this.#parts;
    return async (page) => {
      await keepTurn();
      signal.throwIfAborted();
      const answer = await reader.page(kind, page, signal, day);
      counters.pages[kind]++;
      return answer;
    };
  }

  #adopt(lists: FeedState['lists']): void {
    for (const kind of FEED_KINDS) this.#parts.recents.set(kind, lists[kind]);
  }

  /** Makes stale what is cached of these, and answers the coverage that holds from then on. */
  async #soften(changed: PerKind<readonly number[]>, state: FeedState): Promise<Base> {
    const { known, rules, lifetimes, counters } = this.#parts;
    const cached: Record<FeedKind, readonly Title[]> = perKind(() => []);
    for (const kind of FEED_KINDS)
      cached[kind] = await known.cached(
        state.coverage,
        changed[kind].map((id) => ({ kind, id })),
      );
    const all = [...lifetimes.suspects(state.lists), ...FEED_KINDS.flatMap((kind) => cached[kind])];
    const titles = [...new Map(all.map((title) => [tagOf(title), title])).values()];
    let base: Base = { coverage: state.coverage, sinceStamp: state.sinceStamp };
    try {
      await rules.soften(titles);
    } catch (error) {
      if (error instanceof RedisAway) throw error;
      base = await this.#withRoom();
      await rules.soften(titles);
    }
    lifetimes.settle();
    for (const kind of FEED_KINDS) counters.changed(kind, changed[kind].length, cached[kind].length);
    return base;
  }

  /**
   * Old purges need not outlive a restart where nothing is believed from before them: so when there is no room for more, a new coverage
   * begins, and is noted before they are forgotten.
   */
  async #withRoom(): Promise<Base> {
    const { rules, store, known, makeRoom, newName, counters } = this.#parts;
    const saved = await store.load();
    const before = saved && decodeState(saved);
    const base = { coverage: newName(), sinceStamp: rules.stamp() };
    if (before === undefined || !(await store.save(encodeState({ ...before, ...base }), undefined)))
      throw new Error('another node has read the lists meanwhile');
    counters.gaps++;
    await known.begin(base.coverage);
    await makeRoom();
    return base;
  }

  async #keep(state: FeedState): Promise<Polled> {
    const { store, aliveMs } = this.#parts;
    return (await store.save(encodeState(state), aliveMs)) ? 'complete' : 'refused';
  }
}
