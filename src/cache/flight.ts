import { ProxyError } from '../errors.js';
import type { RawHeaders } from '../http/headers.js';
import type { BodySource } from '../origin/source.js';
import type { Entry, EntryHead } from '../tiers/entry.js';
import { Broadcast, type HeldBytes } from './broadcast.js';
import type { Fetched, ResponseHead } from './fetcher.js';
import type { Made } from './made.js';
import type { NoStoreReason } from './outcome.js';
import { type Expected, mayName, type PurgeRule } from './purge-table.js';

/** How a flight's head turned out, for everyone who takes part in it. */
export type Landing =
  /** Bytes are arriving; take a `reader()`. `head` is an EntryHead when the response may be stored. */
  | {
      kind: 'body';
      head: EntryHead;
      length: number | undefined;
      /** See `Fetched`: for the one who led. */
      own: RawHeaders | undefined;
      /** See `Fetched`. */
      making: Promise<Made | undefined> | undefined;
      broadcast: Broadcast;
      collapsed: boolean;
    }
  | {
      kind: 'current';
      entry: Entry;
      forwardStatus: number;
      own?: RawHeaders | undefined;
      collapsed?: boolean;
    }
  /** Not stored, but harmless to share. */
  | { kind: 'error-body'; head: ResponseHead; reason: NoStoreReason; broadcast: Broadcast }
  /** Not for sharing: the leader alone may take `own`; followers ask for themselves (I-8). */
  | { kind: 'released'; own: Extract<Fetched, { kind: 'uncacheable' }>; reason: NoStoreReason };

export interface FlightStart {
  readonly key: string;
  /** See `SharedRoute`. */
  readonly credential?: string | undefined;
  /** What a purge may name of it before it has landed. */
  readonly expected: Expected;
  readonly stamp: number;
  /** Of the steady clock, ms. */
  readonly startedAt: number;
  /** Bytes of a body that are kept for storing; a longer one is streamed only. */
  readonly keepBytes: number;
  readonly held: HeldBytes;
  /** `finished` is the flight's own. */
  readonly fetch: (signal: AbortSignal, finished: Promise<unknown>) => Promise<Fetched>;
  /** Turns the complete body into an entry, or says why it may not be stored. Never rejects. */
  readonly finish: (
    head: EntryHead,
    body: Buffer,
    making: Promise<Made | undefined> | undefined,
  ) => Promise<Entry | NoStoreReason>;
  /** A user has joined what was begun behind all users. */
  readonly urge?: (() => void) | undefined;
  /** Called once when nobody may join any more. */
  readonly onDone: (flight: Flight) => void;
}

/**
 * One fill in progress that others join (I-6). It lives from the first request that misses until its entry is
 * stored; whoever leads has no special part in it but to take the body of an uncacheable response.
 */
export class Flight {
  readonly key: string;
  readonly credential: string | undefined;
  readonly stamp: number;
  readonly expected: Expected;
  readonly startedAt: number;
  /** Settles when the response head is known; rejects with a ProxyError. */
  readonly landing: Promise<Landing>;
  /** Settles when the fill is over: the stored entry, or why there is none. Never rejects. */
  readonly finished: Promise<Entry | NoStoreReason>;
  readonly #abort = new AbortController();
  readonly #start: FlightStart;
  #settle!: (result: Entry | NoStoreReason) => void;
  #waiters = 0;
  #claimed = false;
  #landed = false;
  #done = false;

  constructor(start: FlightStart) {
    this.key = start.key;
    this.credential = start.credential;
    this.stamp = start.stamp;
    this.expected = start.expected;
    this.startedAt = start.startedAt;
    this.#start = start;
    this.finished = new Promise((resolve) => {
      this.#settle = resolve;
    });
    this.landing = this.#run();
    // Everyone may have left before a failure arrives; that is not an unhandled rejection.
    this.landing.catch(() => {});
  }

  /** The head is known, or will never be. */
  get landed(): boolean {
    return this.#landed;
  }

  get waiters(): number {
    return this.#waiters;
  }

  /** The leader takes the body of a released landing. Unclaimed it is cancelled, or its connection would be held. */
  claim(): void {
    this.#claimed = true;
  }

  /** A user joins: what nobody waited for until now is not to wait behind everybody else any more. */
  urge(): void {
    this.#start.urge?.();
  }

