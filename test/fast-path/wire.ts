import { connect, type Socket } from 'node:net';
import type { Side } from './side.js';

/** A client's end of one connection, which takes what comes and never ends by itself. */
export class Wire {
  readonly side: Side;
  readonly socket: Socket;
  sent = 0;
  /** The server has said that nothing more will come, or the connection is gone. */
  over = false;
  /** Sent FIN itself. */
  halfClosed = false;
  readonly #port: number;
  readonly #received: Buffer[] = [];

  private constructor(side: Side, socket: Socket) {
    this.side = side;
    this.socket = socket;
    // A closed socket forgets it.
    this.#port = socket.localPort ?? 0;
    socket.on('data', (chunk) => this.#received.push(chunk));
    socket.on('error', () => {});
    socket.on('end', () => {
      this.over = true;
    });
    socket.on('close', () => {
      this.over = true;
    });
  }

  static open(side: Side): Promise<Wire> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port: side.port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new Wire(side, socket));
      });
    });
  }

  send(bytes: Buffer): void {
    this.sent += bytes.length;
    this.socket.write(bytes);
  }

  endSending(): void {
    this.halfClosed = true;
    this.socket.end();
  }

  /** What has come since it was last asked. */
  take(): Buffer {
    return Buffer.concat(this.#received.splice(0));
  }

  get server(): Socket | undefined {
    return this.side.sockets.get(this.#port);
  }

  /** The server has read all that was sent, has nothing under way, and all it wrote is here. */
  get quiet(): boolean {
    const { server, socket } = this;
    if (server === undefined || socket.writableLength > 0 || !this.side.quiet) return false;
    if (server.destroyed) return this.over;
    if (server.bytesRead !== this.sent || server.writableLength > 0) return false;
    if (this.halfClosed && !server.readableEnded) return false;
    if (server.writableFinished && !this.over) return false;
    return socket.bytesRead === server.bytesWritten;
  }

  close(): void {
    this.socket.destroy();
  }
}

/** Turns that pass without waiting; work off the event loop (compression) may take longer on a busy machine. */
const FAST_TURNS = 2_000;
/** Turns in which nothing moves; more where a body is still to come, as its request may be answered all the same. */
const QUIET_TURNS = 3;
const WAITING_TURNS = 40;
/** Then milliseconds: far more than any answer here takes. */
const MOST_TURNS = FAST_TURNS + 5_000;

/** Lets turns of the event loop pass until nothing moves on any of them. */
export async function stillness(wires: readonly Wire[]): Promise<void> {
  let quiet = 0;
  for (
    let turn = 0;
    quiet < (wires.some(({ side }) => side.waiting > 0) ? WAITING_TURNS : QUIET_TURNS);
    turn++
  ) {
    await new Promise((resolve) => (turn < FAST_TURNS ? setImmediate(resolve) : setTimeout(resolve, 1)));
    quiet = wires.every((wire) => wire.quiet) ? quiet + 1 : 0;
    if (turn > MOST_TURNS) throw new Error(`nothing moves any more: ${wires.map(describe).join(' | ')}`);
  }
}

function describe(wire: Wire): string {
  const { server, socket } = wire;
  const { connections } = wire.side.listener;
  return JSON.stringify({
    sent: wire.sent,
    read: server?.bytesRead,
    wrote: server?.bytesWritten,
    got: socket.bytesRead,
    pending: server?.writableLength,
    active: connections.active,
    flights: wire.side.kit.engine.filler.flights.size,
    destroyed: server?.destroyed,
    ended: server?.readableEnded,
    finished: server?.writableFinished,
    over: wire.over,
    halfClosed: wire.halfClosed,
  });
}

const ID = /X-Request-Id: ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\r\n/g;
/** Of parts: random, so that no body can have it in it. */
const BOUNDARY = /boundary=([\w-]{24})\r\n/;
const DATE = /\r\nDate: ([^\r]+)\r\n/g;

export interface Masked {
  readonly text: string;
  readonly ids: string[];
}

/** Ids and boundaries made here and Dates that node:http has put in are told apart from all else, and are the only things masked. */
export function masked(received: Buffer): Masked {
  const ids: string[] = [];
  let text = received.toString('latin1');
  for (let found = BOUNDARY.exec(text); found !== null; found = BOUNDARY.exec(text)) {
    text = text.replaceAll(found[1]!, '(boundary)');
  }
  text = text
    .replace(ID, (_line, id: string) => {
      ids.push(id);
      return 'X-Request-Id: (id)\r\n';
    })
    // The origin's clock stands in another season.
    .replace(DATE, (line, date: string) =>
      Math.abs(Date.parse(date) - Date.now()) < 3_600_000 ? '\r\nDate: (now)\r\n' : line,
    );
  return { text, ids };
}
