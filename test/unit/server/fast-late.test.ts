import type { Socket } from 'node:net';
import { expect, it } from 'vitest';
import type { Found } from '../../../src/cache/lookup.js';
import { FastPath, type FastPathOptions, type Late } from '../../../src/server/fast-path.js';
import type { RequestRecord } from '../../../src/server/observer.js';
import { FakeClock } from '../../support/fake-clock.js';
import { entryOf, HIT, SITE } from './helpers.js';

const REQUEST = Buffer.from('GET /3/movie/550 HTTP/1.1\r\nHost: a\r\n\r\n');

/** A fast path whose L2 takes 7 ms, and what it told. */
function kit(socketOver: Partial<Socket> = {}) {
  const clock = new FakeClock();
  const told: unknown[] = [];
  const found: Found = { entry: entryOf('x'), tier: 'redis', staleSince: Number.POSITIVE_INFINITY };
  const sent: string[] = [];
  const options = {
    settings: {
      clock,
      site: SITE,
      isReady: () => true,
      clientAddress: () => 'client',
      observer: {
        request: ({ status, ms, aborted, outcome, client }: RequestRecord) =>
          told.push({ status, ms, aborted, outcome, client }),
        hit: (_outcome: unknown, status: number, ms: number, describe: () => { ms: number }) =>
          told.push([status, ms, describe().ms]),
        failure: (error: Error) => told.push(error.message),
      },
    },
    territory: { canonicalPath: (path: string) => path, owns: () => false, proxied: () => true },
    lookup: {
      fresh: () => 'ask',
      freshLater: async () => {
        clock.advance(7);
        return found;
      },
    },
    prepared: {
      has: () => true,
      of: () => ({ status: 200, bytes: 1, outcome: HIT, send: (_: Socket, id: string) => sent.push(id) }),
    },
  } as unknown as FastPathOptions;
  const path = new FastPath(options);
  const socket = { writable: true, destroyed: false, ...socketOver } as Socket;
  const late = path.answer(path.read(REQUEST)!, socket) as Late;
  return { ...late, clock, told, sent, options };
}

it('a hit that waited for L2 says for how long', async () => {
  const { answered, told } = kit();
  expect(await answered).toBe(true);
  expect(told).toEqual([[200, 7, 7]]);
});

it.each([
  ['has left', { writable: false, destroyed: true }],
  ['has said that it reads no more; node:http is to find out by itself', { writable: false }],
])('nothing is written to a client that meanwhile %s', async (_what, socket) => {
  const { answered, told, sent } = kit(socket);
  expect(await answered).toBe(false);
  expect([told, sent]).toEqual([[], []]);
});

it('of a client that left is told for how long it has waited', () => {
  const { left, clock, told } = kit();
  clock.advance(3);
  left();
  // L2 took its 7 ms before.
  expect(told).toEqual([
    {
      status: 499,
      ms: 10,
      aborted: true,
      outcome: expect.objectContaining({ result: 'error', served: 'none' }),
      client: 'client',
    },
  ]);
});

it('what fails in the telling is not answered twice', async () => {
  const { options } = kit();
  const failures: unknown[] = [];
  const observer = {
    hit: () => {
      throw new Error('the log is full');
    },
    failure: (error: unknown) => failures.push(error),
  };
  const path = new FastPath({
    ...options,
    settings: { ...options.settings, observer },
  } as unknown as FastPathOptions);
  const { answered } = path.answer(path.read(REQUEST)!, { writable: true } as Socket) as Late;
  expect(await answered).toBe(true);
  expect(failures).toHaveLength(1);
});
