import type { PurgeRule, PurgeScope } from '../../../src/cache/purge-table.js';
import { PurgeTable } from '../../../src/cache/purge-table.js';
import { forgetSoftPurges } from '../../../src/cluster/purger.js';
import { ProxyError } from '../../../src/errors.js';
import { CachedTitles } from '../../../src/feed/cached-titles.js';
import { aliveFor, ChangeFeed, type ChangeFeedParts } from '../../../src/feed/change-feed.js';
import { type AskOrigin, ChangesReader, type FeedAnswer } from '../../../src/feed/changes-reader.js';
import { FeedCounters } from '../../../src/feed/counters.js';
import { DurableFeedStore } from '../../../src/feed/durable-store.js';
import { FeedCoverage } from '../../../src/feed/feed-coverage.js';
import { KnownTitles, type Lack, type TitlesOfAll } from '../../../src/feed/known-titles.js';
import { Lifetimes } from '../../../src/feed/lifetimes.js';
import { Poller } from '../../../src/feed/poller.js';
import { RecentIds } from '../../../src/feed/recent.js';
import { FeedRules, isFeedTag } from '../../../src/feed/rules.js';
import type { FeedKind, Title } from '../../../src/feed/status.js';
import type { FeedStore } from '../../../src/feed/store.js';
import { FakeClock, settle } from '../../support/fake-clock.js';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
export const CLASS_MS = 6 * HOUR;
export const TTL_MS = 7 * DAY;

/** TMDB's lists of changes, as its documentation describes them. */
export class FakeLists {
  readonly asked: string[] = [];
  /** How the ids of a list are arranged; the latest edit first. */
  arrange: (ids: number[]) => number[] = (ids) => ids;
  /** Called before each answer. */
  before: (target: string) => void | Promise<void> = () => {};
  /** Answers in place of a list. */
  instead: (target: string) => Partial<FeedAnswer> | undefined = () => undefined;
  /** By how much its clock differs, ms. */
  skew = 0;
  readonly #edits: { kind: FeedKind; id: number; time: number }[] = [];

  constructor(
    private readonly clock: FakeClock,
    private readonly pageSize = 100,
  ) {}

  edit(kind: FeedKind, ...ids: number[]): void {
    for (const id of ids) this.#edits.push({ kind, id, time: this.clock.now() });
  }

