import { describe, expect, it } from 'vitest';
import { ProxyError } from '../../../src/errors.js';
import { settle } from '../../support/fake-clock.js';
import { bytesOf, CREDENTIAL, engineKit } from './engine-kit.js';

const IMAGE = { headers: ['Content-Type', 'image/jpeg'] };

describe('what may not be stored', () => {
  it.each([401, 403, 429, 500, 502, 503])('a %i is passed on and asked for again', async (status) => {
    const kit = engineKit();
    const first = kit.ask('/x');
    await settle();
    kit.origin.last.reply({ status });
    expect(await first).toMatchObject({ kind: 'raw', outcome: { stored: false } });
    await settle();
    void kit.ask('/x').catch(() => {});
    await settle();
    expect(kit.origin.asked).toHaveLength(2);
  });

  it('a 200 with an error envelope is delivered, not kept, and not said to be', async () => {
    const kit = engineKit();
    const answer = kit.ask('/x');
    await settle();
    kit.origin.last.reply({ body: '{"success":false,"status_code":21}' });
    expect(await answer).toMatchObject({
      kind: 'raw',
      outcome: { stored: false, noStore: 'error-envelope' },
    });
    expect(kit.memory.peek('/x')).toBeUndefined();
  });

  it.each([
    ['Cache-Control', 'no-store'],
    ['Cache-Control', 'private'],
    ['Cache-Control', 'public, max-age=0'],
    ['Set-Cookie', 'a=b'],
  ])('%s: %s', async (name, value) => {
    const kit = engineKit();
    const answer = kit.ask('/x');
    await settle();
    kit.origin.last.reply({ headers: [name, value, 'Content-Type', 'application/json'] });
    expect(await answer).toMatchObject({ kind: 'raw', outcome: { stored: false } });
  });

  it('JSON that breaks off is asked for once more, since nobody has seen any of it', async () => {
    const kit = engineKit();
    const answer = kit.ask('/x');
    await settle();
    kit.origin.last.head();
    kit.origin.last.body.data(Buffer.from('{"id'));
    kit.origin.last.body.error(new Error('closed'));
    await settle();
    expect(kit.origin.asked).toHaveLength(2);
    kit.origin.last.reply({ body: 'whole' });
    expect(await bytesOf(await answer)).toBe('whole');
  });

  it('JSON that breaks off twice is an honest error, not a broken connection', async () => {
    const kit = engineKit();
    const answer = kit.ask('/x');
    for (let attempt = 0; attempt < 2; attempt++) {
      await settle();
      kit.origin.last.head();
      kit.origin.last.body.data(Buffer.from('{"id'));
      kit.origin.last.body.error(new ProxyError('origin_timeout', 'silent'));
    }
    await expect(answer).rejects.toMatchObject({ code: 'origin_timeout', status: 504 });
  });

  it('an image that breaks off is an error for the reader and leaves no entry', async () => {
    const kit = engineKit();
    const answer = kit.ask('/x');
    await settle();
    kit.origin.last.head(IMAGE);
    kit.origin.last.body.data(Buffer.alloc(100));
    const got = bytesOf(await answer);
    kit.origin.last.body.error(new Error('closed'));
    await expect(got).rejects.toThrow('closed');
    await settle();
    expect(kit.memory.peek('/x')).toBeUndefined();
    expect(kit.engine.filler.flights.size).toBe(0);
  });
});

describe('bodies over MAX_ENTRY_BYTES', () => {
  it('stream through without being stored, held back by their slowest reader', async () => {
    const kit = engineKit({ maxEntryBytes: 1024 });
    const answer = await (async () => {
      const asked = kit.ask('/big');
      await settle();
      kit.origin.last.head(IMAGE);
      kit.origin.last.body.data(Buffer.alloc(700));
      return asked;
    })();
    if (answer.kind !== 'arriving') throw new Error('expected a body that is still arriving');
    let got = 0;
    let over = false;
    answer.body.start({
      data: (chunk) => {
        got += chunk.length;
      },
      end: () => {
        over = true;
      },
      error: () => {},
    });
    answer.body.pause();
    await settle();
    for (let i = 0; i < 40; i++) kit.origin.last.body.data(Buffer.alloc(100_000));
    expect(kit.origin.last.body.paused).toBe(true);
    answer.body.resume();
    expect(kit.origin.last.body.paused).toBe(false);
    kit.origin.last.body.end();
    expect([got, over]).toEqual([700 + 4_000_000, true]);
    await settle();
    expect(kit.memory.peek('/big')).toBeUndefined();
  });

  it('are known from Content-Length before a byte is kept', async () => {
    const kit = engineKit({ maxEntryBytes: 1024 });
    const answer = kit.ask('/big');
    await settle();
    kit.origin.last.reply({ headers: ['Content-Length', '2000'], body: Buffer.alloc(2000) });
    expect(await answer).toMatchObject({ kind: 'raw', outcome: { noStore: 'too-large' } });
  });
});

it('an answer at an address that spells a credential of ours is handed on and kept nowhere: keys are listed', async () => {
  const kit = engineKit();
  const answer = kit.ask(`/3/movie/${CREDENTIAL}`);
  await settle();
  kit.origin.last.reply({ status: 404, body: '{"success":false,"status_code":34}' });
  expect(await answer).toMatchObject({ kind: 'raw', outcome: { noStore: 'credential' } });
  await settle();
  expect(kit.memory.stats().entries).toBe(0);
});
