import { afterEach, describe, it } from 'vitest';
import { type Action, Twins } from './twins.js';

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
  ])('is read as node:http reads it: %s', async (_what, pieces) => {
    twins = await new Twins('letter', 'slow').open();
    await twins.run({ kind: 'send', line: 0, bytes: HOT, cuts: [], kept: 1 });
    await twins.run({ kind: 'forget' });
    await twins.run(inPieces(...pieces));
  });
});
