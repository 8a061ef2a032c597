import { PassThrough } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import type { UpstreamGroupOptions } from '../../../src/origin/options.js';
import { LEAST_RATE } from '../../../src/pace.js';
import { Bench, refusal, request, settle, TestClock, text, until } from './helpers.js';

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

describe('an upload', () => {
  /** An origin that takes a body whole before it answers, and a PUT to it of which `head` has been sent. */
  const begun = async (clock: TestClock, head: Buffer | string = '{') => {
    let taken = 0;
    const { url } = await bench.http((incoming, res) => {
      incoming.on('data', (chunk: Buffer) => {
        taken += chunk.length;
      });
      incoming.on('end', () => res.end(String(taken)));
    });
    const origin = bench.origin([url], clock, { group: { maxConnections: 1 } });
    const body = new PassThrough();
    const answer = origin.fetch(request({ method: 'PUT', retryable: false, body }));
    body.write(head);
    await until(() => taken >= head.length);
    const send = async (bytes: number) => {
      const wanted = taken + bytes;
      body.write(Buffer.alloc(bytes));
      await until(() => taken >= wanted || origin.status()[0]?.in_flight === 0);
    };
    return { origin, body, answer, send };
  };

  it('that moves may take its time, and then the origin has all of its own', async () => {
    const clock = new TestClock();
    const { body, answer, send } = await begun(clock);
    for (let second = 0; second < 300; second += 15) {
      clock.advance(15_000);
      await send(15 * LEAST_RATE);
    }
    clock.advance(19_000);
    body.end();
    await settle();
    clock.advance(19_000);
    expect(await text(await answer)).toBe(String(1 + 300 * LEAST_RATE));
  });

  it('that trickles is told so, frees its connection, and says nothing against the origin', async () => {
    const clock = new TestClock();
    const { origin, answer, send } = await begun(clock);
    const refused = refusal(answer);
    for (let second = 0; second < 30 && origin.status()[0]?.in_flight === 1; second++) {
      clock.advance(1000);
      await send(1);
    }
    expect(await refused).toMatchObject({ code: 'upload_slow', status: 408 });
    await until(() => origin.status()[0]?.in_flight === 0);
    expect(origin.status()[0]).toMatchObject({ errors: 0, breaker: 'closed' });
    expect(clock.pending).toBe(0);
  });

  it('that the origin does not take is its fault', async () => {
    const { url } = await bench.raw((socket) => socket.pause());
    const clock = new TestClock();
    const origin = bench.origin([url], clock);
    const body = new PassThrough();
    const refused = refusal(origin.fetch(request({ method: 'PUT', retryable: false, body })));
    let written = 0;
    const fill = (): void => {
      while (body.write(Buffer.alloc(65_536))) written++;
      written++;
    };
    body.on('drain', fill);
    fill();
    for (let last = -1; last !== written; await settle(200)) last = written;
    clock.advance(20_000);
    expect(await refused).toMatchObject({ code: 'origin_timeout' });
    expect(origin.status()[0]).toMatchObject({ in_flight: 0, errors: 1 });
  });
});

describe('while others wait for the only connection', () => {
  const slowlyRead = async (pieces: number) => {
    const { url } = await bench.http((incoming, res) =>
      res.end(incoming.url!.includes('big') ? Buffer.alloc(32_000_000) : 'small'),
    );
    const clock = new TestClock();
    const origin = bench.origin([url], clock, { group: { maxConnections: 1 } });
    const { body } = await origin.fetch(request({ target: '/big' }));
    let got = 0;
    let wanted = 0;
    const ended = new Promise<unknown>((resolve) => {
      const data = (chunk: Buffer): void => {
        got += chunk.length;
        if (got >= wanted) body.pause();
      };
      body.start({ data, end: () => resolve('end'), error: resolve });
    });
    /** So long, ms, in which the reader takes so much, or one piece. */
    const take = async (ms: number) => {
      wanted = got + pieces;
      body.resume();
      await until(() => got >= wanted || origin.status()[0]?.in_flight === 0);
      clock.advance(ms);
    };
    return { origin, ended, take };
  };

  it('a body whose reader is slow gives it up in time for them, and says nothing against the origin', async () => {
    const { origin, ended, take } = await slowlyRead(1000);
    for (let n = 0; n < 10; n++) await take(4000);
    expect(origin.status()[0]).toMatchObject({ in_flight: 1, errors: 0 });
    const other = origin.fetch(request({ target: '/small' }));
    await take(4000);
    expect(await ended).toMatchObject({ code: 'client_closed' });
    expect(await text(await other)).toBe('small');
    expect(origin.status()[0]).toMatchObject({ errors: 0 });
  });

  it('a body that is read as it should goes on', async () => {
    const { origin, take } = await slowlyRead(200_000);
    const other = refusal(origin.fetch(request({ target: '/small' })));
    for (let n = 0; n < 10; n++) await take(1000);
    expect(await other).toMatchObject({ code: 'budget_exhausted' });
    expect(origin.status()[0]).toMatchObject({ in_flight: 1, requests: 1 });
  });
});
