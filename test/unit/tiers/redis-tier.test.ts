import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../../src/clock.js';
import { ageAt } from '../../../src/tiers/entry.js';
import type { RedisTierParts } from '../../../src/tiers/redis.js';
import { LARGE_BYTES } from '../../../src/tiers/redis-large.js';
import { bodyFor, NOW, sample } from '../../contract/samples.js';
import { type RedisServer, standaloneAddress, startRedis } from '../../support/redis-server.js';
import { clockFrom, type OpenTier, openLink, openTier } from '../../support/redis-tier.js';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.js';

const DAY = 86_400_000;
const SHORT = { read: 150, bulk: 5000, write: 150, control: 300 };
const large = () => sample('v1:large', { body: bodyFor('large', 3 * LARGE_BYTES) });

let server: RedisServer;
const opened: OpenTier[] = [];
const proxies: TcpProxy[] = [];

async function open(changes: Partial<RedisTierParts> = {}, clock: Clock = clockFrom(NOW)): Promise<OpenTier> {
  const one = await openTier(standaloneAddress(server.port), clock, changes);
  opened.push(one);
  return one;
}

async function proxied(): Promise<TcpProxy> {
  const proxy = await startTcpProxy(server.port);
  proxies.push(proxy);
  return proxy;
}

async function eventually(holds: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 400; i += 1) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('did not come true');
}

const callsOf = async (command: string): Promise<number> =>
  Number(
    new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(await server.cli('info', 'commandstats'))?.[1] ?? 0,
  );

beforeAll(async () => {
  server = await startRedis(['--maxmemory-policy', 'noeviction']);
});
afterAll(() => server.stop());
beforeEach(() => server.cli('flushall'));
afterEach(async () => {
  for (const { tier } of opened.splice(0)) await tier.close();
  for (const proxy of proxies.splice(0)) await proxy.close();
});

describe('what lies in Redis', () => {
  it('expires by itself when it is of no use any more: fresh plus the longest stale window', async () => {
    const { tier, parts } = await open();
    await tier.set(sample('v1:k'));
    const name = parts.keys.entry('v1:k', 'v1:k');
    const pttl = Number(await server.cli('pttl', name));
    expect(pttl).toBeLessThanOrEqual(3_600_000 - 12 + 2000);
    expect(pttl).toBeGreaterThan(3_600_000 - 12 + 2000 - 5000);
    await server.cli('pexpire', name, '1');
    await eventually(async () => (await tier.get('v1:k')) === undefined);
    expect(tier.stats()).toMatchObject({ corrupt: 0, errors: 0 });
  });

  it('is kept beyond its use for keepMs, its age known all the while', async () => {
    const { tier, parts } = await open({ keepMs: 180 * DAY });
    await tier.set(sample('v1:k'));
    await tier.set(sample('v1:search', { class: 'search' }));
    const pttlOf = async (key: string) => Number(await server.cli('pttl', parts.keys.entry(key, key)));
    expect(await pttlOf('v1:k')).toBeGreaterThan(180 * DAY - 12 - 5000);
    expect(await pttlOf('v1:search')).toBeLessThanOrEqual(3_600_000 - 12 + 2000);
    // A hundred days later, on a reader's clock that is years behind.
    await server.cli('pexpire', parts.keys.entry('v1:k', 'v1:k'), String((await pttlOf('v1:k')) - 100 * DAY));
    const reader = await open({ keys: parts.keys }, clockFrom(NOW - 1000 * DAY));
    const read = await reader.tier.get('v1:k');
    const age = ageAt(read!, NOW - 1000 * DAY);
    expect(Math.abs(age - 100 * DAY)).toBeLessThan(60_000);
  });

  it.each([
    ['of another version', (name: string) => ['setrange', name, '4', 'X']],
    ['of another schema of entries', (name: string) => ['setrange', name, '36', 'X']],
    ['damaged in the body', (name: string) => ['setrange', name, '1000', '###']],
    ['cut off', (name: string) => ['set', name, 'TCPR', 'px', '60000']],
    ['without a TTL', (name: string) => ['persist', name]],
  ])('that is %s is a miss and counted (I-25)', async (_what, damage) => {
    const { tier, parts } = await open();
    await tier.set(sample('v1:k'));
    await server.cli(...damage(parts.keys.entry('v1:k', 'v1:k')));
    expect(await tier.get('v1:k')).toBeUndefined();
    expect(tier.stats()).toMatchObject({ corrupt: 1, hits: 0, misses: 1, errors: 0 });
  });

  it('under the name of another key is a miss and counted (I-25)', async () => {
    const { tier, parts } = await open();
    await tier.set(sample('v1:a'));
    await server.cli('copy', parts.keys.entry('v1:a', 'v1:a'), parts.keys.entry('v1:b', 'v1:b'));
    expect(await tier.get('v1:b')).toBeUndefined();
    expect(tier.stats().corrupt).toBe(1);
  });

  it('has one age for nodes whose clocks are days apart (I-13), and goes on ageing (I-11)', async () => {
    const clocks = [clockFrom(NOW), clockFrom(NOW + 3 * DAY), clockFrom(NOW - 3 * DAY)];
    const first = await open({}, clocks[0]);
    const others = [];
    for (const clock of clocks.slice(1)) others.push(await open({ keys: first.parts.keys }, clock));
    await first.tier.set(sample('v1:k', { ageAtStore: 70_000, storedAt: NOW - 20_000 }));
    const name = first.parts.keys.entry('v1:k', 'v1:k');
    // A minute passes in Redis.
    await server.cli('pexpire', name, String(Number(await server.cli('pttl', name)) - 60_000));
    for (const [i, { tier }] of [first, ...others].entries()) {
      const read = await tier.get('v1:k');
      const age = ageAt(read!, clocks[i]!.now());
      expect(age).toBeGreaterThanOrEqual(149_900);
      expect(age).toBeLessThan(158_000);
      const { rows } = await tier.list({ after: '', limit: 10, contains: '', scanLimit: 100 });
      expect(Math.abs(ageAt(rows[0]!.head, clocks[i]!.now()) - age)).toBeLessThan(5000);
    }
  });

  it('is read in one round trip: two commands sent together', async () => {
    const { tier } = await open();
    await tier.set(sample('v1:k'));
    const before = [await callsOf('pttl'), await callsOf('getrange')];
    await tier.get('v1:k');
    expect([await callsOf('pttl'), await callsOf('getrange')]).toEqual([before[0]! + 1, before[1]! + 1]);
  });
});

