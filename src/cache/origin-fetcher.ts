import type { Clock } from '../clock.js';
import { asProxyError } from '../errors.js';
import { checkCoding } from '../http/content-coding.js';
import { announcedLength, field, type RawHeaders, withField, withoutFields } from '../http/headers.js';
import { withoutHopByHop } from '../http/hop-by-hop.js';
import { sameStrongTag } from '../http/partial.js';
import { mergeHeaders, revalidationHeaders, selectsStored } from '../http/revalidation.js';
import { isServerFailure } from '../http/status.js';
import type { BodySource, Origin, OriginRequest, OriginResponse } from '../origin/source.js';
import type { Entry, EntryHead } from '../tiers/entry.js';
import type { Fetched, Fetcher, FillJob, ResponseHead } from './fetcher.js';
import { inflated } from './inflate.js';
import type { NoStoreReason } from './outcome.js';
import { completed, restHeaders } from './part.js';
import { type Peeked, peek, wholeBody } from './peek.js';
import type { SharedRoute, SitePolicy } from './site.js';
import { decide, type ParentAnswer } from './verdict.js';

export interface OriginFetcherParts {
  readonly site: SitePolicy;
  readonly origin: Origin;
  readonly clock: Clock;
  readonly maxEntryBytes: number;
  /** Takes our own credentials out of response fields: an origin may echo the URL it was asked (Location, Link). */
  readonly scrub: (headers: RawHeaders) => RawHeaders;
  /**
   * The origin-form target within the route's own upstream that a redirect names, or undefined when it leads to a host
   * that is not configured (CONTRACT, Settled details).
   */
  readonly ownTarget: (route: SharedRoute, location: string) => string | undefined;
  /** Where another proxy may answer in the origin's place (PARENT_PROXY). */
  readonly parent?: ParentSide | undefined;
  /** The bytes and Content-Encoding disagreed; the field was put right (TMDB.md, May 2026 and 2022). */
  readonly onHealed: (kind: 'gzip-without-header' | 'header-without-gzip') => void;
}

export interface ParentSide {
  /** What the parent's cache says of a response; undefined of an origin's own. */
  answer(response: OriginResponse): ParentAnswer | undefined;
  /** Whether we have purged what the parent has had since `bornAt` (ms): it need not have heard of that. */
  overtaken(head: EntryHead, bornAt: number): boolean;
}

/** Asks the origin on everyone's behalf and decides, from the head and the first bytes, what may be stored. */
export class OriginFetcher implements Fetcher {
  readonly #parts: OriginFetcherParts;

  constructor(parts: OriginFetcherParts) {
    this.#parts = parts;
  }

