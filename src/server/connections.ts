import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { whenTaken } from './when-taken.js';

/** A request whose response has not left in full. */
interface Active {
  /** Whether the request has come in full. */
  readonly isWhole: () => boolean;
  /** To be called when all before it on its connection has left. */
  onTurn?: () => void;
}

/** What is under way on one connection. */
export interface ConnectionState {
  /** In the order in which they came, by what to call if the connection closes. */
  readonly active: Map<() => void, Active>;
  /** To be called when nothing is under way any more that may still be answered. */
  whenAnswered?: () => void;
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
    const state: ConnectionState = { active: new Map(), readWhenIdle: 0 };
    this.#states.set(socket, state);
    socket.once('close', () => {
      // Node tells only the response whose turn it is; those pipelined behind it would wait for ever.
      for (const onClose of [...state.active.keys()]) onClose();
      this.#active -= state.active.size;
      this.#states.delete(socket);
    });
    return state;
  }

  /** Whether an answer is under way on this connection. */
  isBusy(socket: Duplex): boolean {
    return (this.#states.get(socket as Socket)?.active.size ?? 0) > 0;
  }

  /**
   * A request has come in, its body perhaps not yet. `onClose` is called if the connection closes before `end`. How many were
   * under way on it before.
   */
  begin(socket: Socket, onClose: () => void, isWhole = always): number {
    const state = this.#states.get(socket);
    if (state === undefined) return 0;
    const before = state.active.size;
    state.active.set(onClose, { isWhole });
    this.#active++;
    return before;
  }

  /**
   * When a request that has begun may be answered: answers leave in the order of their requests (RFC 9112 section 9.3.2), so one that is
   * made before its turn is held for a client that may never come to read it. Undefined: now. Never, if the connection ends before.
   */
  turnOf(socket: Socket, onClose: () => void): Promise<void> | undefined {
    const state = this.#states.get(socket);
    const own = state?.active.get(onClose);
    if (state === undefined || own === undefined) return undefined;
    const isFirst = firstOf(state) === own;
    if (isFirst && socket.writableLength === 0) return undefined;
    return new Promise((resolve) => {
      if (!isFirst) own.onTurn = resolve;
      // What the fast path wrote is not active: this leaves behind it.
      else whenTaken(socket, () => socket.writable && resolve());
    });
  }

  end(socket: Socket, onClose: () => void): void {
    const state = this.#states.get(socket);
    if (state?.active.delete(onClose) !== true) return;
    this.#active--;
    if (state.active.size === 0) state.readWhenIdle = socket.bytesRead;
    else if (socket.writable) firstOf(state)?.onTurn?.();
    if (state.whenAnswered !== undefined) this.#soonAnswered(state);
  }

  /**
   * Calls `then` once every request that came in full has its answer; to one that did not there may be none. Never in this turn: an
   * answer may be a promise away. Asked for again it changes nothing.
   */
  whenAnswered(socket: Duplex, then: () => void): void {
    const state = this.#states.get(socket as Socket);
    if (state === undefined || state.whenAnswered !== undefined) return;
    state.whenAnswered = then;
    this.#soonAnswered(state);
  }

  #soonAnswered(state: ConnectionState): void {
    setImmediate(() => {
      for (const { isWhole } of state.active.values()) if (isWhole()) return;
      const { whenAnswered } = state;
      state.whenAnswered = alreadyCalled;
      whenAnswered?.();
    });
  }

  /** Closes those on which nothing is under way: between two requests, or opened ahead of need. */
  closeIdle(): void {
    for (const [socket, { active, readWhenIdle }] of this.#states) {
      // What the fast path wrote is under way without being active.
      const drained = socket.writableLength === 0;
      if (active.size === 0 && drained && socket.bytesRead <= readWhenIdle) socket.destroy();
    }
  }

  closeAll(): void {
    for (const socket of this.#states.keys()) socket.destroy();
  }
}

function firstOf({ active }: ConnectionState): Active | undefined {
  for (const first of active.values()) return first;
  return undefined;
}

const always = () => true;
const alreadyCalled = () => {};
