import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import type { RequestContext } from '../cache/engine.js';
import type { Outcome } from '../cache/outcome.js';
import type { Phase } from '../cache/phases.js';
import type { ClientRequest } from '../cache/site.js';
import { ProxyError } from '../errors.js';
import { field, hasField, type RawHeaders, withField } from '../http/headers.js';
import type { BodySource, OriginRequest } from '../origin/source.js';
import { sanitizeUrl } from '../redact/redact.js';
import { failureOutcome } from './failure-outcome.js';
import { informer } from './interim.js';
import type { Phases } from './observer.js';
import { requestIdOf } from './request-id.js';
import type { Caller, ServerSettings } from './settings.js';
import { spanOf, type TracedSpan } from './span.js';
import { readAhead, uploadAgain, uploadOf } from './upload.js';

/**
 * One request and its response, from the parser to the access log. It is also the engine's `RequestContext`; what only
 * a miss or a pass-through needs (signal, body, interim responses) is made when first asked for, so a hit pays nothing.
 */
export class Exchange implements RequestContext, ClientRequest {
  readonly incoming: IncomingMessage;
  readonly response: ServerResponse;
  readonly settings: ServerSettings;
  readonly method: string;
  readonly requestId: string;
  readonly client: string;
  readonly span: TracedSpan | undefined;
  /** Clock when the head arrived, ms; and by the one that nobody sets, for durations. */
  readonly startedAt: number;
  readonly #begun: number;
  /** In origin form, once the request was found to be for us. */
  target: string;
  headers: RawHeaders;
  /** Who asks, where clients have keys. */
  tenant: string | undefined;
  /** See `Told`. */
  quiet = false;
  /** Resolves when what was asked before on its connection has been answered; undefined: it has been. */
  turn: Promise<void> | undefined;
  /** Called when it is over. */
  whenClosed: (() => void) | undefined;
  /** The engine is asked: what comes of it counts, also nothing. */
  proxied = false;
  outcome: Outcome | undefined;
  /** See `RequestRecord`. */
  age: number | undefined;
  /** Bytes of the response's body so far. */
  bytes = 0;
  /** The client expects `100 Continue` before it sends its body. */
  expectsContinue: boolean;
  #phases: { -readonly [P in keyof Phases]: Phases[P] } | undefined;
  #headAt: number | undefined;
  #gone = false;
  #cut = false;
  #abort: AbortController | undefined;
  #source: BodySource | undefined;
  #body: Readable | undefined;
  /** The body, where it was read already. */
  #bytes: Buffer | undefined;

  constructor(
    incoming: IncomingMessage,
    response: ServerResponse,
    settings: ServerSettings,
    expectsContinue: boolean,
  ) {
    this.incoming = incoming;
    this.response = response;
    this.settings = settings;
    this.method = incoming.method ?? 'GET';
    this.target = incoming.url ?? '/';
    this.headers = incoming.rawHeaders;
    this.requestId = requestIdOf(this.headers);
    this.span = spanOf(this.headers);
    this.client = settings.clientAddress(incoming);
    this.startedAt = settings.clock.now();
    this.#begun = settings.clock.steady();
    this.expectsContinue = expectsContinue;
  }

  get request(): ClientRequest {
    return this;
  }

  /** The response is finished or its client has left: nothing may be written any more. */
  get gone(): boolean {
    return this.#gone;
  }

