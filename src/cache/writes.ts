import type { Clock } from '../clock.js';
import { asProxyError, type ProxyError } from '../errors.js';
import { withoutHopByHop } from '../http/hop-by-hop.js';
import { invalidatedGroups, invalidatedTargets, isUnsafe } from '../http/invalidation.js';
import { namesItself } from '../http/storable.js';
import { hasUntold } from '../http/untold.js';
import type { OriginRequest, OriginResponse } from '../origin/source.js';
import type { EntryHead } from '../tiers/entry.js';
import { HeldBytes } from './broadcast.js';
import type { Fetched, Fetcher, FillJob } from './fetcher.js';
import { groupTag } from './groups.js';
import type { Found } from './lookup.js';
import type { PurgeScope, PurgeTable } from './purge-table.js';
import { expectedOf, type Route, type SharedRoute, type SitePolicy } from './site.js';
import { Tee } from './tee.js';
import { decide } from './verdict.js';
import { mayHaveActed } from './write-failure.js';

export interface WritingFetcherParts {
  readonly inner: Fetcher;
  readonly site: SitePolicy;
  readonly purges: PurgeTable;
  readonly clock: Clock;
  readonly maxEntryBytes: number;
  /** Absolute URIs under which the targets of an upstream are reached, its own first, then as clients see it. */
  readonly bases: (upstream: string) => readonly string[];
  /**
   * Purges, hard or soft. Resolves with their number once no process of the node can answer with what they name. `onNumbered` is
   * called right before they apply here, if every purge with a lower number is known here by then.
   */
  readonly purge: (scopes: readonly PurgeScope[], onNumbered: () => void, soft: boolean) => Promise<number>;
  /** A look into the tiers: `Lookup.find`. */
  readonly find: (route: SharedRoute) => Promise<Found | undefined>;
  /** Keeps a complete body: `Storer.finish`. */
  readonly store: (route: SharedRoute, head: EntryHead, body: Buffer) => Promise<unknown>;
  /** The write has succeeded, what it means for the cache has not; `key` is the target's. */
  readonly onBackgroundError: (error: ProxyError, key: string) => void;
}

/** An answer to a POST that may stand for a later GET, once its body is whole. */
interface Candidate {
  readonly route: SharedRoute;
  readonly head: EntryHead;
}

/** Bodies of answers to POSTs may hold as many bytes as this many entries of the largest size (I-17). */
const HELD_ENTRIES = 2;

/**
 * What passes through may change what is stored: unsafe methods invalidate (RFC 9111 section 4.4, RFC 9875 section 3), and an
 * answer to a POST may be stored for GET (RFC 9110 section 9.3.3). In the node's core, where purges are numbered; the
 * head is handed on when the purge holds everywhere on the node (I-1).
 */
export class WritingFetcher implements Fetcher {
  readonly #parts: WritingFetcherParts;
  readonly #held: HeldBytes;

  constructor(parts: WritingFetcherParts) {
    this.#parts = parts;
    this.#held = new HeldBytes(() => HELD_ENTRIES * parts.maxEntryBytes);
  }

  fetch(job: FillJob): Promise<Fetched> {
    return this.#parts.inner.fetch(job);
  }

  async pass(request: OriginRequest): Promise<OriginResponse> {
    if (!isUnsafe(request.method)) return this.#parts.inner.pass(request);
    const stamp = this.#parts.purges.stamp();
    const response = await this.#asked(request);
    const scopes = this.#invalidated(request, response);
    if (scopes.length === 0) return response;
    const candidate = this.#candidate(request, response, stamp);
    const number = await this.#purge(request, scopes, candidate);
    if (candidate === undefined || number === undefined) return response;
    // Its own purge must not take it away, any later one must (I-2).
    return this.#kept(candidate.route, { ...candidate.head, stamp: number }, response);
  }

  /**
   * Passes a write on. By the letter what one without an answer names is stale from then on: it may have happened all the same,
   * but the answer that is there is better than none.
   */
  async #asked(request: OriginRequest): Promise<OriginResponse> {
    try {
      return await this.#parts.inner.pass(request);
    } catch (thrown) {
      const name = keyOf(this.#routeOf(request.target));
      const purges = this.#parts.site.ttlPolicy === 'origin' && mayHaveActed(request, thrown);
      if (purges && name !== undefined) await this.#purge(request, [{ kind: 'key', name }], undefined, true);
      throw thrown;
    }
  }

