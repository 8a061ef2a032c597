import { describe, expect, it } from 'vitest';
import { settle } from '../../support/fake-clock.js';
import { eventually } from '../../support/patience.js';
import { bytesOf, engineKit, filled } from './engine-kit.js';

const MINUTE = 60_000;
const IMAGE = { headers: ['Content-Type', 'image/jpeg'] };

describe('harms that were found once', () => {
  it('an image in a coding that nobody asked for is handed on and not stored', async () => {
    const kit = engineKit();
    const asked = kit.ask('/x');
    await settle();
    const headers = ['Content-Type', 'image/jpeg', 'Content-Encoding', 'x-unheard-of'];
    kit.origin.last.reply({ headers, body: `\xff\xd8\xff${'x'.repeat(100)}` });
    await bytesOf(await asked);
    await settle();
    void kit.ask('/x');
    await settle();
    expect(kit.origin.asked).toHaveLength(2);
  });

  it('a body that was not for sharing and whose leader has gone is given up, not held for ever', async () => {
    const kit = engineKit();
    const gone = new AbortController();
    const leader = kit.ask('/x', { signal: gone.signal });
    await settle();
    const follower = kit.ask('/x');
    await settle();
    gone.abort();
    await expect(leader).rejects.toMatchObject({ code: 'client_closed' });
    kit.origin.last.head({ headers: ['Cache-Control', 'private', 'Content-Type', 'image/jpeg'] });
    kit.origin.last.body.data(Buffer.alloc(100_000));
    await settle();
    expect(kit.origin.asked[0]!.body.cancelled).toBe(true);
    kit.origin.asked[1]!.reply({ headers: ['Cache-Control', 'private'], body: 'own' });
    expect(await bytesOf(await follower)).toBe('own');
  });

  it.each([
    ['fresh', 16],
    ['stale', 75],
  ])(
    'a purge that comes while L2 is asked: what memory held (%s) is neither served nor confirmed (I-1, I-3)',
    async (_what, minutes) => {
      const kit = engineKit();
      await filled(kit, '/x', 'old');
      kit.clock.advance(minutes * MINUTE);
      let open = () => {};
      const gate = new Promise<void>((resolve) => {
        open = resolve;
      });
      const get = kit.l2.get.bind(kit.l2);
      kit.l2.get = async (key) => {
        await gate;
        return get(key);
      };
      const before = kit.ask('/x');
      await settle();
      kit.purge({ kind: 'key', name: '/x' });
      open();
      await settle();
      const after = kit.ask('/x');
      await settle();
      expect(kit.origin.asked).toHaveLength(2);
      expect(kit.origin.last.request.headers).not.toContain('If-None-Match');
      kit.origin.last.reply({ body: 'new' });
      for (const answer of [before, after]) expect(await bytesOf(await answer)).toBe('new');
      await settle();
      expect(await bytesOf(await kit.ask('/x'))).toBe('new');
      expect(kit.origin.asked).toHaveLength(2);
    },
  );

  it('stored gzip that a 304 forbids to keep goes out named as gzip (I-22)', async () => {
    const kit = engineKit();
    await filled(kit, '/x', JSON.stringify({ text: 'a'.repeat(5000) }));
    await eventually(() => expect(kit.memory.peek('/x')?.entry.coding).toBe('gzip'));
    kit.clock.advance(75 * MINUTE);
    const answering = kit.ask('/x');
    await settle();
    expect(kit.origin.asked).toHaveLength(2);
    kit.origin.last.reply({ status: 304, headers: ['Cache-Control', 'no-store', 'ETag', 'W/"1"'], body: '' });
    const answer = await answering;
    if (answer.kind !== 'raw') throw new Error(answer.kind);
    expect(answer.head.headers.join()).toContain('Content-Encoding,gzip');
    expect((await bytesOf(answer)).length).toBeLessThan(1000);
  });

  it('a refusal that may be over soon keeps requests apart for two seconds only (I-8)', async () => {
    const kit = engineKit();
    void kit.ask('/x');
    await settle();
    kit.origin.last.reply({ status: 401 });
    await settle();
    kit.clock.advance(2_001);
    for (let i = 0; i < 3; i++) void kit.ask('/x').catch(() => {});
    await settle();
    expect(kit.origin.asked).toHaveLength(2);
  });

  it('past stale-if-error a client that insists on validation gets the error, too', async () => {
    const kit = engineKit();
    await filled(kit, '/x');
    kit.clock.advance(661 * MINUTE);
    const answering = kit.ask('/x', { headers: ['Cache-Control', 'no-cache'] });
    await settle();
    kit.origin.last.fail();
    await expect(answering).rejects.toMatchObject({ code: 'origin_unreachable' });
  });

  it('a fill begun before a soft purge still replaces what is older than itself', async () => {
    const kit = engineKit();
    await filled(kit, '/x', 'old');
    kit.clock.advance(75 * MINUTE);
    const refreshing = kit.ask('/x');
    await settle();
    kit.purge({ kind: 'all' }, true);
    kit.origin.last.reply({ body: 'new' });
    await bytesOf(await refreshing);
    await settle();
    const answer = await kit.ask('/x');
    expect([answer.outcome.result, await bytesOf(answer)]).toEqual(['stale', 'new']);
  });

  it('a 304 leaves an entry the tags that its body gave it: a purge by them finds it (I-1)', async () => {
    const kit = engineKit({ site: { tagsOf: () => ['person:1'] } });
    await filled(kit, '/x');
    kit.clock.advance(75 * MINUTE);
    const answering = kit.ask('/x');
    await settle();
    kit.origin.last.reply({ status: 304, headers: ['ETag', 'W/"1"'], body: '' });
    await bytesOf(await answering);
    kit.purge({ kind: 'tag', name: 'person:1' });
    void kit.ask('/x').catch(() => {});
    await settle();
    expect(kit.origin.asked).toHaveLength(3);
  });

  it('a memory time of 0 is none: what another process has stored is seen at once (I-9)', async () => {
    const times = { memoryMs: 0, freshMs: 60 * MINUTE, swrMs: 0, sieMs: 0 };
    const kit = engineKit({ site: { times: () => times } });
    await filled(kit, '/x', 'old');
    const old = kit.l2.peek('/x')!.entry;
    kit.l2.setNow({ ...old, body: Buffer.from('new'), storedAt: old.storedAt + 1 });
    expect(await bytesOf(await kit.ask('/x'))).toBe('new');
  });

  it.each([
    ['later', 1],
    ['in the same millisecond', 0],
  ])('an older entry in L2 does not displace a newer one, %s, that L2 refused', async (_when, ms) => {
    const kit = engineKit();
    await filled(kit, '/x', 'old');
    const old = kit.l2.peek('/x')!.entry;
    kit.memory.setNow({ ...old, body: Buffer.from('new'), storedAt: old.storedAt + ms }, 0, 0);
    kit.clock.advance(16 * MINUTE);
    expect(await bytesOf(await kit.ask('/x'))).toBe('new');
    expect(await bytesOf(await kit.ask('/x'))).toBe('new');
  });

  it('a fill begun before a soft purge does not replace what was fetched after it (I-2)', async () => {
    const kit = engineKit();
    const before = kit.ask('/x');
    await settle();
    kit.purge({ kind: 'all' }, true);
    const after = kit.ask('/x');
    await settle();
    kit.origin.asked[1]!.reply({ body: 'new' });
    await bytesOf(await after);
    await settle();
    kit.origin.asked[0]!.reply({ body: 'old' });
    await bytesOf(await before);
    await settle();
    expect(await bytesOf(await kit.ask('/x'))).toBe('new');
  });

  it('who comes to a flight that is known to be slow does not wait the soft timeout all over again', async () => {
    const kit = engineKit();
    await filled(kit, '/x', 'old');
    kit.clock.advance(100 * MINUTE);
    const first = kit.ask('/x');
    await settle();
    kit.clock.advance(1500);
    expect((await first).outcome.stale).toBe('soft-timeout');
    const second = kit.ask('/x');
    await settle();
    kit.clock.advance(1);
    expect((await second).outcome.stale).toBe('soft-timeout');
  });

  it('a refresh that never ends is not downloaded for ever when nobody reads it', async () => {
    const kit = engineKit({ maxEntryBytes: 1024 });
    await filled(kit, '/x', 'old');
    kit.clock.advance(65 * MINUTE);
    await kit.ask('/x');
    await settle();
    kit.origin.last.head(IMAGE);
    kit.origin.last.body.data(Buffer.alloc(700));
    await settle();
    kit.origin.last.body.data(Buffer.alloc(700));
    await settle();
    expect(kit.origin.last.body.cancelled).toBe(true);
  });

  it('readers that lag share one copy of the body and still get every byte', async () => {
    const kit = engineKit();
    const answers = [kit.ask('/x'), kit.ask('/x')];
    await settle();
    kit.origin.last.head(IMAGE);
    const pieces = ['sixteen bytes and more ', 'then some ', 'and the end'];
    kit.origin.last.body.data(Buffer.from(pieces[0]!));
    const [slow] = await Promise.all(answers);
    if (slow?.kind !== 'arriving') throw new Error('expected a body that is still arriving');
    let got = '';
    slow.body.start({
      data: (chunk) => {
        got += chunk;
        slow.body.pause();
      },
      end: () => {
        got += '|';
      },
      error: () => {},
    });
    await settle();
    for (const piece of pieces.slice(1)) kit.origin.last.body.data(Buffer.from(piece));
    kit.origin.last.body.end();
    await settle();
    expect(got).toBe(pieces[0]);
    slow.body.resume();
    slow.body.resume();
    expect(got).toBe(`${pieces.join('')}|`);
  });
});
