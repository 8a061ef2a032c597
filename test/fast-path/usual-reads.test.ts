import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readIntoOneBuffer } from '../../src/server/one-buffer.js';
import { type Action, Twins } from './twins.js';

const HOT = 'GET /x/0 HTTP/1.1\r\nHost: a\r\n\r\n';
const OTHER = 'GET /x/0 HTTP/1.1\r\nHost: a\r\nX-Odd: 1\r\n\r\n';
const POST = 'POST /x/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello';

let twins: Twins;
beforeEach(async () => {
  twins = await new Twins('letter', 'slow', { usualReads: true }).open();
  await ask(HOT);
  await ask(HOT);
});
afterEach(() => twins.close());

function ask(bytes: string, more: Partial<Extract<Action, { kind: 'send' }>> = {}): Promise<void> {
  return twins.run({ kind: 'send', line: 0, bytes, cuts: [], kept: 1, ...more });
}

const again = () => twins.run({ kind: 'abandon', line: 0 });

describe('where sockets cannot read into one buffer, all is answered alike', () => {
  it('and they cannot', () => {
    const [socket] = twins.fast.sockets.values();
    expect(readIntoOneBuffer(socket!, () => {})).toBe(false);
  });

  it('hits, by the fast path', async () => {
    const { hits } = twins.fast;
    for (let i = 0; i < 5; i++) await ask(HOT);
    expect(twins.fast.hits).toBe(hits + 5);
  });

  it('hits between requests of node:http, which leave the connection to both', async () => {
    const { hits } = twins.fast;
    for (const bytes of [OTHER, HOT, OTHER, HOT, HOT]) await ask(bytes);
    expect(twins.fast.hits).toBe(hits + 3);
  });

  it('requests in pieces, at the beginning of a connection and later', async () => {
    for (let at = 1; at < HOT.length; at++) {
      if (at % 2 === 0) await again();
      if (at % 3 === 0) await ask(OTHER);
      await ask(HOT, { cuts: [(at + 0.5) / HOT.length] });
      await ask(HOT);
    }
  });

  it.each([
    ['at once', undefined],
    ['one by one', 1],
  ])('pipelined requests, that come %s', async (_how, turns) => {
    for (const list of [[HOT, HOT], [HOT, OTHER, HOT], [OTHER, HOT, HOT], [HOT, POST, HOT], [POST]]) {
      await ask(list.join(''), { turns });
      await ask(HOT);
      await again();
    }
  });

  it('what comes while L2 is asked', async () => {
    await twins.run({ kind: 'forget' });
    await ask(HOT + HOT, { cuts: [0.51], turns: 1 });
    await twins.run({ kind: 'forget' });
    await ask(HOT + HOT + HOT, { cuts: [0.34, 0.5, 0.7], turns: 1 });
  });

  it('what is no request, and CONNECT', async () => {
    for (const bytes of ['\0\0', 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n']) {
      await ask(HOT);
      await ask(bytes);
      await again();
    }
  });

  it('a client that half closes, and one that leaves', async () => {
    await ask(HOT + HOT.slice(0, 9));
    await twins.run({ kind: 'half-close', line: 0 });
    await ask(HOT);
    await again();
    await ask(HOT);
  });
});