  /** Takes an id out of every list. */
  remove(kind: FeedKind, id: number): void {
    for (let i = this.#edits.length - 1; i >= 0; i--)
      if (this.#edits[i]!.kind === kind && this.#edits[i]!.id === id) this.#edits.splice(i, 1);
  }

  readonly ask: AskOrigin = async (target, signal) => {
    this.asked.push(target);
    await this.before(target);
    signal.throwIfAborted();
    const made = this.clock.now() + this.skew;
    const headers = ['Date', new Date(made).toUTCString()];
    const answer = this.instead(target);
    if (answer !== undefined) return { status: 200, headers, body: Buffer.alloc(0), ...answer };
    return { status: 200, headers, body: Buffer.from(JSON.stringify(this.#list(target))) };
  };

  #list(target: string): object {
    const url = new URL(target, 'http://tmdb');
    const kind = url.pathname.split('/')[2];
    const page = Number(url.searchParams.get('page'));
    const day = url.searchParams.get('start_date');
    const from = day === null ? this.clock.now() - DAY : Date.parse(day);
    const to = day === null ? this.clock.now() : from + DAY - 1;
    const edits = this.#edits.filter((edit) => edit.kind === kind && edit.time >= from && edit.time <= to);
    const ids = this.arrange([...new Set(edits.map(({ id }) => id).toReversed())]);
    const results = ids.slice((page - 1) * this.pageSize, page * this.pageSize);
    return {
      results: results.map((id) => ({ id, adult: false })),
      page,
      total_pages: Math.max(1, Math.ceil(ids.length / this.pageSize)),
      total_results: ids.length,
    };
  }
}

/** A durable area in memory; `room`: bytes. */
export class FakeArea {
  readonly values = new Map<string, Buffer>();
  room = Number.POSITIVE_INFINITY;

  get(key: string): Buffer | undefined {
    return this.values.get(key);
  }

  async put(key: string, value: Buffer): Promise<void> {
    const bytes = [...this.values].reduce((sum, [name, { length }]) => sum + (name === key ? 0 : length), 0);
    if (bytes + value.length > this.room) throw new RangeError('the durable area is full');
    this.values.set(key, Buffer.from(value));
  }

  async remove(key: string): Promise<void> {
    this.values.delete(key);
  }

  entries(): Iterable<[string, Buffer]> {
    return [...this.values];
  }
}

/** What outlives a restart. */
export interface Disk {
  readonly feed: FakeArea;
  readonly purges: FakeArea;
}

export function emptyDisk(): Disk {
  return { feed: new FakeArea(), purges: new FakeArea() };
}

export interface FeedKitOptions {
  readonly clock?: FakeClock;
  readonly lists?: FakeLists;
  readonly disk?: Disk;
  readonly intervalMs?: number;
  /** Another node: what all have in common. */
  readonly store?: FeedStore;
  readonly all?: TitlesOfAll;
  readonly takeTurn?: () => Promise<boolean>;
  readonly table?: PurgeTable;
  /** Everything stored by earlier runs is known. */
  readonly complete?: boolean;
}

/** One node's change feed with everything around it scripted. */
export function feedKit(options: FeedKitOptions = {}) {
  const clock = options.clock ?? new FakeClock();
  const lists = options.lists ?? new FakeLists(clock);
  const disk = options.disk ?? emptyDisk();
  const intervalMs = options.intervalMs ?? 15 * MINUTE;
  const table = options.table ?? new PurgeTable();
  for (const [, value] of disk.purges.entries()) table.apply(JSON.parse(value.toString()) as PurgeRule);
  const purges: string[][] = [];
  /** Set by a test: what becomes of the next purges. */
  const trouble: { purge?: (() => void) | undefined; away?: boolean } = {};
  const purge = async (scopes: readonly PurgeScope[], soft: boolean) => {
    trouble.purge?.();
    const seq = Math.max(table.stamp() + 1, clock.now());
    purges.push(scopes.map((scope) => ('name' in scope ? scope.name : scope.kind)));
    const rules = scopes.map((scope): PurgeRule => ({ scope, soft, seq, at: clock.now() }));
    for (const rule of rules) table.apply(rule);
    for (const rule of rules) {
      const name = 'name' in rule.scope ? rule.scope.name : 'all';
      await disk.purges.put(name, Buffer.from(JSON.stringify(rule)));
    }
    return { seq, pending: trouble.away === true };
  };
  const titles = new CachedTitles();
  if (options.complete !== false) titles.complete();
  const recents = new RecentIds();
  const lifetimes = new Lifetimes({ ttlMs: TTL_MS, titles, recents, clock });
  const coverage = new FeedCoverage({ classMs: CLASS_MS, clock, lifetimes });
  const store = options.store ?? new DurableFeedStore(disk.feed, clock);
  const rules = new FeedRules(purge, () => table.stamp());
  const counters = new FeedCounters();
  const errors: unknown[] = [];
  const known = new KnownTitles({
    here: titles,
    all: options.all,
    ownL2: options.all === undefined,
    clock,
    tellMs: 1000,
    onError: (error) => errors.push(error),
  });
  titles.follow((title) => known.noted(title));
  const { takeTurn } = options;
  let names = 0;
  const core = { recents, lifetimes, rules, counters, store };
  const poller = new Poller({
    ...core,
    known,
    reader: new ChangesReader(lists.ask, clock.now),
    aliveMs: aliveFor(intervalMs),
    keepTurn: async () => {
      if (takeTurn !== undefined && !(await takeTurn())) throw new Error('another node reads the lists now');
    },
    makeRoom: () => forgetSoftPurges(disk.purges, clock.now() - 2 * CLASS_MS, isFeedTag),
    newName: () => `coverage-${clock.now()}-${names++}`,
  });
  const changes: (string | undefined)[] = [];
  const covers: { sinceStamp: number; until: number }[] = [];
  const parts: ChangeFeedParts = {
    ...core,
    poller,
    clock,
    intervalMs,
    coverage,
    takeTurn,
    floorOf: () => 0,
    tell: (cover) => covers.push(cover),
    // Once this node has gone through its disk (`feed/inventory.ts`).
    onRead: () => {
      if (titles.isComplete) known.complete().catch((error: unknown) => errors.push(error));
    },
    onNewCoverage: (coverage) => known.tellAnew(coverage),
    onChange: (reason) => changes.push(reason),
  };
  const feed = new ChangeFeed(parts);
  return {
    clock,
    lists,
    disk,
    table,
    purges,
    trouble,
    titles,
    known,
    lifetimes,
    coverage,
    counters,
    store,
    poller,
    feed,
    changes,
    covers,
    errors,
    /** One reading, by itself. */
    poll: () => poller.run(new AbortController().signal),
    /** Lets time pass in small steps, so that readings which are due come to their end. */
    pass: async (ms: number, step = Math.min(ms, intervalMs / 4)) => {
      for (let left = ms; left > 0; left -= step) {
        clock.advance(Math.min(step, left));
        await settle(30);
      }
    },
    cached: (kind: FeedKind, ...ids: number[]) => {
      for (const id of ids) titles.note({ kind, id });
    },
    /** Tags that were made stale since it was last asked. */
    softened: () =>
      purges
        .splice(0)
        .flat()
        .filter((name) => !name.startsWith('feed:')),
  };
}

/** Several nodes' common knowledge of what is cached. */
export class FakeTitlesOfAll implements TitlesOfAll {
  readonly noted = new Set<string>();
  /** For which the notes are kept; undefined: they are lost. */
  coverage: string | undefined;
  completed: string | undefined;
  away = false;

  constructor(coverage?: string) {
    this.coverage = coverage;
    this.completed = coverage;
  }

  get isComplete(): boolean {
    return this.coverage !== undefined && this.completed === this.coverage;
  }

  /** Redis restarts with what it held a while ago, which a new server does not take for what was kept. */
  rollBack(noted: Iterable<string>): void {
    this.noted.clear();
    for (const title of noted) this.noted.add(title);
    this.coverage = `${this.coverage}, by another server`;
  }

  /** A bitmap is evicted. */
  lose(): void {
    this.noted.clear();
    this.coverage = undefined;
  }

  async begin(coverage: string): Promise<void> {
    this.#mustBeThere();
    this.coverage = coverage;
  }

  async add(titles: readonly Title[]): Promise<void> {
    this.#mustBeThere();
    for (const { kind, id } of titles) this.noted.add(`${kind}:${id}`);
  }

  async which(coverage: string, titles: readonly Title[]): Promise<readonly boolean[] | Lack> {
    this.#mustBeThere();
    if (this.coverage !== coverage) return 'lost';
    if (!this.isComplete) return 'open';
    return titles.map(({ kind, id }) => this.noted.has(`${kind}:${id}`));
  }

  async complete(coverage: string): Promise<void> {
    this.#mustBeThere();
    this.completed = coverage;
  }

  #mustBeThere(): void {
    if (this.away) throw new ProxyError('internal', 'redis: away');
  }
}
