import type { Clock } from '../clock.js';
import { asProxyError, ProxyError } from '../errors.js';
import type { Priority } from '../origin/source.js';
import type { Entry } from '../tiers/entry.js';
import type { Answer } from './answer.js';
import type { Fetcher } from './fetcher.js';
import { Flight, Flights, type Landing } from './flight.js';
import type { ForwardReason, NoStoreReason, Outcome } from './outcome.js';
import { RecentKeys } from './recent.js';
import type { SharedRoute } from './site.js';
import type { Storer } from './store.js';
import { variantKey } from './variant.js';

export interface FillParts {
  readonly fetcher: Fetcher;
  readonly storer: Storer;
  readonly clock: Clock;
  readonly maxEntryBytes: number;
  /** A refresh nobody waits for failed. */
  readonly onBackgroundError: (error: ProxyError, key: string) => void;
}

/** What is wanted of a fill. */
export interface Want {
  readonly route: SharedRoute;
  /** A stale entry to be validated rather than fetched anew. */
  readonly stored: Entry | undefined;
  /** Purge clock when the request came in (I-2). */
  readonly stamp: number;
  readonly forward: ForwardReason;
}

/** After a failed refresh the origin is left alone for this key for this long (I-10), ms. */
const NOT_BEFORE_MS = 10_000;
/** How long an uncacheable outcome is remembered: requests then do not wait for each other (I-8), ms. */
const UNCACHEABLE_MS = 60_000;
/** The same where the status may be over soon (401, 403), ms. */
const REFUSED_MS = 2_000;
/** Requests that may wait for one flight (I-6). */
const MAX_WAITERS = 10_000;

/** What became of a refresh. */
export type Refreshed =
  | Extract<Answer, { kind: 'entry' }>
  /** The origin failed or sent rubbish: a stale value may take its place (RFC 5861 section 4). */
  | { kind: 'trouble' }
  /** The origin is well, but what it sends now may not be stored. */
  | { kind: 'not-stored' };

/** Misses and refreshes: collapses them into flights and turns a flight's landing into an answer. */
export class Filler {
  readonly flights = new Flights();
  readonly #parts: FillParts;
  readonly #uncacheable: RecentKeys;
  readonly #notBefore: RecentKeys;

  constructor(parts: FillParts) {
    this.#parts = parts;
    this.#uncacheable = new RecentKeys(parts.clock);
    this.#notBefore = new RecentKeys(parts.clock);
  }

  /** Whether a refresh of `key` failed a moment ago. */
  resting(key: string): boolean {
    return this.#notBefore.has(key);
  }

  /**
   * Fills without a client: the flight lives until its entry is stored. Never rejects; trouble is reported, and the
   * origin then left alone for this key for a while.
   */
  async refresh(want: Want, priority: Priority): Promise<Refreshed> {
    const { key } = want.route;
    const flight = this.flights.joinable(key) ?? this.#lead(want, priority);
    try {
      const landing = await flight.wait();
      if (landing.kind === 'body' || landing.kind === 'error-body')
        flight.finished.then(landing.broadcast.keep());
      // Others may wait for the same head; only its taker could read this body, and there is none here.
      if (landing.kind === 'released') landing.own.body.cancel();
      const result = await flight.finished;
      if (typeof result !== 'string') return this.#completed(landing, result, want);
      if (!isTrouble(landing, result)) return { kind: 'not-stored' };
    } catch (thrown) {
      this.#parts.onBackgroundError(asProxyError(thrown), key);
    }
    this.#notBefore.note(key, NOT_BEFORE_MS * (0.9 + 0.2 * this.#parts.clock.random()));
    return { kind: 'trouble' };
  }

  /** Joins or leads the flight of a route and answers with what it brings. Rejects with a ProxyError. */
  async obtain(want: Want, signal: AbortSignal): Promise<Answer> {
    const queueing = !this.#uncacheable.has(want.route.key);
    const joined = queueing ? this.flights.joinable(want.route.key) : undefined;
    if (joined !== undefined && joined.waiters >= MAX_WAITERS) {
      throw new ProxyError('budget_exhausted', 'too many requests wait for this answer', { retryAfter: 1 });
    }
    const flight = joined ?? this.#lead(want, 'user', queueing);
    const landing = await flight.wait(signal);
    if (joined !== undefined && !this.#suits(landing, want)) return this.#alone(want, signal);
    return this.#answer(flight, landing, want, joined !== undefined);
  }

  /** The flight's answer is not for this request: it asks for itself, waiting for nobody. */
  async #alone(want: Want, signal: AbortSignal): Promise<Answer> {
    const flight = this.#lead(want, 'user', false);
    return this.#answer(flight, await flight.wait(signal), want, false);
  }

