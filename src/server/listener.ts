import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, Server as NetServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { ProxyError } from '../errors.js';
import { DoorCounts, type RequestBound } from '../observe/metrics-doors.js';
import type { App } from './app.js';
import { ConnectionLimit, type DoorBounds } from './connection-limit.js';
import { Connections } from './connections.js';
import type { Drainable } from './draining.js';
import { problemBody } from './error-response.js';
import { Exchange } from './exchange.js';
import { FastConnection } from './fast-connection.js';
import type { FastPath } from './fast-path.js';
import { HeadBytes, headBytesOf } from './head-bytes.js';
import { type ConnectionLimits, LIMITS } from './limits.js';

/** What Node's parser says, and what the client is told. */
const PARSER_FAULTS: Readonly<Record<string, readonly [status: number, text: string, message: string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large', 'the request line and fields are too long'],
  NO_HOST: [400, 'Bad Request', 'the request has no Host line'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout', 'the request did not arrive in time'],
};
/** A client that was refused a tunnel or a connection has so long, ms, to hang up. */
const REFUSED_MS = 1000;
/** Refused connections that are given that time; the rest are reset. */
const MOST_REFUSED = 1000;
/** Requests under way on one connection; nobody pipelines so many but to make us hold them. */
const MOST_PIPELINED = 1000;
/** As node:http says of a connection that stays silent. */
const NO_REQUEST: NodeJS.ErrnoException = Object.assign(new Error('no request came'), {
  code: 'ERR_HTTP_REQUEST_TIMEOUT',
});
/** RFC 9112 section 3.2. node:http would say so by itself, and go on with what stands behind. */
const NO_HOST: NodeJS.ErrnoException = Object.assign(new Error('no Host'), { code: 'NO_HOST' });
const PARSER_FAULT = [400, 'Bad Request', 'this is not a well-formed HTTP/1 request'] as const;

/** What a listener bounds, and where it counts. */
export interface Doors {
  readonly bounds: () => DoorBounds;
  /** Proxies, each of which speaks for many clients. */
  readonly isProxy: (address: string) => boolean;
  readonly counts: DoorCounts;
}

const NO_BOUND = Number.POSITIVE_INFINITY;
const OPEN_DOORS = () => ({
  bounds: () => ({ connections: NO_BOUND, perClient: 0, requests: NO_BOUND }),
  isProxy: () => false,
  counts: new DoorCounts(),
});

/** One port: an HTTP/1 server, its connections and the app that answers. */
export class Listener implements Drainable {
  readonly server: Server;
  readonly connections = new Connections();
  readonly #app: App;
  readonly #doors: Doors;
  readonly #limit: ConnectionLimit;
  readonly #heads = new HeadBytes();
  /** Refused, and not closed yet. */
  #refused = 0;
  /** Connections that end with a refusal: what stands behind it is not looked at. */
  readonly #ending = new WeakSet<Duplex>();

  /** `fastPath`: answers hot requests before node:http sees them. */
  constructor(app: App, fastPath?: FastPath, doors: Doors = OPEN_DOORS(), limits: ConnectionLimits = LIMITS) {
    this.#app = app;
    this.#doors = doors;
    this.#limit = new ConnectionLimit(doors.bounds, doors.isProxy);
    this.server = createServer({ ...limits, requireHostHeader: false });
    this.server.timeout = limits.stallTimeout;
    this.server.on('timeout', (socket: Socket) => this.#onSilence(socket));
    this.#watchTheDoor(fastPath, limits);
    this.server.on('request', (incoming, response) => this.#accept(incoming, response, false));
    // Without this Node says `100 Continue` before anyone has looked at the head.
    this.server.on('checkContinue', (incoming, response) => this.#accept(incoming, response, true));
    this.server.on('clientError', (error: NodeJS.ErrnoException, socket) => this.#refuseBytes(error, socket));
    this.server.on('connect', (incoming, socket) => this.#refuseTunnel(incoming, socket));
  }

  /** Resolves once connections are accepted; rejects when the address can't be had (port in use, say). */
  listen(port: number, host?: string): Promise<AddressInfo> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen({ port, host }, () => {
        this.server.off('error', reject);
        // A connection that the system could not give: there will be others.
        this.server.on('error', (error) => this.#doors.counts.refuse('system', error));
        resolve(this.server.address() as AddressInfo);
      });
    });
  }

  stopAccepting(): Promise<void> {
    return new Promise((resolve) => {
      // net's close, not http's, which also destroys connections whose responses are still leaving (connections.ts).
      // An error means it wasn't listening: nothing is left to close.
      NetServer.prototype.close.call(this.server, () => resolve());
    });
  }

  closeIdle(): void {
    this.connections.closeIdle();
  }

  closeAll(): void {
    this.connections.closeAll();
  }

  /** Connections are let in within bounds, and begin with the fast path, which gives node:http what is not for it. */
  #watchTheDoor(path: FastPath | undefined, limits: ConnectionLimits): void {
    const { server, connections } = this;
    const { counts } = this.#doors;
    const handOver = server.listeners('connection') as ((socket: Socket) => void)[];
    server.removeAllListeners('connection');
    const times = { firstRequest: limits.headersTimeout, keepAlive: limits.keepAliveTimeout };
    const attach = (socket: Socket) => {
      for (const listener of handOver) listener.call(server, socket);
    };
    const tooLate = (socket: Socket) => this.#refuseBytes(NO_REQUEST, socket);
    server.on('connection', (socket: Socket) => {
      const leave = this.#limit.enter(socket.remoteAddress);
      if (typeof leave === 'string') {
        counts.refuse(leave);
        this.#refuseConnection(leave, socket);
        return;
      }
      counts.connections++;
      socket.once('close', () => {
        counts.connections--;
        leave();
      });
      if (path === undefined) attach(socket);
      const state = connections.opened(socket);
      if (path !== undefined) {
        new FastConnection(socket, { path, connections, state, times, attach, tooLate });
      }
    });
  }

  /** One too many: told so before it has asked, in the form of management as no path is known. */
  #refuseConnection(bound: 'connections' | 'client', socket: Socket): void {
    if (this.#refused >= MOST_REFUSED) {
      socket.resetAndDestroy();
      return;
    }
    this.#refused++;
    socket.once('close', () => this.#refused--);
    const error =
      bound === 'client'
        ? new ProxyError('client_full', 'your address has too many connections')
        : new ProxyError('node_full', 'there are too many connections');
    const reason = bound === 'client' ? 'Too Many Requests' : 'Service Unavailable';
    endWith(socket, `${error.status} ${reason}`, problemBody(error), 'Retry-After: 1\r\n');
    // What it asks is not read, but taken: unread bytes would make the system reset the connection before it reads the answer.
    socket.resume();
  }

  #accept(incoming: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void {
    const { socket } = incoming;
    if (this.#ending.has(socket)) {
      socket.pause(); // what stands behind a refusal is not even read: nothing bounds it
      return;
    }
    if (incoming.httpVersionMinor === 1 && incoming.headers.host === undefined) {
      this.#refuseBytes(NO_HOST, socket);
      return;
    }
    const exchange = new Exchange(incoming, response, this.#app.settings, expectsContinue);
    const { counts } = this.#doors;
    const bytes = headBytesOf(incoming);
    let open = true;
    const closed = () => {
      if (!open) return;
      open = false;
      counts.requests--;
      this.#heads.leave(socket, bytes);
      this.connections.end(socket, closed);
      exchange.closed();
    };
    counts.requests++;
    const before = this.connections.begin(socket, closed, () => incoming.complete);
    response.once('close', closed);
    exchange.turn = this.connections.turnOf(socket, closed);
    const reached = this.#reached(before, bytes, socket);
    // Behind one that waits a refusal would have to be held as well: such a connection is closed.
    if (reached === 'pipelined' || (reached !== undefined && before > 0)) {
      counts.refuse(reached);
      socket.destroy();
    } else {
      this.#app.handle(exchange, reached);
    }
  }

  /** The bound that a request with so many bytes of head has reached, behind `before` others of its connection. */
  #reached(before: number, bytes: number, socket: Socket): RequestBound | 'pipelined' | undefined {
    const { counts, bounds } = this.#doors;
    const heads = this.#heads.enter(socket, bytes);
    if (before >= MOST_PIPELINED || heads === 'connection') return 'pipelined';
    if (heads === 'all') return 'heads';
    return counts.requests <= bounds().requests ? undefined : 'requests';
  }

  /** Nothing was read or taken for a while. Who waits for an answer, or still sends a body, has other bounds. */
  #onSilence(socket: Socket): void {
    if (!this.connections.isBusy(socket) || socket.writableLength > 0) socket.destroy();
  }

  /** What the parser could not read. Requests before it are answered; then the client is told, and the connection ends. */
  #refuseBytes(error: NodeJS.ErrnoException, socket: Duplex): void {
    this.#ending.add(socket);
    if (!socket.writable || error.code === 'ECONNRESET') socket.destroy();
    else this.connections.whenAnswered(socket, () => this.#refuse(error, socket));
  }

  #refuse(error: NodeJS.ErrnoException, socket: Duplex): void {
    // Into an answer nothing may be written: it is one to a request of which the rest is what could not be read.
    if (!socket.writable || this.connections.isBusy(socket)) {
      socket.destroy();
      return;
    }
    const [status, text, message] = PARSER_FAULTS[error.code ?? ''] ?? PARSER_FAULT;
    const problem = problemBody(new ProxyError('bad_request', message), status);
    endWith(socket, `${status} ${text}`, problem);
  }

  /** CONNECT comes with a bare socket instead of a response. */
  #refuseTunnel(incoming: IncomingMessage, socket: Duplex): void {
    if (this.connections.isBusy(socket)) {
      socket.destroy(); // as in #refuse: answers to what was asked before are still to come
      return;
    }
    const { settings } = this.#app;
    const { status, type, body } = connectRefusal();
    endWith(socket, `${status} Method Not Allowed`, { type, body });
    settings.observer.request({
      method: 'CONNECT',
      path: '*',
      status,
      bytes: body.length,
      ms: 0,
      outcome: undefined,
      requestId: '-',
      client: settings.clientAddress(incoming),
      aborted: false,
    });
  }
}

function connectRefusal(): { status: number; type: string; body: string } {
  const error = new ProxyError('method_refused', 'CONNECT is not served: this is not a forward proxy');
  return { status: error.status, ...problemBody(error) };
}

interface Problem {
  readonly type: string;
  readonly body: string;
}

/** An answer without a request that node:http knows of, and nothing after it. */
function sendLast(socket: Duplex, status: string, { type, body }: Problem, fields = ''): void {
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${fields}Connection: close\r\n\r\n${body}`,
  );
}

/** The same on a socket that nobody reads any more: it does not stay half open for as long as the client likes, not even if that goes on sending. */
function endWith(socket: Duplex, status: string, problem: Problem, fields?: string): void {
  socket.on('error', () => socket.destroy()); // the client left without hearing the answer
  const patience = setTimeout(() => socket.destroy(), REFUSED_MS);
  socket.once('close', () => clearTimeout(patience));
  sendLast(socket, status, problem, fields);
}
