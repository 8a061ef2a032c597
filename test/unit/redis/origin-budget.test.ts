import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/clock.js';
import { createOrigin, type OriginService } from '../../../src/origin/origin.js';
import type { Priority } from '../../../src/origin/source.js';
import { RedisKeys } from '../../../src/redis/keys.js';
import { RedisLink } from '../../../src/redis/link.js';
import { RedisOriginBudget } from '../../../src/redis/origin-budget.js';
import { windowOf } from '../../../src/redis/shared-rate.js';
import { eventually, PATIENCE_MS } from '../../support/patience.js';
import { type RedisServer, standaloneAddress, startRedis } from '../../support/redis-server.js';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.js';
import { read, request } from '../origin/helpers.js';

const SETTINGS = {
  connectTimeoutMs: 500,
  retryDelayMs: 20,
  maxRetries: 3,
  deadlines: { read: 150, bulk: 500, write: 300, control: 300 },
};
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

let server: RedisServer;
let tests = 0;
const closers: (() => Promise<unknown> | unknown)[] = [];
beforeAll(async () => {
  server = await startRedis();
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});
afterAll(() => server.stop());

interface Limits {
  rate?: number | null;
  maxConnections?: number;
  nodes?: number;
}

async function budgetOf(
  port: number,
  name: string,
  { rate = null, maxConnections = 1000, nodes = 3 }: Limits,
) {
  const changes: boolean[] = [];
  let ready = () => {};
  const connected = new Promise<void>((resolve) => {
    ready = resolve;
  });
  const link = new RedisLink({
    address: standaloneAddress(port),
    settings: SETTINGS,
    clock: systemClock,
    events: { onReady: ready },
  });
  link.open();
  const budget = new RedisOriginBudget({
    link,
    keys: new RedisKeys(`test${tests}:`),
    clock: systemClock,
    groups: [{ name: 'api', rate, maxConnections }],
    instance: name,
    nodes: () => nodes,
    onChange: (shared) => changes.push(shared),
  });
  budget.start();
  closers.push(() => link.close());
  closers.push(() => budget.stop());
  await connected;
  return { budget, changes, link };
}

const connectionsKey = () => `test${tests}:{bus}:connections:api:http://s`;
const ask = (priority: Priority = 'user', server = 'http://s') => ({ upstream: 'api', server, priority });

/** How many of 30 are let in at once: one batch, so that a slow machine sees no second window. */
async function fill(budget: RedisOriginBudget, priority: Priority = 'user') {
  const answers = await Promise.all(Array.from({ length: 30 }, () => budget.attempt(ask(priority))));
  return { leave: answers.flatMap((answer) => (answer.kind === 'entered' ? [answer.leave] : [])) };
}

const WINDOW_MS = 250;

/** What comes of something within one window: done again in a later one as long as the machine is too slow for that. */
async function withinAWindow<T>(attempt: () => Promise<T>): Promise<T> {
  for (;;) {
    const began = performance.now();
    const result = await attempt();
    if (performance.now() - began < WINDOW_MS) return result;
    await wait(WINDOW_MS + 5);
  }
}

describe('A window of the rate', () => {
  it('is whole points in exactly their time, and one point for slow rates', () => {
    expect(windowOf(40)).toEqual({ points: 10, ms: WINDOW_MS });
    expect(windowOf(50)).toEqual({ points: 12, ms: 240 });
    expect(windowOf(2)).toEqual({ points: 1, ms: 500 });
    expect(windowOf(0.5)).toEqual({ points: 1, ms: 2000 });
  });
});

