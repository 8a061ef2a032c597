import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { settle } from '../../support/fake-clock.js';
import { bytesOf, engineKit } from './engine-kit.js';

it('a fetch beyond the bound is refused, and one that is over makes room', async () => {
  const kit = engineKit({ maxFlights: 1 });
  const { flights } = kit.engine.filler;
  const first = kit.ask('/3/movie/1');
  await settle();
  await expect(kit.ask('/3/movie/2')).rejects.toMatchObject({ code: 'budget_exhausted', retryAfter: 1 });
  expect(flights).toMatchObject({ refused: 1, underWay: 1 });
  kit.origin.last.reply();
  await bytesOf(await first);
  const second = kit.ask('/3/movie/2');
  await settle();
  kit.origin.last.reply();
  await bytesOf(await second);
  await settle();
  expect(flights).toMatchObject({ refused: 1, underWay: 0, size: 0 });
});

it('a slow disk refuses no fetch: what is only being stored is not under way', async () => {
  const never = new Promise<undefined>(() => {});
  const kit = engineKit({
    maxFlights: 1,
    wrap: (inner) => ({
      fetch: async (job) => {
        const fetched = await inner.fetch(job);
        return fetched.kind === 'storable' ? { ...fetched, making: never } : fetched;
      },
      pass: (request) => inner.pass(request),
    }),
  });
  const { flights } = kit.engine.filler;
  const first = kit.ask('/3/movie/1');
  await settle();
  kit.origin.last.reply();
  await bytesOf(await first);
  await settle();
  expect(flights).toMatchObject({ size: 1, underWay: 0 });
  void kit.ask('/3/movie/2');
  await settle();
  expect(kit.origin.asked).toHaveLength(2);
});

it('a request whose body has not come is no fetch yet: who sends slowly keeps nobody from the origin', async () => {
  const kit = engineKit({ maxFlights: 1 });
  const { flights } = kit.engine.filler;
  let come: (body: Readable) => void = () => {};
  const slow = kit.engine.handle({
    request: { method: 'POST', target: '/3/movie/1/rating', headers: [] },
    signal: new AbortController().signal,
    readBody: () =>
      new Promise((resolve) => {
        come = resolve;
      }),
  });
  await settle();
  expect([flights.underWay, kit.origin.asked.length]).toEqual([0, 0]);
  const body = Readable.from(['{}']);
  come(body);
  await settle();
  expect([flights.underWay, kit.origin.last.request.body]).toEqual([1, body]);
  kit.origin.last.reply({ status: 201 });
  await slow;
  expect(flights.underWay).toBe(0);
});

it('more than 10 000 that wait for one fetch are told 503, the others get its answer', async () => {
  const kit = engineKit();
  const waiting = Array.from({ length: 10_000 }, () => kit.ask('/3/movie/1'));
  await settle();
  await expect(kit.ask('/3/movie/1')).rejects.toMatchObject({ status: 503 });
  kit.origin.last.reply();
  const [one, ...others] = await Promise.all(waiting.map(async (answer) => bytesOf(await answer)));
  expect([others.length, new Set(others)]).toEqual([9_999, new Set([one])]);
  expect(kit.origin.asked).toHaveLength(1);
});
