import type { Dispatcher } from 'undici';
import type { Clock } from '../clock.js';
import { ProxyError } from '../errors.js';
import type { RawHeaders } from '../http/headers.js';
import { abortError } from './abort.js';
import {
  type AttemptContext,
  AttemptHandler,
  type AttemptRequest,
  type AttemptResult,
} from './attempt-handler.js';
import { isGood, verdictOn } from './attempt-verdict.js';
import { Breaker, type Verdict } from './breaker.js';
import type { Budget } from './budget.js';
import type { OriginEvent } from './events.js';
import { faultOf } from './faults.js';
import { Latency } from './latency.js';
import type { OriginTimeouts, Relay } from './options.js';
import { Permits } from './permits.js';
import type { OriginRequest } from './source.js';
import type { UpstreamStatus } from './status.js';
import type { Lane } from './waiting.js';
import { grouped, sendable } from './wire-fields.js';

export interface ServerOptions {
  readonly upstream: string;
  readonly base: BaseUrl;
  /** The pool of its host as it is now. */
  readonly dispatcher: () => Dispatcher;
  /** A ProxyAgent takes fields as an object only. */
  readonly proxied: boolean;
  readonly maxConnections: number;
  /** As they are now. */
  readonly timeouts: () => OriginTimeouts;
  readonly relay?: Relay | undefined;
  readonly clock: Clock;
  readonly budget: Budget;
  readonly onEvent: (event: OriginEvent) => void;
  /** What a response's body has to move, bytes/s (`Pace`). */
  readonly leastRate: number;
  /** Whatever it answers concerns the request alone (`UpstreamGroupOptions.verbatim`, with no other server). */
  readonly lastWord: boolean;
}

/** A server's base URL taken apart; without userinfo, query and fragment. */
export interface BaseUrl {
  readonly url: URL;
  /** Origin and base path without trailing slash: the server's name everywhere. */
  readonly name: string;
  /** Goes before every target: `''` or `/base`. */
  readonly path: string;
}

/** The request line and fields of an attempt. */
interface Wire {
  readonly method: string;
  readonly target: string;
  readonly headers: RawHeaders;
}

/** How an attempt ended and what that says of the server. */
export type JudgedAttempt = AttemptResult & { readonly verdict: Verdict };

/** Which attempt of its request it is, for the event. */
export interface AttemptPlace {
  readonly retry: number;
  readonly failover: boolean;
}

/**
 * A relay that does not take our key, that has had enough of us, or that would have to ask us (508). Its limits are not
 * those of the servers behind it.
 */
const REFUSALS: ReadonlySet<number> = new Set([401, 403, 429, 508]);

/** One server: its connections, its breaker and what is known of its health. */
export class UpstreamServer {
  readonly name: string;
  readonly breaker: Breaker;
  readonly lane: Lane;
  private readonly permits: Permits;
  private readonly latency = new Latency();
  private requests = 0;
  private successes = 0;
  private errors = 0;
  private probes = 0;
  private lastError: { readonly message: string; readonly at: number } | undefined;

  constructor(private readonly options: ServerOptions) {
    const { upstream, budget, clock, onEvent } = options;
    this.name = options.base.name;
    this.permits = new Permits(options.maxConnections);
    this.lane = budget.addLane(this.permits);
    this.breaker = new Breaker(clock, (state) => {
      onEvent({ type: 'breaker', upstream, server: this.name, state });
      if (state === 'open') budget.evict(this.lane, this.left());
    });
  }

  /** Sends the request once. `release` gives the connection back and is called when undici is done with it. */
  async attempt(request: OriginRequest, place: AttemptPlace, release: () => void): Promise<JudgedAttempt> {
    const { clock, upstream, onEvent } = this.options;
    const { method, priority } = request;
    const begun = clock.steady();
    this.requests++;
    const sent = this.options.relay?.access?.(request) ?? request;
    const { trace } = request;
    const headers = trace === undefined ? sent.headers : [...sent.headers, ...trace];
    const wire = { method, target: sent.target, headers };
    const attempt = await this.breaker.run(() => this.send(request, wire, release));
    const ms = Math.max(0, clock.steady() - begun);
    this.count(attempt, ms);
    request.onPhase?.('origin', ms);
    const status = attempt.kind === 'head' ? attempt.response.status : undefined;
    const error = attempt.kind === 'head' ? undefined : attempt.error.code;
    onEvent({ type: 'attempt', upstream, server: this.name, method, priority, status, error, ms, ...place });
    return attempt;
  }

  /** Whether the server answers anything below 500 to a bare HEAD of its base; costs no key and next to nothing. */
  async probe(signal: AbortSignal): Promise<boolean> {
    const request = { method: 'HEAD', target: '/', headers: [] };
    const result = await this.send({ method: 'HEAD', signal }, request, () => {});
    this.probes++;
    if (result.kind === 'failed') this.remember(result.error.message);
    return result.kind === 'head' && result.response.status < 500;
  }

