import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import {
  type AddressInfo,
  createServer as createTcpServer,
  type Socket,
  type Server as TcpServer,
} from 'node:net';
import type { Clock } from '../../../src/clock.js';
import { ProxyError } from '../../../src/errors.js';
import type { OriginEvent } from '../../../src/origin/events.js';
import type { OriginOptions, UpstreamGroupOptions } from '../../../src/origin/options.js';
import { createOrigin, type OriginService } from '../../../src/origin/origin.js';
import type { BodySource, OriginRequest, OriginResponse } from '../../../src/origin/source.js';

/** A clock that stands still until `advance`; waits of up to `instantMs` pass on the next turn of the loop. */
export class TestClock implements Clock {
  time = Date.UTC(2026, 0, 1);
  chance = 0.5;
  private tasks: { at: number; task: () => void }[] = [];

  /** By how much the wall clock was set, ms. */
  setBy = 0;
  private readonly begun = this.time;

  constructor(private readonly instantMs = 0) {}

  now(): number {
    return this.time + this.setBy;
  }

  steady(): number {
    return this.time - this.begun;
  }

  random(): number {
    return this.chance;
  }

  get pending(): number {
    return this.tasks.length;
  }

  after(ms: number, task: () => void): () => void {
    const entry = { at: this.time + ms, task };
    const cancel = (): void => {
      this.tasks = this.tasks.filter((other) => other !== entry);
    };
    this.tasks.push(entry);
    if (ms <= this.instantMs) {
      setImmediate(() => {
        if (!this.tasks.includes(entry)) return;
        cancel();
        this.time = Math.max(this.time, entry.at);
        task();
      });
    }
    return cancel;
  }

  advance(ms: number): void {
    const end = this.time + ms;
    for (;;) {
      const due = this.tasks.filter((entry) => entry.at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.tasks = this.tasks.filter((other) => other !== due);
      this.time = Math.max(this.time, due.at);
      due.task();
    }
    this.time = end;
  }
}

/** What the tests of one file open, to be closed after each test. */
export class Bench {
  private readonly closers: (() => Promise<void> | void)[] = [];
  readonly events: OriginEvent[] = [];

  async http(listener: RequestListener): Promise<{ url: string; server: Server }> {
    const server = createServer(listener);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    this.closers.push(() => {
      server.closeAllConnections();
      server.close();
    });
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
  }

  /** A TCP server that answers as raw as the test wants; `answer` is called with each chunk of a request. */
  async raw(
    answer: (socket: Socket, data: Buffer) => void,
  ): Promise<{ url: string; port: number; server: TcpServer }> {
    const sockets = new Set<Socket>();
    const server = createTcpServer((socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      socket.on('error', () => socket.destroy());
      socket.on('data', (data) => answer(socket, data));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    this.closers.push(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    return { url: `http://127.0.0.1:${port}`, port, server };
  }

  /** An address that refuses connections. */
  async refusing(): Promise<string> {
    const { url, server } = await this.raw(() => {});
    server.close();
    await once(server, 'close');
    return url;
  }

  origin(
    servers: string[],
    clock: Clock,
    options: Partial<OriginOptions> & { group?: Partial<UpstreamGroupOptions> } = {},
  ): OriginService {
    const { group, ...rest } = options;
    const origin = createOrigin({
      groups: [{ name: 'api', servers, maxConnections: 20, rate: null, ...group }],
      timeouts: { connectMs: 5_000, headersMs: 20_000, bodyMs: 20_000 },
      maxRetries: 3,
      clock,
      onEvent: (event) => this.events.push(event),
      ...rest,
    });
    this.closers.push(() => origin.close());
    return origin;
  }

  async close(): Promise<void> {
    for (const close of this.closers.splice(0).reverse()) await close();
    this.events.length = 0;
  }
}

export function request(changes: Partial<OriginRequest> = {}): OriginRequest {
  return {
    upstream: 'api',
    method: 'GET',
    target: '/3/movie/550?api_key=s3cret',
    headers: ['Accept', 'application/json'],
    retryable: true,
    priority: 'user',
    signal: new AbortController().signal,
    ...changes,
  };
}

/** Reads a body to its end. */
export function read(body: BodySource): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    body.start({
      data: (chunk) => chunks.push(Buffer.from(chunk)),
      end: () => resolve(Buffer.concat(chunks)),
      error: reject,
    });
  });
}

export async function text(response: OriginResponse): Promise<string> {
  return (await read(response.body)).toString();
}

/** The ProxyError a promise must be rejected with. */
export async function refusal(promise: Promise<unknown>): Promise<ProxyError> {
  const outcome = await promise.then(
    () => new Error('it was fulfilled'),
    (error: unknown) => error,
  );
  if (outcome instanceof ProxyError) return outcome;
  throw outcome;
}

/** Turns the event loop until `condition` holds. */
export async function until(condition: () => boolean, turns = 20_000): Promise<void> {
  for (let i = 0; i < turns; i++) {
    if (condition()) return;
    await turn();
  }
  throw new Error('it never happened');
}

export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Lets everything that is under way locally settle. */
export async function settle(turns = 20): Promise<void> {
  for (let i = 0; i < turns; i++) await turn();
}