  /** Aborted when the client leaves before its answer is complete. */
  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.#gone) this.#abort.abort();
    }
    return this.#abort.signal;
  }

  /** From here on this is the caller's request, without its key. `body`: what was read of it. */
  actAs({ tenant, quiet, target, headers }: Caller, body: Buffer | undefined): void {
    this.tenant = tenant;
    this.quiet = quiet;
    this.target = target;
    this.headers =
      body !== undefined && hasField(headers, 'content-length')
        ? withField(headers, 'Content-Length', String(body.length))
        : headers;
    this.#bytes = body;
  }

  /** The request's body on its way to the origin, once it has begun to come; undefined when there is none. Asked for once. */
  async readBody(): Promise<OriginRequest['body']> {
    if (this.#bytes !== undefined) {
      this.#body = uploadAgain(this.#bytes);
    } else if (this.hasBody) {
      if (this.#gone) throw new ProxyError('client_closed', 'the client has left');
      const body = uploadOf(this.incoming);
      this.#body = body;
      this.allowBody();
      await readAhead(this.incoming, body);
    }
    return this.#body;
  }

  get hasBody(): boolean {
    if (field(this.headers, 'transfer-encoding') !== undefined) return true;
    const length = field(this.headers, 'content-length');
    return length !== undefined && !/^0+$/.test(length);
  }

  /** A hit has none: of what is shared they tell that nobody has asked before. */
  get onInfo(): OriginRequest['onInfo'] {
    if (this.quiet && this.settings.site.route(this).kind === 'shared') return undefined;
    return informer(this.response, this.incoming.httpVersionMinor);
  }

  get trace(): RawHeaders | undefined {
    return this.span?.fields;
  }

  get fillTrace(): RawHeaders | undefined {
    return this.span?.fillFields;
  }

  readonly onPhase = (phase: Phase, ms: number): void => {
    this.#phases ??= {};
    this.#phases[phase] = (this.#phases[phase] ?? 0) + ms;
  };

  /** The answer's head is ready. */
  headReady(): void {
    this.#headAt ??= this.settings.clock.steady();
  }

  /** Sends `100 Continue` to a client that waits for it: from here on its body is wanted (RFC 9110 section 10.1.1). */
  allowBody(): void {
    if (!this.expectsContinue) return;
    this.expectsContinue = false;
    if (!this.#gone && !this.response.headersSent) this.response.writeContinue();
  }

  /** Ties a body to the client: it is given up when the client leaves. */
  attach(source: BodySource): void {
    this.#source = source;
    if (this.#gone) source.cancel();
  }

  /** Ends the response with the last bytes of a body that lies in memory; `body`: of which they are a part. */
  endWith(last: Buffer, body: Buffer): void {
    const { response, settings } = this;
    response.end(last);
    const { socket } = response;
    if (socket !== null && socket.writableLength > 0)
      response.once('close', settings.outgoing.hold(socket, body));
  }

  /** Ends the connection so that nobody can take what was sent for the whole. `framed`: the length was announced. */
  cut(framed: boolean): void {
    this.#cut = true;
    const { socket } = this.response;
    // A body that ends with the connection (HTTP/1.0) looks complete after a FIN; a reset does not.
    if (!framed && socket !== null) socket.resetAndDestroy();
    else this.response.destroy();
  }

  /** The response is over, well or not. Called once. */
  closed(): void {
    this.#gone = true;
    this.whenClosed?.();
    const complete = this.response.writableFinished && !this.#cut;
    if (!complete) {
      this.#abort?.abort();
      this.#body?.destroy(new Error('the client went away'));
      this.#source?.cancel();
    }
    // An answer that came before the request's body was read: the rest is in the way of the next request.
    if (complete && !this.incoming.complete) {
      this.incoming.unpipe();
      this.incoming.resume();
    }
    const { response, settings } = this;
    settings.observer.request({
      method: this.method,
      path: sanitizeUrl(this.target),
      status: response.headersSent ? response.statusCode : 499,
      bytes: this.bytes,
      ms: settings.clock.steady() - this.#begun,
      // A client that left before there was an answer: were it not counted, a silent origin would look like no traffic.
      outcome: this.outcome ?? (this.proxied ? failureOutcome(this) : undefined),
      age: this.age,
      phases: this.#phasesGone(),
      requestId: this.requestId,
      client: this.client,
      span: this.span,
      tenant: this.tenant,
      aborted: !complete,
    });
  }

  #phasesGone(): Phases | undefined {
    if (this.#phases === undefined || this.#headAt === undefined) return this.#phases;
    return { ...this.#phases, head: this.#headAt - this.#begun };
  }
}
