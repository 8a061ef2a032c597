import type { Clock } from '../clock.js';
import { ProxyError } from '../errors.js';
import type { BodySink, BodySource } from '../origin/source.js';

/** A body whose first bytes have been looked at; reading it still yields all of it. */
export interface Peeked {
  /** At least as many bytes as were asked for, or all there are. */
  readonly start: Buffer;
  /** `start` is the whole body. */
  readonly whole: boolean;
  /** The body broke while its start was awaited; reading on finds the same. */
  readonly failure: Error | undefined;
  readonly body: BodySource;
}

/** How long the start of a body may take, ms. */
export interface Deadline {
  readonly clock: Clock;
  readonly ms: number;
}

/** Waits for the first `bytes` of a body, then asks its source to pause. Never rejects: a body that is late is given up, and has failed. */
export function peek(source: BodySource, bytes: number, deadline?: Deadline): Promise<Peeked> {
  return new Promise((resolve) => {
    let stopTimer: (() => void) | undefined;
    const body = new PeekedBody(source, bytes, (seen) => {
      stopTimer?.();
      resolve({ ...seen, body });
    });
    if (deadline !== undefined) {
      const { clock, ms } = deadline;
      stopTimer = clock.after(ms, () => {
        const late = new ProxyError('origin_timeout', `the origin's answer was not whole within ${ms} ms`);
        source.cancel(late);
        body.error(late);
      });
    }
    source.start(body);
  });
}

class PeekedBody implements BodySource, BodySink {
  readonly #source: BodySource;
  readonly #wanted: number;
  #onStart: ((seen: Omit<Peeked, 'body'>) => void) | undefined;
  #sink: BodySink | undefined;
  /** What came before there was a sink: a source may deliver some after `pause`. */
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** How it ended, until a sink has been told. */
  #ending: 'end' | Error | undefined;
  #paused = false;

  constructor(source: BodySource, wanted: number, onStart: (seen: Omit<Peeked, 'body'>) => void) {
    this.#source = source;
    this.#wanted = wanted;
    this.#onStart = onStart;
  }

  data(chunk: Buffer): void {
    if (this.#sink !== undefined && this.#held.length === 0) {
      this.#sink.data(chunk);
      return;
    }
    this.#held.push(chunk);
    this.#heldBytes += chunk.length;
    if (this.#onStart !== undefined && this.#heldBytes < this.#wanted) return;
    this.#source.pause();
    this.#seen(false);
  }

  end(): void {
    this.#finish('end');
  }

  error(error: Error): void {
    this.#finish(error);
  }

  start(sink: BodySink): void {
    this.#sink = sink;
    this.#drain();
  }

  pause(): void {
    this.#paused = true;
    this.#source.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#drain();
  }

  cancel(reason?: ProxyError): void {
    this.#held = [];
    this.#sink = undefined;
    this.#source.cancel(reason);
  }

  #finish(ending: 'end' | Error): void {
    this.#ending = ending;
    if (this.#sink !== undefined && this.#held.length === 0) this.#tell(this.#sink);
    else this.#seen(ending === 'end', ending === 'end' ? undefined : ending);
  }

  #tell(sink: BodySink): void {
    const ending = this.#ending;
    this.#ending = undefined;
    if (ending === 'end') sink.end();
    else if (ending !== undefined) sink.error(ending);
  }

  #seen(whole: boolean, failure?: Error): void {
    const onStart = this.#onStart;
    if (onStart === undefined) return;
    this.#onStart = undefined;
    // In one piece from here on: whoever stores it need not put it together again.
    const start = this.#held.length === 1 ? this.#held[0]! : Buffer.concat(this.#held, this.#heldBytes);
    this.#held = start.length === 0 ? [] : [start];
    onStart({ start, whole, failure });
  }

  #drain(): void {
    while (this.#held.length > 0 && !this.#paused && this.#sink !== undefined)
      this.#sink.data(this.#held.shift()!);
    if (this.#paused || this.#sink === undefined) return;
    if (this.#ending !== undefined) this.#tell(this.#sink);
    else this.#source.resume();
  }
}

/** A body that is already whole. */
export function wholeBody(bytes: Buffer): BodySource {
  let sink: BodySink | undefined;
  let paused = false;
  let sent = false;
  const flow = () => {
    if (sink === undefined || paused) return;
    const to = sink;
    if (!sent) {
      sent = true;
      if (bytes.length > 0) to.data(bytes);
      if (paused || sink === undefined) return;
    }
    sink = undefined;
    to.end();
  };
  return {
    start(to) {
      sink = to;
      flow();
    },
    pause() {
      paused = true;
    },
    resume() {
      if (!paused) return;
      paused = false;
      flow();
    },
    cancel() {
      sink = undefined;
    },
  };
}