  async pass(request: OriginRequest): Promise<OriginResponse> {
    const { origin, scrub } = this.#parts;
    const response = await origin.fetch({ ...request, onInfo: this.#scrubbed(request.onInfo) });
    return { ...response, headers: scrub(response.headers) };
  }

  #scrubbed(onInfo: OriginRequest['onInfo']): OriginRequest['onInfo'] {
    return onInfo && ((status, headers) => onInfo(status, this.#parts.scrub(headers)));
  }

  async fetch(job: FillJob): Promise<Fetched> {
    const { origin, clock } = this.#parts;
    const { route, stored, priority, signal } = job;
    const onInfo = this.#scrubbed(job.onInfo);
    const ask = (target: string, headers: RawHeaders, direct: boolean) =>
      origin.fetch({
        upstream: route.upstream,
        method: 'GET',
        target,
        headers,
        retryable: true,
        shared: true,
        direct,
        priority,
        signal,
        onInfo,
      });
    const get = async (headers: RawHeaders, direct = false): Promise<OriginResponse> => {
      let response = await ask(route.target, headers, direct);
      for (let hop = 0; hop < MAX_REDIRECTS; hop++) {
        const target = this.#redirect(route, response);
        if (target === undefined) break;
        response.body.cancel();
        response = await ask(target, headers, direct);
      }
      return response;
    };
    // The whole is validated as a whole, whatever range of it is wanted.
    const range = stored !== undefined && stored.status !== 206 ? [] : rangeField(route);
    const asked = [...route.headers, ...range];
    const plain = (direct?: boolean) => get(asked, direct);
    if (stored !== undefined && job.forward === 'partial') return this.#complete(job, stored, get);
    const conditional = stored && revalidationHeaders(route.headers, stored.headers, clock.now());
    const response = await get(conditional ? [...conditional, ...range] : asked);
    if (response.status !== 304 || stored === undefined) return this.#full(job, plain, response);
    response.body.cancel();
    const update = this.#parts.scrub(withoutHopByHop(response.headers));
    // A 304 about another representation than was asked says nothing of the stored bytes: get them anew.
    if (!selectsStored(stored.headers, update)) return this.#full(job, plain, await plain());
    const renewed = this.#renewed(job, stored, this.#merged(stored, update), response);
    return renewed ?? this.#full(job, plain, await plain(true), true);
  }

  /**
   * Asks for what a stored part lacks (RFC 9111 section 3.4) and puts the two together where they have the same strong
   * validator; else the whole is fetched.
   */
  async #complete(
    job: FillJob,
    part: Entry,
    get: (headers: RawHeaders, direct?: boolean) => Promise<OriginResponse>,
  ): Promise<Fetched> {
    const { scrub, maxEntryBytes } = this.#parts;
    const { route } = job;
    const plain = (direct?: boolean) => get(route.headers, direct);
    const rest = restHeaders(part);
    const response = await (rest === undefined ? plain() : get([...route.headers, ...rest]));
    if (response.status !== 206) {
      // 416: it has shrunk. Anything else is the answer to the request for the whole.
      if (response.status !== 416) return this.#full(job, plain, response);
      response.body.cancel();
      return this.#full(job, plain, await plain());
    }
    const update = scrub(withoutHopByHop(response.headers));
    // Without a common strong validator its bytes are of no use: they are not read.
    const wanted = sameStrongTag(part.headers, update) ? maxEntryBytes : 0;
    const { whole, start, body } = await peek(response.body, wanted);
    body.cancel();
    const entry = whole
      ? completed(part, this.#merged(part, update), update, start, maxEntryBytes)
      : undefined;
    const renewed = entry && this.#renewed(job, entry, entry.headers, response);
    return renewed ?? this.#full(job, plain, await plain());
  }

  /** I-1: a parent that has not heard of our purge may have, and confirm, what was purged here. */
  #overtaken(parent: ParentAnswer | undefined, head: EntryHead): boolean {
    // Age is in whole seconds, cut off: it may be one more.
    const bornAt = head.storedAt - head.ageAtStore - 1000;
    return parent !== undefined && this.#parts.parent?.overtaken(head, bornAt) === true;
  }

  /** Where to ask next when a table-driven origin moved a resource within its own hosts; never anywhere else. */
  #redirect(route: SharedRoute, { status, headers }: OriginResponse): string | undefined {
    if (!REDIRECTS.has(status) || this.#parts.site.ttlPolicy === 'origin') return undefined;
    const location = field(headers, 'location');
    return location === undefined ? undefined : this.#parts.ownTarget(route, location);
  }

  async #full(
    job: FillJob,
    ask: (direct?: boolean) => Promise<OriginResponse>,
    response: OriginResponse,
    direct = false,
  ): Promise<Fetched> {
    const { site, clock, maxEntryBytes, scrub } = this.#parts;
    let peeked = await this.#peek(response);
    if (peeked.failure !== undefined && site.ttlPolicy === 'content-type') {
      // Nothing of it has reached a client yet: ask once more instead of passing a broken body on.
      response = await ask(direct);
      peeked = await this.#peek(response);
      if (peeked.failure !== undefined) throw asProxyError(peeked.failure);
    }
    const { start, whole, body } = peeked;
    const headers = this.#healed(scrub(withoutHopByHop(response.headers)), start);
    const { status, statusText, requestTime, responseTime } = response;
    const { route, stamp } = job;
    const parent = this.#parts.parent?.answer(response);
    const decision = decide(
      site,
      { route, status, statusText, headers, requestTime, responseTime, stamp, parent },
      clock.random(),
    );
    const length = announcedLength(headers);
    const refuse = (reason: NoStoreReason): Fetched =>
      uncacheable({ status, statusText, headers }, body, reason, site.ttlPolicy);
    if (!decision.store) return refuse(decision.reason);
    if (!direct && this.#overtaken(parent, decision.head)) {
      body.cancel();
      return this.#full(job, ask, await ask(true), true);
    }
    if (length !== undefined && length > maxEntryBytes) return refuse('too-large');
    const fault = await this.#fault(job, decision.head, start, whole);
    if (fault !== undefined) return refuse(fault);
    const { head, own } = decision;
    return { kind: 'storable', head, body, length, ...(own.length > 0 && { own }) };
  }

  /**
   * Text is looked at whole before its head goes out: an error envelope with status 200 must be neither stored nor
   * advertised as a resource (I-21). Of anything else the first bytes tell what it is, and the rest streams.
   */
  #peek({ headers, body }: OriginResponse): Promise<Peeked> {
    const byTable = this.#parts.site.ttlPolicy === 'content-type';
    const text = byTable && !/^(image|video|audio)\//i.test(field(headers, 'content-type') ?? '');
    return peek(body, text ? MAX_INSPECTED_BYTES : MAGIC_BYTES);
  }

