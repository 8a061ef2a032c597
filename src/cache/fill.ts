import type { Clock } from '../clock.js';
import { asProxyError, ProxyError } from '../errors.js';
import { requestCacheControl } from '../http/cache-control.js';
import type { Priority } from '../origin/source.js';
import type { Entry, EntryHead } from '../tiers/entry.js';
import type { Answer } from './answer.js';
import { HeldBytes } from './broadcast.js';
import { Ending } from './ending.js';
import { Experience } from './experience.js';
import type { Fetched, Fetcher, FillJob } from './fetcher.js';
import { Flight, Flights } from './flight.js';
import { flightKey, type Wanted } from './flight-key.js';
import { answerOf, type Boarded, completed, type Want } from './landed.js';
import type { Made } from './made.js';
import type { NoStoreReason } from './outcome.js';
import { waitBriefly } from './patience.js';
import type { Expected, PurgeTable } from './purge-table.js';
import { RecentKeys } from './recent.js';
import type { SharedRoute, SitePolicy } from './site.js';
import type { Kept, Storer } from './store.js';
import { type Comer, suits } from './suits.js';
import { isTrouble, statusOf } from './trouble.js';

export interface FillParts {
  readonly site: SitePolicy;
  readonly fetcher: Fetcher;
  readonly storer: Storer;
  readonly clock: Clock;
  readonly maxEntryBytes: number;
  /** Fetches under way at a time, passed-through requests included. */
  readonly maxFlights: number;
  readonly purges: PurgeTable;
  /** What a purge may name of a route's response. */
  readonly expected: (route: SharedRoute) => Expected;
  /** A refresh nobody waits for failed. */
  readonly onBackgroundError: (error: ProxyError, key: string) => void;
}

/** After a failed refresh the origin is left alone for this key for this long (I-10), ms. */
const NOT_BEFORE_MS = 10_000;
/**
 * Bodies on their way may hold as many bytes as this many entries of the largest size; beyond, all but small ones are held back by
 * their slowest reader and not stored, so that slow clients do not make memory grow (I-17).
 */
const HELD_ENTRIES = 2;
/** Requests that may wait for one flight (I-6). */
const MAX_WAITERS = 10_000;
/** A request that was let down by so many flights, because what they brought was for somebody else, leads one. */
const MAX_LET_DOWN = 2;

/** What became of a refresh. */
export type Refreshed =
  | Extract<Answer, { kind: 'entry' }>
  /** The origin failed or sent rubbish: a stale value may take its place (RFC 5861 section 4). */
  | { kind: 'trouble'; status: number | undefined; error: ProxyError | undefined }
  /** The origin is well, but what it sends now may not be stored. Who led may `take` it, in the same turn. */
  | { kind: 'not-stored'; take?: () => Answer }
  /** Its body is on the way and may be passed on as it comes; to be taken in the same turn. */
  | { kind: 'landed'; take: () => Answer };

/** How a fill is led: so that others join it and nodes share it; so that others join it; by itself. */
type Leading = 'shared' | 'successor' | 'alone';

/** Misses and refreshes: collapses them into flights and turns a flight's landing into an answer. */
export class Filler {
  readonly flights: Flights;
  readonly #parts: FillParts;
  readonly #held: HeldBytes;
  readonly #experience: Experience;
  readonly #notBefore: RecentKeys;

  constructor(parts: FillParts) {
    this.#parts = parts;
    this.flights = new Flights(() => parts.maxFlights);
    this.#held = new HeldBytes(() => HELD_ENTRIES * parts.maxEntryBytes);
    this.#experience = new Experience(parts.clock, parts.site.ttlPolicy);
    this.#notBefore = new RecentKeys(parts.clock);
  }

  /** Whether a refresh of what a route asks for failed a moment ago. */
  resting(route: SharedRoute): boolean {
    return this.#notBefore.has(route.key);
  }

  /** Whether what is wanted turned out not to be stored a moment ago. */
  refused(want: Wanted): boolean {
    return this.#experience.wasRefused(flightKey(want), want.route);
  }

