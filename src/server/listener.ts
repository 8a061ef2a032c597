import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, Server as NetServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { ProxyError } from '../errors.js';
import type { App } from './app.js';
import { Connections } from './connections.js';
import type { Drainable } from './draining.js';
import { problemBody } from './error-response.js';
import { Exchange } from './exchange.js';
import { FastConnection } from './fast-connection.js';
import type { FastPath } from './fast-path.js';
import { type ConnectionLimits, LIMITS } from './limits.js';

/** What Node's parser says, and what the client is told. */
const PARSER_FAULTS: Readonly<Record<string, readonly [status: number, text: string, message: string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large', 'the request line and fields are too long'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout', 'the request did not arrive in time'],
};
/** A client that was refused a tunnel has so long, ms, to hang up. */
const REFUSED_TUNNEL_MS = 1000;
/** As node:http says of a connection that stays silent. */
const NO_REQUEST: NodeJS.ErrnoException = Object.assign(new Error('no request came'), {
  code: 'ERR_HTTP_REQUEST_TIMEOUT',
});
const PARSER_FAULT = [400, 'Bad Request', 'this is not a well-formed HTTP/1 request'] as const;

/** One port: an HTTP/1 server, its connections and the app that answers. */
export class Listener implements Drainable {
  readonly server: Server;
  readonly connections = new Connections();
  readonly #app: App;

  /** `fastPath`: answers hot requests before node:http sees them. */
  constructor(app: App, fastPath?: FastPath, limits: ConnectionLimits = LIMITS) {
    this.#app = app;
    this.server = createServer(limits);
    this.server.timeout = limits.stallTimeout;
    this.server.on('timeout', (socket: Socket) => this.#onSilence(socket));
    if (fastPath === undefined) {
      this.server.on('connection', (socket: Socket) => void this.connections.opened(socket));
    } else {
      this.#putBefore(fastPath, limits);
    }
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

  /** Connections begin with the fast path, which gives node:http what is not for it. */
  #putBefore(path: FastPath, limits: ConnectionLimits): void {
    const { server } = this;
    const handOver = server.listeners('connection') as ((socket: Socket) => void)[];
    server.removeAllListeners('connection');
    const times = { firstRequest: limits.headersTimeout, keepAlive: limits.keepAliveTimeout };
    const attach = (socket: Socket) => {
      for (const listener of handOver) listener.call(server, socket);
    };
    const tooLate = (socket: Socket) => this.#refuseBytes(NO_REQUEST, socket);
    server.on('connection', (socket: Socket) => {
      const { connections } = this;
      const state = connections.opened(socket);
      new FastConnection(socket, { path, connections, state, times, attach, tooLate });
    });
  }

  #accept(incoming: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void {
    const { socket } = incoming;
    const exchange = new Exchange(incoming, response, this.#app.settings, expectsContinue);
    let open = true;
    const closed = () => {
      if (!open) return;
      open = false;
      this.connections.end(socket, closed);
      exchange.closed();
    };
    this.connections.begin(socket, closed, () => incoming.complete);
    response.once('close', closed);
    this.#app.handle(exchange);
  }

  /** Nothing was read or taken for a while. Who waits for an answer, or still sends a body, has other bounds. */
  #onSilence(socket: Socket): void {
    if (!this.connections.isBusy(socket) || socket.writableLength > 0) socket.destroy();
  }

  /** What the parser could not read. Requests before it are answered; then the client is told, and the connection ends. */
  #refuseBytes(error: NodeJS.ErrnoException, socket: Duplex): void {
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
    const { type, body } = problemBody(new ProxyError('bad_request', message), status);
    socket.end(
      `HTTP/1.1 ${status} ${text}\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    );
  }

  /** CONNECT comes with a bare socket instead of a response. */
  #refuseTunnel(incoming: IncomingMessage, socket: Duplex): void {
    const { settings } = this.#app;
    const { status, type, body } = connectRefusal();
    socket.on('error', () => socket.destroy()); // the client left without hearing the answer
    // Nobody reads it any more: it does not stay half open for as long as the client likes, not even if that goes on sending.
    const patience = setTimeout(() => socket.destroy(), REFUSED_TUNNEL_MS);
    socket.once('close', () => clearTimeout(patience));
    socket.end(
      `HTTP/1.1 ${status} Method Not Allowed\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
    );
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
