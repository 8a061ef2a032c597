import { describe, expect, it, vi } from 'vitest';
import { settle } from '../../support/fake-clock.js';
import { PATIENCE_MS } from '../../support/patience.js';
import { bytesOf, engineKit, filled } from './engine-kit.js';

const MINUTE = 60_000;

describe('a hit', () => {
  it('is answered from memory without asking the origin again', async () => {
    const kit = engineKit();
    await filled(kit, '/3/movie/550');
    const answer = await kit.ask('/3/movie/550');
    expect(answer).toMatchObject({ kind: 'entry', outcome: { result: 'hit', served: 'memory', ttl: 3600 } });
    expect(kit.origin.asked).toHaveLength(1);
  });

  it('comes from L2 when memory has forgotten it, and is in memory afterwards', async () => {
    const kit = engineKit();
    await filled(kit, '/3/movie/550');
    await kit.memory.clear();
    expect((await kit.ask('/3/movie/550')).outcome.result).toBe('hit');
    expect(kit.memory.peek('/3/movie/550')).toBeDefined();
    expect(kit.origin.asked).toHaveLength(1);
  });

  it('looks at L2 again after the memory TTL and takes the newer entry there (another worker filled it)', async () => {
    const kit = engineKit();
    await filled(kit, '/a', 'old');
    const newer = {
      ...kit.memory.peek('/a')!.entry,
      body: Buffer.from('new'),
      storedAt: kit.clock.now() + 1,
    };
    await kit.l2.set(newer);
    expect(await bytesOf(await kit.ask('/a'))).toBe('old');
    kit.clock.advance(16 * MINUTE);
    expect(await bytesOf(await kit.ask('/a'))).toBe('new');
  });
});

describe('purges', () => {
  it('I-2, I-3: a fill begun before a purge is not joined afterwards and never becomes servable', async () => {
    const kit = engineKit();
    const before = kit.ask('/x');
    await settle();
    kit.purge({ kind: 'all' });
    const after = kit.ask('/x');
    await settle();
    expect(kit.origin.asked).toHaveLength(2);
    kit.origin.asked[1]!.reply({ body: 'new' });
    expect(await bytesOf(await after)).toBe('new');
    await settle();
    kit.origin.asked[0]!.reply({ body: 'old' });
    expect(await bytesOf(await before)).toBe('old');
    await settle();
    expect(await bytesOf(await kit.ask('/x'))).toBe('new');
    expect(kit.l2.peek('/x')!.entry.body.toString()).toBe('new');
  });

  it('a fill that a purge has overtaken does not keep later requests from sharing one', async () => {
    const kit = engineKit();
    const before = kit.ask('/x');
    await settle();
    kit.purge({ kind: 'all' });
    kit.origin.last.reply({ body: 'old' });
    await bytesOf(await before);
    await settle();
    void kit.ask('/x').catch(() => {});
    void kit.ask('/x').catch(() => {});
    await settle();
    expect(kit.origin.asked).toHaveLength(2);
  });

  it('I-5: a hard purge is not served even when the origin fails; a soft one is', async () => {
    for (const soft of [false, true]) {
      const kit = engineKit();
      await filled(kit, '/x', 'old');
      kit.clock.advance(1);
      kit.purge({ kind: 'tag', name: 'tag:/x' }, soft);
      kit.clock.advance(20 * MINUTE);
      const answer = kit.ask('/x');
      await settle();
      kit.origin.last.fail();
      if (soft) expect((await answer).outcome.result).toBe('stale');
      else await expect(answer).rejects.toMatchObject({ code: 'origin_unreachable' });
    }
  });

  it('an unsafe request that succeeded invalidates the key it names', async () => {
    const kit = engineKit();
    await filled(kit, '/x', 'old');
    const write = kit.ask('/x', { method: 'POST' });
    await settle();
    kit.origin.last.reply({ status: 201 });
    await write;
    void kit.ask('/x').catch(() => {});
    await settle();
    expect(kit.origin.asked).toHaveLength(3);
  });
});

describe('the client can only make the cache stricter', () => {
  it('no-cache validates a fresh entry; only-if-cached never asks', async () => {
    const kit = engineKit();
    await expect(kit.ask('/x', { headers: ['Cache-Control', 'only-if-cached'] })).rejects.toMatchObject({
      status: 504,
    });
    await filled(kit, '/x');
    const answer = kit.ask('/x', { headers: ['Cache-Control', 'no-cache'] });
    await settle();
    expect(kit.origin.asked).toHaveLength(2);
    kit.origin.last.reply({ status: 304, headers: ['ETag', 'W/"1"'], body: '' });
    expect((await answer).outcome.forwardStatus).toBe(304);
  });
});

describe('content codings', () => {
  it('gzip without its field is given it; the field without gzip loses it; both are counted', async () => {
    const { gzipSync } = await import('node:zlib');
    const kit = engineKit();
    const first = kit.ask('/gz');
    await settle();
    kit.origin.last.reply({ headers: ['Content-Type', 'application/json'], body: gzipSync('{"id":1}') });
    await bytesOf(await first);
    const second = kit.ask('/plain');
    await settle();
    kit.origin.last.reply({
      headers: ['Content-Type', 'application/json', 'Content-Encoding', 'gzip'],
      body: '{"id":2}',
    });
    await bytesOf(await second);
    await vi.waitUntil(() => kit.memory.peek('/gz') && kit.memory.peek('/plain'), PATIENCE_MS);
    expect(kit.healed).toEqual(['gzip-without-header', 'header-without-gzip']);
    expect(kit.memory.peek('/gz')!.entry.coding).toBe('gzip');
    expect(kit.memory.peek('/plain')!.entry.coding).toBe('identity');
  });

  it('plain JSON is stored compressed, once', async () => {
    const kit = engineKit();
    await filled(kit, '/x', JSON.stringify({ text: 'again and '.repeat(500) }));
    const { entry } = await vi.waitUntil(() => kit.memory.peek('/x'), PATIENCE_MS);
    expect(entry).toMatchObject({ coding: 'gzip', recoded: true });
    expect(entry.body.length).toBeLessThan(500);
  });
});

describe('redirects of the origin', () => {
  it('are followed on its own hosts, and passed on unfollowed when they lead elsewhere', async () => {
    const kit = engineKit();
    const first = kit.ask('/old');
    await settle();
    kit.origin.last.reply({ status: 301, headers: ['Location', '/new'], body: '' });
    await settle();
    expect(kit.origin.last.request.target).toBe('/new');
    kit.origin.last.reply({ body: 'moved' });
    expect(await bytesOf(await first)).toBe('moved');

    const second = kit.ask('/out');
    await settle();
    kit.origin.last.reply({ status: 302, headers: ['Location', 'http://evil.example/'], body: '' });
    expect(await second).toMatchObject({ kind: 'raw', head: { status: 302 } });
    expect(kit.origin.asked).toHaveLength(3);
  });

  it('take no usable answer away when they lead nowhere', async () => {
    const kit = engineKit();
    await filled(kit, '/x', 'stored');
    kit.clock.advance(3 * 60 * MINUTE);
    const asked = kit.ask('/x');
    await settle();
    kit.origin.last.reply({ status: 302, headers: ['Location', 'http://evil.example/'], body: '' });
    const answer = await asked;
    expect(await bytesOf(answer)).toBe('stored');
    expect(answer.outcome).toMatchObject({ result: 'stale' });
  });
});