  /** Another proxy: see `Relay`. */
  get isRelay(): boolean {
    return this.options.relay !== undefined;
  }

  /** Whether this status of a relay concerns it alone, so that the next server is to be asked. */
  refuses(status: number): boolean {
    return this.isRelay && REFUSALS.has(status);
  }

  /** What the queue is told when the breaker opens: no waiting for a server that is left alone. */
  left(): ProxyError {
    const { retryAfter } = this.breaker;
    return new ProxyError('origin_breaker_open', `${this.name} has been failing`, { retryAfter });
  }

  status(): Omit<UpstreamStatus, 'status' | 'failover' | 'rate_limited_until' | 'budget' | 'shared_budget'> {
    const [p50, p95] = this.latency.percentiles([0.5, 0.95]);
    return {
      upstream: this.options.upstream,
      url: this.name,
      requests: this.requests,
      successes: this.successes,
      errors: this.errors,
      p50_ms: p50 ?? null,
      p95_ms: p95 ?? null,
      in_flight: this.permits.inUse,
      max_connections: this.permits.max,
      queued: this.options.budget.queuedFor(this.lane),
      last_error: this.lastError?.message ?? null,
      last_error_at: this.lastError ? new Date(this.lastError.at).toISOString() : null,
      breaker: this.breaker.state,
    };
  }

  /** Whether anything has been learnt about the server yet. */
  get known(): boolean {
    return this.successes + this.errors + this.probes > 0;
  }

  /** Another number of connections; whoever waits is looked at by the budget. */
  retune(maxConnections: number): void {
    this.permits.retune(maxConnections);
  }

  private send(request: AttemptRequest, wire: Wire, release: () => void): Promise<JudgedAttempt> {
    const { signal } = request;
    if (signal.aborted) {
      release();
      return Promise.resolve({
        kind: 'given-up',
        error: abortError(signal),
        silentMs: 0,
        verdict: 'neutral',
      });
    }
    return new Promise((resolve) => {
      const handler = new AttemptHandler(request, this.attemptContext(resolve, release));
      const { base, proxied, dispatcher } = this.options;
      const headers = sendable(wire.headers);
      try {
        dispatcher().dispatch(
          {
            origin: base.url.origin,
            path: base.path + wire.target,
            method: wire.method,
            headers: proxied ? grouped(headers) : headers,
            body: request.body ?? null,
          },
          handler,
        );
      } catch (thrown) {
        // ProxyAgent throws instead of calling its handler.
        handler.onResponseError(undefined, faultOf(thrown, `${wire.method} ${this.name}`));
      }
    });
  }

  /** What an attempt has to know of this server, and what this server learns from it. */
  private attemptContext(onJudged: (attempt: JudgedAttempt) => void, onDone: () => void): AttemptContext {
    const { clock, upstream, leastRate, lastWord, onEvent } = this.options;
    const { period } = this.breaker;
    let good = false;
    return {
      clock,
      timeouts: this.options.timeouts(),
      leastRate,
      wanted: () => this.lane.waiting.user.length > 0 && !this.permits.free('user'),
      server: this.name,
      onResult: (result) => {
        good = isGood(result);
        const refused = result.kind === 'head' && this.refuses(result.response.status);
        onJudged({ ...result, verdict: refused ? 'neutral' : verdictOn(result, lastWord) });
      },
      onBodyWhole: () => this.breaker.bodyWhole(period),
      onBodyFailed: (error) => {
        // Counted by its head as a success; a body that breaks off is none.
        if (good) {
          this.successes--;
          this.errors++;
        }
        this.remember(error.message);
        // One that breaks off costs its asker nothing but another try; silence costs each of them all the time there is.
        if (error.code === 'origin_timeout' && !lastWord) this.breaker.bodyHung(period);
        onEvent({ type: 'body_failed', upstream, server: this.name, error: error.code });
      },
      onDone,
    };
  }

  /** Whether its 429 is to keep all requests back for a while. */
  get limitsRate(): boolean {
    return !this.options.lastWord;
  }

  private count(attempt: JudgedAttempt, ms: number): void {
    if (attempt.kind === 'given-up' && attempt.verdict !== 'failure') return;
    this.latency.add(ms);
    if (attempt.kind === 'failed') {
      this.errors++;
      this.remember(attempt.error.message);
    } else if (attempt.kind === 'given-up') {
      this.errors++;
      this.remember(`silent for ${attempt.silentMs} ms, until its client left`);
    } else if (isGood(attempt) && !this.refuses(attempt.response.status)) {
      this.successes++;
    } else {
      this.errors++;
      this.remember(`answered ${attempt.response.status}`);
    }
  }

  private remember(message: string): void {
    this.lastError = { message, at: this.options.clock.now() };
  }
}
