import { completed, isOrdered, type Learnt, learn, progressOf } from './changed.js';
import { type ChangesPage, type ChangesReader, LAST_PAGE } from './changes-reader.js';
import type { FeedCounters } from './counters.js';
import { daysBetween } from './days.js';
import { askForPage, withEachList } from './each-list.js';
import type { KnownTitles } from './known-titles.js';
import type { Lifetimes } from './lifetimes.js';
import { type AskPage, type Reading, readDay, readList } from './list-reader.js';
import { EMPTY_LIST, nextList, type RecentIds } from './recent.js';
import { type FeedRules, RedisAway } from './rules.js';
import { allFullAt, decodeState, encodeState, type FeedState, type ListProgress } from './state.js';
import { FEED_KINDS, type FeedKind, type PerKind, perKind } from './status.js';
import type { FeedStore } from './store.js';

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

/** What one reading has come to so far. */
interface Progress {
  state: FeedState;
  readonly readings: Partial<Record<FeedKind, Reading>>;
  readonly learnt: Partial<Record<FeedKind, Learnt>>;
  /** Edits of a list may have been missed for good. */
  isLost: boolean;
}

/**
 * Reads one list after the other, makes stale what was edited since the last reading of each, and notes how far it has come. In this
 * order: a crash in between makes the same titles stale twice, which harms nothing. One reading at a time.
 */
export class Poller {
  readonly #parts: PollerParts;
  /** Lists whose last reading has failed: the next one trusts no page to stand for those behind it. */
  #broken: Set<FeedKind> = new Set();
  /** A gap counts once, however many attempts it takes until all lists are read again. */
  #isGapCounted = false;

  constructor(parts: PollerParts) {
    this.#parts = parts;
  }

  /**
   * Rejects when the lists could not be read, or told of, to the end: the reading then counts for nothing, but what those that can
   * be read tell is made stale all the same.
   */
  async run(signal: AbortSignal): Promise<Polled> {
    const broken = this.#broken;
    this.#broken = new Set(FEED_KINDS);
    const polled = await this.#run(broken, signal);
    this.#broken = new Set();
    this.#isGapCounted = false;
    return polled;
  }

