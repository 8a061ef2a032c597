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

/** Waits for the first `bytes` of a body, then asks its source to pause. Never rejects. */
export function peek(source: BodySource, bytes: number): Promise<Peeked> {
  return new Promise((resolve) => {
    const body = new PeekedBody(source, bytes, (seen) => resolve({ ...seen, body }));
    source.start(body);
  });
}

class PeekedBody implements BodySource, BodySink {
  readonly #source: BodySource;
  readonly #wanted: number;
  readonly #start: Buffer[] = [];
  #startBytes = 0;
  #onStart: ((seen: Omit<Peeked, 'body'>) => void) | undefined;
  #sink: BodySink | undefined;
  /** What came before there was a sink, in order: a source may deliver some after `pause`. */
  #held: ((sink: BodySink) => void)[] = [];
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
    this.#held.push((sink) => sink.data(chunk));
    if (this.#onStart !== undefined) {
      this.#start.push(chunk);
      this.#startBytes += chunk.length;
    }
    if (this.#onStart !== undefined && this.#startBytes < this.#wanted) return;
    this.#source.pause();
    this.#seen(false);
  }

  end(): void {
    this.#later((sink) => sink.end());
    this.#seen(true);
  }

  error(error: Error): void {
    this.#later((sink) => sink.error(error));
    this.#seen(false, error);
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

  cancel(): void {
    this.#held = [];
    this.#sink = undefined;
    this.#source.cancel();
  }

  #later(action: (sink: BodySink) => void): void {
    if (this.#sink !== undefined && this.#held.length === 0) {
      action(this.#sink);
      return;
    }
    this.#held.push(action);
  }

  #seen(whole: boolean, failure?: Error): void {
    if (this.#onStart === undefined) return;
    const start = this.#start.length === 1 ? this.#start[0]! : Buffer.concat(this.#start);
    this.#start.length = 0;
    this.#onStart({ start, whole, failure });
    this.#onStart = undefined;
  }

  #drain(): void {
    while (this.#held.length > 0 && !this.#paused && this.#sink !== undefined)
      this.#held.shift()!(this.#sink);
    if (!this.#paused && this.#sink !== undefined) this.#source.resume();
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
