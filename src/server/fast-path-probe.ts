import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { Connections } from './connections.js';
import { FastConnection, type SocketPath } from './fast-connection.js';

/** As http.Server takes a connection. */
type HandOver = (socket: Socket) => void;

/** A machine that can't do this in so long is busy, not different, ms; and what it is asked then is not cheap. */
const PATIENCE_MS = 2000;
const [OURS, NODES, ODD] = ['/fast', '/handed', '/given-up'];
const request = (path: string) => `GET ${path} HTTP/1.1\r\nHost: probe\r\n\r\n`;
const answer = (body: string) => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

/**
 * Whether this Node lends its sockets as the fast path needs it (docs/adr/0008: three things that are not documented as such): one
 * connection to this machine itself, answered before node:http, by it, before it again, and left to it for good. Never rejects.
 * `handOver`: default node:http's own.
 */
export async function lendsSockets(handOver?: HandOver, patienceMs = PATIENCE_MS): Promise<boolean> {
  const server = createServer((incoming, response) => response.end(`node:http ${incoming.url}`));
  const listeners = handOver ? [handOver] : (server.listeners('connection') as HandOver[]);
  server.removeAllListeners('connection');
  const connections = new Connections();
  server.on('connection', (socket: Socket) => {
    new FastConnection(socket, {
      path: PATH,
      connections,
      state: connections.opened(socket),
      times: { firstRequest: patienceMs, keepAlive: patienceMs },
      attach: (given) => {
        for (const listener of listeners) listener.call(server, given);
      },
      tooLate: (late) => void late.destroy(),
    });
  });
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      // Of this process alone: among workers port 0 is one port for all, and with PORT=0 it would be the clients'.
      server.listen({ port: 0, host: '127.0.0.1', exclusive: true }, resolve);
    });
    return await isAnsweredInTurn((server.address() as AddressInfo).port, patienceMs);
  } catch {
    return false;
  } finally {
    connections.closeAll();
    server.close();
  }
}

const PATH: SocketPath<{ path: string }> = {
  read: (chunk) => {
    const path = /^GET (\S+) /.exec(chunk.toString('latin1'))?.[1];
    return path === undefined || path === ODD ? undefined : { path };
  },
  answer: ({ path }, socket) => path === OURS && (socket.write(answer('fast path')) || true),
};

async function isAnsweredInTurn(port: number, patienceMs: number): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  socket.setTimeout(patienceMs, () => socket.destroy());
  let text = '';
  const wanted = [OURS, NODES, OURS, ODD, NODES];
  try {
    for (const path of wanted) {
      socket.write(request(path));
      for (text = ''; !text.includes('\r\n\r\n') || !/(fast path|node:http \S+)$/.test(text); ) {
        text += await nextChunk(socket);
      }
      if (!text.endsWith(path === OURS ? 'fast path' : `node:http ${path}`)) return false;
    }
    return true;
  } finally {
    socket.destroy();
  }
}

function nextChunk(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    const ended = () => reject(new Error('the connection ended'));
    socket.once('error', ended).once('close', ended);
    socket.once('data', (chunk) => {
      socket.off('error', ended).off('close', ended);
      resolve(chunk.toString('latin1'));
    });
  });
}
