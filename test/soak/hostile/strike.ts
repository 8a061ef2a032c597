import { connect, type Socket } from 'node:net';
import { PATIENCE_MS } from '../../support/patience.js';

/** An answer as it came over the wire. */
export interface Reply {
  readonly status: number;
  readonly head: string;
  readonly body: Buffer;
}

/** What became of bytes that were sent. */
export interface Struck {
  /** Whole answers, interim ones left out. */
  readonly replies: readonly Reply[];
  /** Bytes behind the last whole answer: of one that was cut, or of nothing anybody could read. */
  readonly rest: Buffer;
  /** The server ended the connection before the client said that it had no more to send. */
  readonly closed: boolean;
  /** It did not end at all. */
  readonly hung: boolean;
}

export interface StrikeOptions {
  /** The client listens until so many answers have come, or until the server ends the connection when it is not given. */
  readonly answers?: number;
  /** Or so long, ms: for bytes of which nobody knows what is to come. */
  readonly listenMs?: number;
  /** Methods of the requests in their order, where one is HEAD. */
  readonly methods?: readonly string[];
}

/**
 * Sends bytes on a connection of its own and takes all that comes. When the answers are there the client says that it has no more to
 * send; then the server must close, within the bound.
 */
export async function strike(
  port: number,
  bytes: Buffer | string,
  options: StrikeOptions = {},
): Promise<Struck> {
  const { answers = Number.POSITIVE_INFINITY, listenMs = 3 * PATIENCE_MS, methods } = options;
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  const chunks: Buffer[] = [];
  let over = false;
  const enough = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, listenMs);
    const end = () => {
      clearTimeout(timer);
      resolve();
    };
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      if (readReplies(Buffer.concat(chunks), methods).replies.length >= answers) end();
    });
    for (const event of ['end', 'close'] as const) {
      socket.on(event, () => {
        over = true;
        end();
      });
    }
  });
  socket.on('error', () => {});
  socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  await enough;
  const closed = over;
  socket.end();
  const hung = !(await ended(socket, () => over));
  socket.destroy();
  return { ...readReplies(Buffer.concat(chunks), methods), closed, hung };
}

/** Whether the server ends the connection in time. */
function ended(socket: Socket, over: () => boolean): Promise<boolean> {
  return new Promise((resolve) => {
    if (over()) return resolve(true);
    const timer = setTimeout(() => resolve(false), PATIENCE_MS);
    for (const event of ['end', 'close'] as const) {
      socket.once(event, () => {
        clearTimeout(timer);
        resolve(true);
      });
    }
  });
}

/** The whole answers at the beginning of these bytes. */
export function readReplies(
  received: Buffer,
  methods: readonly string[] = [],
): Pick<Struck, 'replies' | 'rest'> {
  const replies: Reply[] = [];
  let rest = received;
  for (;;) {
    const end = rest.indexOf('\r\n\r\n');
    const status = end < 0 ? undefined : /^HTTP\/1\.1 (\d{3}) /.exec(rest.toString('latin1', 0, 13))?.[1];
    if (status === undefined) return { replies, rest };
    const head = rest.toString('latin1', 0, end);
    const silent = /^(?:1..|204|304)$/.test(status) || methods[replies.length] === 'HEAD';
    const body = silent ? { bytes: Buffer.alloc(0), end: end + 4 } : bodyAt(rest, end + 4, head);
    if (body === undefined) return { replies, rest };
    if (!status.startsWith('1')) replies.push({ status: Number(status), head, body: body.bytes });
    rest = rest.subarray(body.end);
  }
}

function bodyAt(from: Buffer, start: number, head: string): { bytes: Buffer; end: number } | undefined {
  const length = /\r\nContent-Length: (\d+)(?:\r\n|$)/i.exec(head)?.[1];
  if (length !== undefined) {
    const end = start + Number(length);
    return from.length < end ? undefined : { bytes: from.subarray(start, end), end };
  }
  const parts: Buffer[] = [];
  for (let at = start; ; ) {
    const line = from.indexOf('\r\n', at);
    if (line < 0) return undefined;
    const size = Number.parseInt(from.toString('latin1', at, line), 16);
    const end = line + 2 + size;
    if (!(from.length >= end + 2)) return undefined;
    if (size === 0) return { bytes: Buffer.concat(parts), end: end + 2 };
    parts.push(from.subarray(line + 2, end));
    at = end + 2;
  }
}
