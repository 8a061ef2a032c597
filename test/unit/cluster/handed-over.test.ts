import type { ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { HandedOver } from '../../../src/cluster/handed-over.js';

/** As node:cluster sends it beside the message. */
interface Handle {
  getpeername(into: object): number;
}

let server: Server;
beforeAll(async () => {
  server = createServer({ pauseOnConnect: true }, (socket) => socket.on('error', () => {}));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => {
  server.close();
});

/** A connection that waits to be handed over, and its client. */
async function waiting(): Promise<{ client: Socket; handle: Handle; end: () => void }> {
  const { port } = server.address() as { port: number };
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const client = connect(port, '127.0.0.1').on('error', () => {});
  const [socket] = await accepted;
  const { _handle: handle } = socket as unknown as { _handle: Handle };
  const end = () => {
    client.destroy();
    socket.destroy();
  };
  return { client, handle, end };
}

function worker() {
  const send = vi.fn((..._: unknown[]) => true);
  const process = Object.assign(new EventEmitter(), { send });
  new HandedOver(process as unknown as ChildProcess);
  const answers: unknown[] = [];
  process.on('internalMessage', (message) => answers.push(message));
  const handOver = (seq: number, handle: Handle) =>
    process.send({ cmd: 'NODE_CLUSTER', act: 'newconn', key: 'a', seq }, handle);
  return { send, answers, handOver };
}

it('a connection that was reset while it waited keeps no other waiting: it is closed, not handed over', async () => {
  const { send, answers, handOver } = worker();
  const { client, handle, end } = await waiting();
  client.resetAndDestroy();
  await vi.waitFor(() => expect(handle.getpeername({})).not.toBe(0));
  handOver(7, handle);
  expect(answers).toEqual([]);
  await Promise.resolve();
  expect(answers).toEqual([{ cmd: 'NODE_CLUSTER', ack: 7, accepted: true }]);
  expect(send).not.toHaveBeenCalled();
  end();
});

it('one whose client has said all it has to say is handed over: it may wait for an answer', async () => {
  const { send, answers, handOver } = worker();
  const { client, handle, end } = await waiting();
  await new Promise<void>((resolve) => client.end('GET', resolve));
  handOver(7, handle);
  await Promise.resolve();
  expect(send).toHaveBeenCalledOnce();
  expect(answers).toEqual([]);
  end();
});
