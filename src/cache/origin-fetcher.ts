import type { Clock } from '../clock.js';
import { checkCoding } from '../http/content-coding.js';
import { field, type RawHeaders, withField, withoutFields } from '../http/headers.js';
import { withoutHopByHop } from '../http/hop-by-hop.js';
import { mergeHeaders, revalidationHeaders, selectsStored } from '../http/revalidation.js';
import type { BodySource, Origin, OriginRequest, OriginResponse } from '../origin/source.js';
import type { Entry } from '../tiers/entry.js';
import type { Fetched, Fetcher, FillJob, ResponseHead } from './fetcher.js';
import type { NoStoreReason } from './outcome.js';
import { peek, wholeBody } from './peek.js';
import type { SharedRoute, SitePolicy } from './site.js';
import { decide } from './verdict.js';

export interface OriginFetcherParts {
  readonly site: SitePolicy;
  readonly origin: Origin;
  readonly clock: Clock;
  readonly maxEntryBytes: number;
  /**
   * The origin-form target within the route's own upstream that a redirect names, or undefined when it leads to a host
   * that is not configured (CONTRACT, Settled details).
   */
  readonly ownTarget: (route: SharedRoute, location: string) => string | undefined;
  /** The bytes and Content-Encoding disagreed; the field was put right (TMDB.md, May 2026 and 2022). */
  readonly onHealed: (kind: 'gzip-without-header' | 'header-without-gzip') => void;
}

/** Asks the origin on everyone's behalf and decides, from the head and the first bytes, what may be stored. */
export class OriginFetcher implements Fetcher {
  readonly #parts: OriginFetcherParts;

  constructor(parts: OriginFetcherParts) {
    this.#parts = parts;
  }

  pass(request: OriginRequest): Promise<OriginResponse> {
    return this.#parts.origin.fetch(request);
  }

  async fetch(job: FillJob): Promise<Fetched> {
    const { origin, clock } = this.#parts;
    const { route, stored, priority, signal } = job;
    const ask = (target: string, headers: RawHeaders) =>
      origin.fetch({
        upstream: route.upstream,
        method: 'GET',
        target,
        headers,
        retryable: true,
        priority,
        signal,
      });
    const get = async (headers: RawHeaders) => {
      let response = await ask(route.target, headers);
      for (let hop = 0; hop < MAX_REDIRECTS; hop++) {
        const target = this.#redirect(route, response);
        if (target === undefined) break;
        response.body.cancel();
        response = await ask(target, headers);
      }
      return response;
    };
    const conditional =
      stored === undefined ? undefined : revalidationHeaders(route.headers, stored.headers, clock.now());
    const response = await get(conditional ?? route.headers);
    if (response.status !== 304 || stored === undefined) return this.#full(job, response);
    response.body.cancel();
    const update = withoutHopByHop(response.headers);
    // A 304 about another representation than was asked says nothing of the stored bytes: get them anew.
    if (!selectsStored(stored.headers, update)) return this.#full(job, await get(route.headers));
    return this.#notModified(job, stored, update, response);
  }

  /** Where to ask next when a table-driven origin moved a resource within its own hosts; never anywhere else. */
  #redirect(route: SharedRoute, { status, headers }: OriginResponse): string | undefined {
    if (!REDIRECTS.has(status) || this.#parts.site.ttlPolicy === 'origin') return undefined;
    const location = field(headers, 'location');
    return location === undefined ? undefined : this.#parts.ownTarget(route, location);
  }

  async #full(job: FillJob, response: OriginResponse): Promise<Fetched> {
    const { site, clock, maxEntryBytes } = this.#parts;
    const { start, body } = await peek(response.body);
    const headers = this.#healed(withoutHopByHop(response.headers), start);
    const { status, statusText, requestTime, responseTime } = response;
    const { route, stamp } = job;
    const decision = decide(
      site,
      { route, status, statusText, headers, requestTime, responseTime, stamp },
      clock.random(),
    );
    const length = contentLength(headers);
    const refuse = (reason: NoStoreReason): Fetched =>
      uncacheable({ status, statusText, headers }, body, reason);
    if (!decision.store) return refuse(decision.reason);
    if (length !== undefined && length > maxEntryBytes) return refuse('too-large');
    return { kind: 'storable', head: decision.head, body, length };
  }

  /** RFC 9111 section 4.3.4: the stored bytes are current; their fields and times are renewed. */
  #notModified(job: FillJob, stored: Entry, update: RawHeaders, response: OriginResponse): Fetched {
    const { site, clock } = this.#parts;
    const { status, statusText } = stored;
    const { requestTime, responseTime } = response;
    const headers = mergeHeaders(stored.headers, update);
    const { route, stamp } = job;
    // Freshness is judged as if the coding were still named; the entry's own note of it is kept.
    const decision = decide(
      site,
      { route, status, statusText, headers, requestTime, responseTime, stamp },
      clock.random(),
    );
    if (!decision.store) {
      const coded = stored.coding === 'gzip' ? withField(headers, 'Content-Encoding', 'gzip') : headers;
      return uncacheable({ status, statusText, headers: coded }, wholeBody(stored.body), decision.reason);
    }
    const { coding, recoded, body } = stored;
    const tags = [...new Set([...decision.head.tags, ...stored.tags])];
    return { kind: 'current', forwardStatus: 304, entry: { ...decision.head, tags, coding, recoded, body } };
  }

  #healed(headers: RawHeaders, start: Buffer): RawHeaders {
    const check = start.length < 2 ? 'ok' : checkCoding(headers, start);
    if (check === 'ok') return headers;
    this.#parts.onHealed(check);
    if (check === 'gzip-without-header') return withField(headers, 'Content-Encoding', 'gzip');
    return withoutFields(headers, CONTENT_ENCODING);
  }
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const MAX_REDIRECTS = 3;
const CONTENT_ENCODING: ReadonlySet<string> = new Set(['content-encoding']);

/** An error that is the origin's own state is everyone's; anything else may be for one asker only (I-8). */
function uncacheable(head: ResponseHead, body: BodySource, reason: NoStoreReason): Fetched {
  return { kind: 'uncacheable', head, body, reason, share: isOriginTrouble(head.status) };
}

/** Statuses that speak of the origin, not of the request. */
export function isOriginTrouble(status: number): boolean {
  return status >= 500 || status === 429;
}

function contentLength(headers: RawHeaders): number | undefined {
  const value = field(headers, 'content-length');
  return value !== undefined && /^\d+$/.test(value) ? Number(value) : undefined;
}
