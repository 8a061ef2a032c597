// net.Socket's documented option `onread`, for the sockets of a server, which can't pass it.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { readIntoOneBuffer } from '../../../src/server/one-buffer.js';

const ending: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});

async function accepting(accept: (socket: Socket) => void): Promise<Server> {
  const server = createServer(accept).listen(0, '127.0.0.1');
  await once(server, 'listening');
  ending.push(() => new Promise((resolve) => server.close(resolve)));
  return server;
}

async function dial(server: Server): Promise<Socket> {
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  await once(client, 'connect');
  ending.push(async () => client.destroy());
  return client;
}

it('this Node has it, and all bytes of two connections come in order, in one and the same memory', async () => {
  const got = new Map<number, string>();
  const memories = new Set<ArrayBufferLike>();
  let supported = 0;
  let data = 0;
  const ended: Promise<unknown>[] = [];
  const server = await accepting((socket) => {
    const id = got.size;
    got.set(id, '');
    socket.on('data', () => data++);
    ended.push(once(socket, 'end'));
    if (
      readIntoOneBuffer(socket, (view) => {
        memories.add(view.buffer);
        got.set(id, got.get(id) + view.toString('latin1'));
      })
    )
      supported++;
  });
  const [a, b] = [await dial(server), await dial(server)];
  const long = 'x'.repeat(300_000);
  a.end(`a${long}`);
  b.end(`b${long}`);
  await Promise.all([once(a, 'close'), once(b, 'close')]);
  await Promise.all(ended);
  expect(supported).toBe(2);
  expect([...got.values()].sort()).toEqual([`a${long}`, `b${long}`]);
  expect(memories.size).toBe(1);
  expect(data).toBe(0);
});

it('a paused connection reads nothing more until it is resumed', async () => {
  let bytes = 0;
  let accepted: Socket | undefined;
  const server = await accepting((socket) => {
    accepted = socket;
    ending.push(async () => socket.destroy());
    socket.resume();
    readIntoOneBuffer(socket, (view) => {
      bytes += view.length;
      socket.pause();
    });
  });
  const client = await dial(server);
  client.end(Buffer.alloc(4 * 1024 * 1024));
  while (bytes === 0) await new Promise(setImmediate);
  const before = bytes;
  for (let i = 0; i < 20; i++) await new Promise(setImmediate);
  expect(bytes).toBe(before);
  while (bytes < 4 * 1024 * 1024) {
    accepted!.resume();
    await new Promise(setImmediate);
  }
  expect(bytes).toBe(4 * 1024 * 1024);
});

it('what is no socket of the system is left as it is', () => {
  const socket = { on: () => {} } as unknown as Socket;
  expect(readIntoOneBuffer(socket, () => {})).toBe(false);
  expect(Object.getOwnPropertySymbols(socket)).toEqual([]);
});
