import { expect, it } from 'vitest';
import { settle } from '../../support/fake-clock.js';
import { bytesOf, engineKit, INSPECT_MS } from './engine-kit.js';

/** Beyond every lifetime and window but stale-if-error, ms. */
const STALE_MS = 100 * 60_000;

/** The origin answers the request it has now at once, its body a byte at a time, for as long as it is let. */
async function drip({ origin, clock }: ReturnType<typeof engineKit>): Promise<void> {
  await settle();
  const { last } = origin;
  last.head();
  await settle();
  for (let ms = 0; ms <= INSPECT_MS; ms += 1000) {
    last.body.data(Buffer.from(' '));
    clock.advance(1000);
  }
}

it('JSON that drips is given up when its time is over, its connection with it, and is an honest error', async () => {
  const kit = engineKit();
  const failed = expect(kit.ask('/x')).rejects.toMatchObject({ code: 'origin_timeout', status: 504 });
  await drip(kit);
  await drip(kit);
  await failed;
  expect(kit.origin.asked.map(({ body }) => body.cancelled)).toEqual([true, true]);
});

it('JSON that drips keeps nobody from the stale answer, and is then left alone for a while', async () => {
  const kit = engineKit();
  const first = kit.ask('/x');
  await settle();
  kit.origin.last.reply({ body: 'old' });
  await bytesOf(await first);
  kit.clock.advance(STALE_MS);
  const answer = kit.ask('/x');
  await drip(kit);
  await drip(kit);
  expect(await bytesOf(await answer)).toBe('old');
  await settle();
  expect((await kit.ask('/x')).outcome).toMatchObject({ result: 'stale', stale: 'not-before' });
  expect(kit.origin.asked).toHaveLength(3);
});

it('JSON that came in time is not given up later', async () => {
  const kit = engineKit();
  const answer = kit.ask('/x');
  await settle();
  kit.origin.last.reply({ body: 'whole' });
  const body = await bytesOf(await answer);
  kit.clock.advance(INSPECT_MS);
  expect([body, kit.origin.last.body.cancelled]).toEqual(['whole', false]);
});
