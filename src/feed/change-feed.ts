import type { Cover } from '../cache/coverage.js';
import type { Clock } from '../clock.js';
import { isOrdered } from './changed.js';
import type { FeedCounters } from './counters.js';
import type { FeedCoverage } from './feed-coverage.js';
import type { Lifetimes } from './lifetimes.js';
import type { Poller } from './poller.js';
import type { RecentIds } from './recent.js';
import type { FeedRules } from './rules.js';
import { decodeState, type FeedState } from './state.js';
import { FEED_KINDS, type FeedStatus } from './status.js';
import type { FeedStore, Glance } from './store.js';

export interface ChangeFeedParts {
  readonly clock: Clock;
  /** Between two readings, ms. */
  readonly intervalMs: number;
  readonly store: FeedStore;
  readonly poller: Pick<Poller, 'run'>;
  readonly rules: FeedRules;
  readonly recents: RecentIds;
  readonly lifetimes: Lifetimes;
  readonly counters: FeedCounters;
  /** Of this process. */
  readonly coverage: FeedCoverage;
  /** Whether this node reads for all, from now on for a while. Rejects while Redis is away. Undefined: it is alone. */
  readonly takeTurn: (() => Promise<boolean>) | undefined;
  /** Lowest stamp of what this node may believe in under a coverage, beside the coverage's own. */
  readonly floorOf: (coverage: string) => number;
  /** Tells every process of this node. */
  readonly tell: (cover: Cover) => void;
  /** Another coverage than before: what the nodes have told each other may be lost. */
  readonly onNewCoverage: (coverage: string) => void;
  /** This node has read them for all. */
  readonly onRead: () => void;
  /** The feed works again, or does not and why; told when that changes. */
  readonly onChange: (reason: string | undefined) => void;
}

/** Nodes look at what the others have read at least so often, ms. */
const MOST_TICK_MS = 15_000;
const LEAST_TICK_MS = 50;
/** After a failed reading, doubled with each, up to the interval, ms. */
const RETRY_MS = 60_000;
/** A cover that ends this much earlier or later is not told anew, ms. */
const SAME_MS = 1000;

/** How long a reading is good for, ms: three may fail in a row, or one that takes ten minutes. */
export function aliveFor(intervalMs: number): number {
  return Math.max(3 * intervalMs, intervalMs + 10 * 60_000);
}

/** Reads the lists of changes in turn with other nodes, and says how far they are known. Never throws into its timers. */
export class ChangeFeed {
  readonly #parts: ChangeFeedParts;
  readonly #tickMs: number;
  readonly #closing = new AbortController();
  #cancelTick = () => {};
  #running: Promise<void> = Promise.resolve();
  #state: FeedState | undefined;
  #glance: Glance | undefined;
  /** The last one that was followed. */
  #coverage: string | undefined;
  #cover: Cover | undefined;
  /** The one that the other processes go by. */
  #toldCover: Cover | undefined;
  /** When the last reading ended, ms since epoch of this machine. */
  #readAt: number | undefined;
  #leads = false;
  #isFirst = true;
  #failures = 0;
  #retryAt = 0;
  /** Why the last look or reading failed. */
  #trouble: string | undefined;
  #toldTrouble = false;

  constructor(parts: ChangeFeedParts) {
    this.#parts = parts;
    this.#tickMs = Math.min(MOST_TICK_MS, parts.intervalMs / 2);
  }

  /** Reads at once, and from then on every `intervalMs`. */
  start(): void {
    this.#tickAfter(0);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#cancelTick();
    await this.#running;
  }

  /** What a process that has just begun is told. */
  cover(): Cover | undefined {
    return this.#cover;
  }

