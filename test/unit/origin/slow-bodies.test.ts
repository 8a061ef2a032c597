import { afterEach, expect, it } from 'vitest';
import type { UpstreamGroupOptions } from '../../../src/origin/options.js';
import { Bench, request, settle, TestClock, until } from './helpers.js';

const bench = new Bench();
afterEach(() => bench.close());

/** A body of which a byte comes every 5 s: never silent, and never done. */
const dripping = async (clock: TestClock, group: Partial<UpstreamGroupOptions> = {}) => {
  let drip = (): void => {};
  const { url } = await bench.http((_, res) => {
    res.write('{');
    drip = () => void res.write(' ');
  });
  const origin = bench.origin([url], clock, { group });
  const { body } = await origin.fetch(request());
  const got: Buffer[] = [];
  const ended = new Promise<unknown>((resolve) => {
    body.start({ data: (chunk) => got.push(chunk), end: () => resolve('end'), error: resolve });
  });
  for (let i = 1; i <= 10; i++) {
    await until(() => got.length >= i || origin.status()[0]?.in_flight === 0);
    clock.advance(5_000);
    drip();
  }
  return { origin, body, ended };
};

it('a body that drips breaks as a silent one does, and its connection is free', async () => {
  const { origin, ended } = await dripping(new TestClock());
  expect(await ended).toMatchObject({ code: 'origin_timeout' });
  expect(origin.status()[0]).toMatchObject({ in_flight: 0, errors: 1 });
});

it('one that is passed on as it is may drip, as event streams do', async () => {
  const { origin, body } = await dripping(new TestClock(), { verbatim: true });
  expect(origin.status()[0]?.in_flight).toBe(1);
  body.cancel();
});

it('who pauses as soon as a body that has stood still is read is waited for', async () => {
  const { url } = await bench.http((_, res) => res.end(Buffer.alloc(4_000_000)));
  const clock = new TestClock();
  const origin = bench.origin([url], clock);
  const { body } = await origin.fetch(request());
  await settle();
  clock.advance(19_999);
  body.pause();
  const got: Buffer[] = [];
  const ended = new Promise<unknown>((resolve) => {
    body.start({ data: (chunk) => got.push(chunk), end: () => resolve('end'), error: resolve });
  });
  body.pause();
  clock.advance(100_000);
  body.resume();
  expect(await ended).toBe('end');
  expect(Buffer.concat(got)).toHaveLength(4_000_000);
});