describe('The origin budget in Redis', () => {
  it('lets all nodes together have one window, and says when the next begins (I-15)', async () => {
    tests++;
    const [a, b] = await Promise.all(['a', 'b'].map((name) => budgetOf(server.port, name, { rate: 40 })));
    const [first, other] = await withinAWindow(async () => [
      await fill(a!.budget),
      await b!.budget.attempt(ask()),
    ]);
    expect(first.leave).toHaveLength(10);
    expect(other).toMatchObject({ kind: 'wait', why: 'busy' });
    expect((other as { ms: number }).ms).toBeLessThanOrEqual(WINDOW_MS);
    await wait((other as { ms: number }).ms + 5);
    expect((await fill(b!.budget)).leave).toHaveLength(10);
  });

  it('leaves half a window and half the connections to people, however much background work there is', async () => {
    tests++;
    const { budget } = await budgetOf(server.port, 'a', { rate: 40 });
    const inOne = await withinAWindow(async () => [
      await fill(budget, 'background'),
      await fill(budget, 'refresh'),
      await fill(budget),
    ]);
    expect(inOne.map(({ leave }) => leave.length)).toEqual([5, 2, 3]);
    tests++;
    const other = await budgetOf(server.port, 'b', { maxConnections: 8 });
    expect((await fill(other.budget, 'background')).leave).toHaveLength(4);
    expect((await fill(other.budget, 'refresh')).leave).toHaveLength(2);
    expect((await fill(other.budget)).leave).toHaveLength(2);
  });

  it('gives connections back to every node, and shows how many are in use', async () => {
    tests++;
    const [a, b] = await Promise.all(
      ['a', 'b'].map((name) => budgetOf(server.port, name, { maxConnections: 4 })),
    );
    const { leave } = await fill(a!.budget);
    expect(leave).toHaveLength(4);
    expect(await b!.budget.attempt(ask())).toMatchObject({ kind: 'wait', why: 'busy' });
    expect(b!.budget.status('api', 'http://s')).toEqual({ shared: true, nodes: 3, in_use: 4 });
    leave[0]!();
    leave[0]!();
    leave[1]!();
    await eventually(async () => expect(await server.cli('zcard', connectionsKey())).toBe('2'));
    expect((await fill(b!.budget)).leave).toHaveLength(2);
  });

  it('frees the connections of a crashed node within seconds, and keeps those in flight (I-23)', async () => {
    tests++;
    const [a, b, c] = await Promise.all(
      ['a', 'b', 'c'].map((name) => budgetOf(server.port, name, { maxConnections: 4 })),
    );
    await a!.budget.attempt(ask());
    await a!.budget.attempt(ask());
    await b!.budget.attempt(ask());
    // At this server nobody else has anything in flight, so nobody's renewal tidies up.
    for (let i = 0; i < 4; i++) await a!.budget.attempt(ask('user', 'http://full'));
    expect(await c!.budget.attempt(ask('user', 'http://full'))).toMatchObject({ kind: 'wait' });
    a!.budget.stop();
    await a!.link.close();
    await wait(2500);
    expect((await fill(c!.budget)).leave).toHaveLength(1);
    await wait(3000);
    expect((await fill(c!.budget)).leave).toHaveLength(2);
    expect(await c!.budget.attempt(ask('user', 'http://full'))).toMatchObject({ kind: 'entered' });
  }, 15_000);

  it('makes every node wait when one was told 429', async () => {
    tests++;
    const [a, b] = await Promise.all(['a', 'b'].map((name) => budgetOf(server.port, name, { rate: 40 })));
    const HOLD_MS = 1500;
    const began = performance.now();
    a!.budget.hold('api', HOLD_MS);
    a!.budget.hold('api', 100);
    expect(await a!.budget.attempt(ask())).toMatchObject({ kind: 'wait', why: 'held' });
    const attempt = () => b!.budget.attempt(ask());
    await eventually(async () => expect(await attempt()).toMatchObject({ kind: 'wait', why: 'held' }));
    await eventually(async () => expect(await attempt()).toMatchObject({ kind: 'entered' }));
    expect(performance.now() - began).toBeGreaterThan(HOLD_MS - 10);
  });
});

