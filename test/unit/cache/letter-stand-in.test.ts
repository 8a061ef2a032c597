import { describe, expect, it } from 'vitest';
import { ProxyError } from '../../../src/errors.js';
import { settle } from '../../support/fake-clock.js';
import { bytesOf, engineKit } from './engine-kit.js';
import { letterKit } from './letter-kit.js';

const cc = (value: string) => ['Cache-Control', value];
const down = () => new ProxyError('origin_unreachable', 'refused');
const HARD = { kind: 'key', name: 'v1:custom:/x' } as const;

/** A stale response that may stand in, and a request that is having it validated. */
async function validating(value = 'max-age=60, stale-if-error=600') {
  const kit = letterKit({ sieMs: 0 });
  await kit.exchange([], { headers: [...cc(value), 'ETag', '"a"'], body: 'old' });
  return kit;
}

describe('what stands in for an origin that fails', () => {
  it('is not what was purged while it was asked (I-1); a dead origin is not asked again (I-10)', async () => {
    const kit = await validating();
    kit.clock.advance(100_000);
    const answer = kit.ask('/x');
    await settle();
    kit.purge(HARD);
    kit.origin.last.fail(down());
    await expect(answer).rejects.toMatchObject({ code: 'origin_unreachable' });
    expect(kit.origin.asked).toHaveLength(2);
  });

  it('is not that either where the origin says what is wrong: its answer is passed on', async () => {
    const kit = await validating();
    kit.clock.advance(100_000);
    const answer = kit.ask('/x');
    await settle();
    kit.purge(HARD);
    kit.origin.last.reply({ status: 503, headers: [], body: 'down' });
    await settle();
    kit.origin.last.reply({ status: 503, headers: [], body: 'down' });
    expect(await bytesOf(await answer)).toBe('down');
  });

  it('is what was purged softly, stale from the purge on (I-5)', async () => {
    const kit = await validating('max-age=600, stale-if-error=600');
    kit.clock.advance(20_000);
    const answer = kit.ask('/x', { headers: cc('max-age=10') });
    await settle();
    kit.purge(HARD, true);
    kit.clock.advance(5000);
    kit.origin.last.fail(down());
    expect((await answer).outcome).toMatchObject({ stale: 'origin-error', ttl: -5 });
  });

  it('is not what a soft purge has made stale and may not be given out stale', async () => {
    const kit = await validating('max-age=600, must-revalidate');
    kit.clock.advance(20_000);
    const answer = kit.ask('/x', { headers: cc('max-age=10') });
    await settle();
    kit.purge(HARD, true);
    kit.origin.last.fail(down());
    await expect(answer).rejects.toMatchObject({ code: 'origin_unreachable' });
  });

  it('for one that is slow (the table): not what was purged meanwhile', async () => {
    const kit = engineKit();
    const first = kit.ask('/x');
    await settle();
    kit.origin.last.reply({ body: 'old' });
    await bytesOf(await first);
    await settle();
    kit.clock.advance(2 * 3_600_000);
    const answer = kit.ask('/x');
    await settle();
    kit.purge({ kind: 'key', name: '/x' });
    kit.clock.advance(1500);
    await settle();
    expect(kit.origin.asked).toHaveLength(3);
    kit.origin.last.reply({ body: 'new' });
    expect(await bytesOf(await answer)).toBe('new');
  });

  it.each([
    ['fails', () => down()],
    ['is answered with an error', () => undefined],
  ])(
    'stands in as well when a refresh was too long to store, and asking for it once more %s',
    async (_how, failure) => {
      const kit = engineKit({ maxEntryBytes: 1000 });
      const first = kit.ask('/x');
      await settle();
      kit.origin.last.reply({ body: 'old' });
      await bytesOf(await first);
      await settle();
      kit.clock.advance(2 * 3_600_000);
      const second = kit.ask('/x');
      await settle();
      kit.origin.last.head({ headers: ['Content-Type', 'image/png'] });
      for (let i = 0; i < 2; i++) kit.origin.last.body.data(Buffer.alloc(600, 'x'));
      await settle();
      expect(kit.origin.asked).toHaveLength(3);
      const error = failure();
      if (error !== undefined) kit.origin.last.fail(error);
      else kit.origin.last.reply({ status: 503, headers: [], body: 'down' });
      const answer = await second;
      expect(await bytesOf(answer)).toBe('old');
      expect(answer.outcome.stale).toBe('origin-error');
    },
  );
});

it('a 304 that nobody asked for does not renew what is stored', async () => {
  const kit = letterKit({ sieMs: 600_000 });
  await kit.exchange([], { headers: cc('max-age=60'), body: 'old' });
  kit.clock.advance(61_000);
  const answer = kit.ask('/x');
  await settle();
  kit.origin.last.reply({ status: 304, headers: cc('max-age=60'), body: '' });
  await settle();
  expect(kit.origin.asked).toHaveLength(3);
  kit.origin.last.reply({ headers: cc('max-age=60'), body: 'new' });
  expect(await bytesOf(await answer)).toBe('new');
});
