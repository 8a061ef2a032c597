import type { Clock } from '../clock.js';
import { ProxyError } from '../errors.js';
import { type RequestDirectives, requestCacheControl } from '../http/cache-control.js';
import { forbidsStale } from '../http/freshness.js';
import { type RawHeaders, withField, withoutFields } from '../http/headers.js';
import { withoutHopByHop } from '../http/hop-by-hop.js';
import { judgeReuse, type ReuseOptions, type ReuseVerdict } from '../http/reuse.js';
import { responsePolicy } from '../http/targeted.js';
import { TRACE_FIELDS } from '../http/trace-context.js';
import { withoutShaping } from '../http/untold.js';
import type { OriginRequest, OriginResponse } from '../origin/source.js';
import { ageAt, type Entry } from '../tiers/entry.js';
import type { Answer } from './answer.js';
import { Filler, type FillParts } from './fill.js';
import type { Want } from './landed.js';
import { type Found, freshFor, Lookup, type LookupParts, type Miss } from './lookup.js';
import { offlineError } from './outage.js';
import { completable, holds } from './part.js';
import type { Attendants } from './phases.js';
import { type ClientRequest, expectedOf, type PassRoute, type SharedRoute, type SitePolicy } from './site.js';
import { type Staleness, StandIns } from './stand-ins.js';
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
  readonly #standIns: StandIns;

  constructor(parts: EngineParts) {
    this.#parts = parts;
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
    this.#standIns = new StandIns(parts, this.filler);
  }

  /** Answers one request. Rejects with a ProxyError when there is nothing to serve. */
  async handle(context: RequestContext): Promise<Answer> {
    const route = this.#parts.site.route(context.request);
    if (route.kind === 'refuse') throw new ProxyError(route.code, route.message);
    if (route.kind === 'pass') return this.#pass(route, context);
    return this.#shared(route, context);
  }

  async #shared(route: SharedRoute, context: RequestContext): Promise<Answer> {
    // I-2: the stamp is read before the first await; a purge from here on judges whatever this request fills.
    const stamp = this.#parts.purges.stamp();
    const wishes = requestCacheControl(context.request.headers);
    const near = this.lookup.now(route);
    // Another process may have the whole of what is a part here.
    const found =
      near !== undefined && holds(near.entry, route) ? near : await this.#look(route, context.onPhase);
    if (typeof found === 'string' || !holds(found.entry, route)) {
      return this.#missing(route, found, { stamp, wishes }, context);
    }
    const now = this.#parts.clock.now();
    const leftMs = freshFor(found, now);
    const verdict = this.#verdict(found.entry, ageAt(found.entry, now), leftMs, wishes);
    if (verdict.kind === 'fresh') return this.#stored(route, found);
    const want: Want = { route, stored: found.entry, stamp, forward: leftMs > 0 ? 'request' : 'stale' };
    return this.#stale(want, found, { verdict, leftMs }, context);
  }

  /** Nothing is stored that holds what is asked for: at most a part of it. */
  async #missing(
    route: SharedRoute,
    found: Found | Miss,
    { stamp, wishes }: { readonly stamp: number; readonly wishes: RequestDirectives },
    context: RequestContext,
  ): Promise<Answer> {
    const { clock, offline } = this.#parts;
    if (offline) throw offlineError(NOTHING_STORED);
    if (wishes.onlyIfCached) throw nothingStored();
    const missing =
      typeof found === 'string'
        ? { stored: undefined, forward: found }
        : { stored: completable(found, route, clock.now()), forward: 'partial' as const };
    const want: Want = { route, stamp, ...missing, ...attendantsOf(context) };
    const answer = await this.filler.obtain(want, context.signal);
    this.#standIns.heard(route.upstream, answer);
    return answer;
  }

  /** Whether what is stored answers a request with these wishes; times in ms. */
  #verdict(entry: Entry, ageMs: number, leftMs: number, wishes: RequestDirectives): ReuseVerdict {
    const { site, honourMaxStale } = this.#parts;
    const honours = wishes.maxStale !== undefined && honourMaxStale && site.ttlPolicy === 'origin';
    return judgeReuse(
      {
        ageMs,
        lifetimeMs: ageMs + leftMs, // ends early where a soft purge says so
        staleWhileRevalidateMs: entry.staleWhileRevalidate,
        staleIfErrorMs: entry.staleIfError,
        noCache: false, // such a response is stored with no lifetime and no windows (verdict.ts)
        // Without max-stale it is enough that such a response has no windows.
        forbidsStale: honours && forbidsStale(responsePolicy(entry.headers).directives),
      },
      wishes,
      honours ? HONOUR_MAX_STALE : undefined,
    );
  }

  /** What is stored is not fresh, or not fresh enough for this request. */
  #stale(want: Want, found: Found, staleness: Staleness, context: RequestContext): Answer | Promise<Answer> {
    const { kind } = staleness.verdict;
    if (this.#parts.offline) {
      if (!this.#standIns.mayBeServedOffline(found.entry)) throw offlineError(NOTHING_STORED);
      return this.#stored(want.route, found, { stale: 'offline' });
    }
    if (kind === 'unusable') throw nothingStored();
    if (kind === 'stale-while-revalidate') {
      this.#refreshBehind(want, found, context);
      return this.#stored(want.route, found, { stale: 'while-revalidate' });
    }
    return this.#standIns.ask({ ...want, ...attendantsOf(context) }, found, staleness, context.signal);
  }

  /** Asks the origin while the client has its answer already. */
  #refreshBehind(want: Want, { entry }: Found, { fillTrace }: RequestContext): void {
    if (this.filler.resting(want.route) || this.filler.refused(want)) return;
    const route = forNobody(want.route, entry.vary, this.#parts.site);
    void this.filler.refresh({ ...want, route, standIn: true, trace: fillTrace }, 'refresh');
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