describe('the fence (I-4)', () => {
  it('refuses the late write of a paused leader while a later one holds the lease', async () => {
    const { tier, parts } = await open();
    const lease = parts.keys.lease('v1:k');
    await server.cli('set', lease, '7:node-b', 'px', '60000');
    expect(await tier.set(sample('v1:k', { status: 500 }), 6)).toBe('fenced');
    expect(await tier.get('v1:k')).toBeUndefined();
    expect(await tier.set(sample('v1:k'), 7)).toBe('stored');
    expect(await tier.set(sample('v1:k', { status: 201 }), 8)).toBe('stored');
  });

  it('keeps what a later leader wrote after its lease has ended, whatever the size of what comes late', async () => {
    const { tier, parts } = await open();
    // As large as fences are: microseconds since 1970.
    const fence = 1_790_000_000_000_001;
    expect(await tier.set(sample('v1:k'), fence)).toBe('stored');
    expect(await tier.set(sample('v1:k', { status: 500 }), fence - 1)).toBe('fenced');
    const huge = sample('v1:k', { body: Buffer.alloc(parts.maxEntryBytes) });
    expect(await tier.set(huge, fence - 1)).toBe('fenced');
    const useless = sample('v1:k', { headers: [], lifetime: 0, staleIfError: 0, staleWhileRevalidate: 0 });
    expect(await tier.set(useless, fence - 1)).toBe('fenced');
    expect((await tier.get('v1:k'))?.status).toBe(200);
    expect(await tier.set(useless, fence)).toBe('not-admitted');
    expect(await tier.get('v1:k')).toBeUndefined();
  });

  it('looks at the lease of the primary key for a variant', async () => {
    const { tier, parts } = await open();
    await server.cli('set', parts.keys.lease('v1:k'), '7', 'px', '60000');
    const variant = sample('v1:k\naccept=webp', { primaryKey: 'v1:k', vary: ['accept'] });
    expect(await tier.set(variant, 6)).toBe('fenced');
    expect(await tier.set(variant, 7)).toBe('stored');
  });
});

