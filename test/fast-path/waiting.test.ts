import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../unit/server/helpers.js';
import type { Side } from './side.js';
import { type Action, Twins } from './twins.js';
import { Wire } from './wire.js';

const HOT = 'GET /x/0 HTTP/1.1\r\nHost: a\r\n\r\n';
let twins: Twins;
afterEach(() => twins.close());

/** Pieces that arrive one by one while L2 is still asked for the first. */
const inPieces = (...pieces: string[]): Action => {
  const bytes = pieces.join('');
  let end = 0;
  const ends = pieces.slice(0, -1).map((piece) => (end += piece.length));
  return {
    kind: 'send',
    line: 0,
    bytes,
    cuts: ends.map((at) => (at + 0.5) / bytes.length),
    kept: 1,
    turns: 1,
  };
};

describe('what comes while L2 is asked', () => {
  it.each([
    ['two more requests', [HOT, HOT, HOT]],
    ['a request in two pieces', [HOT, 'GET /x/0 HT', 'TP/1.1\r\nHost: a\r\n\r\n']],
    // The second piece is a request by itself, but not behind the first: answering it would split the request in two.
    ['a piece that looks like a request but goes on one', [HOT, 'GET /x/0?a=', HOT]],
    ['a piece that looks like a request within a field', [HOT, 'GET /x/1 HTTP/1.1\r\nHost: a\r\nX-A: ', HOT]],
    [
      'a body that looks like a request',
      [HOT, `POST /x/1 HTTP/1.1\r\nHost: a\r\nContent-Length: ${HOT.length}\r\n\r\n`, HOT],
    ],
    ['what is no request', [HOT, '\0\0', HOT]],
    ['what is no request from its first byte', ['\0\0']],
  ])('is read as node:http reads it: %s', async (_what, pieces) => {
    twins = await new Twins('letter', 'slow').open();
    await twins.run({ kind: 'send', line: 0, bytes: HOT, cuts: [], kept: 1 });
    await twins.run({ kind: 'forget' });
    await twins.run(inPieces(...pieces));
  });
});

describe('a client that leaves while L2 is asked', () => {
  /** Has L2 say nothing until it is let go. */
  function hold({ l2 }: Side): () => void {
    const get = l2.get.bind(l2);
    let letGo = () => {};
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    l2.get = async (key) => {
      await held;
      return get(key);
    };
    return letGo;
  }

  async function leave(side: Side, bytes: string): Promise<readonly string[]> {
    side.told.splice(0);
    side.ids.splice(0);
    const letGo = hold(side);
    const wire = await Wire.open(side);
    wire.send(Buffer.from(bytes));
    await until(() => side.active === 1);
    wire.socket.resetAndDestroy(); // a FIN alone could be a client that still listens
    await until(() => side.listener.connections.size === 0);
    const told = side.told.slice();
    letGo();
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    expect([side.told, side.ids.length, side.active]).toEqual([told, 1, 0]);
    return told;
  }

  it.each([
    ['what L2 has', HOT],
    ['what L2 has not', HOT.replace('/x/0', '/x/1')],
    ['behind a load balancer', HOT.replace('\r\n\r\n', '\r\nX-Forwarded-For: 203.0.113.7\r\n\r\n')],
  ])('is told to the observer alike, once: %s', async (_what, bytes) => {
    twins = await new Twins('letter', 'slow').open();
    await twins.run({ kind: 'send', line: 0, bytes: HOT, cuts: [], kept: 1 });
    await twins.run({ kind: 'forget' });
    await twins.run({ kind: 'abandon', line: 0 });
    const told = await leave(twins.plain, bytes);
    expect(told[0]).toMatch(/"status":499,.*"aborted":true/);
    expect(await leave(twins.fast, bytes)).toEqual(told);
  });
});
