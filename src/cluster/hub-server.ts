import { createServer, type Server, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import type { Fetcher } from '../cache/fetcher.js';
import type { Made } from '../cache/made.js';
import type { OnPhase } from '../cache/phases.js';
import { asProxyError, ProxyError } from '../errors.js';
import type { BodySource, OriginRequest } from '../origin/source.js';
import { Frame, FrameReader, writeFrame, writeJson } from './frames.js';
import { toWireError, type WireMade, type WirePhases, type WireRequest } from './wire.js';

/**
 * Asks on behalf of a worker: the route, the age of what the worker has, when the worker goes away, and what to tell it
 * of on the way (interim responses).
 */
export interface HubFetcher {
  fill(
    request: Extract<WireRequest, { kind: 'fill' }>,
    signal: AbortSignal,
    onInfo: OriginRequest['onInfo'],
    onPhase: OnPhase,
  ): ReturnType<Fetcher['fetch']>;
  pass: Fetcher['pass'];
}

/** Longest request frame: a target and fields, which `server/limits.ts` bounds, and a route made of them. */
const MAX_REQUEST_BYTES = 1024 * 1024;

/** The core's side of the local socket. Resolves once it listens at `path`. */
export async function startHub(path: string, fetcher: HubFetcher): Promise<Server> {
  const server = createServer((socket) => serve(socket, fetcher));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      resolve();
    });
  });
  // A connection that could not be taken in (no file descriptor left): the worker that wanted it has been told.
  server.on('error', () => {});
  return server;
}

function serve(socket: Socket, fetcher: HubFetcher): void {
  const gone = new AbortController();
  const requestBody = new PassThrough();
  requestBody.on('drain', () => socket.resume());
  requestBody.on('error', () => socket.destroy()); // more of a body after its end
  // What is left of a body when the answer is over nobody takes. A socket that stayed paused for it would never show that the worker has gone.
  socket.on('finish', () => {
    requestBody.destroy();
    socket.resume();
  });
  socket.on('close', () => {
    gone.abort();
    requestBody.destroy();
  });
  // A worker that dies in mid-request shows as `close` as well; there is nothing more to do about it.
  socket.on('error', () => socket.destroy());
  let asked = false;
  const frames = new FrameReader((type, payload) => {
    if (type === Frame.request) {
      if (asked) throw new ProxyError('internal', 'a connection to the core asked twice');
      asked = true;
      const request = JSON.parse(payload.toString()) as WireRequest;
      const phases = new Phases(socket);
      answer(socket, request, requestBody, { fetcher, signal: gone.signal, phases }).catch(
        (thrown: unknown) => {
          phases.send();
          writeJson(socket, Frame.error, toWireError(asProxyError(thrown)));
          socket.end();
        },
      );
    } else if (type === Frame.data) {
      if (!requestBody.destroyed && !requestBody.write(Buffer.from(payload))) socket.pause();
    } else if (type === Frame.end) {
      requestBody.end();
    }
  }, MAX_REQUEST_BYTES);
  socket.on('data', (chunk) => {
    try {
      frames.push(chunk);
    } catch {
      socket.destroy(); // no worker of ours
    }
  });
}

/** What is told of the phases goes out in one piece: in front of the head, or of the error. */
class Phases {
  #told: WirePhases = {};

  constructor(private readonly socket: Socket) {}

  readonly add: OnPhase = (phase, ms) => {
    this.#told[phase] = (this.#told[phase] ?? 0) + ms;
  };

  send(): void {
    if (Object.keys(this.#told).length > 0) writeJson(this.socket, Frame.phases, this.#told);
    this.#told = {};
  }
}

interface AnswerParts {
  readonly fetcher: HubFetcher;
  readonly signal: AbortSignal;
  readonly phases: Phases;
}

async function answer(
  socket: Socket,
  request: WireRequest,
  requestBody: PassThrough,
  { fetcher, signal, phases }: AnswerParts,
): Promise<void> {
  const onInfo: OriginRequest['onInfo'] = (status, headers) => {
    // Others may wait for a fill whose worker has left. One that stands still gets none: they have no end, and nothing pauses them.
    if (socket.writable && !socket.writableNeedDrain) writeJson(socket, Frame.info, { status, headers });
  };
  if (request.kind === 'pass') {
    const { kind: _, hasBody, ...rest } = request;
    const response = await fetcher.pass({
      ...rest,
      body: hasBody ? requestBody : undefined,
      priority: 'user',
      signal,
      onInfo,
      onPhase: phases.add,
    });
    const { body, ...head } = response;
    phases.send();
    writeJson(socket, Frame.head, { kind: 'pass', ...head });
    stream(socket, body);
    return;
  }
  const fetched = await fetcher.fill(request, signal, request.interim ? onInfo : undefined, phases.add);
  phases.send();
  if (fetched.kind === 'current') {
    const { body, ...head } = fetched.entry;
    const { forwardStatus, own, collapsed } = fetched;
    writeJson(socket, Frame.head, { kind: 'current', head, forwardStatus, own, collapsed });
    writeFrame(socket, Frame.data, body);
    writeFrame(socket, Frame.end);
    return;
  }
  if (fetched.kind === 'uncacheable') {
    const { body, ...head } = fetched;
    writeJson(socket, Frame.head, head);
    stream(socket, body);
    return;
  }
  const { body, making, ...head } = fetched;
  writeJson(socket, Frame.head, { ...head, making: making !== undefined });
  stream(socket, body, making);
}

/** Body to socket; the worker's back-pressure reaches the origin, its departure cancels. */
function stream(socket: Socket, body: BodySource, making?: Promise<Made | undefined>): void {
  if (socket.destroyed) {
    body.cancel();
    return;
  }
  socket.on('drain', () => body.resume());
  socket.on('close', () => body.cancel());
  body.start({
    data: (chunk) => {
      if (!writeFrame(socket, Frame.data, chunk)) body.pause();
    },
    end: () => {
      writeFrame(socket, Frame.end);
      if (making === undefined) socket.end();
      else void making.then((made) => sendMade(socket, made));
    },
    error: (error) => {
      writeJson(socket, Frame.error, toWireError(asProxyError(error)));
      socket.end();
    },
  });
}

/** Lest the worker look at the body and code it once more. */
function sendMade(socket: Socket, made: Made | undefined): void {
  if (!socket.writable) return; // it has left
  if (made?.body !== undefined) writeFrame(socket, Frame.coded, made.body);
  writeJson(socket, Frame.made, wireMade(made));
  socket.end();
}

function wireMade(made: Made | undefined): WireMade {
  return made === undefined ? null : { tags: made.tags, coding: made.coding, recoded: made.recoded };
}
