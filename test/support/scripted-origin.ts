import type { Clock } from '../../src/clock.js';
import { ProxyError } from '../../src/errors.js';
import type { BodySink, BodySource, Origin, OriginRequest, OriginResponse } from '../../src/origin/source.js';

export interface Reply {
  status?: number;
  headers?: string[];
  body?: string | Buffer;
}

/** One request the origin has received and that a test answers step by step. */
export class Asked {
  readonly request: OriginRequest;
  readonly body = new ScriptedBody();
  readonly #resolve: (response: OriginResponse) => void;
  readonly #reject: (error: Error) => void;
  readonly #clock: Clock;

  constructor(
    request: OriginRequest,
    clock: Clock,
    resolve: (response: OriginResponse) => void,
    reject: (error: Error) => void,
  ) {
    this.request = request;
    this.#clock = clock;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  head(reply: Reply = {}): void {
    const now = this.#clock.now();
    this.#resolve({
      status: reply.status ?? 200,
      statusText: 'OK',
      headers: reply.headers ?? ['Content-Type', 'application/json', 'ETag', 'W/"1"'],
      body: this.body,
      server: 'http://origin',
      requestTime: now,
      responseTime: now,
    });
  }

  reply(reply: Reply = {}): void {
    this.head(reply);
    const body = reply.body ?? '{"id":550}';
    if (body.length > 0) this.body.data(Buffer.from(body));
    this.body.end();
  }

  fail(error: Error = new ProxyError('origin_unreachable', 'refused')): void {
    this.#reject(error);
  }
}

/** A body that a test feeds. What comes before the reader starts is held. */
export class ScriptedBody implements BodySource {
  paused = false;
  cancelled = false;
  #sink: BodySink | undefined;
  #held: ((sink: BodySink) => void)[] = [];

  start(sink: BodySink): void {
    this.#sink = sink;
    for (const action of this.#held.splice(0)) action(sink);
  }
  pause(): void {
    this.paused = true;
  }
  resume(): void {
    this.paused = false;
  }
  cancel(): void {
    this.cancelled = true;
  }
  data(chunk: Buffer): void {
    this.#do((sink) => sink.data(chunk));
  }
  end(): void {
    this.#do((sink) => sink.end());
  }
  error(error: Error): void {
    this.#do((sink) => sink.error(error));
  }
  #do(action: (sink: BodySink) => void): void {
    if (this.cancelled) return;
    if (this.#sink === undefined) this.#held.push(action);
    else action(this.#sink);
  }
}

/** An origin whose every request waits for the test. */
export class ScriptedOrigin implements Origin {
  readonly asked: Asked[] = [];
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  fetch(request: OriginRequest): Promise<OriginResponse> {
    return new Promise((resolve, reject) => {
      request.signal.addEventListener('abort', () => reject(new ProxyError('client_closed', 'aborted')));
      this.asked.push(new Asked(request, this.#clock, resolve, reject));
    });
  }

  get last(): Asked {
    return this.asked.at(-1)!;
  }
}
