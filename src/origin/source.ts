import type { Readable } from 'node:stream';
import type { ProxyError } from '../errors.js';
import type { RawHeaders } from '../http/headers.js';

/** Who waits for a request; lower classes yield to higher ones in the budget's queue. */
export type Priority = 'user' | 'refresh' | 'background';

/** Receives a body as it arrives. `end` or `error` comes exactly once, after which nothing does. */
export interface BodySink {
  data(chunk: Buffer): void;
  end(): void;
  error(error: Error): void;
}

/** A body that has not been read yet. Nothing flows before `start`, which is called at most once. */
export interface BodySource {
  start(sink: BodySink): void;
  /** Stops the flow (back-pressure reaches the origin); `resume` goes on. Both idempotent. */
  pause(): void;
  resume(): void;
  /**
   * Gives the body up and frees the connection. Idempotent; harmless after the end. No callback follows.
   * @param reason what is wrong with the body; without, its reader has left, which speaks against nobody
   */
  cancel(reason?: ProxyError): void;
}

export interface OriginRequest {
  /** Name of the upstream group (`api`, `image`, `custom`), each with hosts that can stand in for each other. */
  readonly upstream: string;
  readonly method: string;
  /** Origin-form target with query and credentials: what goes on the wire. */
  readonly target: string;
  /** End-to-end fields to send, without Host. */
  readonly headers: RawHeaders;
  readonly body?: Readable | undefined;
  /** Whether a second attempt is harmless: false for unsafe methods and GETs with side effects. */
  readonly retryable: boolean;
  /** Asked on everyone's behalf: no credential in it is a user's. */
  readonly shared?: boolean | undefined;
  /** Nodes of ours that the request has come through: a relay needs them to tell a loop, and nobody else is told. */
  readonly nodes?: readonly string[] | undefined;
  /** Not by way of another proxy, where there is a server behind it. */
  readonly direct?: boolean | undefined;
  readonly priority: Priority;
  /** Fires when a person waits for it after all: from then on it stands in the queue as a user's. */
  readonly urged?: AbortSignal | undefined;
  /** Aborting cancels queueing, connecting and the body. */
  readonly signal: AbortSignal;
  /** Interim (1xx) responses but 100, as they arrive. */
  readonly onInfo?: ((status: number, headers: RawHeaders) => void) | undefined;
  /** Fields of the trace that it is asked for. Apart from `headers`: no Vary, no key and no store ever sees them. */
  readonly trace?: RawHeaders | undefined;
  /** Told how long each phase took, ms. */
  readonly onPhase?: ((phase: OriginPhase, ms: number) => void) | undefined;
}

/** Waiting for the budget (rate, connections, 429), and from the sending of an attempt to its head. */
export type OriginPhase = 'budget' | 'origin';

export interface OriginResponse {
  readonly status: number;
  readonly statusText: string;
  /** As they came, hop-by-hop fields included. */
  readonly headers: RawHeaders;
  readonly body: BodySource;
  /** Host that answered, e.g. `https://api.themoviedb.org`. */
  readonly server: string;
  /** Clock when the request was sent and when the head arrived, ms (RFC 9111 section 4.2.3). */
  readonly requestTime: number;
  readonly responseTime: number;
}

/** L3: asks an upstream. Rejects with a ProxyError (src/errors.ts) when no answer could be had. */
export interface Origin {
  fetch(request: OriginRequest): Promise<OriginResponse>;
}
