import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** What is under way on one connection. */
export interface ConnectionState {
  /** What to call if the connection closes, one per request whose response has not left in full. */
  readonly active: Set<() => void>;
  /** `socket.bytesRead` when the last answer was complete: more since then is a request on its way. */
  readWhenIdle: number;
}

/**
 * The open connections of one listener and what they are busy with. Node's own `closeIdleConnections` takes a response
 * for done at `end()`, not when its bytes have left, and so cuts slow readers short; a stopping node must not.
 */
export class Connections {
  readonly #states = new Map<Socket, ConnectionState>();
  #active = 0;

  /** Open connections. */
  get size(): number {
    return this.#states.size;
  }

  /** Requests in flight on all of them. */
  get active(): number {
    return this.#active;
  }

  opened(socket: Socket): ConnectionState {
    const state: ConnectionState = { active: new Set(), readWhenIdle: 0 };
    this.#states.set(socket, state);
    socket.once('close', () => {
      // Node tells only the response whose turn it is; those pipelined behind it would wait for ever.
      for (const onClose of [...state.active]) onClose();
      this.#active -= state.active.size;
      this.#states.delete(socket);
    });
    return state;
  }

  /** Whether an answer is under way on this connection. */
  isBusy(socket: Duplex): boolean {
    return (this.#states.get(socket as Socket)?.active.size ?? 0) > 0;
  }

  /** A request has come in. `onClose` is called if the connection closes before `end`. */
  begin(socket: Socket, onClose: () => void): void {
    const state = this.#states.get(socket);
    if (state === undefined) return;
    state.active.add(onClose);
    this.#active++;
  }

  end(socket: Socket, onClose: () => void): void {
    const state = this.#states.get(socket);
    if (state?.active.delete(onClose) !== true) return;
    this.#active--;
    if (state.active.size === 0) state.readWhenIdle = socket.bytesRead;
  }

  /** Closes those on which nothing is under way: between two requests, or opened ahead of need. */
  closeIdle(): void {
    for (const [socket, { active, readWhenIdle }] of this.#states) {
      // What the fast path wrote is under way without being active.
      const left = socket.writableLength === 0;
      if (active.size === 0 && left && socket.bytesRead <= readWhenIdle) socket.destroy();
    }
  }

  closeAll(): void {
    for (const socket of this.#states.keys()) socket.destroy();
  }
}
