import { connect, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach } from 'vitest';
import { ownsPath } from '../../../src/admin/paths.js';
import type { Answer } from '../../../src/cache/answer.js';
import type { RequestContext } from '../../../src/cache/engine.js';
import type { Outcome } from '../../../src/cache/outcome.js';
import type { SitePolicy } from '../../../src/cache/site.js';
import type { Clock } from '../../../src/clock.js';
import type { ProxyError } from '../../../src/errors.js';
import type { RawHeaders } from '../../../src/http/headers.js';
import type { BodySink, BodySource } from '../../../src/origin/source.js';
import { App, type AppOptions } from '../../../src/server/app.js';
import { Draining } from '../../../src/server/draining.js';
import type { ConnectionLimits } from '../../../src/server/limits.js';
import { type Doors, Listener } from '../../../src/server/listener.js';
import type { RequestRecord } from '../../../src/server/observer.js';
import { Outgoing } from '../../../src/server/outgoing.js';
import { createClientAddress } from '../../../src/server/peer.js';
import type { ServerSettings } from '../../../src/server/settings.js';
import type { Entry } from '../../../src/tiers/entry.js';
import { errorBody } from '../../../src/tmdb/error-body.js';
import { canonicalPath } from '../../../src/tmdb/path.js';
import { upstreamOf } from '../../../src/tmdb/place.js';
import { FakeClock } from '../../support/fake-clock.js';

export const HIT: Outcome = {
  result: 'hit',
  served: 'memory',
  class: 'detail',
  key: 'v1:api:/3/movie/1',
  ttl: 600,
};
export const MISS: Outcome = {
  result: 'miss',
  served: 'origin',
  class: 'detail',
  forward: 'uri-miss',
  forwardStatus: 200,
  stored: true,
  collapsed: false,
};
export const PASS: Outcome = {
  result: 'bypass',
  served: 'origin',
  class: 'pass',
  forward: 'bypass',
  forwardStatus: 200,
  stored: false,
  pass: 'personal-path',
};

export const SITE: SitePolicy = {
  name: 'tmdb',
  ttlPolicy: 'content-type',
  transforms: true,
  route: ({ target }) =>
    target.startsWith('/3/account')
      ? { kind: 'pass', upstream: 'api', reason: 'personal-path', target, headers: [], retryable: true }
      : {
          kind: 'shared',
          upstream: 'api',
          key: `v1:api:${target}`,
          class: 'detail',
          tags: [],
          target,
          headers: [],
        },
  classOf: () => 'detail',
  times: () => ({ memoryMs: 900_000, freshMs: 3_600_000, swrMs: 0, sieMs: 0 }),
  inspect: () => undefined,
  tagsOf: () => [],
  tagsFromBody: () => false,
  resolveUrl: () => undefined,
  errorBody,
};

export const clock = new FakeClock();

/** Answers on their way, of which there may be as many as there are but for the bound that is given, bytes. */
export function outgoingOf(mostBytes = Number.POSITIVE_INFINITY, onCut = () => {}): Outgoing {
  return new Outgoing({ clock, mostBytes: () => mostBytes, onCut });
}

/** A JSON entry, stored a minute ago, fresh for an hour, 15 minutes in memory. */
export function entryOf(body: Buffer | string, over: Partial<Entry> = {}): Entry {
  return {
    key: 'v1:api:/3/movie/1',
    primaryKey: 'v1:api:/3/movie/1',
    status: 200,
    statusText: 'OK',
    headers: ['Content-Type', 'application/json;charset=utf-8', 'ETag', '"abc"', 'X-Odd', 'a', 'X-Odd', 'b'],
    coding: 'identity',
    recoded: false,
    class: 'detail',
    tags: [],
    stamp: 0,
    storedAt: clock.now() - 60_000,
    ageAtStore: 2_500,
    lifetime: 3_600_000,
    memoryFor: 900_000,
    staleWhileRevalidate: 0,
    staleIfError: 0,
    vary: [],
    marker: false,
    body: Buffer.from(body),
    ...over,
  };
}

