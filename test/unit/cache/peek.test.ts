import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Broadcast, HeldBytes } from '../../../src/cache/broadcast.js';
import { peek } from '../../../src/cache/peek.js';
import { gather } from '../../../src/cluster/hub-client.js';
import { ScriptedBody } from '../../support/scripted-origin.js';

describe('a body whose start is looked at', () => {
  it('still yields every byte in order, however it is cut and whenever it is read', async () => {
    const pieces = fc.array(fc.uint8Array({ minLength: 1, maxLength: 20 }), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(pieces, fc.nat(120), fc.nat(12), async (cut, wanted, before) => {
        const source = new ScriptedBody();
        const chunks = cut.map((piece) => Buffer.from(piece));
        const all = Buffer.concat(chunks);
        const looking = peek(source, wanted + 1);
        for (const chunk of chunks.slice(0, before)) source.data(chunk);
        if (before >= chunks.length) source.end();
        const early = Buffer.concat(chunks.slice(0, before)).length > wanted || before >= chunks.length;
        if (!early) for (const chunk of chunks.slice(before)) source.data(chunk);
        if (!early) source.end();
        const { start, whole, failure, body } = await looking;
        expect(failure).toBeUndefined();
        expect(start).toEqual(all.subarray(0, start.length));
        expect(whole ? start.length === all.length : start.length > wanted).toBe(true);
        const got = gather(body);
        if (early && before < chunks.length) {
          for (const chunk of chunks.slice(before)) source.data(chunk);
          source.end();
        }
        expect(await got).toEqual(all);
      }),
    );
  });

  it('that broke says so to who looks and to who reads on', async () => {
    const source = new ScriptedBody();
    const looking = peek(source, 100);
    source.data(Buffer.from('half'));
    source.error(new Error('cut'));
    const { whole, failure, body } = await looking;
    expect([whole, failure?.message]).toEqual([false, 'cut']);
    await expect(gather(body)).rejects.toThrow('cut');
  });

  it('waits while its reader has paused, its end included', async () => {
    const source = new ScriptedBody();
    const looking = peek(source, 100);
    source.data(Buffer.from('ab'));
    source.data(Buffer.from('cd'));
    source.end();
    const { body } = await looking;
    const seen: string[] = [];
    body.start({
      data: (chunk) => {
        seen.push(chunk.toString());
        body.pause();
      },
      end: () => seen.push('|'),
      error: () => {},
    });
    expect(seen).toEqual(['abcd']);
    body.resume();
    expect(seen).toEqual(['abcd', '|']);
  });
});

describe('the body that is stored', () => {
  const stored = (chunks: readonly Buffer[]): Buffer => {
    const source = new ScriptedBody();
    let whole: Buffer | undefined;
    const broadcast = new Broadcast(source, 1_000_000, new HeldBytes(() => 1_000_000), {
      onEnd: (body) => {
        whole = body;
      },
      onError: () => {},
      onOverflow: () => {},
    });
    broadcast.keep();
    broadcast.begin();
    for (const chunk of chunks) source.data(chunk);
    source.end();
    return whole!;
  };

  it('is the one piece it came in when that fills its memory, and is not copied then', () => {
    const memory = new ArrayBuffer(10_000);
    const piece = Buffer.from(memory, 400);
    expect(stored([piece])).toBe(piece);
  });

  it('does not pin memory that it does not fill: a small piece of a large block is copied (I-18)', () => {
    const piece = Buffer.from(new ArrayBuffer(65_536), 100, 10_000);
    const body = stored([piece]);
    expect(body).toEqual(piece);
    expect(body.buffer.byteLength).toBeLessThan(20_000);
  });

  it('is put together of several pieces', () => {
    expect(stored(['ab', 'cd'].map((text) => Buffer.from(text))).toString()).toBe('abcd');
    expect(stored([])).toHaveLength(0);
  });
});
