import type { BodySink, BodySource } from '../origin/source.js';

/** A body whose first bytes have been looked at; reading it still yields all of it. */
export interface Peeked {
  /** The first piece as it came; empty when the body is empty or broke at once. */
  readonly start: Buffer;
  readonly body: BodySource;
}

/** Waits for the first piece of a body and stops it there. Never rejects: a failure is found by whoever reads on. */
export function peek(source: BodySource): Promise<Peeked> {
  return new Promise((resolve) => {
    const body = new PeekedBody(source, (start) => resolve({ start, body }));
    source.start(body);
  });
}

class PeekedBody implements BodySource, BodySink {
  readonly #source: BodySource;
  #onFirst: ((start: Buffer) => void) | undefined;
  #sink: BodySink | undefined;
  /** What came before there was a sink, in order: a source may deliver some after `pause`. */
  #held: ((sink: BodySink) => void)[] = [];
  #paused = false;

  constructor(source: BodySource, onFirst: (start: Buffer) => void) {
    this.#source = source;
    this.#onFirst = onFirst;
  }

  data(chunk: Buffer): void {
    if (this.#sink !== undefined && this.#held.length === 0) {
      this.#sink.data(chunk);
      return;
    }
    this.#held.push((sink) => sink.data(chunk));
    this.#source.pause();
    this.#first(chunk);
  }

  end(): void {
    this.#later((sink) => sink.end());
  }

  error(error: Error): void {
    this.#later((sink) => sink.error(error));
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
    this.#first(EMPTY);
  }

  #first(chunk: Buffer): void {
    this.#onFirst?.(chunk);
    this.#onFirst = undefined;
  }

  #drain(): void {
    while (this.#held.length > 0 && !this.#paused && this.#sink !== undefined)
      this.#held.shift()!(this.#sink);
    if (!this.#paused && this.#sink !== undefined) this.#source.resume();
  }
}

const EMPTY = Buffer.alloc(0);

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
