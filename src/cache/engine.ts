import type { Clock } from '../clock.js';
import { within } from '../deadline.js';
import { ProxyError } from '../errors.js';
import { requestCacheControl } from '../http/cache-control.js';
import { forbidsStale } from '../http/freshness.js';
import { type RawHeaders, withField, withoutFields } from '../http/headers.js';
import { withoutHopByHop } from '../http/hop-by-hop.js';
import { judgeReuse, type ReuseOptions, type ReuseVerdict } from '../http/reuse.js';
import { isServerFailure } from '../http/status.js';
import { responsePolicy } from '../http/targeted.js';
import { TRACE_FIELDS } from '../http/trace-context.js';
import { withoutShaping } from '../http/untold.js';
import type { OriginRequest, OriginResponse } from '../origin/source.js';
import { ageAt, type Entry } from '../tiers/entry.js';
import type { Answer } from './answer.js';
import { Filler, type FillParts, type Refreshed, type Want } from './fill.js';
import { type Found, freshFor, Lookup, type LookupParts, type Miss } from './lookup.js';
import { mayBeServedOffline, Outages, offlineError } from './outage.js';
import { completable, holds } from './part.js';
import type { Attendants } from './phases.js';
import { type ClientRequest, expectedOf, type PassRoute, type SharedRoute, type SitePolicy } from './site.js';
import { Storer, type StorerParts } from './store.js';
import { type StandIn, storedOutcome } from './stored-outcome.js';

export interface EngineParts
  extends LookupParts,
    Pick<StorerParts, 'onKept'>,
    Omit<FillParts, 'storer' | 'expected'> {
  readonly site: SitePolicy;
  readonly clock: Clock;
  /** How long a request that has a servable stale value waits for the origin, ms; under the class table only. */
  readonly softTimeoutMs: number;
  /** Serve whatever is stored, however old, and ask nobody. */
  readonly offline: boolean;
  /** By the letter only: whether max-stale in a request loosens freshness (RFC 9111 section 5.2.1.2). */
  readonly honourMaxStale: boolean;
}

/** What a request brings beside what decides its route. */
export interface RequestContext extends Attendants {
  readonly request: ClientRequest;
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal;
  /** Body of a request that is passed through, as soon as it has begun to come. */
  readonly readBody?: () => Promise<OriginRequest['body']>;
  readonly onInfo?: OriginRequest['onInfo'];
  /** Told to an origin that the request is passed through to. */
  readonly requestId?: string | undefined;
  /** `trace` where the answer may be shared: nothing of the client's. */
  readonly fillTrace?: RawHeaders | undefined;
}

/**
 * The journey of a request, top to bottom: route → memory → L2 → verdict → origin → answer. What happens on the way
 * to the origin and back is in fill.ts; how an answer is written to a client is in server/delivery.ts.
 */
export class Engine {
  readonly lookup: Lookup;
  readonly storer: Storer;
  readonly filler: Filler;
  readonly #parts: EngineParts;
  readonly #outages: Outages;

  constructor(parts: EngineParts) {
    this.#parts = parts;
    this.#outages = new Outages(parts.clock);
    this.lookup = new Lookup(parts);
    this.storer = new Storer(parts, this.lookup);
    const { site, fetcher, clock, purges, onBackgroundError } = parts;
    this.filler = new Filler({
      site,
      fetcher,
      clock,
      purges,
      onBackgroundError,
      // Not copied: it may change while the program runs.
      get maxEntryBytes() {
        return parts.maxEntryBytes;
      },
      get maxFlights() {
        return parts.maxFlights;
      },
      storer: this.storer,
      expected: (route) => expectedOf(site, route),
    });
  }

  /** Answers one request. Rejects with a ProxyError when there is nothing to serve. */
  async handle(context: RequestContext): Promise<Answer> {
    const route = this.#parts.site.route(context.request);
    if (route.kind === 'refuse') throw new ProxyError(route.code, route.message);
    if (route.kind === 'pass') return this.#pass(route, context);
    return this.#shared(route, context);
  }