  /** Counts the caller in and waits for the head. When the last one leaves early, the origin request is cancelled. */
  async wait(signal?: AbortSignal): Promise<Landing> {
    this.#waiters++;
    let stopListening = () => {};
    const left = new Promise<never>((_, reject) => {
      if (signal === undefined) return;
      const leave = () => reject(new ProxyError('client_closed', 'the client went away'));
      if (signal.aborted) leave();
      signal.addEventListener('abort', leave, { once: true });
      stopListening = () => signal.removeEventListener('abort', leave);
    });
    try {
      return await Promise.race([this.landing, left]);
    } finally {
      stopListening();
      this.#waiters--;
      // A microtask later, so that whoever has just got the head can take a reader first.
      if (!this.#landed) queueMicrotask(() => this.#cancelIfUnwanted());
    }
  }

  async #run(): Promise<Landing> {
    try {
      const fetched = await this.#start.fetch(this.#abort.signal, this.finished);
      this.#landed = true;
      return this.#land(fetched);
    } catch (error) {
      this.#landed = true;
      this.#finish('status');
      throw error;
    }
  }

  #land(fetched: Fetched): Landing {
    if (fetched.kind === 'current') {
      this.#finish(fetched.entry);
      return fetched;
    }
    if (fetched.kind === 'storable') {
      const { head, length, own, making, collapsed = false, fence } = fetched;
      const broadcast = this.#broadcast(fetched.body, (body) => {
        void this.#start.finish(head, body, making).then((result) => this.#finish(result));
      });
      // Under a lease other nodes wait for it as well: it goes on when everybody here has left (I-7).
      if (fence !== undefined) void this.finished.then(broadcast.keep());
      return { kind: 'body', head, length, own, making, broadcast, collapsed };
    }
    const { head, reason } = fetched;
    if (!fetched.share) {
      this.#finish(reason);
      setImmediate(() => {
        if (!this.#claimed) fetched.body.cancel();
      });
      return { kind: 'released', own: fetched, reason };
    }
    const broadcast = this.#broadcast(fetched.body, () => this.#finish(reason));
    return { kind: 'error-body', head, reason, broadcast };
  }

  #broadcast(source: BodySource, onWhole: (body: Buffer) => void): Broadcast {
    const broadcast = new Broadcast(source, this.#start.keepBytes, this.#start.held, {
      onEnd: (body) => {
        if (body !== undefined) onWhole(body);
      },
      onError: () => this.#finish('truncated'),
      onOverflow: () => this.#finish('too-large'),
    });
    // Held until those who wait for the head had a turn to take a reader; then the readers decide.
    const release = broadcast.keep();
    setImmediate(() => {
      broadcast.begin();
      release();
    });
    return broadcast;
  }

  #cancelIfUnwanted(): void {
    if (this.#waiters === 0 && !this.#landed) {
      this.#retire();
      this.#abort.abort();
    }
  }

  #finish(result: Entry | NoStoreReason): void {
    this.#retire();
    this.#settle(result);
  }

  #retire(): void {
    if (this.#done) return;
    this.#done = true;
    this.#start.onDone(this);
  }
}

/** The flights of one process, by key. A purge detaches them: later requests never join an older one (I-3). */
export class Flights {
  readonly #byKey = new Map<string, Flight>();
  readonly #most: () => number;
  #underWay = 0;
  /** Fetches that were one too many. */
  refused = 0;

  /** @param most fetches under way at a time; asked each time, it may change while the program runs */
  constructor(most: () => number = () => Number.POSITIVE_INFINITY) {
    this.#most = most;
  }

  /** Fetches under way: those of flights, also of those that nobody may join, and those passed through. */
  get underWay(): number {
    return this.#underWay;
  }

  /** A fetch begins; gives what to call when it is over, perhaps again. Throws a ProxyError when there are too many. */
  enter(): () => void {
    if (this.#underWay >= this.#most()) {
      this.refused++;
      throw new ProxyError('budget_exhausted', 'too many fetches are under way', { retryAfter: 1 });
    }
    this.#underWay++;
    let over = false;
    return () => {
      if (over) return;
      over = true;
      this.#underWay--;
    };
  }

  get size(): number {
    return this.#byKey.size;
  }

  /** Requests that wait for their heads. */
  get waiters(): number {
    let count = 0;
    for (const flight of this.#byKey.values()) count += flight.waiters;
    return count;
  }

  joinable(key: string): Flight | undefined {
    return this.#byKey.get(key);
  }

  add(flight: Flight): void {
    this.#byKey.set(flight.key, flight);
  }

  remove(flight: Flight): void {
    if (this.#byKey.get(flight.key) === flight) this.#byKey.delete(flight.key);
  }

  /**
   * Detaches every flight that began before a purge which may name it. What they bring is judged by its stamp. Flights that no
   * purge names go on: a stream of purges must not make each request for a cold key a fetch of its own (I-6).
   */
  detach(rules: readonly PurgeRule[]): void {
    for (const flight of this.#byKey.values()) {
      const named = rules.some(({ seq, scope }) => flight.stamp < seq && mayName(scope, flight.expected));
      if (named) this.#byKey.delete(flight.key);
    }
  }
}
