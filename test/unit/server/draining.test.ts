import { describe, expect, it } from 'vitest';
import type { Answer } from '../../../src/cache/answer.js';
import { systemClock } from '../../../src/clock.js';
import { FakeClock, settle } from '../../support/fake-clock.js';
import { answerOf, dial, entryOf, exchange, get, request, start, until } from './helpers.js';

const ok = (): Answer => answerOf(entryOf('ok'));

describe('draining', () => {
  it('turns not ready at once, and goes on serving for the delay', async () => {
    const drainClock = new FakeClock();
    const { port, draining } = await start(ok, { drainClock, delayMs: 3000 });
    expect(draining.isReady()).toBe(true);
    const drained = draining.drain();
    expect(draining.isReady()).toBe(false);
    drainClock.advance(2999);
    const reply = await get(port, '/3/movie/1');
    expect([reply.status, reply.get('connection')]).toEqual([200, 'close']);
    const managed = await get(port, '/readyz');
    expect(managed.get('connection')).toBe('close');
    drainClock.advance(1);
    await drained;
    expect((await get(port, '/3/movie/1')).status).toBe(0);
  });

  it('lets requests in flight finish, closes idle and unused connections', async () => {
    let finish: (answer: Answer) => void = () => {};
    const { port, draining, listener } = await start(
      (context) =>
        context.request.target === '/3/slow'
          ? new Promise((resolve) => {
              finish = resolve;
            })
          : ok(),
      { drainClock: systemClock },
    );
    const idle = dial(port);
    expect((await exchange(port, request('GET', '/3/quick'), idle)).get('connection')).toBe('keep-alive');
    const unused = dial(port);
    const slow = exchange(port, request('GET', '/3/slow'));
    await until(() => listener.connections.size === 3 && listener.connections.active === 1);
    const drained = draining.drain();
    await until(() => idle.destroyed && unused.destroyed);
    expect(listener.connections.size).toBe(1);
    finish(ok());
    const reply = await slow;
    expect([reply.status, reply.get('connection'), reply.body.toString()]).toEqual([200, 'close', 'ok']);
    await drained;
    expect(draining.drain()).toBe(drained);
  });

  it('waits for a slow reader to have everything', async () => {
    const body = Buffer.alloc(20_000_000, 'x');
    const { port, draining, listener } = await start(() => answerOf(entryOf(body)), {
      drainClock: systemClock,
    });
    const socket = dial(port);
    socket.write(request('GET', '/3/big'));
    await until(() => listener.connections.active === 1);
    const drained = draining.drain();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(listener.connections.active).toBe(1);
    let received = 0;
    socket.on('data', (chunk) => {
      received += chunk.length;
    });
    await drained;
    await until(() => socket.destroyed || socket.readableEnded);
    expect(received).toBeGreaterThan(body.length);
  });

  it('gives up on the rest after the timeout', async () => {
    const drainClock = new FakeClock();
    let asked = false;
    const never = () => {
      asked = true;
      return new Promise<never>(() => {});
    };
    const { port, draining, records } = await start(never, { drainClock });
    const hanging = exchange(port, request('GET', '/3/never'));
    await until(() => asked);
    const drained = draining.drain();
    await settle();
    drainClock.advance(4_999);
    await settle();
    expect(records).toHaveLength(0);
    drainClock.advance(1);
    await drained;
    expect((await hanging).broken).toBe(true);
    expect(records).toMatchObject([{ status: 499, aborted: true }]);
  });
});
