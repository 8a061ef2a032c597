import type { Socket } from 'node:net';
import type { Accepts, Found, Lookup } from '../cache/lookup.js';
import type { SharedRoute } from '../cache/site.js';
import { asProxyError } from '../errors.js';
import type { RawHeaders } from '../http/headers.js';
import { Memo } from '../memo.js';
import { sanitizeUrl } from '../redact/redact.js';
import { ownText } from '../tiers/compact.js';
import type { Entry } from '../tiers/entry.js';
import { admissionClass } from './admission.js';
import type { Territory } from './app.js';
import { failedRead } from './failure-outcome.js';
import { Plans } from './fast-plans.js';
import {
  decides,
  isPlainTarget,
  type Reading,
  readFields,
  type Split,
  split,
  withoutOwn,
} from './plain-request.js';
import type { Asked, PreparedResponses } from './prepared.js';
import type { Printed } from './printed.js';
import { newRequestId, requestIdOf } from './request-id.js';
import type { Caller, ServerSettings } from './settings.js';
import { spanOf } from './span.js';

/*
 * Hot GETs are answered on the socket, before node:http has seen them: parser, streams and header storage of node:http cost
 * more than looking up and writing does (docs/performance.md). Why that is safe:
 *
 * 1. It reads less than node:http, never otherwise. A chunk is looked at if it is exactly one complete head of the narrow
 *    grammar in plain-request.ts, with known fields alone. All else goes to node:http, unread and in full: what is
 *    split, pipelined, has a body, an odd field or an odd byte. So no request has two readings.
 * 2. It decides nothing of its own. The target goes through the same canonical path, territory and site policy as in app.ts; the
 *    site is given every field it or a Vary may read. What is remembered (fields by their bytes, routes by target and
 *    deciding fields) are results of pure functions. Whether there is an answer is asked anew each time, of
 *    `Lookup.fresh`, which judges purges as the ordinary look-up does (I-1).
 * 3. It prints nothing of its own. Fields come from `EntryFields`, conditions from `evaluateConditional`, the outcome from
 *    `storedOutcome`: prepared.ts only joins them. test/fast-path compares both listeners byte for byte.
 * 4. It does not talk across node:http. It answers while no answer is under way on the connection and everything read
 *    before was whole requests (fast-connection.ts).
 * 5. It does only what is cheap and sure: a stale, partial, softly purged or missing entry, a node that drains, a client
 *    that does not read, anything unusual is the ordinary path's.
 */

export interface FastPathOptions {
  readonly settings: ServerSettings;
  readonly territory: Territory;
  readonly lookup: Pick<Lookup, 'fresh' | 'freshLater' | 'giveBack'>;
  readonly prepared: PreparedResponses;
}

/**
 * Bound of the fields remembered by their bytes, in characters and some: browsers and apps send few kinds, load balancers one
 * for each client address.
 */
const FIELDS_CHARS = 8 * 1024 * 1024;
/** Charged for what is remembered of fields beside them: they stand in the reading once more. */
const fieldsCost = (fields: string) => 512 + 2 * fields.length;

/** What is asked for, and by whom. */
interface Asking extends Asked {
  readonly route: SharedRoute;
  readonly caller: Caller | undefined;
}

/** A chunk that was found to be one plain request. */
export interface PlainRequest {
  readonly split: Split;
  readonly reading: Reading;
  /** Fields of this request alone: its id and its trace. */
  readonly own: RawHeaders | undefined;
}

/** An answer for which L2 has to be waited. */
export interface Late {
  /** As what `answer` tells at once. Never rejects. */
  readonly answered: Promise<boolean>;
  /** To be called if the client leaves before: the observer is told as of one that node:http has. */
  readonly left: () => void;
}

/** What hot requests are answered with; one per listener. The connection's part is in fast-connection.ts. */
export class FastPath {
  readonly #options: FastPathOptions;
  /** `null`: not of the grammar. */
  readonly #readings = new Memo<{ readonly reading: Reading | null }>(FIELDS_CHARS, fieldsCost);
  readonly #plans: Plans;

  constructor(options: FastPathOptions) {
    this.#options = options;
    this.#plans = new Plans(options.settings, options.territory);
  }