/** An origin that notes when each request came and how many it served at once. */
async function countingOrigin() {
  const times: number[] = [];
  let open = 0;
  let most = 0;
  const http: Server = createServer((_request, response) => {
    times.push(performance.now());
    most = Math.max(most, ++open);
    setTimeout(() => {
      open--;
      response.end('ok');
    }, 30);
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    http.closeAllConnections();
    http.close();
  });
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    times,
    reset: () => {
      most = 0;
    },
    most: () => most,
  };
}

/** Until there are more: a busy machine asks less in the same time. */
function atLeast(count: number, counted: () => number): Promise<void> {
  return eventually(() => expect(counted()).toBeGreaterThan(count));
}

/** The most requests within any span of `ms`. */
function densest(times: readonly number[], ms: number): number {
  let from = 0;
  return times.reduce((most, time, index) => {
    while (time - times[from]! >= ms) from++;
    return Math.max(most, index - from + 1);
  }, 0);
}

describe('Three nodes that ask one origin as fast as they may', () => {
  const RATE = 80;
  const MAX = 6;
  let proxy: TcpProxy;
  let stopped: boolean;

  async function fleet() {
    tests++;
    stopped = false;
    const origin = await countingOrigin();
    proxy = await startTcpProxy(server.port);
    closers.push(() => proxy.close());
    const limits = { rate: RATE, maxConnections: MAX };
    const nodes = await Promise.all(['a', 'b', 'c'].map((name) => budgetOf(proxy.port, name, limits)));
    const services = nodes.map(({ budget }) => serviceOf(origin.url, budget));
    const errors: unknown[] = [];
    const loads = services.flatMap((service) => Array.from({ length: 10 }, () => load(service, errors)));
    closers.push(async () => {
      stopped = true;
      await Promise.all(services.map((service) => service.close()));
      await Promise.all(loads);
    });
    return { origin, nodes, errors };
  }

  function serviceOf(url: string, shared: RedisOriginBudget): OriginService {
    return createOrigin({
      groups: [{ name: 'api', servers: [url], maxConnections: MAX, rate: RATE, burst: RATE / 4 }],
      timeouts: { connectMs: 1000, headersMs: 1000, bodyMs: 1000 },
      maxRetries: 0,
      clock: systemClock,
      shared,
    });
  }

  async function load(service: OriginService, errors: unknown[]): Promise<void> {
    while (!stopped) {
      try {
        await read((await service.fetch(request())).body);
      } catch (error) {
        if (!stopped) errors.push(error);
      }
    }
  }

  it('keep to the budget together while Redis hangs, is away, and when it returns (I-14, I-15)', async () => {
    const { origin, nodes, errors } = await fleet();
    await wait(1500);
    await atLeast(RATE, () => origin.times.length);
    const whole = origin.times.length;
    // On a busy machine a node may have lost Redis for a moment before; what counts is what follows.
    for (const { changes } of nodes) changes.length = 0;
    proxy.set('hang');
    await eventually(() => expect(nodes.map(({ changes }) => changes)).toEqual([[false], [false], [false]]));
    await wait(WINDOW_MS); // and the windows are over that Redis may have had open
    origin.reset();
    const before = origin.times.length;
    await wait(2000);
    await atLeast(RATE * 1.4, () => origin.times.length - before);
    const alone = origin.times.length - before;
    const mostAlone = origin.most();
    proxy.set('pass');
    await wait(4000);
    await eventually(() => expect(nodes.map(({ changes }) => changes.at(-1))).toEqual([true, true, true]));
    // A sliding second touches five windows at most; the shares of three nodes are rounded down.
    expect(densest(origin.times, 1000)).toBeLessThanOrEqual(RATE + RATE / 4 + 3);
    expect(densest(origin.times, 250)).toBeLessThanOrEqual(2 * (RATE / 4) + 3);
    expect(whole).toBeGreaterThan(RATE);
    expect(alone).toBeGreaterThan(RATE * 1.4);
    expect(origin.most()).toBeLessThanOrEqual(MAX);
    expect(mostAlone).toBeGreaterThan(3);
    expect(errors).toEqual([]);
  }, 60_000);
});