  async #shared(route: SharedRoute, context: RequestContext): Promise<Answer> {
    const { clock, purges, site, offline } = this.#parts;
    // I-2: the stamp is read before the first await; a purge from here on judges whatever this request fills.
    const stamp = purges.stamp();
    const wishes = requestCacheControl(context.request.headers);
    const near = this.lookup.now(route);
    // Another process may have the whole of what is a part here.
    const found =
      near !== undefined && holds(near.entry, route) ? near : await this.#look(route, context.onPhase);
    const now = clock.now();
    if (typeof found === 'string' || !holds(found.entry, route)) {
      if (offline) throw offlineError(NOTHING_STORED);
      if (wishes.onlyIfCached) throw nothingStored();
      const missing =
        typeof found === 'string'
          ? { stored: undefined, forward: found }
          : { stored: completable(found, route, now), forward: 'partial' as const };
      const want: Want = { route, stamp, ...missing, ...attendantsOf(context) };
      const answer = await this.filler.obtain(want, context.signal);
      this.#outages.heard(route.upstream, answer);
      return answer;
    }

    const left = freshFor(found, now);
    const ageMs = ageAt(found.entry, now);
    const honourMaxStale =
      wishes.maxStale !== undefined && this.#parts.honourMaxStale && site.ttlPolicy === 'origin';
    const verdict = judgeReuse(
      {
        ageMs,
        lifetimeMs: ageMs + left, // ends early where a soft purge says so
        staleWhileRevalidateMs: found.entry.staleWhileRevalidate,
        staleIfErrorMs: found.entry.staleIfError,
        noCache: false, // such a response is stored with no lifetime and no windows (verdict.ts)
        // Without max-stale it is enough that such a response has no windows.
        forbidsStale: honourMaxStale && forbidsStale(responsePolicy(found.entry.headers).directives),
      },
      wishes,
      honourMaxStale ? HONOUR_MAX_STALE : undefined,
    );
    if (verdict.kind === 'fresh') return this.#stored(route, found);
    if (offline) {
      if (!this.#mayBeServedOffline(found.entry)) throw offlineError(NOTHING_STORED);
      return this.#stored(route, found, { stale: 'offline' });
    }
    if (verdict.kind === 'unusable') throw nothingStored();

    const want: Want = { route, stored: found.entry, stamp, forward: left > 0 ? 'request' : 'stale' };
    if (verdict.kind === 'stale-while-revalidate') {
      if (!this.filler.resting(route) && !this.filler.refused(want)) {
        const ofNobody = forNobody(route, found.entry.vary, site);
        const refresh = { ...want, route: ofNobody, standIn: true, trace: context.fillTrace };
        void this.filler.refresh(refresh, 'refresh');
      }
      return this.#stored(route, found, { stale: 'while-revalidate' });
    }
    const asked: Want = { ...want, ...attendantsOf(context) };
    const answer = this.#mayStandIn(verdict, found, left, site)
      ? this.#validate(asked, found, context)
      : this.filler.obtain(asked, context.signal);
    return site.ttlPolicy === 'origin' ? answer : this.#orOffline(asked, found, answer);
  }

