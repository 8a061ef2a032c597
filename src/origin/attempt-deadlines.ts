import type { Readable } from 'node:stream';
import type { Clock } from '../clock.js';
import { afterAwake } from '../deadline.js';
import { ProxyError } from '../errors.js';
import { Pace } from '../pace.js';
import type { OriginTimeouts } from './options.js';

export interface AttemptDeadlinesParts {
  readonly clock: Clock;
  readonly timeouts: OriginTimeouts;
  /** What a response's body has to move, bytes/s (`Pace`). */
  readonly leastRate: number;
  /** Whether people wait for a connection to this server, as all are in use. */
  readonly wanted: () => boolean;
  /** The server has let a deadline pass; `words` say which. */
  readonly onServerLate: (words: string) => void;
  /** The client is too slow to keep the connection. */
  readonly onClientLate: (error: ProxyError) => void;
}

/**
 * While others wait for a connection, a client has to move so many bytes/s, and may be behind for so long, ms: half of what a request
 * waits in the queue. Else some who are just not slow enough would hold all the connections there are.
 */
const WANTED_RATE = 64 * 1024;
const WANTED_MS = 5_000;
/** How often that is looked at, ms. */
const LOOK_MS = 1_000;
/** In which an answer is still taken where this process itself was late, ms: it may lie in the socket. */
const AWAKE_MS = 500;

/**
 * How long one attempt at the origin may take: to the connection, the upload's pace, to the head, the body's pace; one of them at
 * a time. On the injected clock: undici's own are off, as they cannot be stepped and tick in whole seconds.
 */
export class AttemptDeadlines {
  readonly #parts: AttemptDeadlinesParts;
  /** Of the response's body. Its reader's pauses do not count, but for one who has not begun. */
  readonly #pace: Pace;
  /** Of whoever reads it, while it waits for them. */
  readonly #readerPace: Pace;
  #cancelTimer: () => void = () => {};
  #headCame = false;
  #over = false;

  /** The time to the connection begins. */
  constructor(parts: AttemptDeadlinesParts) {
    const { clock, timeouts, leastRate } = parts;
    this.#parts = parts;
    this.#pace = new Pace(clock, timeouts.bodyMs, leastRate);
    this.#readerPace = new Pace(clock, WANTED_MS, WANTED_RATE);
    this.#within(timeouts.connectMs, 'no connection');
  }

  /** The server has all of the request. */
  awaitHead(): void {
    this.#within(this.#parts.timeouts.headersMs, 'no answer');
  }

  /** The server's time to answer begins when it has everything; until then client and server have to keep the upload moving. */
  awaitUpload(body: Readable): void {
    const { clock, timeouts, wanted, onServerLate, onClientLate } = this.#parts;
    const pace = new Pace(clock, timeouts.bodyMs);
    const clientPace = new Pace(clock, WANTED_MS, WANTED_RATE);
    for (const each of [pace, clientPace]) {
      each.go();
      body.on('data', (chunk: Buffer) => each.moved(chunk.length));
    }
    body.once('end', () => {
      if (!this.#headCame && !this.#over) this.awaitHead();
    });
    this.#watch(pace, () => {
      const isStuck = body.isPaused();
      if (pace.over && isStuck) onServerLate(`took too little for ${timeouts.bodyMs} ms`);
      else if (pace.over || (clientPace.over && !isStuck && wanted()))
        onClientLate(new ProxyError('upload_slow', 'too little of your request came'));
    });
  }

  /** A head has come; what is to be waited for now, if anything, is the body. */
  onHead(): void {
    this.#headCame = true;
    this.#cancelTimer();
  }

  awaitBody(): void {
    const { timeouts, wanted, onServerLate, onClientLate } = this.#parts;
    this.#pace.go();
    this.#watch(this.#pace, () => {
      if (this.#pace.over) onServerLate(`too little of the body for ${timeouts.bodyMs} ms`);
      else if (this.#readerPace.over && wanted())
        onClientLate(new ProxyError('client_closed', 'read too slowly while others waited'));
    });
  }

  /** Some of the response's body has come. */
  moved(bytes: number): void {
    this.#pace.moved(bytes);
    this.#readerPace.moved(bytes);
  }

  /** From here on the body waits for its reader, not for the server. */
  onReaderPaused(): void {
    this.#pace.stop();
    this.#readerPace.go();
  }

  onReaderResumed(): void {
    this.#pace.go();
    this.#readerPace.stop();
  }

  /** Nothing is waited for any more. */
  stop(): void {
    this.#over = true;
    this.#cancelTimer();
  }

  #within(ms: number, missing: string): void {
    const { clock, onServerLate } = this.#parts;
    this.#cancelTimer();
    this.#cancelTimer = afterAwake(clock, ms, Math.min(ms, AWAKE_MS), () =>
      onServerLate(`${missing} within ${ms} ms`),
    );
  }

  /** One timer that looks at the pace, not one per chunk. */
  #watch(pace: Pace, look: () => void): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#parts.clock.after(Math.min(pace.lookMs, LOOK_MS), () => {
      look();
      if (!this.#over) this.#watch(pace, look);
    });
  }
}