describe('A node without Redis', () => {
  it('keeps to an equal share from the first failed call on, within its deadline (I-14)', async () => {
    tests++;
    const proxy = await startTcpProxy(server.port);
    closers.push(() => proxy.close());
    const { budget } = await budgetOf(proxy.port, 'a', { rate: 48, maxConnections: 100, nodes: 3 });
    proxy.set('hang');
    const began = performance.now();
    const first = await budget.attempt(ask());
    expect(performance.now() - began).toBeLessThan(PATIENCE_MS);
    expect(first).toMatchObject({ kind: 'wait', why: 'busy' });
    await wait(300);
    expect((await fill(budget)).leave).toHaveLength(4);
    expect(budget.status('api', 'http://s')).toEqual({ shared: false, nodes: 3, in_use: 4 });
  });

  it('begins its share only when the window it last saw in Redis is over, so that both never add up (I-15)', async () => {
    tests++;
    const proxy = await startTcpProxy(server.port);
    closers.push(() => proxy.close());
    const { budget, changes } = await budgetOf(proxy.port, 'a', { rate: 2, nodes: 1 });
    expect(await budget.attempt(ask())).toMatchObject({ kind: 'entered' });
    proxy.set('hang');
    const began = performance.now();
    expect(await budget.attempt(ask())).toMatchObject({ kind: 'wait', why: 'busy' });
    expect(changes).toEqual([false]);
    await eventually(async () => expect(await budget.attempt(ask())).toMatchObject({ kind: 'entered' }));
    // Redis may have opened one until the deadline of that call, and it is one of half a second.
    expect(performance.now() - began).toBeGreaterThan(250 + 500 - 10);
    expect(changes).toEqual([false]);
  });

  it('keeps to its share for a while after the return: others may not have noticed it yet (I-15)', async () => {
    tests++;
    const proxy = await startTcpProxy(server.port);
    closers.push(() => proxy.close());
    const { budget, changes } = await budgetOf(proxy.port, 'a', { rate: 48, nodes: 3 });
    expect((await fill(budget)).leave).toHaveLength(12);
    proxy.set('hang');
    await budget.attempt(ask());
    proxy.set('pass');
    while (changes.at(-1) !== true) await wait(20);
    await wait(300);
    expect((await fill(budget)).leave).toHaveLength(4);
    await wait(5000);
    expect((await fill(budget)).leave).toHaveLength(12);
  }, 15_000);

  it('counts what is in flight anew in a Redis that came back empty, before others are let in', async () => {
    tests++;
    const own = await startRedis();
    closers.push(() => own.stop());
    const limits = { maxConnections: 4, nodes: 2 };
    const [a, b] = await Promise.all(['a', 'b'].map((name) => budgetOf(own.port, name, limits)));
    await a!.budget.attempt(ask());
    await a!.budget.attempt(ask());
    await own.kill();
    const meanwhile = await Promise.all([a, b].map((node) => node!.budget.attempt(ask())));
    expect(meanwhile.map(({ kind }) => kind)).toEqual(['wait', 'wait']);
    await own.restart();
    while (!a!.changes.at(-1) || !b!.changes.at(-1)) await wait(20);
    expect(await own.cli('zcard', connectionsKey())).toBe('2');
    expect((await fill(b!.budget)).leave).toHaveLength(2);
  }, 15_000);

  it('always has one connection of its own, however many nodes there are', async () => {
    tests++;
    const proxy = await startTcpProxy(server.port);
    closers.push(() => proxy.close());
    const { budget } = await budgetOf(proxy.port, 'a', { maxConnections: 2, nodes: 5 });
    proxy.set('hang');
    await budget.attempt(ask());
    await wait(300);
    expect((await fill(budget)).leave).toHaveLength(1);
  });
});
