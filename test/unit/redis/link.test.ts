import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/clock.js';
import { isCount, isText, isTuple } from '../../../src/redis/answers.js';
import { RedisLink } from '../../../src/redis/link.js';
import type { RedisAddress } from '../../../src/redis/options.js';
import {
  LINK_SETTINGS,
  type RedisCluster,
  type RedisSentinels,
  type RedisServer,
  replicated,
  standaloneAddress,
  startRedis,
  startRedisCluster,
  startSentinels,
} from '../../support/redis-server.js';
import { startTcpProxy } from '../../support/tcp-proxy.js';

function open(address: RedisAddress): Promise<RedisLink> {
  return new Promise((resolve) => {
    const link = new RedisLink({
      address,
      settings: LINK_SETTINGS,
      clock: systemClock,
      events: { onReady: () => resolve(link) },
    });
    link.open();
  });
}

async function eventually<T>(attempt: () => Promise<T>, tries = 200): Promise<T> {
  for (let i = 0; ; i++) {
    try {
      return await attempt();
    } catch (error) {
      if (i === tries) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

describe('RedisLink on a standalone server', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());

  it('runs commands and scripts, binary values included', async () => {
    const link = await open(standaloneAddress(server.port));
    const value = Buffer.from([0, 255, 10, 13]);
    await link.call('set', 500, (redis) => redis.set('k', value));
    expect(await link.call('get', 500, (redis) => redis.getBuffer('k'))).toEqual(value);
    const lua = "return {redis.call('STRLEN', KEYS[1]), ARGV[1]}";
    const script = { name: 'tmdbpTest', keys: 1, lua, isAnswer: isTuple(isCount, isText) };
    expect(await link.run(script, ['k'], ['x'], 500)).toEqual([4, 'x']);
    await link.close();
    await link.close();
    await expect(link.call('get', 500, (redis) => redis.get('k'))).rejects.toMatchObject({
      reason: 'closed',
    });
  });

  it('gives a call up at its own deadline while the server hangs, and works again when it does (I-14)', async () => {
    const proxy = await startTcpProxy(server.port);
    const link = await open(standaloneAddress(proxy.port));
    proxy.set('hang');
    await expect(link.call('get', 60, (redis) => redis.get('k'))).rejects.toMatchObject({
      reason: 'deadline',
    });
    proxy.set('pass');
    await eventually(() => link.call('get', 200, (redis) => redis.get('k')));
    proxy.set('refuse');
    await expect(
      eventually(async () => {
        await link.call('get', 200, (redis) => redis.get('k'));
        throw new Error('still answers');
      }, 3),
    ).rejects.toMatchObject({ reason: expect.stringMatching(/unreachable|deadline/) });
    proxy.set('pass');
    await eventually(() => link.call('get', 200, (redis) => redis.get('k')));
    await link.close();
    await proxy.close();
  });

  it('starts without a server and finds it when it comes', async () => {
    const late = await startRedis();
    await late.kill();
    const link = new RedisLink({
      address: standaloneAddress(late.port),
      settings: LINK_SETTINGS,
      clock: systemClock,
    });
    link.open();
    await expect(link.call('ping', 200, (redis) => redis.ping())).rejects.toMatchObject({
      reason: 'unreachable',
    });
    await late.restart();
    expect(await eventually(() => link.call('ping', 200, (redis) => redis.ping()))).toBe('PONG');
    await link.close();
    await late.stop();
  });

  it('names what a refused login is, and never the password', async () => {
    const locked = await startRedis(['--requirepass', 'open-sesame']);
    const seen: string[] = [];
    const link = new RedisLink({
      address: { ...standaloneAddress(locked.port), password: 'wrong-one' },
      settings: LINK_SETTINGS,
      clock: systemClock,
      events: { onError: (error) => seen.push(`${error.message} ${String(error.cause)}`) },
    });
    link.open();
    const failed = eventually(async () => {
      await link.call('get', 200, (redis) => redis.get('k'));
    }, 5);
    await expect(failed).rejects.toMatchObject({ name: 'RedisTrouble' });
    expect(seen.join()).not.toContain('wrong-one');
    await link.close();
    await locked.stop();
  });
});

describe('RedisLink on a cluster', () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await startRedisCluster();
  }, 30_000);
  afterAll(() => cluster.stop());

  it('reaches every master, and a stopped one costs a deadline until its replica takes over', async () => {
    const link = await open(cluster.address);
    expect(link.masters()).toHaveLength(3);
    await link.call('set', 500, (redis) => redis.set('k', 'v'));
    const master = await cluster.masterOf('k');
    await replicated(master);
    master.pause();
    await expect(link.call('get', 100, (redis) => redis.get('k'))).rejects.toMatchObject({
      name: 'RedisTrouble',
    });
    expect(await eventually(() => link.call('get', 250, (redis) => redis.get('k')))).toBe('v');
    master.resume();
    await link.close();
  });

  it('eight links all find a cluster again that was gone for 10 s (ioredis alone leaves some with an empty pool)', async () => {
    const links = await Promise.all(Array.from({ length: 8 }, () => open(cluster.address)));
    let stopped = false;
    const asking = links.map(async (link, i) => {
      while (!stopped) {
        await link.call('get', 250, (redis) => redis.get(`key ${i}`)).catch(() => {});
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
    });
    await cluster.killAll();
    await new Promise((resolve) => setTimeout(resolve, 10_000));
    await cluster.restartAll();
    for (const [i, link] of links.entries())
      await eventually(() => link.call('get', 250, (redis) => redis.get(`key ${i}`)), 160);
    stopped = true;
    await Promise.all([...asking, ...links.map((link) => link.close())]);
  }, 60_000);

  it('links that nobody asks cost next to nothing while the cluster is gone (found: a whole core and 600 MB)', async () => {
    const links = await Promise.all(Array.from({ length: 6 }, () => open(cluster.address)));
    await cluster.killAll();
    await new Promise((resolve) => setTimeout(resolve, 4000)); // noticed by all
    const before = process.cpuUsage();
    const began = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 4000));
    const { user, system } = process.cpuUsage(before);
    const share = (user + system) / 1000 / (performance.now() - began);
    await Promise.all(links.map((link) => link.close()));
    await cluster.restartAll();
    expect(share).toBeLessThan(0.5);
  }, 60_000);

  it('starts without a cluster and finds it when it comes', async () => {
    await cluster.killAll();
    const link = new RedisLink({ address: cluster.address, settings: LINK_SETTINGS, clock: systemClock });
    link.open();
    await expect(link.call('get', 200, (redis) => redis.get('k'))).rejects.toMatchObject({
      name: 'RedisTrouble',
    });
    await cluster.restartAll();
    expect(await eventually(() => link.call('get', 250, (redis) => redis.get('k')))).toBeNull();
    await link.close();
  });
}, 60_000);

describe('RedisLink on a Sentinel group', () => {
  let group: RedisSentinels;
  beforeAll(async () => {
    group = await startSentinels();
  }, 30_000);
  afterAll(() => group.stop());

  it('finds the master by its name, and the new one after a failover', async () => {
    const link = await open(group.address);
    await link.call('set', 500, (redis) => redis.set('k', 'v'));
    await group.master.kill();
    await eventually(() => link.call('set', 250, (redis) => redis.set('k', 'w')), 400);
    expect(await group.replica.cli('get', 'k')).toBe('w');
    await link.close();
  }, 60_000);
});
