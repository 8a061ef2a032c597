import { asProxyError } from '../errors.js';
import { checkCoding } from '../http/content-coding.js';
import { formatHttpDate } from '../http/dates.js';
import {
  announcedLength,
  field,
  hasField,
  type RawHeaders,
  withField,
  withoutFields,
} from '../http/headers.js';
import { withoutHopByHop } from '../http/hop-by-hop.js';
import { sameStrongTag } from '../http/partial.js';
import { revalidationHeaders, selectsStored } from '../http/revalidation.js';
import { isRedirect, isServerFailure } from '../http/status.js';
import type { BodySource, Origin, OriginRequest, OriginResponse } from '../origin/source.js';
import type { Entry, EntryHead } from '../tiers/entry.js';
import type { Fetched, Fetcher, FillJob } from './fetcher.js';
import { inspected, type Made, make } from './made.js';
import type { NoStoreReason } from './outcome.js';
import { completed, holds, restHeaders } from './part.js';
import { type Peeked, peek, wholeBody } from './peek.js';
import { uncacheable } from './refusal.js';
import { Renewal, type RenewalParts } from './renewal.js';
import type { Instead, SharedRoute } from './site.js';
import { type Arrived, type Decision, decide } from './verdict.js';

export interface OriginFetcherParts extends RenewalParts {
  readonly origin: Origin;
  readonly maxEntryBytes: number;
  /** Longest time that a body may take which is looked at before its head goes out, ms: its clients have nothing until then. */
  readonly inspectMs: number;
  /** Takes our own credentials out of response fields: an origin may echo the URL it was asked (Location, Link). */
  readonly scrub: (headers: RawHeaders) => RawHeaders;
  /** Whether a key spells one of them: who knows it has written it into the address. */
  readonly spellsCredential: (key: string) => boolean;
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
  readonly #renewal: Renewal;

  constructor(parts: OriginFetcherParts) {
    this.#parts = parts;
    this.#renewal = new Renewal(parts);
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
    const { route, stored, priority, urged, signal, trace, onPhase } = job;
    const onInfo = this.#scrubbed(job.onInfo);
    const ask = (target: string, headers: RawHeaders, direct: boolean) =>
      origin.fetch({
        upstream: route.upstream,
        method: 'GET',
        target,
        headers,
        retryable: true,
        shared: true,
        nodes: route.nodes,
        direct,
        priority,
        urged,
        signal,
        onInfo,
        trace,
        onPhase,
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
    // A part of what is wanted can be completed, but validating it would make it pass for the whole.
    if (stored !== undefined && !holds(stored, route)) return this.#complete(job, stored, get);
    const conditional = stored && revalidationHeaders(route.headers, stored.headers, clock.now());
    const response = await get(conditional ? [...conditional, ...range] : asked);
    if (response.status !== 304 || stored === undefined) return this.#full(job, plain, response);
    response.body.cancel();
    const update = this.#updateOf(response);
    // A 304 about another representation than was asked says nothing of the stored bytes: get them anew.
    if (!selectsStored(stored.headers, update)) return this.#full(job, plain, await plain());
    const renewed = this.#renewal.renewed(job, stored, this.#renewal.merged(stored, update), response);
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
    const { maxEntryBytes } = this.#parts;
    const { route } = job;
    const plain = (direct?: boolean) => get(route.headers, direct);
    const lacking = restHeaders(part);
    const response = await (lacking === undefined ? plain() : get([...route.headers, ...lacking]));
    if (response.status !== 206) {
      // 416: it has shrunk. Anything else is the answer to the request for the whole.
      if (response.status !== 416) return this.#full(job, plain, response);
      response.body.cancel();
      return this.#full(job, plain, await plain());
    }
    const update = this.#updateOf(response);
    const rest = sameStrongTag(part.headers, update)
      ? await bytesOf(response.body, maxEntryBytes)
      : undefined;
    response.body.cancel();
    const merged = this.#renewal.merged(part, update);
    const entry = rest && completed(part, merged, update, rest, maxEntryBytes);
    const renewed = entry && this.#renewal.renewed(job, entry, entry.headers, response);
    return renewed ?? this.#full(job, plain, await plain());
  }

  /** The fields that a 304, or the 206 that completes a part, brings (RFC 9110 section 6.6.1: of now, if it does not say). */
  #updateOf({ headers, responseTime }: OriginResponse): RawHeaders {
    const update = this.#parts.scrub(withoutHopByHop(headers));
    return hasField(update, 'date') ? update : [...update, 'Date', formatHttpDate(responseTime)];
  }

  /** Where to ask next when a table-driven origin moved a resource within its own hosts; never anywhere else. */
  #redirect(route: SharedRoute, { status, headers }: OriginResponse): string | undefined {
    if (!isRedirect(status) || this.#parts.site.ttlPolicy === 'origin') return undefined;
    const location = field(headers, 'location');
    return location === undefined ? undefined : this.#parts.ownTarget(route, location);
  }

  async #full(
    job: FillJob,
    ask: (direct?: boolean) => Promise<OriginResponse>,
    response: OriginResponse,
    direct = false,
  ): Promise<Fetched> {
    const { site, maxEntryBytes, scrub } = this.#parts;
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
    const other = site.ttlPolicy === 'content-type' && site.instead?.(route, status, headers, start);
    if (other) {
      body.cancel();
      return this.#instead(job, other, response);
    }
    const freshMs = this.#parts.coverage?.lifetimeOf(route, status);
    const parent = this.#parts.parent?.answer(response);
    const arrived = { route, status, statusText, headers, requestTime, responseTime, stamp, freshMs, parent };
    const decision = this.#decide(arrived);
    const length = announcedLength(headers);
    const refuse = (reason: NoStoreReason): Fetched =>
      uncacheable({ status, statusText, headers }, body, reason, site.ttlPolicy);
    if (!decision.store) return refuse(decision.reason);
    // RFC 5861 section 4: the stale value stands in for such an error and is not replaced by it (I-10).
    if (job.standIn && site.ttlPolicy === 'origin' && isServerFailure(status)) return refuse('status');
    if (!direct && this.#renewal.overtaken(parent, decision.head)) {
      body.cancel();
      return this.#full(job, ask, await ask(true), true);
    }
    if (length !== undefined && length > maxEntryBytes) return refuse('too-large');
    const { head, own } = decision;
    const looked = await this.#look(route, head, start, whole);
    if (typeof looked === 'string') return refuse(looked);
    const making = looked && this.#make(route, head, looked);
    return { kind: 'storable', head, body, length, making, ...(own.length > 0 && { own }) };
  }

