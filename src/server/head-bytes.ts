import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

/** What the heads of one connection may take while their answers have not left, bytes: eight of the largest, hundreds of usual ones. */
const MOST_OF_CONNECTION = 1024 * 1024;
/** What all heads of a listener may take, bytes. */
const MOST_BYTES = 64 * 1024 * 1024;
/** What a field line takes in memory beside its bytes: two strings and their places, as measured. */
const FIELD_BYTES = 128;

/** Heads of requests that are under way: a head of 32 KiB can take four times that, and who pipelines sends many. */
export class HeadBytes {
  readonly #ofConnection = new WeakMap<Socket, number>();
  #all = 0;

  /** Takes in what `leave` is to be told, and says which bound that exceeds. */
  enter(socket: Socket, bytes: number): 'connection' | 'all' | undefined {
    const ofConnection = (this.#ofConnection.get(socket) ?? 0) + bytes;
    this.#ofConnection.set(socket, ofConnection);
    this.#all += bytes;
    if (ofConnection > MOST_OF_CONNECTION) return 'connection';
    return this.#all > MOST_BYTES ? 'all' : undefined;
  }

  leave(socket: Socket, bytes: number): void {
    this.#ofConnection.set(socket, this.#ofConnection.get(socket)! - bytes);
    this.#all -= bytes;
  }
}

/** What a head takes in memory, bytes. */
export function headBytesOf({ url = '', rawHeaders }: Pick<IncomingMessage, 'url' | 'rawHeaders'>): number {
  let bytes = url.length + (rawHeaders.length / 2) * FIELD_BYTES;
  for (const text of rawHeaders) bytes += text.length;
  return bytes;
}
