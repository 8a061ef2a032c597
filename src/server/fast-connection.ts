import type { Socket } from 'node:net';
import type { ConnectionState, Connections } from './connections.js';
import type { Late } from './fast-path.js';
import { readIntoOneBuffer } from './one-buffer.js';

/** Times of a connection that node:http has not been given yet, ms; its own then apply. */
export interface FirstTimes {
  /** Until its first request is complete. */
  readonly firstRequest: number;
  /** Between two requests. */
  readonly keepAlive: number;
}

/** What answers on a socket before node:http does; a `FastPath` is one. */
export interface SocketPath<Request = unknown> {
  /** Undefined for whatever is not exactly one request of its kind. */
  read(chunk: Buffer): Request | undefined;
  answer(request: Request, socket: Socket): boolean | Late;
}

export interface FastConnectionParts {
  readonly path: SocketPath;
  readonly connections: Connections;
  readonly state: ConnectionState;
  readonly times: FirstTimes;
  /** Gives the socket to node:http. */
  readonly attach: (socket: Socket) => void;
  /** Tells the client that no request came in time, and closes. */
  readonly tooLate: (socket: Socket) => void;
}

type Feed = (chunk: Buffer) => void;

/**
 * One connection between the fast path and node:http. Three stages: *new*, node:http does not know it; *shared*, node:http
 * has it but is given its bytes from here, and so far only whole plain requests, so that it waits for the next one
 * whenever no answer is under way; *given up*, after the first chunk that was anything else, for the rest of its life.
 *
 * node:http's own listener of `data` is called in its place; that it works so is what `http.Server`'s `connection` event
 * and its support of any Duplex rest on, and test/unit/server/fast-connection.test.ts would notice a change. Bytes are a view
 * of a buffer that the next read overwrites: whatever outlives the call is copied (`kept`).
 */
export class FastConnection {
  readonly #socket: Socket;
  readonly #parts: FastConnectionParts;
  /** node:http's listener, once it has the socket. */
  #http: Feed | undefined;
  #givenUp = false;
  #answered = false;
  /** What came while an answer waits for L2. */
  #waiting: Buffer[] | undefined;
  #ended = false;

  constructor(socket: Socket, parts: FastConnectionParts) {
    this.#socket = socket;
    this.#parts = parts;
    socket.setTimeout(parts.times.firstRequest);
    socket.on('timeout', this.#onTimeout);
    socket.on('error', this.#onError);
    socket.on('end', this.#onEnd);
    socket.on('data', this.#onData);
    readIntoOneBuffer(socket, this.#onView);
  }

  /** A view of the one buffer. What is given up gets it as any socket's data: node:http may listen no more (after CONNECT). */
  readonly #onView = (view: Buffer): void => {
    if (this.#givenUp) this.#socket.emit('data', kept(view));
    else this.#onData(view);
  };

  readonly #onData = (chunk: Buffer): void => {
    if (this.#waiting !== undefined) {
      // Pipelined behind a request that waits for L2: its turn comes.
      this.#waiting.push(kept(chunk));
      this.#socket.pause();
      return;
    }
    const { path } = this.#parts;
    const request = path.read(chunk);
    if (request === undefined) {
      this.#giveUp(chunk);
      return;
    }
    const answered = this.#isIdle() && path.answer(request, this.#socket);
    if (typeof answered === 'boolean') this.#settle(answered, chunk);
    else void this.#wait(answered, kept(chunk));
  };

  #settle(answered: boolean, chunk: Buffer): void {
    if (!answered) {
      this.#pass(chunk);
      return;
    }
    this.#parts.state.readWhenIdle += chunk.length;
    if (this.#answered) return;
    this.#answered = true;
    if (this.#http === undefined) this.#socket.setTimeout(this.#parts.times.keepAlive);
  }

  async #wait({ answered, left }: Late, chunk: Buffer): Promise<void> {
    const { connections, state } = this.#parts;
    const socket = this.#socket;
    const read = state.readWhenIdle;
    this.#waiting = [];
    connections.begin(socket, left);
    const done = await answered;
    // Still begun: if it has not been told `left` yet it will be, when the socket says `close`.
    if (socket.destroyed) return;
    const waiting: Buffer[] = this.#waiting;
    this.#waiting = undefined;
    connections.end(socket, left);
    state.readWhenIdle = read; // this chunk is counted by #settle, and those that wait when their turn comes
    this.#settle(done, chunk);
    if (this.#ended) this.#onEnd();
    if (waiting.length === 0) return;
    socket.resume();
    for (const next of waiting) this.#onView(next);
  }

  /** No answer is under way, and the client has taken those before. */
  #isIdle(): boolean {
    const { state } = this.#parts;
    return state.active.size === 0 && this.#socket.writableLength === 0 && this.#socket.writable;
  }

  /** Gives node:http a whole plain request. */
  #pass(chunk: Buffer): void {
    if (this.#http === undefined) {
      this.#http = this.#attach();
      // Adding a listener makes node:http stop reading from the handle underneath.
      this.#socket.on('data', this.#onData);
      this.#socket.off('data', this.#http);
    }
    this.#http.call(this.#socket, kept(chunk));
  }

  /** Leaves the connection to node:http, beginning with this chunk. */
  #giveUp(chunk: Buffer): void {
    this.#givenUp = true;
    if (this.#http === undefined) {
      this.#http = this.#attach();
    } else {
      this.#socket.off('data', this.#onData);
      this.#socket.on('data', this.#http);
    }
    this.#socket.emit('data', kept(chunk));
  }

  /** Resigns in favour of node:http and returns its listener of `data`. */
  #attach(): Feed {
    const socket = this.#socket;
    socket.off('data', this.#onData);
    socket.off('end', this.#onEnd);
    socket.off('error', this.#onError);
    socket.off('timeout', this.#onTimeout);
    socket.setTimeout(0);
    const before = new Set(socket.listeners('data'));
    this.#parts.attach(socket);
    const feed = socket.listeners('data').find((listener) => !before.has(listener));
    if (feed !== undefined) return feed as Feed;
    socket.destroy(); // no Node on which fast-path-probe.ts lets this class be used
    return () => {};
  }

  readonly #onTimeout = (): void => {
    if (this.#answered) this.#socket.destroy();
    else this.#parts.tooLate(this.#socket);
  };

  readonly #onError = (): void => {
    this.#socket.destroy();
  };

  /** What was written still leaves. */
  readonly #onEnd = (): void => {
    this.#ended = true;
    if (this.#waiting === undefined) this.#socket.end();
  };
}

function kept(chunk: Buffer): Buffer {
  return Buffer.from(chunk);
}