  #decide(arrived: Arrived): Decision {
    const { site, clock, spellsCredential } = this.#parts;
    const decision = decide(site, arrived, clock.random());
    if (decision.store && spellsCredential(arrived.route.key)) return { store: false, reason: 'credential' };
    return decision;
  }

  /** What the site puts in a response's place is stored as if the origin had sent it. */
  #instead(job: FillJob, other: Instead, response: OriginResponse): Fetched {
    const { site } = this.#parts;
    const { route, stamp, stored } = job;
    const { requestTime, responseTime } = response;
    const { status, statusText, headers, body } = other;
    // A page where a file has been is a fault of the host, and no word on the file: what is stored stays (I-10).
    if (stored?.status === 200 && !GONE.has(response.status))
      return uncacheable({ status, statusText, headers }, wholeBody(body), 'not-an-image', site.ttlPolicy);
    const arrived = { route, status, statusText, headers, requestTime, responseTime, stamp };
    const decision = this.#decide(arrived);
    if (!decision.store)
      return uncacheable({ status, statusText, headers }, wholeBody(body), decision.reason, site.ttlPolicy);
    const making = this.#make(route, decision.head, body);
    return { kind: 'storable', head: decision.head, body: wholeBody(body), length: body.length, making };
  }

  /**
   * Text is looked at whole before its head goes out: an error envelope with status 200 must be neither stored nor
   * advertised as a resource (I-21), and of a vector image the root may be far behind its prolog. Of anything else the first bytes
   * tell what it is, and the rest streams.
   */
  async #peek({ headers, body }: OriginResponse): Promise<Peeked> {
    // Its own word, right or wrong: nothing is looked for, and a head without a body yet (event streams) goes out.
    if (this.#parts.site.ttlPolicy === 'origin')
      return { start: NO_BYTES, whole: false, failure: undefined, body };
    const text = !/^(?:image\/(?!svg)|video\/|audio\/)/i.test(field(headers, 'content-type') ?? '');
    const { clock, inspectMs } = this.#parts;
    return peek(body, text ? MAX_INSPECTED_BYTES : MAGIC_BYTES, { clock, ms: inspectMs });
  }

  /**
   * The plain bytes of a whole body that may be stored, undefined of one that has not all come, or why it may not. An image is
   * refused by its first bytes before its head goes out; what is made of it needs the whole, so the storer looks again.
   */
  async #look(
    route: SharedRoute,
    head: EntryHead,
    start: Buffer,
    whole: boolean,
  ): Promise<Buffer | undefined | NoStoreReason> {
    const { site } = this.#parts;
    if (site.ttlPolicy === 'origin') return undefined;
    const isImage = /^image\//i.test(field(head.headers, 'content-type') ?? '');
    if (!whole && (!isImage || head.coding !== 'identity' || start.length < MAGIC_BYTES)) return undefined;
    const plain = await inspected(site, route, head, start);
    return whole || typeof plain === 'string' ? plain : undefined;
  }

  /** Begins what storing needs while the body is on its way to the client, once for all processes of the node. */
  #make(route: SharedRoute, head: EntryHead, plain: Buffer): Promise<Made | undefined> | undefined {
    // Its announced length may be missing: what outgrows the bound is not stored.
    if (plain.length > this.#parts.maxEntryBytes) return undefined;
    return make(this.#parts.site, route, head, plain).catch(() => undefined);
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

const GONE: ReadonlySet<number> = new Set([404, 410]);
const MAX_REDIRECTS = 3;
/** Above TMDB's largest JSON (400 KB); what is longer streams and is looked at when complete. */
const MAX_INSPECTED_BYTES = 1024 * 1024;
/** Enough to tell any image format. */
const MAGIC_BYTES = 16;
const NO_BYTES = Buffer.alloc(0);
const CONTENT_ENCODING: ReadonlySet<string> = new Set(['content-encoding']);

/** A body of less than `maxBytes`; undefined when it is longer or breaks off. */
async function bytesOf(body: BodySource, maxBytes: number): Promise<Buffer | undefined> {
  const { whole, start } = await peek(body, maxBytes);
  return whole ? start : undefined;
}

function rangeField({ range }: SharedRoute): RawHeaders {
  return range === undefined ? [] : ['Range', range];
}
