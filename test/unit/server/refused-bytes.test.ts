import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { Answer } from '../../../src/cache/answer.js';
import { answerOf, dial, entryOf, request, start, until } from './helpers.js';

const NONSENSE = 'nonsense\r\n\r\n';

/** Statuses that have come on a connection so far, in order. */
function statusesOf(socket: Socket): () => string[] {
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  return () => [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => status!);
}

/** Answers to /3/slow are given by hand. */
async function node() {
  const finish: ((answer: Answer) => void)[] = [];
  const { port, listener } = await start((context) =>
    context.request.target.startsWith('/3/slow')
      ? new Promise((resolve) => void finish.push(resolve))
      : answerOf(entryOf('ok')),
  );
  const socket = dial(port);
  return { listener, socket, finish, statuses: statusesOf(socket) };
}

describe('bytes that are no request', () => {
  it('cost the requests before them no answer, however long it takes; then the client is told, and the connection ends', async () => {
    const { socket, finish, statuses, listener } = await node();
    socket.write(request('GET', '/3/slow/1') + request('GET', '/3/slow/2') + NONSENSE);
    await until(() => finish.length === 1);
    await new Promise(setImmediate);
    expect(statuses()).toEqual([]);
    finish[0]!(answerOf(entryOf('one')));
    await until(() => statuses().length === 1 && finish.length === 2);
    finish[1]!(answerOf(entryOf('two')));
    await until(() => socket.readableEnded);
    expect(statuses()).toEqual(['200', '200', '400']);
    await until(() => listener.connections.size === 0);
  });

  it('that keep coming are told of once', async () => {
    const { socket, finish, statuses } = await node();
    socket.write(request('GET', '/3/slow/1') + NONSENSE);
    await until(() => finish.length === 1);
    socket.write(NONSENSE);
    await new Promise(setImmediate);
    finish[0]!(answerOf(entryOf('one')));
    await until(() => socket.readableEnded || socket.destroyed);
    expect(statuses()).toEqual(['200', '400']);
  });

  it('in the body of a request under way end the connection: that request never comes in full', async () => {
    const { socket, finish, statuses, listener } = await node();
    const head = 'GET /3/slow/1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
    socket.write(`${head}not a length\r\n`);
    await until(() => listener.connections.size === 0);
    expect(statuses()).toEqual([]);
    for (const give of finish) give(answerOf(entryOf('one')));
  });
});
