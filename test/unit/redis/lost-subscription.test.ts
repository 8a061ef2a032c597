// A server that is back for a moment only: what the client does by itself on a new connection must not end the process.
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { expect, it, onTestFinished, vi } from 'vitest';
import { systemClock } from '../../../src/clock.js';
import { RedisLink } from '../../../src/redis/link.js';
import type { RedisAddress } from '../../../src/redis/options.js';
import { lyingSentinel, lyingServer } from '../../support/lying-server.js';
import { eventually } from '../../support/patience.js';
import { LINK_SETTINGS, standaloneAddress } from '../../support/redis-server.js';

function linkTo(address: RedisAddress): { link: RedisLink; ready: () => Promise<void> } {
  const link = new RedisLink({ address, settings: LINK_SETTINGS, clock: systemClock, events: {} });
  return { link, ready: () => new Promise<void>((resolve) => void link.onReady(resolve)) };
}

/** A link that is subscribed to `channel`; `ready` resolves when it has a connection again. */
async function subscribedTo(port: number) {
  const { link, ready } = linkTo(standaloneAddress(port));
  const first = ready();
  link.open();
  await first;
  await link.subscribe('channel', 500);
  return { link, ready };
}

it.each([
  ['null', '$-1\r\n'],
  ['an integer', ':1\r\n'],
  ['an error', '-ERR out of turn\r\n'],
  ['no reply at all', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
])('what answers no command (%s) does not end the process', async (_, bytes) => {
  const thrown: unknown[] = [];
  const onThrown = (error: unknown) => thrown.push(error);
  process.prependListener('uncaughtException', onThrown);
  onTestFinished(() => void process.off('uncaughtException', onThrown));

  const connections: Socket[] = [];
  const port = await lyingServer({
    subscribe: (socket) => {
      connections.push(socket);
      socket.write('*3\r\n$9\r\nsubscribe\r\n$7\r\nchannel\r\n:1\r\n');
    },
  });
  const { link } = await subscribedTo(port);

  const heard = new Promise<void>((resolve) => void link.onMessage(() => resolve()));
  // What stands before a message has been read when that is heard, or else the connection is gone.
  connections[0]?.write(`${bytes}*3\r\n$7\r\nmessage\r\n$7\r\nchannel\r\n$4\r\ntext\r\n`);
  await Promise.race([once(connections[0]!, 'close'), heard]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(thrown).toEqual([]);
  await link.close();
});

it.each([
  ['null', '$-1\r\n'],
  ['a list of null', '*1\r\n$-1\r\n'],
  ['a range without a server', '*1\r\n*3\r\n:0\r\n:5\r\n$-1\r\n'],
])('a cluster that answers for its slots what is none (%s) does not end the process', async (_, slots) => {
  const thrown: unknown[] = [];
  const onThrown = (error: unknown) => thrown.push(error);
  process.prependListener('uncaughtException', onThrown);
  onTestFinished(() => void process.off('uncaughtException', onThrown));

  const port = await lyingServer({ slots });
  let refuse: (message: string) => void;
  const refused = new Promise<string>((resolve) => {
    refuse = resolve;
  });
  const link = new RedisLink({
    address: { ...standaloneAddress(port), mode: 'cluster' },
    settings: LINK_SETTINGS,
    clock: systemClock,
    events: { onError: ({ message }) => refuse(message) },
  });
  link.open();
  expect(await refused).toContain('redis connection');
  await new Promise((resolve) => setTimeout(resolve, 0));
  expect(thrown).toEqual([]);
  await link.close();
});

/** What rejects and nobody awaits, from now on. */
function unawaited(): unknown[] {
  const lost: unknown[] = [];
  const onLost = (reason: unknown) => lost.push(reason);
  process.on('unhandledRejection', onLost);
  onTestFinished(() => void process.off('unhandledRejection', onLost));
  return lost;
}

it('a subscription that breaks again as soon as its connection is back rejects nothing that nobody awaits', async () => {
  const lost = unawaited();
  let subscribed: Socket | undefined;
  const port = await lyingServer({
    subscribe: (socket) => {
      if (subscribed !== undefined) return void socket.destroy();
      subscribed = socket;
      socket.write('*3\r\n$9\r\nsubscribe\r\n$7\r\nchannel\r\n:1\r\n');
    },
  });
  const { link, ready } = await subscribedTo(port);

  const again = ready();
  subscribed?.destroy();
  await again;
  await expect(link.subscribe('channel', 500)).rejects.toMatchObject({ name: 'RedisTrouble' });
  await new Promise((resolve) => setImmediate(resolve));
  expect(lost).toEqual([]);
  await link.close();
});

it('a Sentinel that hangs up on who listens for failovers is not subscribed to again on the quiet, which nobody would await', async () => {
  const lost = unawaited();
  const master = await lyingServer({});
  const listeners: Socket[] = [];
  const sentinel = await lyingSentinel(master, (socket) => {
    listeners.push(socket);
    if (listeners.length > 1) socket.destroy();
    else socket.write('*3\r\n$9\r\nsubscribe\r\n$14\r\n+switch-master\r\n:1\r\n');
  });
  const { link, ready } = linkTo({
    ...standaloneAddress(sentinel),
    mode: 'sentinel',
    sentinelName: 'mymaster',
  });
  const first = ready();
  link.open();
  await first;
  await eventually(() => expect(listeners.length).toBe(1));

  // The client waits a minute before it comes back to a Sentinel.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  listeners[0]!.end();
  await once(listeners[0]!, 'close');
  for (let i = 0; i < 20; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    vi.advanceTimersByTime(60_000);
  }
  await new Promise((resolve) => setImmediate(resolve));
  vi.useRealTimers();
  expect(listeners.length).toBe(1);
  expect(lost).toEqual([]);
  await link.close();
});
