import type { Clock } from '../clock.js';
import { asProxyError, ProxyError } from '../errors.js';
import { requestCacheControl } from '../http/cache-control.js';
import { withoutHopByHop } from '../http/hop-by-hop.js';
import { judgeReuse, type ReuseVerdict } from '../http/reuse.js';
import type { OriginRequest } from '../origin/source.js';
import { ageAt } from '../tiers/entry.js';
import type { Answer } from './answer.js';
import { Filler, type FillParts, type Want } from './fill.js';
import { type Found, freshFor, Lookup, type LookupParts } from './lookup.js';
import type { StaleReason } from './outcome.js';
import { type ClientRequest, expectedOf, type PassRoute, type SharedRoute, type SitePolicy } from './site.js';
import { Storer } from './store.js';

export interface EngineParts extends LookupParts, Omit<FillParts, 'storer' | 'expected'> {
  readonly site: SitePolicy;
  readonly clock: Clock;
  /** How long a request that has a servable stale value waits for the origin, ms. */
  readonly softTimeoutMs: number;
  /** Serve whatever is stored, however old, and ask nobody. */
  readonly offline: boolean;
  /** Purges a key after an unsafe request has succeeded (RFC 9111 section 4.4). */
  readonly invalidate: (key: string) => Promise<void>;
}

/** What a request brings beside what decides its route. */
export interface RequestContext {
  readonly request: ClientRequest;
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal;
  /** Body of a request that is passed through. */
  readonly body?: OriginRequest['body'];
  readonly onInfo?: OriginRequest['onInfo'];
}

/**
 * The journey of a request, top to bottom: route → memory → L2 → verdict → origin → answer. What happens on the way
 * to the origin and back is in fill.ts; how an answer is written to a client is in server/delivery.ts.
 */
export class Engine {
  readonly lookup: Lookup;
  readonly filler: Filler;
  readonly #parts: EngineParts;

  constructor(parts: EngineParts) {
    this.#parts = parts;
    this.lookup = new Lookup(parts);
    this.filler = new Filler({
      ...parts,
      storer: new Storer(parts, this.lookup),
      expected: (route) => expectedOf(parts.site, route),
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
    const found = this.lookup.now(route) ?? (await this.lookup.find(route));
    if (found === undefined) {
      if (offline || wishes.onlyIfCached) throw nothingStored();
      return this.filler.obtain({ route, stored: undefined, stamp, forward: 'uri-miss' }, context.signal);
    }

    const now = clock.now();
    const left = freshFor(found, now);
    const ageMs = ageAt(found.entry, now);
    const verdict = judgeReuse(
      {
        ageMs,
        lifetimeMs: ageMs + left, // ends early where a soft purge says so
        staleWhileRevalidateMs: found.entry.staleWhileRevalidate,
        staleIfErrorMs: found.entry.staleIfError,
        noCache: false, // such a response is stored with no lifetime and no windows (verdict.ts)
        forbidsStale: false, // likewise: no windows
      },
      wishes,
    );
    if (verdict.kind === 'fresh') return this.#stored(route, found);
    if (offline) return this.#stored(route, found, 'offline');
    if (verdict.kind === 'unusable') throw nothingStored();

    const want: Want = { route, stored: found.entry, stamp, forward: left > 0 ? 'request' : 'stale' };
    if (verdict.kind === 'stale-while-revalidate') {
      if (!this.filler.resting(route.key)) void this.filler.refresh(want, 'refresh');
      return this.#stored(route, found, 'while-revalidate');
    }
    if (this.#mayStandIn(verdict, found, left, site)) return this.#validate(want, found, context);
    return this.filler.obtain(want, context.signal);
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
  async #validate(want: Want, found: Found, context: RequestContext): Promise<Answer> {
    const { clock, softTimeoutMs } = this.#parts;
    if (this.filler.resting(want.route.key)) return this.#stored(want.route, found, 'not-before');
    let stopTimer = () => {};
    const late = new Promise<{ kind: 'late' }>((resolve) => {
      // Counted from the start of the flight: who comes to one that is known to be slow does not wait all over again.
      const patience = Math.max(0, softTimeoutMs - this.filler.flyingFor(want.route.key));
      stopTimer = clock.after(patience, () => resolve({ kind: 'late' }));
    });
    const refreshed = await Promise.race([this.filler.refresh(want, 'user'), late]);
    stopTimer();
    switch (refreshed.kind) {
      case 'entry':
        return refreshed;
      case 'trouble':
        return this.#stored(want.route, found, 'origin-error');
      case 'not-stored':
        return this.filler.obtain(want, context.signal);
      case 'late':
        return this.#stored(want.route, found, 'soft-timeout');
    }
  }

  /** An answer from the tiers: a hit while fresh, else stale for the reason given. */
  #stored(route: SharedRoute, found: Found, stale?: StaleReason): Answer {
    const { entry, tier } = found;
    const ttl = Math.floor(freshFor(found, this.#parts.clock.now()) / 1000);
    const result = stale === undefined ? 'hit' : 'stale';
    return {
      kind: 'entry',
      entry,
      outcome: { result, served: tier, class: entry.class, key: route.key, ttl, stale },
    };
  }

  /** Not ours to keep: the client and the origin talk through us, byte for byte. */
  async #pass(route: PassRoute, context: RequestContext): Promise<Answer> {
    const response = await this.#parts.fetcher.pass({
      upstream: route.upstream,
      method: context.request.method,
      target: route.target,
      headers: route.headers,
      body: context.body,
      retryable: route.retryable,
      priority: 'user',
      signal: context.signal,
      onInfo: context.onInfo,
    });
    const { status, statusText, body } = response;
    if (route.key !== undefined && route.reason === 'method' && status >= 200 && status < 400) {
      // The write has happened: the client must hear of it whatever becomes of the purge.
      const { key } = route;
      await this.#parts.invalidate(key).catch((thrown: unknown) => {
        this.#parts.onBackgroundError(asProxyError(thrown), key);
      });
    }
    return {
      kind: 'raw',
      head: { status, statusText, headers: withoutHopByHop(response.headers) },
      body,
      outcome: {
        result: 'bypass',
        served: 'origin',
        class: 'pass',
        forward: route.reason === 'method' ? 'method' : 'bypass',
        forwardStatus: status,
        stored: false,
        pass: route.reason,
      },
    };
  }
}

function nothingStored(): ProxyError {
  return new ProxyError('only_if_cached', 'nothing that may be used is stored for this request');
}
