import type { Socket } from 'node:net';
import type { Clock } from '../clock.js';
import { Multiset } from './multiset.js';

/** Bodies of the largest size that may be on their way beside what memory holds in any case. */
export const MOST_BESIDE = 4;
/** What a client is taken to read while that is not known yet, bytes/ms: as much as one has to that keeps others waiting. */
const NEW_RATE = (64 * 1024) / 1000;
/** From when on it is known, ms. */
const NEW_MS = 1000;

export interface OutgoingOptions {
  readonly clock: Pick<Clock, 'steady'>;
  /** Bound of the bodies together, bytes; it may change. */
  readonly mostBytes: () => number;
  /** Told of each reader that is cut. */
  readonly onCut: () => void;
}

/** A connection that has not taken all of its answer. */
interface Reader {
  readonly socket: Socket;
  readonly memory: ArrayBufferLike;
  readonly since: number;
  /** Bytes it had still to take then. */
  readonly toTake: number;
}

/**
 * Bodies that clients have asked for and not taken, of all listeners of a process. While it is being sent a body is in memory, whether any
 * tier holds it or not; whoever asks for much and reads little would make that grow without end. Beyond the bound the slowest reader is
 * cut, so that those who read are not made to pay for those who do not. A body that many are sent counts once.
 */
export class Outgoing {
  readonly #options: OutgoingOptions;
  readonly #readers = new Set<Reader>();
  /** How many are being sent each. */
  readonly #bodies = new Multiset<ArrayBufferLike>();
  #bytes = 0;

  constructor(options: OutgoingOptions) {
    this.#options = options;
  }

  /** Of all bodies on their way. */
  get bytes(): number {
    return this.#bytes;
  }

  /** To be called when an answer was handed to its socket, which has not taken all of it; gives what to call when it has, or has closed. */
  hold(socket: Socket, body: Buffer): () => void {
    const memory = body.buffer;
    const reader = { socket, memory, since: this.#options.clock.steady(), toTake: leftOf(socket) };
    this.#readers.add(reader);
    const isFirst = this.#bodies.count(memory) === 0;
    this.#bodies.add(memory);
    if (isFirst) {
      this.#bytes += memory.byteLength;
      this.#makeRoom();
    }
    return () => this.#release(reader);
  }

  #makeRoom(): void {
    while (this.#bytes > this.#options.mostBytes()) {
      const slowest = this.#slowest();
      if (slowest === undefined) return;
      this.#release(slowest);
      // Not ended: what the system has taken would be kept for a client that does not come for it.
      slowest.socket.resetAndDestroy();
      this.#options.onCut();
    }
  }

  #slowest(): Reader | undefined {
    const now = this.#options.clock.steady();
    let slowest: Reader | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const reader of this.#readers) {
      const rate = rateOf(reader, now);
      if (rate >= least) continue;
      least = rate;
      slowest = reader;
    }
    return slowest;
  }

  #release(reader: Reader): void {
    if (!this.#readers.delete(reader)) return;
    const { memory } = reader;
    this.#bodies.remove(memory);
    if (this.#bodies.count(memory) === 0) this.#bytes -= memory.byteLength;
  }
}

/** What the client has made room for since, bytes/ms. */
function rateOf({ socket, since, toTake }: Reader, now: number): number {
  const ms = now - since;
  return ms < NEW_MS ? NEW_RATE : (toTake - leftOf(socket)) / ms;
}

/** What net.Socket watches progress by, too; its own count goes down when a whole write has left. */
interface Handled {
  readonly _handle?: { readonly writeQueueSize?: number } | null;
}

/** Bytes that the system has not taken. */
function leftOf(socket: Socket): number {
  return (socket as unknown as Handled)._handle?.writeQueueSize ?? socket.writableLength;
}
