import { afterEach, describe, expect, it } from 'vitest';
import { Twins } from './twins.js';

const HOT = 'GET /x/0 HTTP/1.1\r\nHost: a.b\r\nAccept-Encoding: gzip\r\nIf-None-Match: "q"\r\n\r\n';
const BYTES = ['\0', '\t', '\n', '\r', ' ', ':', ',', '\x7f', '\xff'];

let twins: Twins;
afterEach(() => twins.close());

async function ask(bytes: string, cuts: readonly number[] = []): Promise<void> {
  await twins.run({ kind: 'send', line: 0, bytes, cuts, kept: 1 });
}

/** Both nodes have the answer in memory and, on a connection of its own, have given it. */
async function warm(): Promise<void> {
  twins = await new Twins('letter', 'prompt').open();
  await ask(HOT);
  await ask(HOT);
}

const positions = Array.from({ length: HOT.length - 1 }, (_, i) => i + 1);

describe('a request is read as node:http reads it', () => {
  it('split at every position, alone and behind an answer of the fast path', {
    timeout: 120_000,
  }, async () => {
    await warm();
    for (const at of positions) {
      await twins.run({ kind: 'abandon', line: 0 });
      if (at % 2 === 0) await ask(HOT);
      await ask(HOT, [(at + 0.5) / HOT.length]);
      await ask(HOT);
    }
    expect(twins.fast.hits).toBeGreaterThan(positions.length / 2);
  });

  it('with any byte replaced, inserted or lost', { timeout: 120_000 }, async () => {
    await warm();
    for (const at of positions) {
      const [before, after] = [HOT.slice(0, at), HOT.slice(at + 1)];
      const byte = BYTES[at % BYTES.length]!;
      for (const bytes of [before + byte + after, before + byte + HOT.slice(at), before + after]) {
        await ask(bytes);
        await twins.run({ kind: 'abandon', line: 0 });
      }
    }
  });

  it.each(['CONNECT a.b:443', 'CONNECT /x/0', 'TRACE /x/0', 'OPTIONS *', 'PRI *'])(
    'when it is another: %s',
    async (line) => {
      await warm();
      for (const version of ['HTTP/1.1', 'HTTP/2.0']) {
        await ask(HOT);
        await ask(`${line} ${version}\r\nHost: a.b\r\n\r\n`);
      }
    },
  );

  it('pipelined with others, whole and in part', async () => {
    await warm();
    for (const count of [2, 3, 10]) {
      await ask(HOT.repeat(count));
      await ask(HOT);
      await twins.run({ kind: 'abandon', line: 0 });
      await ask(HOT.repeat(count) + HOT.slice(0, 20));
      await ask(HOT.slice(20));
      await twins.run({ kind: 'half-close', line: 0 });
    }
  });
});