  /** In L2. Where that confirms at once what is in memory, nothing is told of it: memory has answered. */
  async #look(route: SharedRoute, onPhase: Attendants['onPhase']): Promise<Found | Miss> {
    const { clock } = this.#parts;
    const begun = clock.steady();
    const looked = await this.lookup.look(route);
    const ms = clock.steady() - begun;
    if (ms > 0 || typeof looked === 'string' || looked.tier !== 'memory') onPhase?.('l2', ms);
    return looked;
  }

  /** What is stored, however old, in place of the answer of an upstream that is left alone: what OFFLINE does for all. */
  #orOffline(want: Want, found: Found, asked: Promise<Answer>): Promise<Answer> {
    return this.#outages.bridged(want.route.upstream, asked, () =>
      this.#mayBeServedOffline(found.entry)
        ? this.#standIn(want, found, { stale: 'offline', forward: want.forward })
        : undefined,
    );
  }

  #mayBeServedOffline(entry: Entry): boolean {
    const { clock, site } = this.#parts;
    return mayBeServedOffline(entry, clock.now(), site.ttlPolicy);
  }

  /** Whether the stored value may answer if the origin fails. */
  #mayStandIn(verdict: ReuseVerdict, found: Found, left: number, site: SitePolicy): boolean {
    if (verdict.kind === 'stale-if-error-only') return true;
    // By the letter a client's no-cache rules that out; under the operator's own table an answer beats an error.
    return (
      site.ttlPolicy === 'content-type' &&
      verdict.reason.startsWith('request-') &&
      -left <= found.entry.staleIfError
    );
  }

  /** A stale value is at hand: the origin has a short while to do better, and may fail without harm (I-9, I-10). */
  async #validate(asked: Want, found: Found, context: RequestContext): Promise<Answer> {
    const want: Want = { ...asked, standIn: true };
    if (this.filler.resting(want.route)) return this.#stored(want.route, found, { stale: 'not-before' });
    const refreshed = await this.#inTime(
      want,
      this.filler.refresh(want, 'user', this.#parts.site.ttlPolicy === 'origin'),
    );
    switch (refreshed.kind) {
      case 'entry':
        return refreshed;
      case 'landed':
        return refreshed.take();
      case 'trouble':
        return this.#afterTrouble(want, found, refreshed, context.signal);
      case 'not-stored':
        return refreshed.take?.() ?? this.#askAgain(want, found, context.signal);
      case 'late':
        return (
          this.#standIn(want, found, { stale: 'soft-timeout', forward: want.forward }) ??
          this.filler.obtain(want, context.signal)
        );
    }
  }

  /** The stored value in the origin's place, if it still may be: a purge may have come while the origin was asked (I-1, I-5). */
  #standIn(want: Want, found: Found, why: StandIn): Answer | undefined {
    const { purges, clock } = this.#parts;
    const verdict = purges.judge(found.entry);
    if (verdict === 'purged') return undefined;
    if (verdict === 'valid' || verdict.staleSince === found.staleSince)
      return this.#stored(want.route, found, why);
    const stale = { ...found, staleSince: verdict.staleSince };
    const pastUse = -freshFor(stale, clock.now()) >= found.entry.staleIfError;
    if (pastUse && why.stale !== 'offline') return undefined;
    return this.#stored(want.route, stale, why);
  }

  #afterTrouble(
    want: Want,
    found: Found,
    { status, error }: Extract<Refreshed, { kind: 'trouble' }>,
    signal: AbortSignal,
  ): Answer | Promise<Answer> {
    const why: StandIn = { stale: 'origin-error', forward: want.forward, forwardStatus: status };
    const answer = this.#standIn(want, found, why);
    if (answer !== undefined) return answer;
    // An origin that is known not to answer is not asked twice (I-10).
    if (error !== undefined) throw error;
    return this.filler.obtain(want, signal);
  }

  /** What others were given is not for this request, so it asks for itself; that may fail as any validation may. */
  async #askAgain(want: Want, found: Found, signal: AbortSignal): Promise<Answer> {
    try {
      const answer = await this.filler.obtain(want, signal);
      if (answer.kind !== 'raw' || !(answer.share || isServerFailure(answer.head.status))) return answer;
      const why: StandIn = {
        stale: 'origin-error',
        forward: want.forward,
        forwardStatus: answer.head.status,
      };
      const stored = this.#standIn(want, found, why);
      if (stored !== undefined) answer.body.cancel();
      return stored ?? answer;
    } catch (thrown) {
      if (signal.aborted) throw thrown;
      this.filler.rest(want.route);
      const stored = this.#standIn(want, found, { stale: 'origin-error', forward: want.forward });
      if (stored === undefined) throw thrown;
      return stored;
    }
  }

  /** `refreshed`, unless the operator would rather have the stale value than wait longer. */
  async #inTime(want: Want, refreshed: Promise<Refreshed>): Promise<Refreshed | { kind: 'late' }> {
    const { clock, site, softTimeoutMs } = this.#parts;
    // By the letter a slow origin is neither failing nor out of reach (RFC 9111 section 4.2.4).
    if (site.ttlPolicy === 'origin') return refreshed;
    // Counted from the start of the flight: who comes to one that is known to be slow does not wait all over again.
    const patience = Math.max(0, softTimeoutMs - this.filler.flyingFor(want));
    return within(clock, patience, refreshed, () => ({ kind: 'late' as const }));
  }

  /** An answer from the tiers: a hit while fresh, else stale for the reason given. */
  #stored(route: SharedRoute, found: Found, standIn?: StandIn): Answer {
    const outcome = storedOutcome(found, route, this.#parts.clock.now(), standIn);
    return { kind: 'entry', entry: found.entry, outcome };
  }

  /** The client and the origin talk through us, byte for byte. What that changes in the cache is the core's to do (writes.ts). */
  async #pass(route: PassRoute, context: RequestContext): Promise<Answer> {
    if (this.#parts.offline) throw offlineError('requests that are passed through have nowhere to go');
    const response = await this.#passed(route, context);
    const { status, statusText, body } = response;
    return {
      kind: 'raw',
      share: false,
      head: { status, statusText, headers: withoutHopByHop(response.headers) },
      body,
      outcome: {
        result: 'bypass',
        served: 'origin',
        class: 'pass',
        route: route.template,
        forward: route.reason === 'method' ? 'method' : 'bypass',
        forwardStatus: status,
        stored: false,
        pass: route.reason,
      },
    };
  }

  /** Under way from when there is something to send until its head is there: from then on its connection to the origin bounds it. */
  async #passed(route: PassRoute, context: RequestContext): Promise<OriginResponse> {
    const body = await context.readBody?.();
    const left = this.filler.flights.enter();
    try {
      return await this.#parts.fetcher.pass({
        upstream: route.upstream,
        method: context.request.method,
        target: route.target,
        headers: passedFields(route.headers, context),
        body,
        retryable: route.retryable,
        priority: 'user',
        signal: context.signal,
        ...attendantsOf(context),
        trace: context.trace,
      });
    } finally {
      left();
    }
  }
}

