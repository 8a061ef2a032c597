import { expect, it } from 'vitest';
import { Account, dayOf, momentOf } from '../../../src/tenants/account.js';
import { FakeClock } from '../../support/fake-clock.js';

const LIMITS = { rate: 10, capacity: 10 };

it.each([3600_000, -3600_000])(
  'a clock that is set by %i ms neither fills a bucket nor keeps it empty',
  (ms) => {
    const clock = new FakeClock(Date.UTC(2026, 0, 1, 12));
    const account = new Account(momentOf(clock));
    const take = () =>
      account.take(LIMITS, 100, { amount: 0, day: dayOf(clock.now()) }, momentOf(clock)).given;
    expect(take()).toBe(10);
    clock.set(ms);
    expect(take()).toBe(0);
    clock.advance(500);
    expect(take()).toBe(5);
  },
);
