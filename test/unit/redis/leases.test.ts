import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Leases } from '../../../src/cache/lease.js';
import { systemClock } from '../../../src/clock.js';
import { RedisKeys } from '../../../src/redis/keys.js';
import { LEASE_DEADLINE_MS } from '../../../src/redis/lease-scripts.js';
import { type RedisClaim, RedisLeases } from '../../../src/redis/leases.js';
import { RedisLink } from '../../../src/redis/link.js';
import type { RedisAddress } from '../../../src/redis/options.js';
import type { TroubleReason } from '../../../src/redis/trouble.js';
import { eventually, PATIENCE_MS } from '../../support/patience.js';
import {
  LINK_SETTINGS,
  type RedisCluster,
  type RedisServer,
  standaloneAddress,
  startRedis,
  startRedisCluster,
} from '../../support/redis-server.js';
import { startTcpProxy } from '../../support/tcp-proxy.js';

const LEASE_MS = 1500;
const never = new AbortController().signal;
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

let prefixes = 0;
const ending: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});

async function connected(address: RedisAddress): Promise<RedisLink> {
  const link = await new Promise<RedisLink>((resolve) => {
    const made = new RedisLink({
      address,
      settings: LINK_SETTINGS,
      clock: systemClock,
      events: { onReady: () => resolve(made) },
    });
    made.open();
  });
  ending.push(() => link.close());
  return link;
}

/** One node's leases. `deaf`: it hears no doorbell. `blind`: it looks so rarely that only the doorbell can help it. */
async function node(
  address: RedisAddress,
  prefix: string,
  options: { deaf?: boolean; blind?: boolean; available?: () => boolean; leaseMs?: number } = {},
) {
  const keys = new RedisKeys(prefix);
  if (options.deaf) keys.channel = () => `${prefix}elsewhere`;
  const link = await connected(address);
  const subscriber = await connected(address);
  const troubles: TroubleReason[] = [];
  const leases = new RedisLeases({
    link,
    subscriber,
    keys,
    clock: options.blind ? { ...systemClock, random: () => 100 } : systemClock,
    available: options.available ?? (() => true),
    onTrouble: ({ reason }) => troubles.push(reason),
    leaseMs: options.leaseMs ?? LEASE_MS,
  });
  ending.push(async () => leases.close());
  // The seam of the engine, which src/redis does not know.
  const seam: Leases = leases;
  await listening(subscriber, link, keys.channel('fills'));
  return { leases: seam, link, keys, troubles };
}

/** Waits until what is published reaches the subscriber, wherever in a cluster either is connected. */
async function listening(subscriber: RedisLink, link: RedisLink, channel: string): Promise<void> {
  let heard = false;
  const hear = () => {
    heard = true;
  };
  const stop = subscriber.onMessage(hear);
  for (let i = 0; i < 200 && !heard; i++) {
    await link.call('publish', 500, (redis) => redis.publish(channel, 'anybody?'));
    await sleep(10);
  }
  stop();
}

function ours(claim: Awaited<ReturnType<Leases['claim']>>) {
  if (claim.kind !== 'ours') throw new Error(`the claim is ${claim.kind}`);
  return claim;
}

function theirs(claim: Awaited<ReturnType<Leases['claim']>>) {
  if (claim.kind !== 'theirs') throw new Error(`the claim is ${claim.kind}`);
  return claim;
}

/** The header that tiers/redis writes: magic, version, fence. */
function header(fence: number): Buffer {
  const bytes = Buffer.alloc(32);
  bytes.write('TCPR');
  bytes[4] = 1;
  bytes.writeDoubleLE(fence, 8);
  return bytes;
}

