import { EventEmitter } from 'node:events';
import { expect, it } from 'vitest';
import { LEAST_RATE } from '../../../src/pace.js';
import { BodyWriter } from '../../../src/server/body-writer.js';
import type { Exchange } from '../../../src/server/exchange.js';
import { LIMITS } from '../../../src/server/limits.js';
import { FakeClock } from '../../support/fake-clock.js';
import { ManualBody } from './helpers.js';

/** Of an answer that a client takes piece by piece: whenever it has taken one, the next is there. */
function taking() {
  const clock = new FakeClock();
  const body = new ManualBody();
  const response = Object.assign(new EventEmitter(), { write: () => false, end: () => {} });
  let cut = false;
  const exchange = {
    settings: { clock },
    response,
    incoming: { httpVersionMinor: 1 },
    attach: () => {},
    cut: () => {
      cut = true;
    },
    bytes: 0,
  };
  const plan = { head: () => {}, length: undefined, silent: false };
  new BodyWriter(exchange as unknown as Exchange, body, plan).start();
  /** Takes `bytes` every `everyMs` until it is cut, an hour at most; for how long, ms. */
  const take = (bytes: number, everyMs: number) => {
    const begun = clock.steady();
    body.sink!.data(Buffer.alloc(bytes));
    while (!cut && clock.steady() - begun < 3_600_000) {
      clock.advance(everyMs);
      if (cut) break;
      response.emit('drain');
      body.sink!.data(Buffer.alloc(bytes));
    }
    return clock.steady() - begun;
  };
  return { clock, body, response, take, isCut: () => cut };
}

it('a client that takes a little now and then is cut, and gives back what it held', () => {
  const { body, take } = taking();
  expect(take(1, 1000)).toBeLessThanOrEqual(LIMITS.stallTimeout + 1000);
  expect(body.cancelled).toBe(true);
});

it('one that takes it slowly, but takes it, gets it all', () => {
  expect(taking().take(10 * LEAST_RATE, 10_000)).toBe(3_600_000);
});

it('the time in which the origin keeps it waiting is not its own', () => {
  const { clock, body, response, isCut } = taking();
  body.sink!.data(Buffer.alloc(1));
  clock.advance(LIMITS.stallTimeout - 1);
  response.emit('drain');
  clock.advance(3_600_000);
  body.sink!.data(Buffer.alloc(LEAST_RATE));
  clock.advance(1000);
  expect(isCut()).toBe(false);
  clock.advance(1);
  expect(isCut()).toBe(true);
});
