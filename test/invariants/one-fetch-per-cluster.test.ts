import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { LeasedFetcher } from '../../src/cache/lease.js';
import { systemClock } from '../../src/clock.js';
import type { Origin, OriginRequest, OriginResponse } from '../../src/origin/source.js';
import { RedisKeys } from '../../src/redis/keys.js';
import { LEASE_DEADLINE_MS } from '../../src/redis/lease-scripts.js';
import { LEASE_MS, RedisLeases } from '../../src/redis/leases.js';
import { RedisLink } from '../../src/redis/link.js';
import type { RedisAddress, RedisSettings } from '../../src/redis/options.js';
import { RedisTier } from '../../src/tiers/redis.js';
import { PATIENCE_MS } from '../support/patience.js';
import { type RedisServer, standaloneAddress, startRedis } from '../support/redis-server.js';
import { ScriptedBody } from '../support/scripted-origin.js';
import { startTcpProxy } from '../support/tcp-proxy.js';
import { bytesOf, engineOver } from '../unit/cache/engine-kit.js';

const SETTINGS: RedisSettings = {
  connectTimeoutMs: 1000,
  retryDelayMs: 50,
  maxRetries: 3,
  deadlines: { read: 250, bulk: 1000, write: 500, control: 1000 },
};
const ORIGIN_MS = 60;
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const ending: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});

/** Answers every request after a while, and counts. `held`: it never answers. */
class CountingOrigin implements Origin {
  readonly targets: string[] = [];
  held = false;

  async fetch({ target, signal }: OriginRequest): Promise<OriginResponse> {
    this.targets.push(target);
    const number = this.targets.length;
    const requestTime = Date.now();
    await sleep(ORIGIN_MS);
    while (this.held && !signal.aborted) await sleep(20);
    const body = new ScriptedBody();
    body.data(Buffer.from(`{"number":${number}}`));
    body.end();
    return {
      status: 200,
      statusText: 'OK',
      headers: ['Content-Type', 'application/json'],
      body,
      server: 'http://origin',
      requestTime,
      responseTime: Date.now(),
    };
  }
}

async function connected(address: RedisAddress): Promise<RedisLink> {
  const link = await new Promise<RedisLink>((resolve) => {
    const made: RedisLink = new RedisLink({
      address,
      settings: SETTINGS,
      clock: systemClock,
      events: { onReady: () => resolve(made) },
    });
    made.open();
  });
  ending.push(() => link.close());
  return link;
}

/** A node of a cluster: an engine with a memory of its own over the Redis at `address`. */
async function node(address: RedisAddress, prefix: string, origin: Origin) {
  const keys = new RedisKeys(prefix);
  const [small, control, forLeases, subscriber] = await Promise.all(
    Array.from({ length: 4 }, () => connected(address)),
  );
  const leases = new RedisLeases({
    link: forLeases!,
    subscriber: subscriber!,
    keys,
    clock: systemClock,
    available: () => true,
    onTrouble: () => {},
  });
  ending.push(async () => leases.close());
  const l2 = new RedisTier({
    small: small!,
    large: [],
    control: control!,
    keys,
    clock: systemClock,
    deadlines: SETTINGS.deadlines,
    maxEntryBytes: 1024 * 1024,
    writable: true,
  });
  const kit = engineOver({
    clock: systemClock,
    origin,
    l2,
    wrap: (inner, find, purgedAt) =>
      new LeasedFetcher({ inner, leases, find, purgedAt, clock: systemClock, patienceMs: LEASE_MS }),
  });
  return { ...kit, lease: async (key: string) => forLeases!.call('get', 500, (r) => r.get(keys.lease(key))) };
}

const waitFor = async (holds: () => boolean | Promise<boolean>, forMs = 5000) => {
  const end = Date.now() + forMs;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error('it did not come about in time');
    await sleep(10);
  }
};

let server: RedisServer;
let address: RedisAddress;
beforeAll(async () => {
  server = await startRedis();
  address = standaloneAddress(server.port);
});
afterAll(() => server.stop());

describe('I-6: one origin fetch per key and cluster', () => {
  it('300 requests for 20 keys on three nodes at once ask the origin 20 times', async () => {
    const origin = new CountingOrigin();
    const nodes = await Promise.all([1, 2, 3].map(() => node(address, 'many:', origin)));
    await sleep(50);
    const bodies = await Promise.all(
      Array.from({ length: 300 }, async (_, i) => {
        const key = `/3/movie/${i % 20}`;
        return `${key} ${await bytesOf(await nodes[i % 3]!.ask(key))}`;
      }),
    );
    expect([...origin.targets].sort()).toEqual([...new Set(origin.targets)].sort());
    expect(origin.targets).toHaveLength(20);
    expect(new Set(bodies)).toHaveLength(20);
  });

  it('a crashed leader delays the others by no more than its lease (I-23)', async () => {
    const dead = new CountingOrigin();
    const alive = new CountingOrigin();
    dead.held = true;
    const proxy = await startTcpProxy(server.port);
    ending.push(() => proxy.close());
    const a = await node(standaloneAddress(proxy.port), 'crash:', dead);
    const b = await node(address, 'crash:', alive);
    a.ask('/k').catch(() => {});
    await waitFor(async () => (await b.lease('/k')) !== null);
    proxy.set('hang'); // nothing of A reaches Redis any more
    const began = Date.now();
    expect(await bytesOf(await b.ask('/k'))).toBe('{"number":1}');
    expect(Date.now() - began).toBeLessThan(LEASE_MS + ORIGIN_MS + PATIENCE_MS);
    expect(alive.targets).toHaveLength(1);
    dead.held = false;
  });

  it('the late write of a leader that lost its lease changes nothing on any node (I-2, I-4)', async () => {
    const slow = new CountingOrigin();
    const quick = new CountingOrigin();
    quick.targets.push('so that bodies differ');
    slow.held = true;
    const a = await node(address, 'late:', slow);
    const b = await node(address, 'late:', quick);
    const first = a.ask('/k');
    await waitFor(async () => (await b.lease('/k')) !== null);
    await server.cli('del', new RedisKeys('late:').lease('/k')); // lost, as to an eviction or a failover
    expect(await bytesOf(await b.ask('/k'))).toBe('{"number":2}');
    slow.held = false;
    expect(await bytesOf(await first)).toBe('{"number":1}'); // fetched for this very request
    await waitFor(() => a.memory.peek('/k') === undefined);
    expect(await bytesOf(await a.ask('/k'))).toBe('{"number":2}');
    await b.memory.clear();
    expect(await bytesOf(await b.ask('/k'))).toBe('{"number":2}');
    expect(slow.targets).toHaveLength(1);
  });
});

describe('I-14: trouble with Redis means no lease, never no answer', () => {
  it('a stopped Redis holds a request up by a fixed small time, and every node answers', async () => {
    const stopped = await startRedis();
    ending.push(() => stopped.stop());
    const origin = new CountingOrigin();
    const there = standaloneAddress(stopped.port);
    const nodes = [await node(there, 's:', origin), await node(there, 's:', origin)];
    stopped.pause();
    const began = Date.now();
    const answers = await Promise.all(nodes.map(({ ask }) => ask('/k')));
    // One look into L2, one claim, the origin.
    expect(Date.now() - began).toBeLessThan(250 + LEASE_DEADLINE_MS + ORIGIN_MS + PATIENCE_MS);
    expect(answers.map(({ outcome }) => outcome.result)).toEqual(['miss', 'miss']);
    stopped.resume();
  });
});
