import { expect, it } from 'vitest';
import { RecentKeys } from '../../src/cache/recent.js';
import { Acks } from '../../src/cluster/acks.js';
import { EndedSessions } from '../../src/dashboard/ended-sessions.js';
import { FakeClock } from '../support/fake-clock.js';

const MINUTE_MS = 60_000;

it('a flood of keys that are not stored makes the oldest forgotten (I-17)', () => {
  const keys = new RecentKeys(new FakeClock());
  for (let i = 0; i <= 20_000; i++) keys.note(`key ${i}`, MINUTE_MS);
  expect([keys.has('key 0'), keys.has('key 1'), keys.has('key 20000')]).toEqual([false, true, true]);
});

it('acknowledgements of a thousand purges are followed, then the oldest is forgotten (I-17)', async () => {
  const clock = new FakeClock();
  const acks = new Acks(clock);
  for (let seq = 0; seq <= 1000; seq++) acks.heard(seq, 'node-2');
  const heard = (seq: number) => {
    const count = acks.wait(seq, clock.steady(), 1, 1);
    clock.advance(1);
    return count;
  };
  expect([await heard(1000), await heard(0)]).toEqual([1, 0]);
});

it('a thousand ended sessions are remembered, then the oldest is forgotten (I-17)', () => {
  const clock = new FakeClock();
  const ended = new EndedSessions(clock);
  for (let i = 0; i <= 1000; i++) ended.add(`session ${i}`, clock.now() + MINUTE_MS);
  expect([ended.has('session 0'), ended.has('session 1'), ended.has('session 1000')]).toEqual([
    false,
    true,
    true,
  ]);
});
