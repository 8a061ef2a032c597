import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/clock.js';
import { RedisBell } from '../../../src/redis/bell.js';
import { RedisKeys } from '../../../src/redis/keys.js';
import { type LinkEvents, RedisLink } from '../../../src/redis/link.js';
import type { RedisAddress } from '../../../src/redis/options.js';
import { RedisPurgeLog } from '../../../src/redis/purge-log.js';
import {
  LINK_SETTINGS,
  type RedisCluster,
  type RedisServer,
  replicated,
  standaloneAddress,
  startRedis,
  startRedisCluster,
} from '../../support/redis-server.js';
import { startTcpProxy } from '../../support/tcp-proxy.js';

const KEYS = new RedisKeys('t:');
const links: RedisLink[] = [];

function link(address: RedisAddress, events: LinkEvents = {}): RedisLink {
  const made = new RedisLink({ address, settings: LINK_SETTINGS, clock: systemClock, events });
  links.push(made);
  return made;
}

function open(address: RedisAddress): Promise<RedisLink> {
  return new Promise((resolve) => {
    const made = link(address, { onReady: () => resolve(made) });
    made.open();
  });
}

async function until(holds: () => boolean | Promise<boolean>, ms = 10_000): Promise<void> {
  const end = Date.now() + ms;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error('it did not come true in time');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

afterAll(() => Promise.all(links.map((one) => one.close())));

describe('RedisPurgeLog', () => {
  let server: RedisServer;
  let control: RedisLink;
  const log = (more: { maxRules?: number; pageSize?: number } = {}) =>
    new RedisPurgeLog({ link: control, keys: KEYS, node: 'a', deadlineMs: 1000, ...more });
  const found = async (rules: { member: string; seq: number }[] = []) => {
    expect(await log().found('era1', rules, 0, false)).toBe(true);
  };
  const read = async (above = -1, pageSize = 2000) => {
    const reading = await log({ pageSize }).read(above);
    if (reading === 'lost') throw new Error('lost');
    return reading;
  };
  const raise = async (members: string[], floor = 0, maxRules = 100_000) => {
    const raised = await log({ maxRules }).raise(members, floor);
    if (raised === 'lost') throw new Error('lost');
    return raised;
  };
  beforeAll(async () => {
    server = await startRedis();
    control = await open(standaloneAddress(server.port));
  });
  beforeEach(() => server.cli('flushall'));
  afterAll(() => server.stop());

  it('I-4: numbers only rise: above the clock, above what the caller knows, and above the time of day', async () => {
    await found();
    const first = await raise(['h|tag:a']);
    expect(first.seq).toBeGreaterThan(Date.now());
    const second = await raise(['h|tag:b'], first.seq + 5000);
    expect([second.seq, second.prev]).toEqual([first.seq + 5001, first.seq]);
    expect((await raise(['h|tag:a'])).seq).toBe(second.seq + 1);
  });

  it('reads what is above a number, in pages that never cut one purge in two', async () => {
    await found();
    const many = await raise(Array.from({ length: 1234 }, (_, i) => `h|tag:${i}`));
    const { seq } = await raise(['s|all']);
    expect((await read(-1, 100)).rules).toHaveLength(1235);
    expect(await read(many.seq, 100)).toMatchObject({
      clock: seq,
      era: 'era1',
      rules: [{ member: 's|all', seq }],
    });
  });

  it('I-4: without any one of its keys the log says it is lost, and nothing in it ever expires', async () => {
    for (const name of ['clock', 'rules', 'era']) {
      await server.cli('flushall');
      await found([{ member: 'h|tag:a', seq: 7 }]);
      await raise(['h|tag:b']);
      for (const key of ['clock', 'rules', 'era', 'run'])
        expect(await server.cli('ttl', KEYS.bus(key))).toBe('-1');
      await server.cli('del', KEYS.bus(name));
      expect([await log().read(-1), await log().raise(['h|all'], 0), await log().merge([], 0)]).toEqual([
        'lost',
        'lost',
        'lost',
      ]);
    }
  });

  it('is founded once, from all rules of the founder, above anything it knows', async () => {
    const rules = Array.from({ length: 1100 }, (_, i) => ({ member: `h|tag:${i}`, seq: i + 1 }));
    const floor = Date.now() + 1e9;
    const results = await Promise.all([log().found('x', rules, floor, false), log().found('y', [], 0, true)]);
    expect(results.filter(Boolean)).toHaveLength(1);
    const reading = await read();
    if (reading.era === 'x') expect(reading.clock).toBeGreaterThan(floor);
    else expect(reading.rules.at(-1)).toEqual({ member: 'h|all', seq: reading.clock });
  });

  it('I-5, I-17: beyond the bound the oldest fold into "all", hard and soft apart', async () => {
    await found();
    const hard = await raise(['h|tag:1', 'h|tag:2', 'h|tag:3']);
    const soft = await raise(['s|tag:1', 's|tag:2', 's|tag:3']);
    for (let i = 0; i < 10; i++) await raise([`h|key:${i}`], 0, 8);
    const { rules } = await read();
    const seqOf = (member: string) => rules.find((rule) => rule.member === member)?.seq ?? -1;
    expect(rules.length).toBeLessThanOrEqual(8);
    expect(seqOf('h|all')).toBeGreaterThanOrEqual(hard.seq);
    expect(seqOf('s|all')).toBe(soft.seq);
    expect(seqOf('h|key:9')).toBeGreaterThan(seqOf('h|all'));
  });

  it('merge raises anew what is missing or older, and nothing else', async () => {
    await found();
    const { seq } = await raise(['h|tag:a', 'h|tag:b']);
    const rules = [
      { member: 'h|tag:a', seq },
      { member: 'h|tag:b', seq: seq + 1 },
      { member: 's|tag:a', seq: 3 },
    ];
    const merged = await log().merge(rules, 0);
    expect((await read(seq)).rules.map(({ member }) => member).sort()).toEqual(['h|tag:b', 's|tag:a']);
    expect(await log().merge(rules, 0)).toMatchObject({ seq: (merged as { seq: number }).seq });
  });

  it('I-4: another server leaps over numbers the one before may have given and not passed on', async () => {
    await found();
    const before = await raise(['h|tag:a']);
    await server.cli('set', KEYS.bus('run'), 'the-master-that-died');
    const after = await raise(['h|tag:b']);
    expect(after.seq).toBeGreaterThan(before.seq + 500_000);
    expect((await raise(['h|tag:c'])).seq).toBe(after.seq + 1);
  });

  it('a restarted server has another run', async () => {
    await found();
    const { run } = await read();
    expect(run).toMatch(/^[0-9a-f]{40}$/);
    await server.restart();
    await until(() =>
      log()
        .read(-1)
        .then(
          (answer) => answer === 'lost',
          () => false,
        ),
    );
    await found();
    expect((await read()).run).not.toBe(run);
  });

  it('works where the login may not run INFO', async () => {
    await server.cli('acl', 'setuser', 'narrow', 'on', '>pw', '~*', '&*', '+@all', '-info');
    const address = { ...standaloneAddress(server.port), username: 'narrow', password: 'pw' };
    const narrow = new RedisPurgeLog({ link: await open(address), keys: KEYS, node: 'b', deadlineMs: 1000 });
    await narrow.found('era1', [], 0, false);
    expect(await narrow.raise(['h|all'], 0)).toMatchObject({ run: 'unknown' });
  });
});

describe('RedisBell', () => {
  it('is heard, says when it listens again, and replaces an ear that has gone deaf without a word', async () => {
    const server = await startRedis();
    const proxy = await startTcpProxy(server.port);
    const control = await open(standaloneAddress(server.port));
    const heard: string[] = [];
    let listening = 0;
    const bell = new RedisBell(
      {
        connect: (events) => link(standaloneAddress(proxy.port), events),
        control,
        channel: KEYS.channel('purges'),
        clock: { ...systemClock, after: (ms, task) => systemClock.after(ms / 10, task) },
        deadlineMs: 500,
        onError: () => {},
      },
      'a',
    );
    bell.open({ onMessage: (text) => heard.push(text), onListening: () => listening++ });
    await until(() => listening === 1);
    await bell.ring('one');
    await until(() => heard.includes('one'));
    proxy.set('hang');
    await until(() => bell.rebuilt > 0);
    proxy.set('pass');
    await until(() => listening >= 2);
    await bell.ring('two');
    await until(() => heard.includes('two'));
    await bell.close();
    await proxy.close();
    await server.stop();
  });
});

describe('on a cluster', () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await startRedisCluster();
  });
  afterAll(() => cluster.stop());

  it('numbers, rings on every node, and knows a failover by its run', async () => {
    const control = await open(cluster.address);
    const log = new RedisPurgeLog({ link: control, keys: KEYS, node: 'a', deadlineMs: 1000 });
    const heard: string[] = [];
    let listening = false;
    const bell = new RedisBell(
      {
        connect: (events) => link(cluster.address, events),
        control,
        channel: KEYS.channel('purges'),
        clock: systemClock,
        deadlineMs: 1000,
        onError: () => {},
      },
      'a',
    );
    bell.open({
      onMessage: (text) => heard.push(text),
      onListening: () => {
        listening = true;
      },
    });
    await until(() => listening);
    await log.found('era1', [], 0, false);
    const before = await log.raise(['h|tag:a'], 0);
    await until(() => heard.length > 0);
    expect(JSON.parse(heard[0]!)).toMatchObject({ node: 'a', members: ['h|tag:a'], era: 'era1' });
    const master = await cluster.masterOf(KEYS.bus('clock'));
    await replicated(master);
    await master.kill();
    await until(
      () =>
        log.raise(['h|tag:b'], 0).then(
          (answer) => answer !== 'lost',
          () => false,
        ),
      30_000,
    );
    const after = await log.read(-1);
    if (before === 'lost' || after === 'lost') throw new Error('lost');
    expect(after.era).toBe(before.era);
    expect(after.run).not.toBe(before.run);
    expect(after.clock).toBeGreaterThan(before.seq + 500_000);
    await bell.close();
  });
});
