import { expect, it } from 'vitest';
import { within } from '../../src/deadline.js';
import { FakeClock, settle } from '../support/fake-clock.js';

const never = new Promise<never>(() => {});

it('gives what the task comes to, and leaves no timer behind', async () => {
  const clock = new FakeClock();
  let late = 0;
  const count = () => ++late;
  expect(await within(clock, 10, Promise.resolve('done'), count)).toBe('done');
  await expect(within(clock, 10, Promise.reject(new Error('no')), count)).rejects.toThrow('no');
  clock.advance(100);
  await settle();
  expect(late).toBe(0);
});

it('gives what stands for a task that takes longer, or throws it', async () => {
  const clock = new FakeClock();
  const given = within(clock, 10, never, () => 'late');
  const thrown = within(clock, 10, never, () => {
    throw new Error('no end within 10 ms');
  });
  clock.advance(10);
  expect(await given).toBe('late');
  await expect(thrown).rejects.toThrow('no end');
});
