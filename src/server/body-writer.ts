import { asProxyError, ProxyError } from '../errors.js';
import type { BodySink, BodySource } from '../origin/source.js';
import { Pace } from '../pace.js';
import { sendError } from './error-response.js';
import type { Exchange } from './exchange.js';
import { LIMITS } from './limits.js';

export interface BodyPlan {
  /** Writes the head. Called with the first bytes, or at the end of an empty body. */
  readonly head: () => void;
  /** Bytes announced in Content-Length; undefined when not known. */
  readonly length: number | undefined;
  /** HEAD, 204 and 304: what comes is not sent. */
  readonly silent: boolean;
}

/** More than this of a body nobody is sent is not worth reading for the sake of a connection to the origin, bytes. */
const SWALLOW_BYTES = 64 * 1024;

/**
 * Writes a body as it arrives at the client's pace. The head waits for the first bytes, so that an origin which fails
 * before them still becomes an honest error; one that fails later costs the client its connection, because a clean end
 * would make the part look whole.
 */
export class BodyWriter implements BodySink {
  readonly #exchange: Exchange;
  readonly #source: BodySource;
  readonly #plan: BodyPlan;
  #started = false;
  #swallowed = 0;
  /** Of the client: time counts while the body waits for it. */
  readonly #pace: Pace;
  #stopTimer: () => void = () => {};

  constructor(exchange: Exchange, source: BodySource, plan: BodyPlan) {
    this.#exchange = exchange;
    this.#source = source;
    this.#plan = plan;
    this.#pace = new Pace(exchange.settings.clock, LIMITS.stallTimeout);
  }

  start(): void {
    this.#exchange.attach(this.#source);
    const { response } = this.#exchange;
    response.on('drain', () => {
      this.#stopTimer();
      this.#pace.stop();
      this.#source.resume();
    });
    response.once('close', () => this.#stopTimer());
    this.#source.start(this);
  }

  /** Sends the head now, for an origin that lets its body wait. */
  begin(): void {
    if (this.#started || this.#exchange.gone) return;
    this.#startOnce();
    if (this.#started) this.#exchange.response.flushHeaders();
  }

  data(chunk: Buffer): void {
    if (!this.#startOnce()) return;
    const { length, silent } = this.#plan;
    if (silent) {
      this.#swallow(chunk);
      return;
    }
    this.#exchange.bytes += chunk.length;
    if (length !== undefined && this.#exchange.bytes > length) {
      this.#giveUp('the body is longer than announced');
      return;
    }
    this.#pace.moved(chunk.length);
    if (this.#exchange.response.write(chunk)) return;
    this.#source.pause();
    this.#pace.go();
    this.#stopTimer();
    this.#stopTimer = this.#exchange.settings.clock.after(this.#pace.lookMs, () => this.#tooSlow());
  }

  end(): void {
    this.#stopTimer(); // nothing waits for the client any more but its own connection
    if (!this.#startOnce()) return;
    const { length, silent } = this.#plan;
    if (!silent && length !== undefined && this.#exchange.bytes !== length) {
      this.#giveUp('the body is shorter than announced');
    } else {
      this.#exchange.response.end();
    }
  }

  error(error: Error): void {
    if (this.#exchange.gone) return;
    const failure = asProxyError(error);
    if (!this.#started) {
      sendError(this.#exchange, failure, 'proxied');
      return;
    }
    const { observer } = this.#exchange.settings;
    observer.failure(failure, this.#exchange.requestId);
    this.#exchange.cut(this.#framed());
  }

  /** It holds what others wait for: one of the few connections to the origin, or memory that they share. */
  #tooSlow(): void {
    this.#source.cancel();
    this.#exchange.cut(this.#framed());
  }

  #swallow(chunk: Buffer): void {
    this.#swallowed += chunk.length;
    if (this.#swallowed <= SWALLOW_BYTES) return;
    this.#source.cancel();
    this.#exchange.response.end();
  }

  #giveUp(message: string): void {
    this.#source.cancel();
    this.error(new ProxyError('origin_protocol', message));
  }

  /** Writes the head unless that is done; false when the client has gone or the head can't be written. */
  #startOnce(): boolean {
    if (this.#started) return true;
    if (this.#exchange.gone) return false;
    try {
      this.#plan.head();
      this.#started = true;
    } catch (error) {
      // Fields that Node refuses to print (a control character, say): nothing has been sent yet.
      this.#source.cancel();
      sendError(this.#exchange, unprintable(error), 'proxied');
    }
    return this.#started;
  }

  #framed(): boolean {
    return this.#plan.length !== undefined || this.#exchange.incoming.httpVersionMinor >= 1;
  }
}

/** A head of the origin's that can't be sent on. */
function unprintable(cause: unknown): ProxyError {
  return new ProxyError('origin_protocol', 'the origin sent a head that can not be passed on', { cause });
}