export const TEXT = JSON.stringify({ id: 550, title: 'Fight Club', filler: 'x'.repeat(3000) });
export const gzipEntry = (over: Partial<Entry> = {}): Entry =>
  entryOf(gzipSync(TEXT), { coding: 'gzip', recoded: true, ...over });

export const answerOf = (entry: Entry, outcome: Outcome = HIT): Answer => ({ kind: 'entry', entry, outcome });

/** A body whose bytes a test hands out. */
export class ManualBody implements BodySource {
  sink: BodySink | undefined;
  paused = false;
  cancelled = false;
  readonly calls: string[] = [];

  start(sink: BodySink): void {
    this.sink = sink;
    this.calls.push('start');
  }
  pause(): void {
    this.paused = true;
  }
  resume(): void {
    this.paused = false;
  }
  cancel(): void {
    this.cancelled = true;
    this.calls.push('cancel');
  }
}

/** A body that is there at once. */
export function bodyOf(...chunks: (Buffer | string | Error)[]): BodySource {
  let cancelled = false;
  return {
    start(sink) {
      setImmediate(() => {
        for (const chunk of chunks) {
          if (cancelled) return;
          if (chunk instanceof Error) {
            sink.error(chunk);
            return;
          }
          sink.data(Buffer.from(chunk));
        }
        if (!cancelled) sink.end();
      });
    },
    pause() {},
    resume() {},
    cancel() {
      cancelled = true;
    },
  };
}

export interface Started {
  readonly port: number;
  readonly listener: Listener;
  readonly draining: Draining;
  readonly records: RequestRecord[];
  readonly failures: ProxyError[];
}

const started: Listener[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const listener of started.splice(0)) {
    listener.closeAll();
    await listener.stopAccepting();
  }
});

export type StubEngine = (context: RequestContext) => Answer | Promise<Answer>;

export interface StartOptions {
  readonly settings?: Partial<ServerSettings>;
  readonly app?: Partial<AppOptions>;
  readonly doors?: Doors;
  readonly drainClock?: Clock;
  readonly delayMs?: number;
  readonly limits?: ConnectionLimits;
}

/** A listener on a free port whose engine answers as told. */
export async function start(engine: StubEngine, options: StartOptions = {}): Promise<Started> {
  const records: RequestRecord[] = [];
  const failures: ProxyError[] = [];
  const drainClock = options.drainClock ?? clock;
  const draining = new Draining({ clock: drainClock, delayMs: options.delayMs ?? 0, timeoutMs: 5_000 });
  const settings: ServerSettings = {
    site: SITE,
    clock,
    serverId: 'node-1',
    version: '9.9.9',
    cors: true,
    maxEntryBytes: 1_000_000,
    identityBytes: 1_000_000,
    isReady: draining.isReady,
    clientAddress: createClientAddress(false),
    observer: {
      request: (record) => void records.push(record),
      hit: (_outcome, _status, _ms, describe) => void records.push(describe()),
      decoded: () => {},
      failure: (error) => void failures.push(error),
    },
    outgoing: outgoingOf(),
    ...options.settings,
  };
  const listener = new Listener(
    new App({
      settings,
      engine: { handle: async (context) => engine(context) },
      management: { fetch: (request) => Response.json({ managed: request.url, method: request.method }) },
      territory: { canonicalPath, owns: ownsPath, proxied: (path) => upstreamOf(path) !== undefined },
      own: { names: new Set(['proxy.home']), publicAuthority: 'tmdb.example' },
      ...(options.doors !== undefined && { doors: options.doors.counts }),
      ...options.app,
    }),
    undefined,
    options.doors,
    options.limits,
  );
  draining.add(listener);
  started.push(listener);
  const { port } = await listener.listen(0, '127.0.0.1');
  return { port, listener, draining, records, failures };
}

