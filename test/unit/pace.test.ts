import { expect, it } from 'vitest';
import { LEAST_RATE, Pace } from '../../src/pace.js';
import { FakeClock } from '../support/fake-clock.js';

const MOST_MS = 30_000;

function paced(leastRate?: number) {
  const clock = new FakeClock();
  const pace = new Pace(clock, MOST_MS, leastRate);
  pace.go();
  /** So many bytes every so many ms until it is over, at most an hour; for how long that went well, ms. */
  const trickle = (bytes: number, everyMs: number) => {
    const begun = clock.steady();
    while (!pace.over && clock.steady() - begun < 3_600_000) {
      clock.advance(everyMs);
      pace.moved(bytes);
    }
    return clock.steady() - begun;
  };
  return { clock, pace, trickle };
}

it('what stands still is over when its time is', () => {
  const { clock, pace } = paced();
  clock.advance(MOST_MS - 1);
  expect([pace.over, pace.lookMs]).toEqual([false, 1]);
  clock.advance(1);
  expect([pace.over, pace.lookMs]).toEqual([true, 0]);
});

it('a trickle is over hardly later, however steady', () => {
  expect(paced().trickle(1, 1000)).toBeLessThanOrEqual(MOST_MS + 1000);
  expect(paced().trickle(LEAST_RATE / 2, 1000)).toBeLessThanOrEqual(2 * MOST_MS + 1000);
});

it('what moves as it should goes on for ever, and a quick start earns no longer rest than a slow one', () => {
  const { clock, pace, trickle } = paced();
  expect(trickle(LEAST_RATE, 1000)).toBe(3_600_000);
  pace.moved(100 * 1024 * 1024);
  clock.advance(MOST_MS);
  expect(pace.over).toBe(true);
});

it('time in which it does not count is nobody’s', () => {
  const { clock, pace } = paced();
  clock.advance(MOST_MS - 1);
  pace.stop();
  clock.advance(3_600_000);
  expect([pace.over, pace.lookMs]).toEqual([false, MOST_MS]);
  pace.go();
  pace.go();
  clock.advance(1);
  expect(pace.over).toBe(true);
});

it('without a least rate silence alone ends it', () => {
  const { clock, pace, trickle } = paced(0);
  expect(trickle(1, MOST_MS - 1)).toBeGreaterThan(3_599_999);
  clock.advance(MOST_MS);
  expect(pace.over).toBe(true);
});
