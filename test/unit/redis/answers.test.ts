// A proxy before Redis that has lost count gives one command the answer of another.
import { expect, it } from 'vitest';
import { systemClock } from '../../../src/clock.js';
import { isCount, isEither, isListOf, isOneOf, isText, isTuple } from '../../../src/redis/answers.js';
import { RedisKeys } from '../../../src/redis/keys.js';
import type { RedisLink } from '../../../src/redis/link.js';
import { RedisPurgeLog } from '../../../src/redis/purge-log.js';
import { MERGE, RAISE, READ } from '../../../src/redis/purge-scripts.js';
import { redisNodes } from '../../../src/redis/topology.js';
import { lyingServer } from '../../support/lying-server.js';
import { LINK_SETTINGS, standaloneAddress } from '../../support/redis-server.js';

it('an answer has every part that it is read for, and no other', () => {
  const isPair = isTuple(isOneOf(0, 1), isEither(isText, isOneOf(null)));
  for (const right of [
    [0, 'a'],
    [1, null],
  ])
    expect(isPair(right)).toBe(true);
  for (const wrong of [null, 'OK', 1, [], [1], [2, 'a'], [1, 5], [1, 'a', 'b']])
    expect(isPair(wrong)).toBe(false);
  expect(isListOf(isCount)([1, Number.NaN])).toBe(false);
  expect(isTuple()([])).toBe(true);
});

it.each([
  ['a word', 'OK'],
  ['null', null],
  ['four words', ['a', 'b', 'c', 'd']],
  ['a number', 7],
])('no purge is numbered by %s: a clock that is no number lets purged bytes come back', (_, answer) => {
  for (const script of [RAISE, MERGE, READ]) expect(script.isAnswer(answer)).toBe(false);
});

it('rules that never end are given up', async () => {
  const page = ['9', 'era', 'run', '1', 'h|all', '5'];
  const link = { run: async () => page } as unknown as RedisLink;
  const log = new RedisPurgeLog({ link, keys: new RedisKeys(''), node: 'a', deadlineMs: 100 });
  await expect(log.read(-1)).rejects.toMatchObject({ reason: 'error' });
});

it('a server that does not say what it is shows as one of no known role', async () => {
  const address = standaloneAddress(await lyingServer({ role: '$-1\r\n' }));
  const rows = await redisNodes({ address, settings: LINK_SETTINGS, clock: systemClock });
  expect(rows).toMatchObject([{ role: 'unknown', reachable: true }]);
});
