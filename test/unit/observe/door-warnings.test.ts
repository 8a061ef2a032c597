import { expect, it } from 'vitest';
import { doorWarnings } from '../../../src/observe/door-warnings.js';
import { DoorCounts } from '../../../src/observe/metrics-doors.js';
import { FakeClock } from '../../support/fake-clock.js';

it('an operator is told once a minute which bound turns clients away, and what to do', () => {
  const clock = new FakeClock();
  const said: { bound: string; advice: string; err?: Error }[] = [];
  const doors = new DoorCounts();
  const warn = (line: unknown) => void said.push(line as (typeof said)[number]);
  doors.onRefused = doorWarnings({ warn } as never, clock);
  for (let i = 0; i < 100; i++) doors.refuse('client');
  doors.refuse('connections');
  clock.advance(59_999);
  doors.refuse('client');
  expect(said.map(({ bound }) => bound)).toEqual(['client', 'connections']);
  expect(said[0]?.advice).toContain('TRUST_PROXY');
  clock.advance(1);
  doors.refuse('client');
  expect(said).toHaveLength(3);
  const err = new Error('accept EMFILE');
  doors.refuse('system', err);
  expect(said[3]?.err).toBe(err);
  expect(doors.refused).toMatchObject({ client: 102, connections: 1 });
});