  status(): FeedStatus {
    const now = this.#parts.clock.now();
    const healthy = this.#cover !== undefined && now < this.#cover.until;
    return {
      enabled: true,
      healthy,
      leader: this.#leads,
      lastPoll: this.#readAt ?? null,
      lagMs: this.#readAt === undefined ? null : Math.max(0, now - this.#readAt),
      reason: healthy ? null : (this.#trouble ?? 'the lists of changes have not been read of late'),
      ordered: this.#state === undefined || isOrdered(this.#state),
      ...this.#parts.counters.snapshot(),
    };
  }

  #tickAfter(ms: number): void {
    if (this.#closing.signal.aborted) return;
    this.#cancelTick = this.#parts.clock.after(ms, () => {
      this.#running = this.#tick();
    });
  }

  async #tick(): Promise<void> {
    try {
      await this.#look();
      if (this.#isDue()) await this.#read();
      if (this.#failures === 0) this.#trouble = undefined;
    } catch (error) {
      this.#trouble = error instanceof Error ? error.message : String(error);
    }
    this.#tellChange();
    const { clock, intervalMs } = this.#parts;
    const left = this.#readAt === undefined ? 0 : this.#readAt + intervalMs - clock.now();
    const wait = Math.max(LEAST_TICK_MS, left <= 0 ? this.#tickMs : Math.min(left, this.#tickMs));
    // Nodes that started together do not look together.
    this.#tickAfter(this.#parts.takeTurn === undefined ? wait : wait * (0.9 + 0.2 * clock.random()));
  }

  /** Takes in what was last read, by whichever node. */
  async #look(): Promise<void> {
    const { store, clock, coverage, lifetimes, floorOf, takeTurn, intervalMs } = this.#parts;
    const glance = await store.look().catch((error: unknown) => {
      this.#leads = false;
      throw error;
    });
    if (glance === undefined || !this.#knows(glance)) await this.#adopt(glance);
    const now = clock.now();
    this.#glance = this.#state && glance;
    this.#readAt = glance?.ageMs === undefined ? undefined : now - glance.ageMs;
    // Another node can read them.
    if (takeTurn !== undefined && (glance?.ageMs ?? intervalMs) < intervalMs) this.#failures = 0;
    const aliveMs = this.#state === undefined ? 0 : (glance?.aliveMs ?? 0);
    const sinceStamp = Math.max(this.#state?.sinceStamp ?? 0, floorOf(this.#state?.coverage ?? ''));
    const cover = { sinceStamp, until: now + aliveMs };
    // Whoever has not heard of the others for a while does not know what was edited.
    lifetimes.open(takeTurn === undefined ? cover.until : Math.min(cover.until, now + 3 * this.#tickMs));
    coverage.become(cover);
    this.#cover = cover;
    const told = this.#toldCover;
    if (told?.sinceStamp === sinceStamp && Math.abs(told.until - cover.until) < SAME_MS) return;
    this.#toldCover = cover;
    this.#parts.tell(cover);
  }

  #knows({ coverage, date }: Glance): boolean {
    return this.#state?.coverage === coverage && this.#state.date === date;
  }

  async #adopt(glance: Glance | undefined): Promise<void> {
    const { store, recents, lifetimes, rules, onNewCoverage } = this.#parts;
    const saved = glance && (await store.load());
    const state = saved && decodeState(saved);
    this.#state = state;
    if (state === undefined) return;
    if (state.coverage !== this.#coverage) onNewCoverage(state.coverage);
    this.#coverage = state.coverage;
    for (const kind of FEED_KINDS) recents.set(kind, state.lists[kind]);
    const suspects = FEED_KINDS.flatMap((kind) => lifetimes.suspects(kind, state.lists[kind]));
    try {
      if (suspects.length > 0) await rules.soften(suspects);
    } catch (error) {
      this.#state = undefined; // to be done again
      throw error;
    }
    for (const kind of FEED_KINDS) lifetimes.settle(kind);
  }

  #isDue(): boolean {
    const { clock, intervalMs, takeTurn } = this.#parts;
    const now = clock.now();
    // Farther off than any wait: the clock was set back.
    if (now < this.#retryAt && this.#retryAt - now <= intervalMs) return false;
    // How much was missed while this machine stood still is not known before the lists are read.
    if (this.#isFirst && takeTurn === undefined) return true;
    return this.#glance?.ageMs === undefined || this.#glance.ageMs >= intervalMs;
  }

  async #read(): Promise<void> {
    const { takeTurn, poller, counters, onRead } = this.#parts;
    this.#leads = takeTurn === undefined || (await takeTurn());
    if (!this.#leads) return;
    // Another node may have read while this one waited for its turn.
    if (takeTurn !== undefined) await this.#look();
    if (!this.#isDue()) return;
    const result = await poller.run(this.#closing.signal).catch((error: unknown) => {
      this.#failed();
      throw error;
    });
    counters.polls[result]++;
    this.#isFirst = false;
    this.#failures = 0;
    await this.#look();
    onRead();
  }

  #failed(): void {
    const { clock, intervalMs, counters } = this.#parts;
    counters.polls.failed++;
    const wait = Math.min(intervalMs, RETRY_MS * 2 ** Math.min(this.#failures, 10));
    this.#failures++;
    this.#retryAt = clock.now() + wait;
  }

  #tellChange(): void {
    if (this.#closing.signal.aborted) return;
    const isTroubled = this.#trouble !== undefined;
    if (isTroubled !== this.#toldTrouble) this.#parts.onChange(this.#trouble);
    this.#toldTrouble = isTroubled;
  }
}