/** What goes along with a fill on behalf of a client's request. */
function attendantsOf({
  onInfo,
  onPhase,
  fillTrace,
}: RequestContext): Pick<Want, 'onInfo' | 'onPhase' | 'trace'> {
  return { onInfo, onPhase, trace: fillTrace };
}

/** The trace goes on by itself; and the origin is told the id under which the request stands in our log. */
function passedFields(headers: RawHeaders, { requestId }: RequestContext): RawHeaders {
  const fields = withoutFields(headers, TRACE_FIELDS);
  return requestId === undefined ? fields : withField(fields, 'X-Request-Id', requestId);
}

/** What a client asks of caches is its own wish: a refresh that answers nobody goes without, and without what would be for one only. */
const WISHES: ReadonlySet<string> = new Set(['cache-control', 'pragma']);

/** The route of such a refresh of a stored variant, which `vary` tells by what it was chosen. */
function forNobody(route: SharedRoute, vary: readonly string[], site: SitePolicy): SharedRoute {
  if (site.ttlPolicy !== 'origin') return route;
  const headers = withoutShaping(route.headers, vary);
  const wished = vary.some((name) => WISHES.has(name));
  return { ...route, headers: wished ? headers : withoutFields(headers, WISHES) };
}

const NOTHING_STORED = 'nothing that may be used is stored for this request';

const HONOUR_MAX_STALE: ReuseOptions = { honourMaxStale: true };

function nothingStored(): ProxyError {
  return new ProxyError('only_if_cached', NOTHING_STORED);
}
