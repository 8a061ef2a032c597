import { expect, it } from 'vitest';
import { HitLog } from '../../../src/observe/hit-log.js';
import { FakeClock } from '../../support/fake-clock.js';

it('gives a line to the first hits of a second', () => {
  const clock = new FakeClock();
  const log = new HitLog(clock, 2);
  expect([log.take(), log.take(), log.take(), log.take()]).toEqual([1, 1, 0, 0]);
  clock.advance(999);
  expect(log.take()).toBe(0);
  clock.advance(1);
  expect([log.take(), log.take(), log.take()]).toEqual([4, 1, 0]);
});

it('counts a second from its first line', () => {
  const clock = new FakeClock();
  const log = new HitLog(clock, 1);
  clock.advance(700);
  expect([log.take(), log.take()]).toEqual([1, 0]);
  clock.advance(999);
  expect(log.take()).toBe(0);
  clock.advance(1);
  expect(log.take()).toBe(3);
});

it('accounts for every hit, whatever their pace', () => {
  const clock = new FakeClock();
  const log = new HitLog(clock, 3);
  let told = 0;
  for (let i = 0; i < 10_000; i++) {
    told += log.take();
    clock.advance(i % 7 === 0 ? 40 : 0);
  }
  clock.advance(1000);
  expect(told + log.take()).toBe(10_001);
});

it('says at the end what no line stands for, once', () => {
  const log = new HitLog(new FakeClock(), 2);
  expect(log.rest()).toBe(0);
  for (let i = 0; i < 7; i++) log.take();
  expect([log.rest(), log.rest()]).toEqual([5, 0]);
});

it('gives none at all with LOG_HITS=0', () => {
  const clock = new FakeClock();
  const log = new HitLog(clock, 0);
  for (let i = 0; i < 5; i++) {
    expect(log.take()).toBe(0);
    clock.advance(2000);
  }
  expect(log.rest()).toBe(0);
});

it('a hit whose line the log would leave out is counted with the next that has one', () => {
  let room = true;
  const log = new HitLog(new FakeClock(), 10, () => room);
  expect(log.take()).toBe(1);
  room = false;
  expect([log.take(), log.take()]).toEqual([0, 0]);
  room = true;
  expect(log.take()).toBe(3);
});