  /** Whether the chunk is exactly one request without a body, as node:http would find too. */
  read(chunk: Buffer): PlainRequest | undefined {
    const parts = split(chunk);
    if (parts === undefined) return undefined;
    let known = this.#readings.get(parts.fields);
    const cut = known === undefined ? withoutOwn(parts.fields) : undefined;
    if (cut !== undefined) known = this.#readings.get(cut.fields);
    if (known === undefined) {
      const fields = ownText(cut?.fields ?? parts.fields); // else the whole request would be kept
      known = { reading: readFields(fields, this.#options.settings.site.reads) ?? null };
      this.#readings.set(fields, known);
    }
    if (known.reading === null || !isPlainTarget(parts.target)) return undefined;
    return { split: parts, reading: known.reading, own: cut?.own };
  }

  /**
   * Answers if there is a fresh response at hand; false when the ordinary path is to. Does not throw: a fault is
   * reported, and the ordinary path answers.
   */
  answer(request: PlainRequest, socket: Socket): boolean | Late {
    try {
      return this.#answer(request, socket);
    } catch (fault) {
      return this.#failed(fault);
    }
  }

  #answer(request: PlainRequest, socket: Socket): boolean | Late {
    const { settings, lookup } = this.#options;
    const { split: parts, reading } = request;
    if (!reading.answerable || parts.method !== 'GET' || !settings.isReady()) return false;
    const { route, caller } = this.#plans.of(parts.target, reading.deciding);
    if (route === undefined) return false;
    const { takesGzip } = reading;
    const now = settings.clock.now();
    const accepts = takesGzip ? this.#acceptsCoded : this.#acceptsPlain;
    const found = lookup.fresh(route, now, accepts);
    if (found === undefined) return false;
    const { ifNoneMatch } = reading;
    const { key, template } = route;
    const asked = { route, caller, key, template, takesGzip, ifNoneMatch, quiet: caller?.quiet };
    if (found !== 'ask') return this.#send(found, asked, request, socket, now, now);
    const answered = lookup.freshLater(route, accepts).then((late) => {
      if (late === undefined || !settings.isReady() || !socket.writable) return false;
      return this.#send(late, asked, request, socket, now, settings.clock.now());
    });
    return {
      answered: answered.catch((fault) => this.#failed(fault)),
      left: this.#leaving(request, route, caller, socket, now),
    };
  }

  /** Tells of a client that has left as Exchange does, which had nothing to send yet. */
  #leaving(
    { split: parts, own }: PlainRequest,
    route: SharedRoute,
    caller: Caller | undefined,
    socket: Socket,
    startedAt: number,
  ): () => void {
    const { clock, observer } = this.#options.settings;
    const client = this.#client(parts, socket); // a closed socket has forgotten it
    return () =>
      observer.request({
        method: 'GET',
        path: sanitizeUrl(caller?.target ?? parts.target),
        status: 499,
        bytes: 0,
        ms: Math.max(0, clock.now() - startedAt),
        outcome: failedRead(route),
        requestId: idOf(own),
        client,
        span: own && spanOf(own),
        tenant: caller?.tenant,
        aborted: true,
      });
  }

  /** All that chooses among variants was handed to the site, and the body is at hand in the form that is wanted. */
  readonly #acceptsCoded: Accepts = (entry) => this.#accepts(entry, true);
  readonly #acceptsPlain: Accepts = (entry) => this.#accepts(entry, false);

  #accepts(entry: Entry, takesGzip: boolean): boolean {
    const { prepared, settings } = this.#options;
    return decides(entry.vary, settings.site.reads) && prepared.has(entry, takesGzip);
  }

  #failed(fault: unknown): boolean {
    this.#options.settings.observer.failure(asProxyError(fault), '-');
    return false;
  }

  #send(
    found: Found,
    asked: Asking,
    request: PlainRequest,
    socket: Socket,
    startedAt: number,
    now: number,
  ): boolean {
    const ready = this.#options.prepared.of(found, asked, now, startedAt);
    if (ready === undefined || !this.#admits(asked)) {
      this.#options.lookup.giveBack(asked.route, found);
      return false;
    }
    const requestId = idOf(request.own);
    ready.send(socket, requestId);
    try {
      this.#observe(ready, request, requestId, socket, now - startedAt, asked.caller);
    } catch (fault) {
      this.#failed(fault); // it is answered all the same
    }
    return true;
  }

  /** Asked last: whoever is let in is answered. What is not known here, and why not, is the ordinary path's to say. */
  #admits({ caller, route }: Asking): boolean {
    return (
      caller === undefined || this.#options.settings.gate?.enterNow(caller, admissionClass(route)) === 'in'
    );
  }

  #observe(
    ready: Printed,
    { split: parts, own }: PlainRequest,
    requestId: string,
    socket: Socket,
    ms: number,
    caller: Caller | undefined,
  ): void {
    const tenant = caller?.tenant;
    const describe = () => ({
      method: 'GET',
      path: sanitizeUrl(caller?.target ?? parts.target),
      status: ready.status,
      bytes: ready.bytes,
      ms,
      outcome: ready.outcome,
      age: ready.age,
      phases: ms > 0 || ready.outcome.served !== 'memory' ? { l2: ms, head: ms } : undefined,
      requestId,
      client: this.#client(parts, socket),
      span: own && spanOf(own),
      tenant,
      aborted: false,
    });
    this.#options.settings.observer.hit(ready.outcome, ready.status, ms, describe, ready.bytes, tenant);
  }

  #client({ fields }: Split, socket: Socket): string {
    const { clientAddress } = this.#options.settings;
    return clientAddress({ socket, headers: { 'x-forwarded-for': FORWARDED_FOR.exec(fields)?.[1] } });
  }
}

function idOf(own: RawHeaders | undefined): string {
  return own === undefined ? newRequestId() : requestIdOf(own);
}

const FORWARDED_FOR = /^x-forwarded-for: ?([^\r]*)/im;
