import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type ConnectionLimits, LIMITS } from '../../../src/server/limits.js';
import { head } from './smuggling-cases.js';

type Times = Pick<
  ConnectionLimits,
  'headersTimeout' | 'requestTimeout' | 'stallTimeout' | 'connectionsCheckingInterval'
>;

/** What a slow client sends first, and then again and again; nothing where it is reading that is slow. */
interface SlowKind {
  readonly first: string;
  readonly more: string;
  /** Which of the times of `src/server/limits.ts` ends it. */
  readonly ends: keyof Times;
  /** It takes nothing of what it is sent. */
  readonly reads?: false;
}

const RATING = '/3/movie/1/rating?session_id=s';

export const KINDS = {
  'slow head': {
    first: 'GET /3/movie/1 HTTP/1.1\r\nHost: a\r\n',
    more: 'X-A: b\r\n',
    ends: 'headersTimeout',
  },
  silent: { first: '', more: '', ends: 'headersTimeout' },
  'slow body': {
    first: head('POST', RATING, 'Content-Length: 1000000'),
    more: 'x',
    ends: 'requestTimeout',
  },
  'slow chunks': {
    first: head('POST', RATING, 'Transfer-Encoding: chunked'),
    more: '1\r\nx\r\n',
    ends: 'requestTimeout',
  },
  // More than the buffers of both sides hold.
  'slow reader of what is stored': {
    first: head('GET', '/t/p/original/big.jpg').repeat(8),
    more: '',
    ends: 'stallTimeout',
    reads: false,
  },
  'slow reader of what arrives': {
    first: head('GET', '/t/p/original/huge.jpg'),
    more: '',
    ends: 'stallTimeout',
    reads: false,
  },
} as const satisfies Record<string, SlowKind>;
export type Kind = keyof typeof KINDS;

/** A connection on which somebody dawdles on purpose. */
export class SlowClient {
  readonly socket: Socket;
  readonly #began = performance.now();
  #closedAt: number | undefined;
  #text = '';

  constructor(
    port: number,
    readonly kind: Kind,
  ) {
    this.socket = connect({ port, host: '127.0.0.1' }).setNoDelay();
    this.socket.on('error', () => {});
    this.socket.on('close', () => {
      this.#closedAt = performance.now();
    });
    this.socket.on('data', (chunk: Buffer) => {
      if (this.#text.length < 1000) this.#text += chunk.toString('latin1');
    });
    if (this.isReader) this.socket.pause();
    this.socket.write(KINDS[kind].first);
  }

  get isReader(): boolean {
    return 'reads' in KINDS[this.kind];
  }

  /** How long it was let, ms; undefined while it is. Of one that does not read only known when it does. */
  get heldMs(): number | undefined {
    return this.#closedAt === undefined ? undefined : this.#closedAt - this.#began;
  }

  /** Of the first answer. */
  get statusLine(): string {
    return this.#text.split('\r\n', 1)[0]!;
  }

  dawdle(): void {
    if (this.socket.writable) this.socket.write(KINDS[this.kind].more);
  }

  /** Takes what is still on its way; resolves when the connection has ended. */
  async readOn(): Promise<void> {
    this.socket.resume();
    if (!this.socket.closed) await once(this.socket, 'close');
  }
}

/** For a proxy that is to have other times than its own, ms: its environment. */
export function shorterTimes(times: Times): Record<string, string> {
  const pairs = Object.entries(times).map(([name, ms]) => [name, [LIMITS[name as keyof Times], ms]]);
  return {
    NODE_OPTIONS: `--import=${new URL('shorter-times.mjs', import.meta.url).href}`,
    SHORTER_TIMES: JSON.stringify(Object.fromEntries(pairs)),
  };
}