  async #run(broken: ReadonlySet<FeedKind>, signal: AbortSignal): Promise<Polled> {
    const { store, known } = this.#parts;
    const saved = await store.load();
    const state = saved && decodeState(saved);
    // Damaged, or what the nodes had noted is lost, and so may be titles that are cached.
    if (saved !== undefined && (state === undefined || !(await known.isKept(state.coverage))))
      this.#countGap();
    else if (state !== undefined) return this.#goOn(state, broken, signal);
    return this.#begin(signal);
  }

  /** A new coverage: nothing that was fetched before it has more than the lifetime of its class. */
  async #begin(signal: AbortSignal): Promise<Polled> {
    const { rules, known, newName, recents } = this.#parts;
    const firsts: Partial<Record<FeedKind, ChangesPage>> = {};
    // Before all pages of the others are asked for in vain.
    const trouble = await withEachList(async (kind) => {
      firsts[kind] = await this.#ask(kind, signal)(1);
    });
    if (trouble !== undefined) throw trouble;
    const readings: Partial<Record<FeedKind, Reading>> = {};
    const unread = await withEachList(async (kind) => {
      const ask = this.#ask(kind, signal);
      readings[kind] = await readList(ask, firsts[kind] ?? (await ask(1)), undefined);
    });
    if (unread !== undefined) throw unread;
    const all = readings as PerKind<Reading>;
    const coverage = newName();
    const { date } = all.movie;
    const lists = perKind((kind) => nextList(EMPTY_LIST, all[kind].ids, 0, date));
    for (const kind of FEED_KINDS) recents.set(kind, lists[kind]);
    const sinceStamp = await rules.mark(coverage);
    await known.begin(coverage);
    const read = perKind((kind) => progressOf(all[kind], 0));
    return this.#keep({ coverage, sinceStamp, date, proven: false, doubts: 0, read, lists });
  }

  async #goOn(state: FeedState, broken: ReadonlySet<FeedKind>, signal: AbortSignal): Promise<Polled> {
    const at: Progress = { state, readings: {}, learnt: {}, isLost: false };
    const trouble = await withEachList((kind) => this.#advance(kind, state, at, broken, signal));
    if (trouble === undefined)
      return at.isLost
        ? this.#begin(signal)
        : this.#keep(completed(at.state, at.readings as PerKind<Reading>, at.learnt as PerKind<Learnt>));
    // As of the last reading, with later lists: their titles are not made stale again with each attempt until the others can be read.
    if (at.state !== state) await this.#parts.store.save(encodeState(at.state), undefined);
    for (const kind of FEED_KINDS) if (at.learnt[kind] !== undefined) this.#broken.delete(kind);
    throw trouble;
  }

  /** Reads one list, and the days before it where it has not been read for so long that it shows less than was edited. */
  async #advance(
    kind: FeedKind,
    before: FeedState,
    at: Progress,
    broken: ReadonlySet<FeedKind>,
    signal: AbortSignal,
  ): Promise<void> {
    const ask = this.#ask(kind, signal);
    const first = await ask(1);
    const { date, fullAt } = before.read[kind];
    const gap = first.date - date;
    const isGap = Math.abs(gap) >= OVERLAP_MS;
    if (isGap) this.#countGap();
    // Too long ago, or of another origin.
    if (isGap && (gap <= 0 || gap > MAX_GAP_MS)) {
      at.isLost = true;
      return;
    }
    // All in one reading, or it says nothing of their order; but while one is broken the others don't wait for it.
    const isDue = first.date - (broken.size === 0 ? allFullAt(before) : fullAt) >= FULL_MS;
    const isShort = isOrdered(before) && before.proven && !broken.has(kind) && !isDue && !isGap;
    const reading = await readList(ask, first, isShort ? before.lists[kind].ids : undefined);
    if (isGap && !(await this.#readUp(kind, first.date, at, signal))) {
      at.isLost = true;
      return;
    }
    const learnt = learn(before, kind, reading);
    // First: what is fetched from here on has the lifetime of its class, what was fetched before is found as cached.
    this.#parts.recents.set(kind, learnt.list);
    const { lists } = at.state;
    at.state = { ...at.state, lists: { ...lists, [kind]: learnt.list } };
    await this.#soften(kind, learnt.changed, at);
    advanceTo(at, kind, progressOf(reading, fullAt));
    at.readings[kind] = reading;
    at.learnt[kind] = learnt;
  }

  /** Every day since the last reading of a list, the oldest first; each is noted. False: they can't be read. */
  async #readUp(kind: FeedKind, now: number, at: Progress, signal: AbortSignal): Promise<boolean> {
    const { date, doneDay } = at.state.read[kind];
    const ask = (day: string) => this.#ask(kind, signal, day);
    // A day earlier than need be: whose days they are is not documented.
    for (const day of daysBetween(date - DAY, now)) {
      if (doneDay !== undefined && day <= doneDay) continue;
      const first = await ask(day)(1);
      if (first.totalPages > LAST_PAGE) return false;
      await this.#soften(kind, await readDay(ask(day), first), at);
      const isOver = Date.parse(day) + 2 * DAY <= now;
      if (isOver) advanceTo(at, kind, { ...at.state.read[kind], doneDay: day });
      if (!(await this.#parts.store.save(encodeState(at.state), undefined)))
        throw new Error('another node has read the lists meanwhile');
    }
    return true;
  }

  #countGap(): void {
    if (!this.#isGapCounted) this.#parts.counters.gaps++;
    this.#isGapCounted = true;
  }

  #ask(kind: FeedKind, signal: AbortSignal, day?: string): AskPage {
    const { reader, keepTurn, counters } = this.#parts;
    return async (page) => {
      await keepTurn();
      signal.throwIfAborted();
      const answer = await askForPage(() => reader.page(kind, page, signal, day));
      counters.pages[kind]++;
      return answer;
    };
  }

  /** Makes stale what is cached of these; another coverage may hold from then on. */
  async #soften(kind: FeedKind, changed: readonly number[], at: Progress): Promise<void> {
    const { known, rules, lifetimes, counters } = this.#parts;
    const { state } = at;
    const cached = await known.cached(
      state.coverage,
      changed.map((id) => ({ kind, id })),
    );
    const all = [...lifetimes.suspects(kind, state.lists[kind]), ...cached];
    const titles = [...new Map(all.map((title) => [title.id, title])).values()];
    try {
      await rules.soften(titles);
    } catch (error) {
      if (error instanceof RedisAway) throw error;
      at.state = { ...state, ...(await this.#withRoom()) };
      await rules.soften(titles);
    }
    lifetimes.settle(kind);
    counters.changed(kind, changed.length, cached.length);
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

function advanceTo(at: Progress, kind: FeedKind, progress: ListProgress): void {
  at.state = { ...at.state, read: { ...at.state.read, [kind]: progress } };
}
