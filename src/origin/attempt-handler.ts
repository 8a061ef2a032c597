import type { Dispatcher } from 'undici';
import { ProxyError } from '../errors.js';
import { fieldValue, type RawHeaders } from '../http/headers.js';
import { abortError, onAbort } from './abort.js';
import { AttemptDeadlines, type AttemptDeadlinesParts } from './attempt-deadlines.js';
import { type Flow, IncomingBody } from './body.js';
import { faultOf } from './faults.js';
import type { OriginRequest, OriginResponse } from './source.js';
import { arrivesDecoded } from './transfer-coding.js';
import { sayable } from './wire-fields.js';

export type AttemptRequest = Pick<OriginRequest, 'method' | 'signal' | 'body' | 'onInfo'>;

/** A head with its body, or why there is none. `sent`: whether any of the request may have reached the server. */
export type AttemptResult =
  | { readonly kind: 'head'; readonly response: OriginResponse & { readonly body: IncomingBody } }
  | { readonly kind: 'failed'; readonly error: ProxyError; readonly sent: boolean }
  | {
      readonly kind: 'given-up';
      readonly error: ProxyError;
      /** How long nothing had come, ms. */
      readonly silentMs: number;
    };

export interface AttemptContext extends Omit<AttemptDeadlinesParts, 'onServerLate' | 'onClientLate'> {
  /** Base URL for messages and OriginResponse.server. */
  readonly server: string;
  readonly onResult: (result: AttemptResult) => void;
  /** The body has come whole; not of an answer that has none. */
  readonly onBodyWhole: () => void;
  /** The body broke after the head, by no wish of its reader, or was given up for a reason. */
  readonly onBodyFailed: (error: ProxyError) => void;
  /** undici is done with the request: its connection is free or gone. Comes last, exactly once. */
  readonly onDone: () => void;
}

/** One request on one connection: undici's dispatch handler. */
export class AttemptHandler implements Dispatcher.DispatchHandler, Flow {
  private controller: Dispatcher.DispatchController | undefined;
  private body: IncomingBody | undefined;
  private settled = false;
  /** Why we ended it ourselves, when we did. */
  private ended: Error | undefined;
  private done = false;
  private requestTime = 0;
  private silentSince: number;
  private readonly deadlines: AttemptDeadlines;
  private readonly forgetSignal: () => void;

  constructor(
    private readonly request: AttemptRequest,
    private readonly context: AttemptContext,
  ) {
    const { signal } = request;
    this.silentSince = context.clock.steady();
    this.deadlines = new AttemptDeadlines({
      ...context,
      onServerLate: (words) => this.end(this.fault('origin_timeout', words), 'failed'),
      onClientLate: (error) => this.end(error, 'given-up'),
    });
    this.forgetSignal = onAbort(signal, () => this.end(abortError(signal), 'given-up'));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    this.requestTime = this.context.clock.now();
    this.silentSince = this.context.clock.steady();
    const { body } = this.request;
    if (this.ended) controller.abort(this.ended);
    else if (body === undefined) this.deadlines.awaitHead();
    else this.deadlines.awaitUpload(body);
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
    this.deadlines.onHead();
    if (!arrivesDecoded(fieldValue(headers, 'transfer-encoding'))) {
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
      this.deadlines.awaitBody();
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
    this.deadlines.moved(chunk.length);
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
    if (this.body?.started) this.deadlines.onReaderPaused();
    this.controller?.pause();
  }

  resume(): void {
    this.deadlines.onReaderResumed();
    if (!this.done) this.controller?.resume();
  }

  /** The reader has given the body up. */
  abort(reason?: ProxyError): void {
    if (this.done) return;
    this.ended = reason ?? new Error('given up by its reader');
    this.deadlines.stop();
    if (reason !== undefined) this.context.onBodyFailed(reason);
    this.controller?.abort(this.ended);
  }

  /** Ends it from our side. Before there is a connection undici cannot be stopped: it is as soon as there is one. */
  private end(error: ProxyError, kind: 'failed' | 'given-up'): void {
    if (this.done || this.ended) return;
    this.ended = error;
    this.deadlines.stop();
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

  private settle(result: AttemptResult): void {
    if (this.settled) return;
    this.settled = true;
    this.context.onResult(result);
  }

  private release(): void {
    if (this.done) return;
    this.done = true;
    this.deadlines.stop();
    this.forgetSignal();
    this.context.onDone();
  }

  /** 0 of a request with a body: it may have been ours to send. */
  private get silentMs(): number {
    return this.request.body ? 0 : Math.max(0, this.context.clock.steady() - this.silentSince);
  }

  private fault(code: 'origin_timeout' | 'origin_protocol', words: string): ProxyError {
    return new ProxyError(code, `${this.where}: ${words}`);
  }

  private get where(): string {
    return `${this.request.method} ${this.context.server}`;
  }
}

/** Field bytes are read as latin1, the one mapping that gives the same bytes back when they are sent on. */
function rawHeadersOf(controller: Dispatcher.DispatchController): RawHeaders {
  const raw = controller.rawHeaders;
  if (!Array.isArray(raw)) return [];
  return raw.map((part) => (typeof part === 'string' ? part : part.toString('latin1')));
}
