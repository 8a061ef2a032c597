import { expect, it } from 'vitest';
import { createLogger } from '../../../src/observe/log.js';
import { LogLimit } from '../../../src/observe/log-limit.js';
import { FakeClock } from '../../support/fake-clock.js';

/** A log with its bound, as compose-log.ts makes it. */
function bounded(perSecond: number) {
  const clock = new FakeClock();
  const lines: { level: string; msg: string; left_out?: number }[] = [];
  const limit = new LogLimit({
    clock,
    perSecond: () => perSecond,
    tell: (group, leftOut) => log[group]({ left_out: leftOut }, 'left out'),
  });
  const log = createLogger({
    level: 'debug',
    serverId: 'node-1',
    admits: (level) => limit.admits(level),
    destination: { write: (line) => void lines.push(JSON.parse(line)) },
  });
  return { clock, lines, limit, log };
}

it('writes so many lines a second and says how many it left out', () => {
  const { clock, lines, log } = bounded(3);
  for (let i = 0; i < 10; i++) log.warn('Redis is away');
  expect(lines).toHaveLength(3);
  clock.advance(1000);
  expect(lines.slice(3)).toMatchObject([{ level: 'warn', left_out: 7 }]);
});

it('says it before the next line when one comes first', () => {
  const { clock, lines, log } = bounded(2);
  for (let i = 0; i < 5; i++) log.info('request');
  clock.advance(999);
  for (let i = 0; i < 5; i++) log.info('request');
  clock.advance(1);
  log.info('the next');
  expect(lines.slice(2).map(({ msg, left_out }) => left_out ?? msg)).toEqual([8, 'the next']);
});

it('hides no error behind warnings or requests, and never what ends the program', () => {
  const { lines, log } = bounded(1);
  for (let i = 0; i < 3; i++) {
    log.debug('request');
    log.info('request');
    log.warn('refresh failed');
    log.error('disk store: write failed');
    log.fatal('over');
  }
  expect(lines.map(({ level }) => level)).toEqual(['debug', 'warn', 'error', 'fatal', 'fatal', 'fatal']);
});

it('accounts for every line, also at the end of the process', () => {
  const { clock, lines, limit, log } = bounded(5);
  for (let i = 0; i < 1000; i++) {
    log.warn('refresh failed');
    clock.advance(7);
  }
  limit.flush();
  const told = lines.reduce((sum, { left_out = 0 }) => sum + left_out, 0);
  expect(told + lines.filter(({ left_out }) => left_out === undefined).length).toBe(1000);
});

it('goes on after its second when the wall clock was set back', () => {
  const { clock, lines, log } = bounded(1);
  log.warn('first');
  log.warn('second');
  clock.set(-3_600_000);
  clock.advance(1000);
  log.warn('third');
  expect(lines.map(({ msg }) => msg)).toContain('third');
});

it('knows whether it would write another line of info, and takes none for it', () => {
  const { clock, limit, log } = bounded(2);
  expect([limit.hasRoom(), limit.hasRoom(), limit.hasRoom()]).toEqual([true, true, true]);
  log.info('one');
  log.info('two');
  log.warn('another group');
  expect(limit.hasRoom()).toBe(false);
  clock.advance(1000);
  expect(limit.hasRoom()).toBe(true);
});

it('what tells of lines that are missing is written in any case', () => {
  const { limit, lines, log } = bounded(1);
  log.warn('one');
  limit.unbounded(() => log.warn('lost'));
  expect(lines.map(({ msg }) => msg)).toEqual(['one', 'lost']);
});
