import type { BodySink, BodySource } from '../origin/source.js';
import type { HeldBytes } from './broadcast.js';

export interface TeeParts {
  readonly source: BodySource;
  /** A longer body flows on, but is not kept, bytes. */
  readonly maxBytes: number;
  /** What all such bodies of the process hold together (I-17). */
  readonly held: HeldBytes;
  /** The body has ended and was kept. Not called of one that broke off, was given up or outgrew a bound. */
  readonly onWhole: (body: Buffer) => void;
}

/** A body on its way to its one reader, whose pace it keeps, and kept beside it until whole. */
export class Tee implements BodySource, BodySink {
  readonly #parts: TeeParts;
  #sink: BodySink | undefined;
  /** Undefined once the body is not to be kept any more. */
  #chunks: Buffer[] | undefined = [];
  #bytes = 0;

  constructor(parts: TeeParts) {
    this.#parts = parts;
  }

  start(sink: BodySink): void {
    this.#sink = sink;
    this.#parts.source.start(this);
  }

  pause(): void {
    this.#parts.source.pause();
  }

  resume(): void {
    this.#parts.source.resume();
  }

  cancel(): void {
    this.#drop();
    this.#sink = undefined;
    this.#parts.source.cancel();
  }

  data(chunk: Buffer): void {
    this.#keep(chunk);
    this.#sink?.data(chunk);
  }

  end(): void {
    const body = this.#chunks && Buffer.concat(this.#chunks, this.#bytes);
    this.#drop();
    if (body !== undefined) this.#parts.onWhole(body);
    this.#sink?.end();
  }

  error(error: Error): void {
    this.#drop();
    this.#sink?.error(error);
  }

  #keep(chunk: Buffer): void {
    if (this.#chunks === undefined) return;
    const { held, maxBytes } = this.#parts;
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    held.add(chunk.length);
    if (this.#bytes > maxBytes || held.full) this.#drop();
  }

  #drop(): void {
    if (this.#chunks === undefined) return;
    this.#parts.held.add(-this.#bytes);
    this.#chunks = undefined;
  }
}
