import { promisify } from 'node:util';
import { createGunzip, type Gunzip, gunzip } from 'node:zlib';
import { announced } from '../cache/inflate.js';
import { ProxyError } from '../errors.js';
import type { BodySink, BodySource } from '../origin/source.js';

const inflate = promisify(gunzip);

/** Up to this many bytes, decoded, a body is decoded in one go and then has a known length. */
const WHOLE_BYTES = 4 * 1024 * 1024;

/**
 * The decoded bytes of a gzip body, made off the event loop; undefined when they are too many to be held for one
 * client, who is then sent them as a stream.
 */
export async function decodeWhole(body: Buffer): Promise<Buffer | undefined> {
  // Good enough to decide, and the bound holds in any case.
  if (announced(body) > WHOLE_BYTES) return undefined;
  try {
    return await inflate(body, { maxOutputLength: WHOLE_BYTES });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') return undefined;
    throw new ProxyError('internal', 'a stored body can not be decoded', { cause: error });
  }
}

/** A gzip body, decoded as it flows. Back-pressure goes through: neither side holds more than zlib's own buffers. */
export class DecodedSource implements BodySource, BodySink {
  readonly #source: BodySource;
  readonly #gunzip: Gunzip;
  #sink: BodySink | undefined;
  #empty = true;

  constructor(source: BodySource) {
    this.#source = source;
    this.#gunzip = createGunzip();
  }

  start(sink: BodySink): void {
    this.#sink = sink;
    this.#gunzip.on('data', (chunk: Buffer) => this.#sink?.data(chunk));
    this.#gunzip.on('drain', () => this.#source.resume());
    this.#gunzip.on('end', () => this.#settle()?.end());
    this.#gunzip.on('error', (cause) => {
      this.#source.cancel();
      this.#settle()?.error(new ProxyError('origin_protocol', 'the body is not valid gzip', { cause }));
    });
    this.#source.start(this);
  }

  pause(): void {
    this.#gunzip.pause();
  }

  resume(): void {
    this.#gunzip.resume();
  }

  cancel(): void {
    this.#sink = undefined;
    this.#source.cancel();
    this.#gunzip.destroy();
  }

  data(chunk: Buffer): void {
    this.#empty = false;
    if (!this.#gunzip.write(chunk)) this.#source.pause();
  }

  end(): void {
    if (!this.#empty) {
      this.#gunzip.end();
      return;
    }
    // No bytes have no coding, whatever their head says.
    const sink = this.#settle();
    this.#gunzip.destroy();
    sink?.end();
  }

  error(error: Error): void {
    const sink = this.#settle();
    this.#gunzip.destroy();
    sink?.error(error);
  }

  /** The sink, for its last call. */
  #settle(): BodySink | undefined {
    const sink = this.#sink;
    this.#sink = undefined;
    return sink;
  }
}

/** Bytes at hand as a body: for what is too long to be decoded in one go. */
export function bufferSource(body: Buffer): BodySource {
  let sink: BodySink | undefined;
  let paused = false;
  let at = 0;
  let pumping = false;
  const pump = () => {
    if (pumping) return;
    pumping = true;
    while (sink !== undefined && !paused) {
      if (at >= body.length) {
        const last = sink;
        sink = undefined;
        last.end();
        break;
      }
      const chunk = body.subarray(at, at + CHUNK_BYTES);
      at += chunk.length;
      sink.data(chunk);
    }
    pumping = false;
  };
  return {
    start: (to) => {
      sink = to;
      pump();
    },
    pause: () => {
      paused = true;
    },
    resume: () => {
      paused = false;
      pump();
    },
    cancel: () => {
      sink = undefined;
    },
  };
}

const CHUNK_BYTES = 64 * 1024;