  #suits(landing: Landing, want: Want): boolean {
    switch (landing.kind) {
      case 'released':
        return false;
      case 'error-body':
        return landing.broadcast.joinable;
      case 'current':
        return sameVariant(landing.entry, want.route);
      case 'body':
        return landing.broadcast.joinable && sameVariant(landing.head, want.route);
    }
  }

  #answer(flight: Flight, landing: Landing, want: Want, collapsed: boolean): Answer {
    const base = {
      result: 'miss',
      served: 'origin',
      key: want.route.key,
      forward: want.forward,
      collapsed,
    } as const;
    switch (landing.kind) {
      case 'current':
        return this.#completed(landing, landing.entry, want, collapsed);
      case 'body': {
        const { head, length, broadcast } = landing;
        const outcome: Outcome = { ...base, class: head.class, forwardStatus: head.status, stored: true };
        const whole = () => {
          flight.finished.then(broadcast.keep());
          return flight.finished.then((result) => (typeof result === 'string' ? undefined : result));
        };
        return { kind: 'arriving', head, length, body: broadcast.reader(), whole, outcome };
      }
      case 'error-body':
        return this.#raw(landing.head, landing.broadcast.reader(), want, landing.reason, collapsed);
      case 'released':
        return this.#raw(landing.own.head, landing.own.body, want, landing.reason, collapsed);
    }
  }

  #completed(
    landing: Landing,
    entry: Entry,
    want: Want,
    collapsed = false,
  ): Extract<Answer, { kind: 'entry' }> {
    const forwardStatus = landing.kind === 'current' ? landing.forwardStatus : entry.status;
    const outcome: Outcome = {
      result: 'miss',
      served: 'origin',
      class: entry.class,
      key: want.route.key,
      forward: want.forward,
      forwardStatus,
      stored: true,
      collapsed,
    };
    return { kind: 'entry', entry, outcome };
  }

  #raw(
    head: Extract<Answer, { kind: 'raw' }>['head'],
    body: Extract<Answer, { kind: 'raw' }>['body'],
    want: Want,
    noStore: NoStoreReason,
    collapsed: boolean,
  ): Answer {
    const outcome: Outcome = {
      result: 'miss',
      served: 'origin',
      class: want.route.class,
      key: want.route.key,
      forward: want.forward,
      forwardStatus: head.status,
      stored: false,
      noStore,
      collapsed,
    };
    return { kind: 'raw', head, body, outcome };
  }

  #lead(want: Want, priority: Priority, joinable = true): Flight {
    const { route, stored, stamp } = want;
    const { fetcher, storer } = this.#parts;
    const flight = new Flight({
      key: route.key,
      stamp,
      keepBytes: this.#parts.maxEntryBytes,
      fetch: async (signal) => {
        const fetched = await fetcher.fetch({ route, stored, stamp, priority, signal });
        if (fetched.kind === 'uncacheable')
          this.#noteUncacheable(route.key, fetched.head.status, fetched.share);
        else this.#uncacheable.forget(route.key);
        if (fetched.kind === 'current') await storer.keep(fetched.entry);
        return fetched;
      },
      finish: async (head, body) => {
        const result = await storer.finish(route, head, body);
        if (typeof result !== 'string') this.#notBefore.forget(route.key);
        // A purge says nothing of the next answer; a body that may not be stored says it will not be stored either.
        else if (result !== 'purged-meanwhile') this.#uncacheable.note(route.key, REFUSED_MS);
        return result;
      },
      onDone: (done) => this.flights.remove(done),
    });
    if (joinable) this.flights.add(flight);
    return flight;
  }

  #noteUncacheable(key: string, status: number, shared: boolean): void {
    // Shared errors are what followers should wait for: remembering them would turn a dead origin into a stampede.
    if (!shared) this.#uncacheable.note(key, status >= 400 ? REFUSED_MS : UNCACHEABLE_MS);
  }
}

/** Faults of the origin that a body or a status betrays; the other reasons are its free choice. */
const TROUBLE: ReadonlySet<NoStoreReason> = new Set([
  'truncated',
  'error-envelope',
  'coding-mismatch',
  'not-an-image',
]);

function isTrouble(landing: Landing, reason: NoStoreReason): boolean {
  if (landing.kind === 'error-body') return true; // only an origin's own trouble is shared
  return TROUBLE.has(reason);
}

function sameVariant(
  head: { key: string; primaryKey: string; vary: readonly string[] },
  route: SharedRoute,
): boolean {
  return head.vary.length === 0 || head.key === variantKey(route.key, head.vary, route.headers);
}
