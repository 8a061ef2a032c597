import { expect, it } from 'vitest';
import { Flights } from '../../../src/cache/flight.js';
import { PurgeTable } from '../../../src/cache/purge-table.js';
import { Purger } from '../../../src/cluster/purger.js';
import { FakeClock, settle } from '../../support/fake-clock.js';

it('a disk that stands still holds no purge up: it holds at once, and who asked is told that it is not kept', async () => {
  const clock = new FakeClock();
  const table = new PurgeTable();
  const purger = new Purger({
    table,
    flights: new Flights(),
    durable: {
      get: () => undefined,
      put: () => new Promise(() => {}),
      remove: async () => {},
      entries: () => [],
    },
    followers: () => [],
    sweep: async () => {},
    clock,
    onError: () => {},
  });
  const told: string[] = [];
  const scope = { kind: 'tag', name: 'movie:550' } as const;
  const purging = purger.purge([scope], false).catch((error: Error) => void told.push(error.message));
  expect(table.ruleOf(scope, false)).toBeDefined();
  clock.advance(2999);
  await settle();
  expect(told).toEqual([]);
  clock.advance(1);
  await purging;
  expect(told).toEqual([expect.stringContaining('a restart forgets it')]);
});