describe('a large body', () => {
  it('is read and written over a link of its own, in one round trip once it is known', async () => {
    const proxy = await proxied();
    const small = await openLink(standaloneAddress(proxy.port));
    const { tier } = await open({ small, deadlines: SHORT });
    await tier.set(large());
    await tier.set(sample('v1:small'));
    proxy.set('hang');
    const before = await callsOf('getrange');
    expect((await tier.get('v1:large'))?.body.equals(large().body)).toBe(true);
    expect(await callsOf('getrange')).toBe(before + 1);
    expect(await tier.set(large())).toBe('stored');
    expect(await tier.set(large(), 1)).toBe('stored');
    await expect(tier.read('v1:small')).rejects.toMatchObject({ reason: 'deadline' });
  });

  it('that a node sees for the first time is read whole, and the next time at once', async () => {
    const writer = await open();
    await writer.tier.set(large());
    const { tier } = await open({ keys: writer.parts.keys });
    for (const commands of [2, 1]) {
      const before = await callsOf('getrange');
      expect((await tier.get('v1:large'))?.body.equals(large().body)).toBe(true);
      expect(await callsOf('getrange')).toBe(before + commands);
    }
  });

  it('is in memory once for all who are sent it', async () => {
    const { tier } = await open();
    await tier.set(large());
    const held = [await tier.read('v1:large'), await tier.read('v1:large'), await tier.read('v1:large')];
    expect(new Set(held.map((entry) => entry?.body.buffer)).size).toBe(1);
    expect(held[2]?.body.equals(large().body)).toBe(true);
  });

  it('replaced while it is read is given as one of the two, never as a mixture', async () => {
    const writer = await open();
    await writer.tier.set(large());
    const proxy = await proxied();
    const { tier } = await open({
      keys: writer.parts.keys,
      large: [await openLink(standaloneAddress(proxy.port))],
    });
    const before = await callsOf('getrange');
    proxy.set('hang');
    const reading = tier.get('v1:large');
    await eventually(async () => (await callsOf('getrange')) > before);
    const newer = bodyFor('newer', 3 * LARGE_BYTES);
    await writer.tier.set(sample('v1:large', { body: newer }));
    proxy.set('pass');
    expect((await reading)?.body.equals(newer)).toBe(true);
    expect(tier.stats()).toMatchObject({ corrupt: 0, hits: 1 });
  });

  it('of just the size that is asked for first is whole', async () => {
    const { tier } = await open();
    for (const length of [LARGE_BYTES - 600, LARGE_BYTES - 300, LARGE_BYTES - 100, LARGE_BYTES]) {
      await tier.set(sample('v1:edge', { body: bodyFor('edge', length) }));
      expect((await tier.get('v1:edge'))?.body.equals(bodyFor('edge', length))).toBe(true);
    }
  });
});

describe('trouble', () => {
  it('of a server that takes no writes is named, for a reader it is none', async () => {
    const { tier } = await open();
    const reader = await open({ writable: false });
    await server.cli('replicaof', '127.0.0.1', '1');
    try {
      await expect(tier.write(sample('v1:k'))).rejects.toMatchObject({ reason: 'read-only' });
    } finally {
      await server.cli('replicaof', 'no', 'one');
    }
    await reader.tier.ping();
  });

  it('of a full server is named, with and without a fence; the probe sees it', async () => {
    const { tier } = await open();
    await server.cli('config', 'set', 'maxmemory', '1');
    try {
      await expect(tier.write(sample('v1:k'))).rejects.toMatchObject({ reason: 'out-of-memory' });
      await expect(tier.write(sample('v1:k'), 3)).rejects.toMatchObject({ reason: 'out-of-memory' });
      await expect(tier.ping()).rejects.toMatchObject({ reason: 'out-of-memory' });
      expect(await tier.set(sample('v1:k'))).toBe('failed');
    } finally {
      await server.cli('config', 'set', 'maxmemory', '0');
    }
    await tier.ping();
    expect(tier.stats().errors).toBe(3);
  });

  it('of a hanging server ends every call at its deadline, and is a miss for whoever asks plainly (I-14)', async () => {
    const proxy = await proxied();
    const links = await Promise.all([0, 1, 2].map(() => openLink(standaloneAddress(proxy.port))));
    const { tier } = await open({
      small: links[0]!,
      large: [links[1]!],
      control: links[2]!,
      deadlines: SHORT,
    });
    proxy.set('hang');
    await expect(tier.read('v1:k')).rejects.toMatchObject({ reason: 'deadline' });
    await expect(tier.write(sample('v1:k'), 1)).rejects.toMatchObject({ reason: 'deadline' });
    await expect(tier.ping()).rejects.toMatchObject({ reason: 'deadline' });
    const query = { after: '', limit: 10, contains: '', scanLimit: 100 };
    expect(
      await Promise.all([
        tier.get('v1:k'),
        tier.set(sample('v1:k')),
        tier.delete('v1:k2'),
        tier.list(query),
        tier.clear(),
        tier.sweep(() => true),
        tier.measure(),
      ]),
    ).toEqual([undefined, 'failed', false, { rows: [], next: null, incomplete: true }, 0, 0, undefined]);
    expect(tier.stats().errors).toBe(9);
  });
});

describe('a reader (worker process)', () => {
  it('writes nothing and removes nothing', async () => {
    const writer = await open();
    await writer.tier.set(sample('v1:k'));
    const { tier } = await open({ keys: writer.parts.keys, writable: false });
    expect(await tier.set(sample('v1:k', { status: 404 }))).toBe('read-only');
    expect(await tier.delete('v1:k')).toBe(false);
    expect([await tier.clear(), await tier.sweep(() => true)]).toEqual([0, 0]);
    expect((await tier.get('v1:k'))?.status).toBe(200);
  });
});