  /** Leaves the origin alone for what a route asks for, for a while. */
  rest(route: SharedRoute): void {
    const ms = NOT_BEFORE_MS * (0.9 + 0.2 * this.#parts.clock.random());
    this.#notBefore.note(route.key, ms);
  }

  /** How long the flight for what is wanted has been under way, ms; 0 without one. */
  flyingFor(want: Wanted): number {
    const flight = this.flights.joinable(flightKey(want));
    return flight === undefined ? 0 : this.#parts.clock.steady() - flight.startedAt;
  }

  /**
   * Fills whether or not a client waits: the flight lives until its entry is stored. Never rejects; trouble is reported, and
   * the origin then left alone for this key for a while. `streamed`: a body is handed on while it arrives.
   */
  async refresh(want: Want, priority: Priority, streamed = false): Promise<Refreshed> {
    let status: number | undefined;
    let error: ProxyError | undefined;
    try {
      const boarded = await this.#board(want, priority);
      const { flight, landing, collapsed } = boarded;
      const streams = landing.kind === 'body' || landing.kind === 'error-body';
      if (streams) flight.finished.then(landing.broadcast.keep());
      if (streamed && landing.kind === 'body') {
        this.#watch(boarded, want.route);
        return { kind: 'landed', take: () => answerOf(boarded, want) };
      }
      const result = await flight.finished;
      if (typeof result !== 'string') return completed(landing, result, want, collapsed);
      if (!isTrouble(landing, result, this.#parts.site.ttlPolicy)) {
        const own = landing.kind === 'released' && !collapsed;
        return { kind: 'not-stored', ...(own && { take: () => answerOf(boarded, want) }) };
      }
      status = statusOf(landing);
    } catch (thrown) {
      error = asProxyError(thrown);
      this.#parts.onBackgroundError(error, want.route.key);
    }
    this.rest(want.route);
    return { kind: 'trouble', status, error };
  }

  /**
   * Joins or leads the flight of a route and answers with what it brings. Rejects with a ProxyError. Where something may stand in,
   * trouble that an answer shows is remembered as by `refresh`, and its body goes on without its reader.
   */
  async obtain(want: Want, signal: AbortSignal, priority: Priority = 'user'): Promise<Answer> {
    const boarded = await this.#board(want, priority, signal);
    if (want.standIn) this.#watch(boarded, want.route);
    return answerOf(boarded, want);
  }

  #watch({ flight, landing }: Boarded, route: SharedRoute): void {
    if (landing.kind === 'body') flight.finished.then(landing.broadcast.keep());
    void flight.finished.then((result) => {
      if (typeof result === 'string' && isTrouble(landing, result, this.#parts.site.ttlPolicy))
        this.rest(route);
    });
  }

  /** Joins the key's flight if what it brings suits, else leads one of its own. */
  async #board(want: Want, priority: Priority, signal?: AbortSignal, letDown = 0): Promise<Boarded> {
    const { route } = want;
    const key = flightKey(want);
    const background = priority === 'refresh';
    // RFC 9111 section 5.2.1.5: what a client asks for with no-store is stored for nobody, hence shared with nobody. What is born
    // stale answers one request each, but one refresh that nobody waits for is enough.
    const queueing =
      !this.#experience.wasRefused(key, route) &&
      (background || !this.#experience.wasBornStale(key)) &&
      !requestCacheControl(route.headers).noStore;
    let leading: Leading = queueing ? 'shared' : 'alone';
    const joined = queueing ? this.#joinable(route, key) : undefined;
    if (joined !== undefined) {
      if (joined.waiters >= MAX_WAITERS) {
        throw new ProxyError('budget_exhausted', 'too many requests wait for this answer', { retryAfter: 1 });
      }
      if (priority === 'user') joined.urge();
      const begun = this.#parts.clock.steady();
      const comer: Comer = background ? 'nobody' : joined.landed ? 'later' : 'waited';
      const landing = want.route.forProxy
        ? await waitBriefly(joined, this.#parts.clock, signal)
        : await joined.wait(signal);
      const { site, clock } = this.#parts;
      want.onPhase?.('wait', clock.steady() - begun);
      const fit = landing === 'late' ? 'no' : suits(landing, want, comer, site.ttlPolicy, clock.now());
      if (landing !== 'late' && fit === 'yes') return { flight: joined, landing, collapsed: true };
      // Nobody may join what was not for sharing a moment ago; what is only too old by now is succeeded. A lease is still held.
      leading = fit === 'outdated' ? 'successor' : 'alone';
      const succeeded = fit === 'outdated' && letDown < MAX_LET_DOWN && this.#joinable(route, key) !== joined;
      if (succeeded) {
        const forOther = landing !== 'late' && landing.kind === 'released';
        return this.#board(want, priority, signal, letDown + (forOther ? 1 : 0));
      }
    }
    const flight = this.#lead(want, priority, leading);
    return { flight, landing: await flight.wait(signal), collapsed: false };
  }

  /** The whole on its way serves a range as well. A credential that is known to be good need not wait for one that is not. */
  #joinable(route: SharedRoute, key: string): Flight | undefined {
    const flight = this.flights.joinable(route.key) ?? this.flights.joinable(key);
    const { credential } = route;
    if (flight?.credential === undefined || credential === undefined) return flight;
    const mayBeWrong = !this.#experience.isWelcome(flight.credential);
    return mayBeWrong && this.#experience.isWelcome(credential) ? undefined : flight;
  }

  #lead(asked: Want, priority: Priority, leading: Leading): Flight {
    const { route } = asked;
    const want = this.#asOfNow(asked);
    const key = flightKey(want);
    const ending = new Ending();
    const expected = this.#parts.expected(route);
    let fence: number | undefined;
    const left = this.flights.enter();
    const urging = priority === 'background' ? new AbortController() : undefined;
    const flight = new Flight({
      key,
      credential: route.credential,
      stamp: want.stamp,
      expected,
      startedAt: this.#parts.clock.steady(),
      keepBytes: this.#parts.maxEntryBytes,
      held: this.#held,
      fetch: async (signal, finished) => {
        const over = finished.then(() => ending.end());
        const urged = urging?.signal;
        const job = { ...want, priority, urged, signal, alone: leading !== 'shared', over };
        const fetched = await this.#fetch(job, ending, left);
        if (fetched.kind !== 'uncacheable') fence = fetched.fence;
        return fetched;
      },
      finish: (head, body, making) => {
        left(); // storing may take its time, and has a bound of its own
        return this.#finish({ route, key }, head, body, { fence, making }, ending);
      },
      urge: urging && (() => urging.abort()),
      onDone: (done) => {
        left();
        this.flights.remove(done);
      },
    });
    if (leading !== 'alone') this.flights.add(flight);
    return flight;
  }

  /**
   * A purge may have come since the request began, while L2 was asked. The fetch begins now, so it may bear the number of now, and
   * requests from after the purge may join it; but it must not confirm what the purge has forbidden (I-1, I-3).
   */
  #asOfNow(want: Want): Want {
    const { purges, expected } = this.#parts;
    if (purges.latestFor(expected(want.route)) <= want.stamp) return want;
    return { ...want, stored: undefined, stamp: purges.stamp() };
  }

  async #fetch(job: FillJob, ending: Ending, left: () => void): Promise<Fetched> {
    const { fetcher, storer } = this.#parts;
    const key = flightKey(job);
    const fetched = await fetcher.fetch(job);
    if (fetched.kind === 'current') left();
    if (fetched.kind === 'uncacheable') {
      const said = this.#experience.refused(key, job.route, fetched);
      if (said === undefined) return fetched;
      if ('asker' in said) return { ...fetched, asker: said.asker };
      ending.refused(said.forMs);
      return fetched;
    }
    const head = fetched.kind === 'current' ? fetched.entry : fetched.head;
    this.#experience.accepted(key, job.route, head, fetched.collapsed !== true);
    if (fetched.kind === 'current') {
      if (fetched.kept) ending.writing(Promise.resolve('stored'));
      else ending.writing((await storer.keep(fetched.entry, fetched.fence)).written);
    }
    return fetched;
  }

  async #finish(
    { route, key }: { route: SharedRoute; key: string },
    head: EntryHead,
    body: Buffer,
    { fence, making }: { fence: number | undefined; making: Promise<Made | undefined> | undefined },
    ending: Ending,
  ): Promise<Entry | NoStoreReason> {
    let kept: Kept;
    try {
      kept = await this.#parts.storer.finish(route, head, body, fence, making);
    } catch (thrown) {
      this.#parts.onBackgroundError(asProxyError(thrown), route.key);
      return 'internal';
    }
    const { result, written } = kept;
    ending.writing(written);
    if (typeof result !== 'string') this.#notBefore.forget(route.key);
    // A purge says nothing of the next answer; a body that may not be stored says it will not be stored either.
    else if (result !== 'purged-meanwhile') ending.refused(this.#experience.spoiled(key));
    return result;
  }
}
