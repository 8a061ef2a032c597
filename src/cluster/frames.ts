import type { Socket } from 'node:net';
import { ProxyError } from '../errors.js';

/** Kinds of frames between a worker and the core. */
export const Frame = {
  request: 1,
  info: 2,
  head: 3,
  data: 4,
  end: 5,
  error: 6,
  coded: 7,
  made: 8,
  phases: 9,
} as const;
export type FrameType = (typeof Frame)[keyof typeof Frame];

/** Head of a frame: four bytes length of the payload, one byte type. */
const HEAD_BYTES = 5;

/** Writes a frame. False when the socket's buffer is full: wait for `drain`. */
export function writeFrame(socket: Socket, type: FrameType, payload: Buffer = EMPTY): boolean {
  const head = Buffer.allocUnsafe(HEAD_BYTES);
  head.writeUInt32BE(payload.length, 0);
  head[4] = type;
  if (payload.length === 0) return socket.write(head);
  socket.cork();
  socket.write(head);
  const free = socket.write(payload);
  socket.uncork();
  return free;
}

/** Writes a value as a JSON frame. */
export function writeJson(socket: Socket, type: FrameType, value: unknown): boolean {
  return writeFrame(socket, type, Buffer.from(JSON.stringify(value)));
}

/**
 * Cuts a stream of bytes into frames. Data is handed on in the pieces it came in, so that a large body is never
 * gathered; other frames are gathered whole.
 */
export class FrameReader {
  readonly #onFrame: (type: number, payload: Buffer) => void;
  readonly #mostBytes: number;
  #pending: Buffer = EMPTY;
  /** Bytes of the current data frame still to come. */
  #dataLeft = 0;

  /** @param mostBytes of a frame that is gathered; `push` throws when one is to be longer */
  constructor(onFrame: (type: number, payload: Buffer) => void, mostBytes = Number.POSITIVE_INFINITY) {
    this.#onFrame = onFrame;
    this.#mostBytes = mostBytes;
  }

  push(bytes: Buffer): void {
    let rest = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
    while (rest.length > 0) {
      if (this.#dataLeft > 0) {
        const piece = rest.subarray(0, this.#dataLeft);
        rest = rest.subarray(piece.length);
        this.#dataLeft -= piece.length;
        this.#onFrame(Frame.data, piece);
        continue;
      }
      if (rest.length < HEAD_BYTES) break;
      const length = rest.readUInt32BE(0);
      const type = rest[4]!;
      if (type === Frame.data) {
        this.#dataLeft = length;
        rest = rest.subarray(HEAD_BYTES);
        continue;
      }
      if (length > this.#mostBytes) throw new ProxyError('internal', `a frame of ${length} bytes`);
      if (rest.length < HEAD_BYTES + length) break;
      const payload = rest.subarray(HEAD_BYTES, HEAD_BYTES + length);
      rest = rest.subarray(HEAD_BYTES + length);
      this.#onFrame(type, payload);
    }
    this.#pending = rest;
  }
}

const EMPTY = Buffer.alloc(0);