  async #fault(
    job: FillJob,
    head: EntryHead,
    start: Buffer,
    whole: boolean,
  ): Promise<NoStoreReason | undefined> {
    const { site } = this.#parts;
    if (site.ttlPolicy === 'origin') return undefined;
    const isImage = /^image\//i.test(field(head.headers, 'content-type') ?? '');
    if (!whole && (!isImage || head.coding !== 'identity' || start.length < MAGIC_BYTES)) return undefined;
    const plain = head.coding === 'gzip' ? await inflated(start) : start;
    return plain === undefined
      ? 'coding-mismatch'
      : site.inspect(job.route, head.status, head.headers, plain);
  }

  /** Stored fields with those of an update; Set-Cookie is taken over only where it may be stored at all. */
  #merged(stored: Entry, update: RawHeaders): RawHeaders {
    return this.#parts.site.ttlPolicy === 'origin'
      ? mergeHeaders(stored.headers, update, NOTHING)
      : mergeHeaders(stored.headers, update);
  }

  /**
   * An entry whose bytes the origin has just confirmed (RFC 9111 section 4.3.4) or completed: its fields and times are made
   * anew from `headers`. Undefined when a parent confirmed what a purge has overtaken.
   */
  #renewed(job: FillJob, entry: Entry, headers: RawHeaders, response: OriginResponse): Fetched | undefined {
    const { site, clock } = this.#parts;
    const { status, statusText } = entry;
    const { requestTime, responseTime } = response;
    const { route, stamp } = job;
    const parent = this.#parts.parent?.answer(response);
    // Freshness is judged as if the coding were still named; the entry's own note of it is kept.
    const decision = decide(
      site,
      { route, status, statusText, headers, requestTime, responseTime, stamp, parent },
      clock.random(),
    );
    if (!decision.store) {
      const coded = entry.coding === 'gzip' ? withField(headers, 'Content-Encoding', 'gzip') : headers;
      return uncacheable(
        { status, statusText, headers: coded },
        wholeBody(entry.body),
        decision.reason,
        site.ttlPolicy,
      );
    }
    const { coding, recoded, body } = entry;
    const tags = [...new Set([...decision.head.tags, ...entry.tags])];
    if (this.#overtaken(parent, { ...decision.head, tags })) return undefined;
    const renewed: Entry = { ...decision.head, tags, coding, recoded, body };
    return { kind: 'current', forwardStatus: response.status, entry: renewed };
  }

  #healed(headers: RawHeaders, start: Buffer): RawHeaders {
    if (this.#parts.site.ttlPolicy === 'origin') return headers; // its own word, right or wrong
    const check = start.length < 2 ? 'ok' : checkCoding(headers, start);
    if (check === 'ok') return headers;
    this.#parts.onHealed(check);
    if (check === 'gzip-without-header') return withField(headers, 'Content-Encoding', 'gzip');
    return withoutFields(headers, CONTENT_ENCODING);
  }
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const MAX_REDIRECTS = 3;
/** Above TMDB's largest JSON (400 KB); what is longer streams and is looked at when complete. */
const MAX_INSPECTED_BYTES = 1024 * 1024;
/** Enough to tell any image format. */
const MAGIC_BYTES = 16;
const NOTHING: ReadonlySet<string> = new Set();
const CONTENT_ENCODING: ReadonlySet<string> = new Set(['content-encoding']);

function rangeField({ range }: SharedRoute): RawHeaders {
  return range === undefined ? [] : ['Range', range];
}

/**
 * An error that is the origin's own state is everyone's; anything else may be for one asker only (I-8). By the letter the
 * asker's own fields went along, so an error is shared only if nothing in it or in them speaks against storing it.
 */
function uncacheable(
  head: ResponseHead,
  body: BodySource,
  reason: NoStoreReason,
  ttlPolicy: SitePolicy['ttlPolicy'],
): Fetched {
  const share =
    ttlPolicy === 'content-type'
      ? isOriginTrouble(head.status)
      : HARMLESS.has(reason) && isServerFailure(head.status);
  return { kind: 'uncacheable', head, body, reason, share };
}

const HARMLESS: ReadonlySet<NoStoreReason> = new Set(['not-cacheable', 'zero-lifetime', 'too-large']);

/** Statuses that speak of the origin, not of the request. */
function isOriginTrouble(status: number): boolean {
  return status >= 500 || status === 429;
}
