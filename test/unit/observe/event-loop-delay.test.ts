import { expect, it } from 'vitest';
import { EventLoopDelay } from '../../../src/observe/event-loop-delay.js';

const TICK_MS = 20;

/** Each tick is so late, ms; the last of them counts. */
function kit() {
  let now = 0;
  let p99 = Number.NaN;
  const ticks = {
    percentile: () => p99,
    reset: () => {
      p99 = Number.NaN;
    },
  };
  return {
    delay: new EventLoopDelay(ticks, () => now),
    ticks: (lateMs: number) => {
      p99 = (TICK_MS + lateMs) * 1e6;
    },
    pass: (ms: number) => {
      now += ms;
    },
  };
}

it('looking takes nothing from the next who looks', () => {
  const { delay, ticks, pass } = kit();
  pass(1000);
  ticks(80);
  expect([delay.p99(), delay.p99()]).toEqual([80, 80]);
  pass(4000);
  expect([delay.p99(), delay.p99()]).toEqual([80, 80]);
});

it('a late loop shows for five seconds at least, and is forgotten by the window after', () => {
  const { delay, ticks, pass } = kit();
  ticks(80);
  pass(5000);
  expect(delay.p99()).toBe(80);
  ticks(1);
  pass(4999);
  expect(delay.p99()).toBe(80);
  pass(1);
  expect(delay.p99()).toBe(1);
});

it('tells lateness, not the time between ticks, and nothing of none', () => {
  const { delay, ticks } = kit();
  expect(delay.p99()).toBe(0);
  ticks(0);
  expect(delay.p99()).toBe(0);
  ticks(-5);
  expect(delay.p99()).toBe(0);
  ticks(12.3456);
  expect(delay.p99()).toBe(12.346);
});
