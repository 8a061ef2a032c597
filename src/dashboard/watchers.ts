import { eventResponse, printed } from '../admin/event-stream.js';
import type { Clock } from '../clock.js';
import type { Session } from './session.js';
import type { Watching } from './watching.js';
import type { Watched } from './wire.js';

/** Open pages of one process; each holds a connection. */
export const MOST_WATCHERS = 32;
/** Between two looks for news, ms. */
export const NEWS_MS = 1000;
/** What a browser waits before it connects again, ms. */
const RETRY_MS = 2000;

export interface WatchersParts {
  readonly watching: Watching;
  readonly clock: Clock;
  /** False while draining: streams end, so that a stopping process does not wait for them. */
  readonly ready: () => boolean;
  /** The admin key as it is now: streams that another one opened end. */
  readonly apiKey: () => string | undefined;
}

interface Watcher {
  readonly session: Session | undefined;
  readonly apiKey: string | undefined;
  /** Position up to which it has everything. */
  seq: number;
  over: boolean;
}

/**
 * Pages that look at this process, each an event stream (WHATWG HTML section 9.2). One timer for all of them, which begins with the first
 * and ends with the last; those at the same position share one question to the core. A page that reads slowly gets more
 * at once, never a queue.
 */
export class Watchers {
  readonly #parts: WatchersParts;
  readonly #open = new Set<Watcher>();
  readonly #asked = new Map<number, Promise<Watched | undefined>>();
  #waiting: (() => void)[] = [];
  #ticking = false;

  constructor(parts: WatchersParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#open.size;
  }

  /** A stream that lasts as long as its client and its session do; undefined when there are too many. */
  watch(session: Session | undefined): Response | undefined {
    if (this.#open.size >= MOST_WATCHERS) return undefined;
    const watcher: Watcher = { session, apiKey: this.#parts.apiKey(), seq: 0, over: false };
    this.#open.add(watcher);
    this.#tick();
    let told = false;
    const next = async () => {
      if (told) return this.#next(watcher);
      told = true;
      return `retry: ${RETRY_MS}

`;
    };
    return eventResponse(next, () => this.#leave(watcher));
  }

  /** The next event of a watcher as text; undefined when it is over. */
  async #next(watcher: Watcher): Promise<string | undefined> {
    while (!watcher.over) {
      const news = await this.#news(watcher.seq);
      if (news !== undefined && news.seq !== watcher.seq) {
        watcher.seq = news.seq;
        return printed({ event: 'news', data: news });
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    return undefined;
  }

  /** One question for all who have come as far; undefined when the core does not answer. */
  #news(seq: number): Promise<Watched | undefined> {
    let asked = this.#asked.get(seq);
    if (asked === undefined) {
      asked = this.#parts.watching.watch(seq).catch(() => undefined);
      this.#asked.set(seq, asked);
    }
    return asked;
  }

  #tick(): void {
    if (this.#ticking || this.#open.size === 0) return;
    this.#ticking = true;
    this.#parts.clock.after(NEWS_MS, () => void this.#turn());
  }

  async #turn(): Promise<void> {
    await this.#endThose();
    this.#asked.clear();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
    this.#ticking = false;
    this.#tick();
  }

  /** Streams of a process that stops, of sessions that are over and of an admin key that is no longer. */
  async #endThose(): Promise<void> {
    const { clock, ready, watching, apiKey } = this.#parts;
    const ids = [...this.#open].flatMap(({ session }) => (session === undefined ? [] : [session.id]));
    const ended = ids.length === 0 ? [] : await watching.endedSessions(ids).catch(() => []);
    const now = clock.now();
    for (const watcher of this.#open) {
      const { session } = watcher;
      watcher.over =
        !ready() ||
        watcher.apiKey !== apiKey() ||
        (session !== undefined && (session.until <= now || ended.includes(session.id)));
    }
  }

  #leave(watcher: Watcher): void {
    watcher.over = true;
    this.#open.delete(watcher);
  }
}
