import type { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { Outgoing } from '../../../src/server/outgoing.js';
import { FakeClock } from '../../support/fake-clock.js';
import { answerOf, dial, entryOf, get, outgoingOf, request, start, until } from './helpers.js';

const MIB = 1024 * 1024;

/** Readers of bodies of 1 MiB each, of which 3 MiB may be on their way. */
function kit() {
  const clock = new FakeClock();
  const cut: string[] = [];
  let cuts = 0;
  const outgoing = new Outgoing({ clock, mostBytes: () => 3 * MIB, onCut: () => cuts++ });
  const reader = (name: string, body = Buffer.alloc(MIB)) => {
    const socket = {
      _handle: { writeQueueSize: MIB },
      resetAndDestroy: () => cut.push(name),
    };
    const done = outgoing.hold(socket as unknown as Socket, body);
    const takes = (bytes: number) => {
      socket._handle.writeQueueSize -= bytes;
    };
    return { done, takes };
  };
  return { clock, outgoing, reader, cut, cuts: () => cuts };
}

it('beyond the bound the slowest reader is cut, however long the others have been there', () => {
  const { clock, reader, cut, cuts, outgoing } = kit();
  const old = reader('old');
  clock.advance(5000);
  reader('stalled');
  const slow = reader('slow');
  clock.advance(2000);
  old.takes(MIB / 2);
  slow.takes(1000);
  reader('new');
  expect(cut).toEqual(['stalled']);
  reader('newer');
  expect(cut).toEqual(['stalled', 'slow']);
  expect([cuts(), outgoing.bytes]).toEqual([2, 3 * MIB]);
});

it('who has just begun is cut before those who are known to read', () => {
  const { clock, reader, cut } = kit();
  const known = [reader('a'), reader('b')];
  clock.advance(2000);
  for (const { takes } of known) takes(MIB / 2);
  reader('new');
  reader('newer');
  expect(cut).toEqual(['new']);
});

it('a body that many are sent counts once, until the last of them has it', () => {
  const { outgoing, reader, cut } = kit();
  const body = Buffer.alloc(MIB);
  const readers = Array.from({ length: 100 }, (_, i) => reader(String(i), body.subarray(i)));
  expect([outgoing.bytes, cut]).toEqual([MIB, []]);
  for (const { done } of readers.slice(1)) done();
  expect(outgoing.bytes).toBe(MIB);
  for (const { done } of readers) done();
  expect(outgoing.bytes).toBe(0);
});

it('what clients ask for and do not take stays within the bound, and others are answered', async () => {
  let cuts = 0;
  const outgoing = outgoingOf(100 * MIB, () => cuts++);
  const { port, listener } = await start(
    ({ request: { target } }) => answerOf(entryOf(target === '/3/small' ? 'x' : Buffer.alloc(40 * MIB))),
    { settings: { outgoing } },
  );
  const readers = Array.from({ length: 4 }, () => dial(port).pause());
  for (const [i, socket] of readers.entries()) {
    socket.write(request('GET', '/3/large'));
    await until(() => outgoing.bytes === 40 * MIB * Math.min(2, i + 1) && cuts === Math.max(0, i - 1));
  }
  expect((await get(port, '/3/small')).status).toBe(200);
  for (const socket of readers) socket.resume();
  await until(() => outgoing.bytes === 0 && listener.connections.active === 0);
});
