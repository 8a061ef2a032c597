import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/clock.js';
import { Bench, refusal, request, text, until } from './helpers.js';

const bench = new Bench();
afterEach(() => bench.close());

const head = (...lines: string[]) => `${['HTTP/1.1 200 OK', ...lines].join('\r\n')}\r\n\r\n`;

/** An origin that answers each request with `bytes` and is left with the socket. */
async function asked(bytes: string, then: (socket: Socket) => void = () => {}) {
  const sockets = new Set<Socket>();
  const { url } = await bench.raw((socket) => {
    sockets.add(socket);
    socket.write(bytes, 'latin1');
    then(socket);
  });
  const origin = bench.origin([url], systemClock, { maxRetries: 0, group: { maxConnections: 1 } });
  return { origin, sockets };
}

describe('a transfer coding that somebody may have applied is a 502: its bytes would pass for content', () => {
  it.each([
    ...['gzip', 'x-gzip', 'GZip', 'deflate', 'compress', 'x-compress', 'identity', 'trailers', 'br', 'zstd'],
    ...['gzip, chunked', 'abcdef, chunked', 'chunked, abcdef', 'abcdef, ghi', 'chunked, chunked', 'abcdef,'],
    ...['xchunked', 'chunked;q=1', 'abcdef;q=1', '"abcdef"', 'abc def', '\x0bchunked', 'caf\xe9', ''],
  ])('%j', async (coding) => {
    const { origin } = await asked(`${head(`Transfer-Encoding: ${coding}`)}2\r\nok\r\n0\r\n\r\n`, (socket) =>
      socket.end(),
    );
    expect(await refusal(origin.fetch(request()))).toMatchObject({ code: 'origin_protocol' });
  });

  it.each([
    ['in two lines', ['Transfer-Encoding: abcdef', 'Transfer-Encoding: chunked']],
    ['in two lines, none of them known', ['Transfer-Encoding: abcdef', 'Transfer-Encoding: abcdef']],
    ['beside a length', ['Content-Length: 2', 'Transfer-Encoding: abcdef']],
    ['before a length', ['Transfer-Encoding: abcdef', 'Content-Length: 2']],
  ])('%s', async (_, lines) => {
    const { origin } = await asked(`${head(...lines)}ok`, (socket) => socket.end());
    expect(await refusal(origin.fetch(request()))).toMatchObject({ code: 'origin_protocol' });
  });
});

describe('a name that nobody knows stands for no coding, RFC 9112 section 6.3', () => {
  const UNKNOWN = head('Transfer-Encoding: ABCDEF', 'Connection: keep-alive', 'X-A: 1');

  it('the body runs to the end of the connection, whole, which is not used again', async () => {
    const { origin, sockets } = await asked(`${UNKNOWN}first `, (socket) => {
      setTimeout(() => socket.end('last'), 30);
    });
    for (let i = 0; i < 3; i++) {
      expect(await text(await origin.fetch(request()))).toBe('first last');
    }
    expect(sockets.size).toBe(3);
    await until(() => origin.status()[0]?.in_flight === 0);
    expect(origin.status()[0]).toMatchObject({ successes: 3, errors: 0 });
  });

  it('what looks like the end of a message, or like another one, is content', async () => {
    const tail = `0\r\n\r\n${head('Content-Length: 2')}no`;
    const { origin } = await asked(UNKNOWN + tail, (socket) => socket.end());
    expect(await text(await origin.fetch(request()))).toBe(tail);
  });

  it('no other request is sent on the connection meanwhile', async () => {
    const seen: number[] = [];
    const sockets: Socket[] = [];
    const { url } = await bench.raw((socket) => {
      if (!sockets.includes(socket)) sockets.push(socket);
      seen.push(sockets.indexOf(socket));
      socket.write(`${UNKNOWN}x`);
    });
    const origin = bench.origin([url], systemClock, { group: { maxConnections: 1 } });
    const first = text(await origin.fetch(request()));
    const second = origin.fetch(request());
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(seen).toEqual([0]);
    sockets[0]!.end();
    expect(await first).toBe('x');
    const next = text(await second);
    await until(() => sockets.length === 2);
    sockets[1]!.end();
    expect(await next).toBe('x');
    expect(seen).toEqual([0, 1]);
  });

  it('a reset before the end is a broken body', async () => {
    const { origin, sockets } = await asked(`${UNKNOWN}half`);
    const whole = text(await origin.fetch(request()));
    await new Promise((resolve) => setTimeout(resolve, 20));
    for (const socket of sockets) socket.resetAndDestroy();
    expect(await refusal(whole)).toMatchObject({ status: 502 });
  });

  it('a reader that gives up closes the connection', async () => {
    const { origin, sockets } = await asked(`${UNKNOWN}half`);
    const response = await origin.fetch(request());
    const [socket] = [...sockets];
    response.body.cancel();
    await once(socket!, 'close');
    await until(() => origin.status()[0]?.in_flight === 0);
  });

  it('a response without a body needs no end of the connection', async () => {
    const { origin } = await asked(UNKNOWN);
    expect(await text(await origin.fetch(request({ method: 'HEAD' })))).toBe('');
  });

  it('a Node server sends it so and closes when it has waited long enough', async () => {
    const { url, server } = await bench.http((_, response) => {
      response.writeHead(200, { 'Transfer-Encoding': 'ABCDEF' });
      response.end('content');
    });
    server.keepAliveTimeout = 50;
    const origin = bench.origin([url], systemClock);
    expect(await text(await origin.fetch(request()))).toBe('content');
  });
});
