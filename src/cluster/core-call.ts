import type { Socket } from 'node:net';
import type { Made } from '../cache/made.js';
import { asProxyError, ProxyError } from '../errors.js';
import type { BodySink, BodySource, OriginRequest } from '../origin/source.js';
import { Frame, FrameReader, writeFrame, writeJson } from './frames.js';
import {
  fromWireError,
  type WireError,
  type WireHead,
  type WireInfo,
  type WireMade,
  type WirePhases,
  type WireRequest,
} from './wire.js';

/** Who is told what happens on the way. */
interface Listener extends Pick<OriginRequest, 'onInfo'> {
  /** Of some phases: those that the core tells of such a request. */
  readonly onPhase?: ((phase: never, ms: number) => void) | undefined;
}

/** One request to the core and its answer. Closing the connection early cancels it there. */
export class CoreCall implements BodySource {
  readonly head: Promise<WireHead>;
  /** What the core made of the body; undefined when it did not say. Never rejects. */
  readonly making: Promise<Made | undefined>;
  readonly #socket: Socket;
  readonly #listener: Listener;
  #resolveHead!: (head: WireHead) => void;
  #rejectHead!: (error: Error) => void;
  #resolveMaking!: (made: Made | undefined) => void;
  /** More comes after the end of the body. */
  #makes = false;
  #coded: Buffer | undefined;
  #sink: BodySink | undefined;
  #over = false;
  /** Frames that arrived between the head and `start`: the socket is paused, but one chunk may hold several. */
  #early: (() => void)[] | undefined = [];

  constructor(socket: Socket, request: WireRequest, signal: AbortSignal, listener: Listener) {
    this.#socket = socket;
    this.#listener = listener;
    this.head = new Promise((resolve, reject) => {
      this.#resolveHead = resolve;
      this.#rejectHead = reject;
    });
    this.making = new Promise((resolve) => {
      this.#resolveMaking = resolve;
    });
    const frames = new FrameReader((type, payload) => this.#frame(type, payload));
    this.#socket.on('data', (chunk) => this.#read(frames, chunk));
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('close', () => this.#fail(undefined));
    writeJson(this.#socket, Frame.request, request);
    const abort = () => {
      this.#fail(new ProxyError('client_closed', 'the client went away'));
      this.#socket.destroy();
    };
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    this.#socket.once('close', () => signal.removeEventListener('abort', abort));
  }

  /** Streams a request body after the request; back-pressure is the socket's. */
  send(body: NonNullable<OriginRequest['body']>): void {
    body.on('data', (chunk: Buffer) => {
      if (!writeFrame(this.#socket, Frame.data, chunk)) body.pause();
    });
    this.#socket.on('drain', () => body.resume());
    body.on('end', () => writeFrame(this.#socket, Frame.end));
    body.on('error', () => this.#socket.destroy());
  }

  start(sink: BodySink): void {
    this.#sink = sink;
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const frame of early) frame();
    this.#socket.resume();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    if (this.#early === undefined) this.#socket.resume();
  }

  cancel(): void {
    this.#over = true;
    this.#sink = undefined;
    this.#socket.destroy();
  }

  /** What is no frame of ours ends this call, not the process. */
  #read(frames: FrameReader, chunk: Buffer): void {
    try {
      frames.push(chunk);
    } catch (error) {
      this.#fail(asProxyError(error));
      this.#socket.destroy();
    }
  }

  #frame(type: number, payload: Buffer): void {
    if (type === Frame.head) {
      this.#socket.pause();
      const head = JSON.parse(payload.toString()) as WireHead;
      this.#makes = head.kind === 'storable' && head.making;
      this.#resolveHead(head);
    } else if (type === Frame.info) {
      const info = JSON.parse(payload.toString()) as WireInfo;
      this.#listener.onInfo?.(info.status, info.headers);
    } else if (type === Frame.phases) {
      const phases = JSON.parse(payload.toString()) as WirePhases;
      for (const [phase, ms] of Object.entries(phases)) this.#listener.onPhase?.(phase as never, ms);
    } else if (type === Frame.error) {
      this.#fail(fromWireError(JSON.parse(payload.toString()) as WireError));
    } else if (type === Frame.data) {
      this.#deliver(() => this.#sink?.data(payload));
    } else if (type === Frame.end) {
      this.#deliver(() => this.#finish((sink) => sink.end()));
      if (!this.#makes) this.#socket.end();
    } else if (type === Frame.coded) {
      this.#coded = Buffer.from(payload); // of its own: the piece it came in is larger
    } else if (type === Frame.made) {
      const made = JSON.parse(payload.toString()) as WireMade;
      this.#resolveMaking(made === null ? undefined : { ...made, body: this.#coded });
      this.#socket.end();
    }
  }

  #deliver(action: () => void): void {
    if (this.#early === undefined) action();
    else this.#early.push(action);
  }

  #fail(cause: Error | undefined): void {
    const error = cause instanceof ProxyError ? cause : broken(cause);
    this.#rejectHead(error);
    this.#resolveMaking(undefined);
    this.#deliver(() => this.#finish((sink) => sink.error(error)));
  }

  #finish(how: (sink: BodySink) => void): void {
    if (this.#over) return;
    this.#over = true;
    if (this.#sink !== undefined) how(this.#sink);
  }
}

/** What is told of a connection to the core that can not be had, or ends before the answer has. */
export function broken(cause: unknown): ProxyError {
  return new ProxyError('origin_unreachable', 'the connection to the core process broke', { cause });
}
