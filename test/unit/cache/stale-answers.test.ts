import { describe, expect, it } from 'vitest';
import { settle } from '../../support/fake-clock.js';
import { bytesOf, engineKit, filled } from './engine-kit.js';

const MINUTE = 60_000;

describe('stale answers', () => {
  it('within stale-while-revalidate the old answer comes at once and one refresh runs', async () => {
    const kit = engineKit();
    await filled(kit, '/x', 'old');
    kit.clock.advance(65 * MINUTE);
    const both = await Promise.all([kit.ask('/x'), kit.ask('/x')]);
    for (const answer of both) {
      expect(answer.outcome).toMatchObject({ result: 'stale', stale: 'while-revalidate', ttl: -300 });
      expect(await bytesOf(answer)).toBe('old');
    }
    await settle();
    expect(kit.origin.asked).toHaveLength(2);
    kit.origin.last.reply({ body: 'new' });
    await settle();
    expect(await bytesOf(await kit.ask('/x'))).toBe('new');
  });

  it('a 304 renews the entry in every tier and keeps its bytes (I-22)', async () => {
    const kit = engineKit();
    await filled(kit, '/x', 'old');
    kit.clock.advance(100 * MINUTE);
    const answer = kit.ask('/x');
    await settle();
    expect(kit.origin.last.request.headers).toContain('If-None-Match');
    kit.origin.last.reply({ status: 304, headers: ['ETag', 'W/"1"', 'X-New', '1'], body: '' });
    expect(await answer).toMatchObject({ kind: 'entry', outcome: { forwardStatus: 304 } });
    expect(await bytesOf(await kit.ask('/x'))).toBe('old');
    expect(kit.l2.peek('/x')!.entry.headers).toContain('X-New');
    expect((await kit.ask('/x')).outcome.result).toBe('hit');
  });

  it('beyond it a slow origin is answered for after the soft timeout, and what it brings later is kept', async () => {
    const kit = engineKit();
    await filled(kit, '/x', 'old');
    kit.clock.advance(100 * MINUTE);
    const answer = kit.ask('/x');
    await settle();
    kit.clock.advance(1500);
    expect(await answer).toMatchObject({ outcome: { result: 'stale', stale: 'soft-timeout' } });
    kit.origin.last.reply({ body: 'new' });
    await settle();
    expect(await bytesOf(await kit.ask('/x'))).toBe('new');
  });

  it.each([
    ['an error', (kit: ReturnType<typeof engineKit>) => kit.origin.last.fail()],
    ['a 503', (kit: ReturnType<typeof engineKit>) => kit.origin.last.reply({ status: 503 })],
    [
      'an error envelope',
      (kit: ReturnType<typeof engineKit>) => kit.origin.last.reply({ body: '{"success":false}' }),
    ],
  ])(
    '%s of the origin never replaces a good entry, and is not provoked again at once (I-10)',
    async (_name, fail) => {
      const kit = engineKit();
      await filled(kit, '/x', 'old');
      kit.clock.advance(100 * MINUTE);
      const answer = kit.ask('/x');
      await settle();
      fail(kit);
      expect(await answer).toMatchObject({ outcome: { result: 'stale', stale: 'origin-error' } });
      expect(await kit.ask('/x')).toMatchObject({ outcome: { stale: 'not-before' } });
      expect(kit.origin.asked).toHaveLength(2);
      kit.clock.advance(15_000);
      void kit.ask('/x');
      await settle();
      expect(kit.origin.asked).toHaveLength(3);
    },
  );

  it('past stale-if-error the error is the answer', async () => {
    const kit = engineKit();
    await filled(kit, '/x', 'old');
    kit.clock.advance(700 * MINUTE);
    const answer = kit.ask('/x');
    await settle();
    kit.origin.last.fail();
    await expect(answer).rejects.toMatchObject({ code: 'origin_unreachable' });
  });

  it('OFFLINE serves whatever there is and never asks', async () => {
    const kit = engineKit({ offline: true });
    await expect(kit.ask('/x')).rejects.toMatchObject({ code: 'offline' });
    expect(kit.origin.asked).toHaveLength(0);
  });
});
