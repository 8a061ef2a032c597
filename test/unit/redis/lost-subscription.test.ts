// A server that is back for a moment only: what the client does by itself on a new connection must not end the process.
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect, it, onTestFinished, vi } from 'vitest';
import { systemClock } from '../../../src/clock.js';
import { RedisLink } from '../../../src/redis/link.js';
import type { RedisAddress } from '../../../src/redis/options.js';
import { eventually } from '../../support/patience.js';
import { LINK_SETTINGS, standaloneAddress } from '../../support/redis-server.js';

const INFO = 'redis_version:7.0.0\r\nloading:0\r\n';

/** `onData` is told what came on a connection, in lower case. */
async function startListening(onData: (socket: Socket, text: string) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (data) => onData(socket, data.toString().toLowerCase()));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** Answers what a client asks of a new connection; `onSubscribe` has the say on the rest. */
function startServer(onSubscribe: (socket: Socket) => void): Promise<number> {
  return startListening((socket, text) => {
    if (text.includes('info')) socket.write(`$${INFO.length}\r\n${INFO}\r\n`);
    if (text.includes('subscribe')) onSubscribe(socket);
  });
}

/** A Sentinel that knows the master's port; `onSubscribe` has the say on who wants to hear of failovers. */
function startSentinel(master: number, onSubscribe: (socket: Socket) => void): Promise<number> {
  const address = `*2\r\n$9\r\n127.0.0.1\r\n$${String(master).length}\r\n${master}\r\n`;
  return startListening((socket, text) => {
    for (const command of text.split(/(?=\*\d)/)) {
      if (command.includes('get-master-addr-by-name')) socket.write(address);
      else if (command.includes('\r\nsubscribe\r\n')) onSubscribe(socket);
      else socket.write(command.includes('\r\nsentinels\r\n') ? '*0\r\n' : '+OK\r\n');
    }
  });
}

function linkTo(address: RedisAddress): { link: RedisLink; ready: () => Promise<void> } {
  const link = new RedisLink({ address, settings: LINK_SETTINGS, clock: systemClock, events: {} });
  return { link, ready: () => new Promise<void>((resolve) => void link.onReady(resolve)) };
}

/** A link that is subscribed to `channel`; `ready` resolves when it has a connection again. */
async function subscribedTo(port: number) {
  const { link, ready } = linkTo(standaloneAddress(port));
  const first = ready();
  link.open();
  await first;
  await link.subscribe('channel', 500);
  return { link, ready };
}

it.each([
  ['null', '$-1\r\n'],
  ['an integer', ':1\r\n'],
  ['an error', '-ERR out of turn\r\n'],
  ['no reply at all', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
])('what answers no command (%s) does not end the process', async (_, bytes) => {
  const thrown: unknown[] = [];
  const onThrown = (error: unknown) => thrown.push(error);
  process.prependListener('uncaughtException', onThrown);
  onTestFinished(() => void process.off('uncaughtException', onThrown));

  const connections: Socket[] = [];
  const port = await startServer((socket) => {
    connections.push(socket);
    socket.write('*3\r\n$9\r\nsubscribe\r\n$7\r\nchannel\r\n:1\r\n');
  });
  const { link } = await subscribedTo(port);

  const heard = new Promise<void>((resolve) => void link.onMessage(() => resolve()));
  // What stands before a message has been read when that is heard, or else the connection is gone.
  connections[0]?.write(`${bytes}*3\r\n$7\r\nmessage\r\n$7\r\nchannel\r\n$4\r\ntext\r\n`);
  await Promise.race([once(connections[0]!, 'close'), heard]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(thrown).toEqual([]);
  await link.close();
});

/** What rejects and nobody awaits, from now on. */
function unawaited(): unknown[] {
  const lost: unknown[] = [];
  const onLost = (reason: unknown) => lost.push(reason);
  process.on('unhandledRejection', onLost);
  onTestFinished(() => void process.off('unhandledRejection', onLost));
  return lost;
}

it('a subscription that breaks again as soon as its connection is back rejects nothing that nobody awaits', async () => {
  const lost = unawaited();
  let subscribed: Socket | undefined;
  const port = await startServer((socket) => {
    if (subscribed !== undefined) return void socket.destroy();
    subscribed = socket;
    socket.write('*3\r\n$9\r\nsubscribe\r\n$7\r\nchannel\r\n:1\r\n');
  });
  const { link, ready } = await subscribedTo(port);

  const again = ready();
  subscribed?.destroy();
  await again;
  await expect(link.subscribe('channel', 500)).rejects.toMatchObject({ name: 'RedisTrouble' });
  await new Promise((resolve) => setImmediate(resolve));
  expect(lost).toEqual([]);
  await link.close();
});

it('a Sentinel that hangs up on who listens for failovers is not subscribed to again on the quiet, which nobody would await', async () => {
  const lost = unawaited();
  const master = await startServer(() => {});
  const listeners: Socket[] = [];
  const sentinel = await startSentinel(master, (socket) => {
    listeners.push(socket);
    if (listeners.length > 1) socket.destroy();
    else socket.write('*3\r\n$9\r\nsubscribe\r\n$14\r\n+switch-master\r\n:1\r\n');
  });
  const { link, ready } = linkTo({
    ...standaloneAddress(sentinel),
    mode: 'sentinel',
    sentinelName: 'mymaster',
  });
  const first = ready();
  link.open();
  await first;
  await eventually(() => expect(listeners.length).toBe(1));

  // The client waits a minute before it comes back to a Sentinel.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  listeners[0]!.end();
  await once(listeners[0]!, 'close');
  for (let i = 0; i < 20; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    vi.advanceTimersByTime(60_000);
  }
  await new Promise((resolve) => setImmediate(resolve));
  vi.useRealTimers();
  expect(listeners.length).toBe(1);
  expect(lost).toEqual([]);
  await link.close();
});
