import type { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { Clock } from '../clock.js';
import { afterAwake } from '../deadline.js';
import { ProxyError } from '../errors.js';
import { fieldValue, type RawHeaders } from '../http/headers.js';
import { Pace } from '../pace.js';
import { abortError, onAbort } from './abort.js';
import { type Flow, IncomingBody } from './body.js';
import { faultOf } from './faults.js';
import type { OriginTimeouts } from './options.js';
import type { OriginRequest, OriginResponse } from './source.js';
import { sayable } from './wire-fields.js';

export type ExchangeRequest = Pick<OriginRequest, 'method' | 'signal' | 'body' | 'onInfo'>;

/** A head with its body, or why there is none. `sent`: whether any of the request may have reached the server. */
export type ExchangeResult =
  | { readonly kind: 'head'; readonly response: OriginResponse & { readonly body: IncomingBody } }
  | { readonly kind: 'failed'; readonly error: ProxyError; readonly sent: boolean }
  | {
      readonly kind: 'given-up';
      readonly error: ProxyError /** How long nothing had come, ms. */;
      readonly silentMs: number;
    };

export interface ExchangeContext {
  readonly clock: Clock;
  readonly timeouts: OriginTimeouts;
  /** What a response's body has to move, bytes/s (`Pace`). */
  readonly leastRate: number;
  /** Whether people wait for a connection to this server, as all are in use. */
  readonly wanted: () => boolean;
  /** Base URL for messages and OriginResponse.server. */
  readonly server: string;
  readonly onResult: (result: ExchangeResult) => void;
  /** The body has come whole; not of an answer that has none. */
  readonly onBodyWhole: () => void;
  /** The body broke after the head, by no wish of its reader, or was given up for a reason. */
  readonly onBodyFailed: (error: ProxyError) => void;
  /** undici is done with the request: its connection is free or gone. Comes last, exactly once. */
  readonly onDone: () => void;
}

/**
 * While others wait for a connection, a client has to move so many bytes/s, and may be behind for so long, ms: half of what a request
 * waits in the queue. Else some who are just not slow enough would hold all the connections there are.
 */
const WANTED_RATE = 64 * 1024;
const WANTED_MS = 5_000;
/** How often that is looked at, ms. */
const LOOK_MS = 1_000;
/** In which an answer is still taken where this process itself was late, ms: it may lie in the socket. */
const AWAKE_MS = 500;

/**
 * One request on one connection: undici's dispatch handler. Keeps the deadlines (to the connection, to the head,
 * the pace of the body) on the injected clock; undici's own are off, as they cannot be stepped and tick in whole seconds.
 */
export class Exchange implements Dispatcher.DispatchHandler, Flow {
  private controller: Dispatcher.DispatchController | undefined;
  private body: IncomingBody | undefined;
  private settled = false;
  /** Why we ended it ourselves, when we did. */
  private ended: Error | undefined;
  private done = false;
  private requestTime = 0;
  private silentSince: number;
  /** Of the response's body. Its reader's pauses do not count, but for one who has not begun. */
  private readonly pace: Pace;
  /** Of whoever reads it, while it waits for them. */
  private readonly readerPace: Pace;
  private cancelTimer: () => void;
  private readonly forgetSignal: () => void;

  constructor(
    private readonly request: ExchangeRequest,
    private readonly context: ExchangeContext,
  ) {
    const { signal } = request;
    this.silentSince = context.clock.steady();
    this.pace = new Pace(context.clock, context.timeouts.bodyMs, context.leastRate);
    this.readerPace = new Pace(context.clock, WANTED_MS, WANTED_RATE);
    this.forgetSignal = onAbort(signal, () => this.end(abortError(signal), 'given-up'));
    this.cancelTimer = this.afterAwake(context.timeouts.connectMs, () =>
      this.end(this.timeout(`no connection within ${context.timeouts.connectMs} ms`), 'failed'),
    );
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    this.requestTime = this.context.clock.now();
    this.silentSince = this.context.clock.steady();
    const { body } = this.request;
    if (this.ended) controller.abort(this.ended);
    else if (body === undefined) this.awaitHead();
    else this.awaitUpload(body);
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    _parsed: unknown,
    statusText = '',
  ): void {
    const headers = rawHeadersOf(controller);
    if (status < 200) {
      this.silentSince = this.context.clock.steady();
      // undici itself refuses 101 and treats 100, which answers an Expect that is never sent, as a fault.
      this.request.onInfo?.(status, headers);
      return;
    }
    this.cancelTimer();
    if (!readable(fieldValue(headers, 'transfer-encoding'))) {
      // The body would arrive still coded (NOTES); RFC 9112 section 6.1 lets us refuse what we never offered in TE.
      this.end(this.fault('origin_protocol', 'a transfer coding other than chunked'), 'failed');
      return;
    }
    const body = new IncomingBody(this);
    this.body = body;
    if (this.request.method === 'HEAD' || status === 204 || status === 304) {
      // Complete as it stands. With a Content-Length undici reports a mismatch afterwards (NOTES): it finds the body
      // finished already and is ignored.
      body.finish();
    } else {
      this.pace.go();
      this.watchBody();
    }
    const { server, clock } = this.context;
    const { requestTime } = this;
    const responseTime = clock.now();
    this.settle({
      kind: 'head',
      response: {
        status,
        statusText: sayable(statusText),
        headers,
        body,
        server,
        requestTime,
        responseTime,
      },
    });
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.pace.moved(chunk.length);
    this.readerPace.moved(chunk.length);
    this.body?.push(chunk);
  }

  onResponseEnd(): void {
    this.release();
    if (this.body?.finish()) this.context.onBodyWhole();
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    this.release();
    if (this.ended) return;
    const fault = this.request.body?.errored
      ? new ProxyError('client_closed', 'the request body broke off', { cause: this.request.body.errored })
      : faultOf(error, this.where);
    if (this.body === undefined) this.settleFailure(fault);
    else this.breakBody(fault);
  }

  pause(): void {
    if (this.body?.started) {
      this.pace.stop();
      this.readerPace.go();
    }
    this.controller?.pause();
  }

  resume(): void {
    this.pace.go();
    this.readerPace.stop();
    if (!this.done) this.controller?.resume();
  }

  /** The reader has given the body up. */
  abort(reason?: ProxyError): void {
    if (this.done) return;
    this.ended = reason ?? new Error('given up by its reader');
    if (reason !== undefined) this.context.onBodyFailed(reason);
    this.controller?.abort(this.ended);
  }

  /** Ends it from our side. Before there is a connection undici cannot be stopped: it is as soon as there is one. */
  private end(error: ProxyError, kind: 'failed' | 'given-up'): void {
    if (this.done || this.ended) return;
    this.ended = error;
    this.cancelTimer();
    if (this.body !== undefined) this.breakBody(error);
    else if (kind === 'failed') this.settleFailure(error);
    else this.settle({ kind, error, silentMs: this.silentMs });
    this.controller?.abort(error);
  }

  private breakBody(error: ProxyError): void {
    if (this.body?.fail(error) && error.code !== 'client_closed') this.context.onBodyFailed(error);
  }

  private settleFailure(error: ProxyError): void {
    if (error.code === 'client_closed') this.settle({ kind: 'given-up', error, silentMs: this.silentMs });
    else this.settle({ kind: 'failed', error, sent: this.controller !== undefined });
  }

  private settle(result: ExchangeResult): void {
    if (this.settled) return;
    this.settled = true;
    this.context.onResult(result);
  }

  private release(): void {
    if (this.done) return;
    this.done = true;
    this.cancelTimer();
    this.forgetSignal();
    this.context.onDone();
  }

  private awaitHead(): void {
    const { headersMs } = this.context.timeouts;
    this.cancelTimer();
    this.cancelTimer = this.afterAwake(headersMs, () =>
      this.end(this.timeout(`no answer within ${headersMs} ms`), 'failed'),
    );
  }

  private afterAwake(ms: number, onLate: () => void): () => void {
    return afterAwake(this.context.clock, ms, Math.min(ms, AWAKE_MS), onLate);
  }

  /** The origin's time begins when it has everything; until then client and origin have to keep the upload moving. */
  private awaitUpload(body: Readable): void {
    const { clock, timeouts, wanted } = this.context;
    const pace = new Pace(clock, timeouts.bodyMs);
    const clientPace = new Pace(clock, WANTED_MS, WANTED_RATE);
    for (const each of [pace, clientPace]) {
      each.go();
      body.on('data', (chunk: Buffer) => each.moved(chunk.length));
    }
    body.once('end', () => {
      if (this.body === undefined && !this.done && !this.ended) this.awaitHead();
    });
    this.watch(pace, () => {
      const isStuck = body.isPaused();
      if (pace.over && isStuck) this.end(this.timeout(`took too little for ${timeouts.bodyMs} ms`), 'failed');
      else if (pace.over || (clientPace.over && !isStuck && wanted()))
        this.end(new ProxyError('upload_slow', 'too little of your request came'), 'given-up');
    });
  }

  private watchBody(): void {
    const { timeouts, wanted } = this.context;
    this.watch(this.pace, () => {
      if (this.pace.over)
        this.end(this.timeout(`too little of the body for ${timeouts.bodyMs} ms`), 'failed');
      else if (this.readerPace.over && wanted())
        this.end(new ProxyError('client_closed', 'read too slowly while others waited'), 'given-up');
    });
  }

  /** One timer that looks at the pace, not one per chunk. */
  private watch(pace: Pace, look: () => void): void {
    this.cancelTimer();
    this.cancelTimer = this.context.clock.after(Math.min(pace.lookMs, LOOK_MS), () => {
      look();
      if (!this.ended && !this.done) this.watch(pace, look);
    });
  }

  /** 0 of a request with a body: it may have been ours to send. */
  private get silentMs(): number {
    return this.request.body ? 0 : Math.max(0, this.context.clock.steady() - this.silentSince);
  }

  private timeout(words: string): ProxyError {
    return this.fault('origin_timeout', words);
  }

  private fault(code: 'origin_timeout' | 'origin_protocol', words: string): ProxyError {
    return new ProxyError(code, `${this.where}: ${words}`);
  }

  private get where(): string {
    return `${this.request.method} ${this.context.server}`;
  }
}

/**
 * Codings that a sender may really have applied: IANA's transfer codings, and its content codings for those who put
 * them into the wrong field.
 */
const CODINGS: ReadonlySet<string> = new Set([
  ...['compress', 'x-compress', 'deflate', 'gzip', 'x-gzip', 'identity', 'trailers'],
  ...['aes128gcm', 'br', 'dcb', 'dcz', 'exi', 'pack200-gzip', 'zstd'],
]);

/**
 * Whether undici hands a body with this Transfer-Encoding over as content. A single name that no registry knows names
 * nothing that could be undone: such a body runs until the connection closes (RFC 9112 section 6.3), which llhttp and
 * undici see to, and that connection is not used again.
 */
function readable(codings: string | undefined): boolean {
  if (codings === undefined) return true;
  const coding = codings.trim().toLowerCase();
  if (coding === 'chunked') return true;
  return /^[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(coding) && !coding.includes('chunked') && !CODINGS.has(coding);
}

/** Field bytes are read as latin1, the one mapping that gives the same bytes back when they are sent on. */
function rawHeadersOf(controller: Dispatcher.DispatchController): RawHeaders {
  const raw = controller.rawHeaders;
  if (!Array.isArray(raw)) return [];
  return raw.map((part) => (typeof part === 'string' ? part : part.toString('latin1')));
}