describe('leases on a standalone Redis', () => {
  let server: RedisServer;
  let address: RedisAddress;
  beforeAll(async () => {
    server = await startRedis();
    address = standaloneAddress(server.port);
  });
  afterAll(() => server.stop());

  const two = async (options: Parameters<typeof node>[2] = {}) => {
    const prefix = `p${prefixes++}:`;
    return { a: await node(address, prefix), b: await node(address, prefix, options) };
  };

  it('of many claims at once from three nodes one is granted (I-6)', async () => {
    const { a, b } = await two();
    const c = await node(address, `p${prefixes - 1}:`);
    const claims = await Promise.all(
      Array.from({ length: 30 }, (_, i) => [a, b, c][i % 3]!.leases.claim('/k', 0, 0)),
    );
    expect(claims.filter(({ kind }) => kind === 'ours')).toHaveLength(1);
    expect(claims.filter(({ kind }) => kind === 'theirs')).toHaveLength(29);
    const gone = AbortSignal.abort();
    await Promise.all(claims.map((claim) => claim.kind === 'theirs' && claim.wait(gone)));
  });

  it.each(['stored', 'not-stored'] as const)('the doorbell tells who waits how it ended: %s', async (end) => {
    const { a, b } = await two({ blind: true });
    const { lease } = ours(await a.leases.claim('/k', 0, 0));
    const waited = theirs(await b.leases.claim('/k', 0, 0)).wait(never);
    await lease.release(end);
    expect(await waited).toBe(end);
    expect((await b.leases.claim('/k', 0, 0)).kind).toBe('ours');
  });

  it('a ring between the claim and the wait is not missed', async () => {
    const { a, b } = await two({ blind: true });
    const { lease } = ours(await a.leases.claim('/k', 0, 0));
    const claim = theirs(await b.leases.claim('/k', 0, 0));
    await lease.release('stored');
    await sleep(50);
    expect(await claim.wait(never)).toBe('stored');
  });

  it('a lost ring costs a look, not the wait (I-14)', async () => {
    const leaseMs = 10 * PATIENCE_MS;
    const { a, b } = await two({ deaf: true, leaseMs });
    const { lease } = ours(await a.leases.claim('/k', 0, 0));
    const waited = theirs(await b.leases.claim('/k', 0, 0)).wait(never);
    await lease.release('stored');
    const began = performance.now();
    expect(await waited).toBe('gone');
    expect(performance.now() - began).toBeLessThan(PATIENCE_MS);
  });

  it('a crashed leader delays nobody beyond the lease (I-23)', async () => {
    const { a, b } = await two();
    ours(await a.leases.claim('/k', 0, 0));
    const began = performance.now();
    await a.link.close(); // neither released nor extended from here on
    expect(await theirs(await b.leases.claim('/k', 0, 0)).wait(never)).toBe('gone');
    expect(performance.now() - began).toBeLessThan(LEASE_MS + PATIENCE_MS);
    expect((await b.leases.claim('/k', 0, 0)).kind).toBe('ours');
  });

  it('is kept extended while its fill takes longer than its length', async () => {
    const { a, b } = await two();
    const { lease } = ours(await a.leases.claim('/k', 0, 0));
    const waited = theirs(await b.leases.claim('/k', 0, 0)).wait(never);
    await sleep(2 * LEASE_MS);
    expect((await b.leases.claim('/k', 0, 0)).kind).toBe('theirs');
    await lease.release('stored');
    expect(await waited).toBe('stored');
  });

  it('a wait ends when its signal does', async () => {
    const { a, b } = await two();
    ours(await a.leases.claim('/k', 0, 0));
    const patience = new AbortController();
    const waited = theirs(await b.leases.claim('/k', 0, 0)).wait(patience.signal);
    patience.abort();
    expect(await waited).toBe('gone');
  });

  it('a lease that was lost is neither extended nor released by its old holder (I-4)', async () => {
    const { a, b } = await two();
    const first = ours(await a.leases.claim('/k', 0, 0)).lease;
    await b.link.call('del', 500, (redis) => redis.del(b.keys.lease('/k')));
    const second = ours(await b.leases.claim('/k', 0, 0)).lease;
    expect(second.fence).toBeGreaterThan(first.fence);
    await sleep(LEASE_MS / 2); // an extension of the first has been due
    await first.release('stored');
    expect((await a.leases.claim('/k', 0, 0)).kind).toBe('theirs');
    await second.release('stored');
  });

  it("fences rise past the entry's when Redis' time has stepped back and the lease is gone (I-4)", async () => {
    const { a } = await two();
    const ahead = Date.now() * 1000 + 3_600_000_000;
    const entry = a.keys.entry('/k', '/k');
    await a.link.call('set', 500, (redis) =>
      redis.set(entry, Buffer.concat([header(ahead), Buffer.from('x')])),
    );
    const claim = ours(await a.leases.claim('/k', 0, 0));
    expect(claim.lease.fence).toBe(ahead + 1);
    expect(claim.filledBefore).toBe(true);
  });

  it('an entry it cannot read says nothing of fences, but that something is there', async () => {
    const { a } = await two();
    await a.link.call('set', 500, (redis) => redis.set(a.keys.entry('/k', '/k'), 'of another schema'));
    const claim = ours(await a.leases.claim('/k', 0, 0));
    expect(Math.abs(claim.lease.fence / 1000 - Date.now())).toBeLessThan(60_000);
    expect(claim.filledBefore).toBe(true);
    expect(ours(await a.leases.claim('/other', 0, 0)).filledBefore).toBe(false);
  });

  it('a fill that began before a purge is not waited for: its lease is taken over (I-3)', async () => {
    const { a, b } = await two();
    const old = ours(await a.leases.claim('/k', 7, 7)).lease;
    const taken = ours(await b.leases.claim('/k', 8, 8)).lease;
    expect(taken.fence).toBeGreaterThan(old.fence);
    await old.release('stored'); // rings for nobody
    const third = await a.leases.claim('/k', 8, 8);
    expect(third.kind).toBe('theirs');
    await theirs(third).wait(AbortSignal.abort());
    // A node that has not heard of the purge waits for one that has.
    await theirs(await a.leases.claim('/k', 7, 7)).wait(AbortSignal.abort());
  });

  it('an uncacheable outcome releases who waits at once and is remembered for as long as it says (I-8)', async () => {
    const { a, b } = await two({ blind: true });
    const { lease } = ours(await a.leases.claim('/k', 0, 0));
    const waited = theirs(await b.leases.claim('/k', 0, 0)).wait(never);
    const began = performance.now();
    await lease.release({ uncacheableForMs: 1500 });
    expect(await waited).toBe('not-stored');
    expect((await b.leases.claim('/k', 0, 0)).kind).toBe('alone');
    await eventually(async () => expect((await b.leases.claim('/k', 0, 0)).kind).toBe('ours'));
    expect(performance.now() - began).toBeGreaterThan(1500 - 10);
  });

  it('no lease is asked for while L2 is not this Redis', async () => {
    const { a, b } = await two({ available: () => false });
    expect((await b.leases.claim('/k', 0, 0)).kind).toBe('alone');
    expect((await a.leases.claim('/k', 0, 0)).kind).toBe('ours');
  });

  it('a hanging Redis costs two claims in a row their deadline and the others nothing; it is used again later (I-14)', async () => {
    const proxy = await startTcpProxy(server.port);
    ending.push(() => proxy.close());
    const { leases, troubles } = await node(standaloneAddress(proxy.port), `p${prefixes++}:`);
    const timed = async () => {
      const began = performance.now();
      const { kind } = await leases.claim('/k', 0, 0);
      return { kind, ms: performance.now() - began };
    };
    proxy.set('hang');
    for (const claim of [await timed(), await timed()]) {
      expect(claim.kind).toBe('alone');
      expect(claim.ms).toBeLessThan(LEASE_DEADLINE_MS + PATIENCE_MS);
    }
    expect((await timed()).kind).toBe('alone'); // without asking, else it were a third trouble
    expect(troubles).toEqual(['deadline', 'deadline']);
    proxy.set('refuse');
    proxy.set('pass');
    let claim: RedisClaim['kind'] = 'alone';
    for (let i = 0; i < 100 && claim === 'alone'; i++) {
      await sleep(100);
      claim = (await leases.claim('/later', 0, 0)).kind;
    }
    expect(claim).toBe('ours');
  });

  it('claims that were under way together and were all answered late do not keep the next ones from a lease (I-6)', async () => {
    const proxy = await startTcpProxy(server.port);
    ending.push(() => proxy.close());
    const { leases, troubles } = await node(standaloneAddress(proxy.port), `p${prefixes++}:`);
    proxy.set('hang');
    const late = await Promise.all(['/1', '/2', '/3', '/4'].map((key) => leases.claim(key, 0, 0)));
    expect(late.map(({ kind }) => kind)).toEqual(['alone', 'alone', 'alone', 'alone']);
    expect(troubles).toEqual(['deadline', 'deadline', 'deadline', 'deadline']);
    proxy.set('pass');
    expect((await leases.claim('/5', 0, 0)).kind).toBe('ours');
  });

  it('who waits for a leader is let go when Redis goes away meanwhile (I-14, I-23)', async () => {
    const proxy = await startTcpProxy(server.port);
    ending.push(() => proxy.close());
    const prefix = `p${prefixes++}:`;
    const a = await node(address, prefix);
    const b = await node(standaloneAddress(proxy.port), prefix);
    const { lease } = ours(await a.leases.claim('/k', 0, 0));
    const waited = theirs(await b.leases.claim('/k', 0, 0)).wait(never);
    proxy.set('hang');
    expect(await waited).toBe('gone');
    await lease.release('not-stored');
  });
});

describe('leases on a Redis Cluster', () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await startRedisCluster();
  }, 60_000);
  afterAll(() => cluster.stop());

  it('are granted once on every shard, and rung for on all of them', async () => {
    const prefix = 'cluster:';
    const a = await node(cluster.address, prefix);
    const b = await node(cluster.address, prefix, { blind: true });
    for (const key of ['/1', '/2', '/3', '/{braces}', '/4', '/5']) {
      const { lease } = ours(await a.leases.claim(key, 0, 0));
      const waited = theirs(await b.leases.claim(key, 0, 0)).wait(never);
      await lease.release('stored');
      expect(await waited).toBe('stored');
    }
  });
});