export interface Reply {
  readonly status: number;
  readonly statusLine: string;
  readonly headers: RawHeaders;
  readonly body: Buffer;
  /** How the connection ended, when it did before a complete response was read. */
  readonly broken: boolean;
  get(name: string): string | undefined;
  all(name: string): string[];
}

export function dial(port: number): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  sockets.push(socket);
  return socket;
}

/** Sends a request head (and body) as it stands and reads one response, framed by hand. */
export function exchange(port: number, text: string, socket = dial(port)): Promise<Reply> {
  const head = /^(\S+)/.exec(text)![1]!;
  socket.write(text, 'latin1');
  return new Promise((resolve) => {
    let data = Buffer.alloc(0);
    const finish = (ended: boolean) => {
      const reply = parse(data, head, ended);
      if (reply === undefined) return;
      socket.off('data', onData);
      socket.off('close', onClose);
      resolve(reply);
    };
    const onData = (chunk: Buffer) => {
      data = Buffer.concat([data, chunk]);
      finish(false);
    };
    const onClose = () => finish(true);
    socket.on('data', onData);
    socket.on('close', onClose);
  });
}

/** `GET path` with header lines. */
export const get = (port: number, path: string, ...lines: string[]): Promise<Reply> =>
  exchange(port, request('GET', path, ...lines));

export function request(method: string, path: string, ...lines: string[]): string {
  return `${[`${method} ${path} HTTP/1.1`, 'Host: localhost', ...lines].join('\r\n')}\r\n\r\n`;
}

function parse(data: Buffer, method: string, ended: boolean): Reply | undefined {
  const split = data.indexOf('\r\n\r\n');
  if (split < 0) return ended ? replyOf('', [], Buffer.alloc(0), true) : undefined;
  const [statusLine = '', ...lines] = data.subarray(0, split).toString('latin1').split('\r\n');
  const rest = data.subarray(split + 4);
  if (/^HTTP\/1.1 1\d\d/.test(statusLine)) return parse(rest, method, ended);
  const headers = lines.flatMap((line) => [
    line.slice(0, line.indexOf(':')),
    line.slice(line.indexOf(':') + 2),
  ]);
  const reply = replyOf(statusLine, headers, rest, false);
  if (method === 'HEAD' || reply.status === 204 || reply.status === 304) return reply;
  const length = reply.get('content-length');
  if (length !== undefined) {
    if (rest.length >= Number(length)) return reply;
    return ended ? replyOf(statusLine, headers, rest, true) : undefined;
  }
  if (reply.get('transfer-encoding') === 'chunked') {
    const body = unchunk(rest);
    if (body !== undefined) return replyOf(statusLine, headers, body, false);
    return ended ? replyOf(statusLine, headers, rest, true) : undefined;
  }
  return ended ? reply : undefined;
}

function unchunk(data: Buffer): Buffer | undefined {
  const parts: Buffer[] = [];
  for (let at = 0; ; ) {
    const line = data.indexOf('\r\n', at);
    if (line < 0) return undefined;
    const size = Number.parseInt(data.subarray(at, line).toString(), 16);
    if (size === 0) return data.indexOf('\r\n\r\n', line) < 0 ? undefined : Buffer.concat(parts);
    if (data.length < line + 2 + size + 2) return undefined;
    parts.push(data.subarray(line + 2, line + 2 + size));
    at = line + 2 + size + 2;
  }
}

function replyOf(statusLine: string, headers: string[], body: Buffer, broken: boolean): Reply {
  const all = (name: string) =>
    headers.filter((_, i) => i % 2 === 1 && headers[i - 1]!.toLowerCase() === name.toLowerCase());
  return {
    status: Number(statusLine.split(' ')[1] ?? 0),
    statusLine,
    headers,
    body,
    broken,
    get: (name) => all(name)[0],
    all,
  };
}

/** Waits until something holds; a test that never gets there fails by its own timeout. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}