  /** What a write has made out of date. */
  #invalidated(request: OriginRequest, response: OriginResponse): PurgeScope[] {
    const { site, bases } = this.#parts;
    const keys = invalidatedTargets(request, response, bases(request.upstream))
      .map((target) => keyOf(this.#routeOf(target)))
      .filter((key) => key !== undefined);
    // Under the class table no entry has a group.
    const groups = site.ttlPolicy === 'origin' ? invalidatedGroups(request.method, response.headers) : [];
    return [
      ...[...new Set(keys)].map((name): PurgeScope => ({ kind: 'key', name })),
      ...groups.map((group): PurgeScope => ({ kind: 'tag', name: groupTag(group) })),
    ];
  }

  /**
   * Number of the purge. Undefined when it failed, or when another one that came while the origin was at work names the
   * candidate: what the origin has answered may be from before it (I-2).
   */
  async #purge(
    request: OriginRequest,
    scopes: readonly PurgeScope[],
    candidate: Candidate | undefined,
    soft = false,
  ): Promise<number | undefined> {
    const { purges, site, purge, onBackgroundError } = this.#parts;
    let overtaken = true;
    const onNumbered = () => {
      if (candidate === undefined) return;
      const { route, head } = candidate;
      const known = { ...expectedOf(site, route), tags: head.tags, groups: false };
      overtaken = purges.latestFor(known) > head.stamp;
    };
    try {
      const number = await purge(scopes, onNumbered, soft);
      return overtaken ? undefined : number;
    } catch (thrown) {
      // The write has happened: the client must hear of it whatever becomes of the purge.
      onBackgroundError(asProxyError(thrown), keyOf(this.#routeOf(request.target)) ?? '');
      return undefined;
    }
  }

  /** Whether the head allows an answer to a POST to be stored for GET (RFC 9110 section 9.3.3); by the letter only. */
  #candidate(request: OriginRequest, response: OriginResponse, stamp: number): Candidate | undefined {
    const { site, bases, clock } = this.#parts;
    const { status, statusText, requestTime, responseTime } = response;
    if (site.ttlPolicy !== 'origin' || request.method !== 'POST' || status !== 200) return undefined;
    // What it says of itself beside the key and Vary may have shaped the answer.
    if (hasUntold(request.headers)) return undefined;
    const shared = this.#routeOf(request.target);
    if (shared.kind !== 'shared') return undefined;
    const headers = withoutHopByHop(response.headers);
    const uris = bases(request.upstream).map((base) => base.replace(/\/+$/, '') + request.target);
    const postTo = uris.find((uri) => namesItself(headers, uri));
    if (postTo === undefined) return undefined;
    // Vary, Authorization and the request's directives are those of the POST.
    const route = { ...shared, headers: request.headers };
    const decision = decide(
      site,
      { route, status, statusText, headers, requestTime, responseTime, stamp, postTo },
      clock.random(),
    );
    return decision.store ? { route, head: decision.head } : undefined;
  }

  #kept(route: SharedRoute, head: EntryHead, response: OriginResponse): OriginResponse {
    const { maxEntryBytes } = this.#parts;
    const onWhole = (body: Buffer) => void this.#store(route, head, body);
    return {
      ...response,
      body: new Tee({ source: response.body, maxBytes: maxEntryBytes, held: this.#held, onWhole }),
    };
  }

  async #store(route: SharedRoute, head: EntryHead, body: Buffer): Promise<void> {
    const { find, store, onBackgroundError } = this.#parts;
    try {
      // Whatever no purge forbids by now was asked for after the write, so it is newer (RFC 9111 section 4).
      if ((await find(route)) === undefined) await store(route, head, body);
    } catch (thrown) {
      onBackgroundError(asProxyError(thrown), route.key);
    }
  }

  #routeOf(target: string): Route {
    return this.#parts.site.route({ method: 'GET', target, headers: [] });
  }
}

/** What a GET is stored under, also while the cache is switched off; undefined when it never is. */
function keyOf(route: Route): string | undefined {
  return route.kind === 'refuse' ? undefined : route.key;
}
