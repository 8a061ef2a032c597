import { describe, expect, it } from 'vitest';
import type { Answer } from '../../../src/cache/answer.js';
import { type ConnectionLimits, LIMITS } from '../../../src/server/limits.js';
import { answerOf, dial, entryOf, request, start, until } from './helpers.js';

/** As they are, some hundred times as fast. */
const limits: ConnectionLimits = {
  ...LIMITS,
  headersTimeout: 200,
  requestTimeout: 400,
  keepAliveTimeout: 750,
  stallTimeout: 400,
  connectionsCheckingInterval: 50,
};
/** More than sockets of both sides hold. */
const BIG = Buffer.alloc(96 * 1024 * 1024, 'x');
/** What the slow one takes at a time, bytes. */
const SIP = 8 * 1024 * 1024;

describe('a client that is slow on purpose', () => {
  it.each([
    ['a head', 'GET /3/movie/1 HTTP/1.1\r\nHost: a\r\n', 'X-A: b\r\n'],
    ['a body', 'POST /cache/purge HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n', 'x'],
    ['chunks', 'POST /cache/purge HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n', '1\r\nx\r\n'],
  ])('sends %s for no longer than it may, however steadily', async (_what, first, more) => {
    const { port, listener } = await start(() => new Promise(() => {}), { limits });
    const socket = dial(port);
    socket.resume();
    socket.write(first);
    const trickle = setInterval(() => socket.write(more), 20);
    await until(() => listener.connections.size === 1);
    await until(() => listener.connections.size === 0).finally(() => clearInterval(trickle));
  });

  /** Nobody is closed for having finished. */
  const stalling = { ...limits, keepAliveTimeout: 60_000 };

  it('and takes nothing of a stored answer is cut', async () => {
    const { port, listener } = await start(() => answerOf(entryOf(BIG)), { limits: stalling });
    const socket = dial(port);
    socket.pause();
    socket.write(request('GET', '/3/movie/1'));
    await until(() => listener.connections.active === 1);
    await until(() => listener.connections.size === 0);
  });

  it('and takes some of it now and then gets it all', async () => {
    const { port } = await start(() => answerOf(entryOf(BIG)), { limits: stalling });
    const socket = dial(port);
    let taken = 0;
    socket.on('data', (chunk: Buffer) => {
      taken += chunk.length;
      if (taken % SIP < chunk.length) socket.pause();
    });
    socket.write(request('GET', '/3/movie/1'));
    const sips = setInterval(() => socket.resume(), 100);
    await until(() => taken > BIG.length).finally(() => clearInterval(sips));
  });

  it('is waited for as long as its answer takes', async () => {
    let give: (answer: Answer) => void = () => {};
    const { port } = await start(
      () =>
        new Promise((resolve) => {
          give = resolve;
        }),
      { limits },
    );
    const socket = dial(port);
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    socket.write(request('GET', '/3/movie/1'));
    await new Promise((resolve) => setTimeout(resolve, 3 * limits.stallTimeout));
    give(answerOf(entryOf('late')));
    await until(() => text.endsWith('late'));
    expect(text).toMatch(/^HTTP\/1\.1 200 /);
  });
});
