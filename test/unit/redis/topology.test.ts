import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/clock.js';
import type { RedisAddress } from '../../../src/redis/options.js';
import { redisState } from '../../../src/redis/state.js';
import { bestView, parseClusterNodes, redisNodes } from '../../../src/redis/topology.js';
import { eventually, PATIENCE_MS } from '../../support/patience.js';
import {
  freePort,
  type RedisCluster,
  type RedisSentinels,
  standaloneAddress,
  startRedis,
  startRedisCluster,
  startSentinels,
} from '../../support/redis-server.js';
import { startTcpProxy } from '../../support/tcp-proxy.js';

const SETTINGS = {
  connectTimeoutMs: 1000,
  retryDelayMs: 50,
  maxRetries: 3,
  deadlines: { read: 250, bulk: 1000, write: 500, control: 1000 },
};
/** Two rounds of 450 ms and the time a busy machine needs. */
const BOUND_MS = 900 + PATIENCE_MS;

async function look(address: RedisAddress) {
  const began = performance.now();
  const rows = await redisNodes({ address, settings: SETTINGS, clock: systemClock });
  return { rows, ms: performance.now() - began, ...redisState(rows) };
}

/** Looks until so many are away: on a busy machine a server that is well may answer after a round is over. */
const lookUntil = (away: number, address: RedisAddress) =>
  eventually(async () => {
    const seen = await look(address);
    expect(seen.rows.filter(({ reachable }) => !reachable)).toHaveLength(away);
    return seen;
  });

const at = (port: number) => `127.0.0.1:${port}`;

describe('A standalone Redis', () => {
  it('is shown with its role, also behind a password, and as away without saying the password', async () => {
    const server = await startRedis(['--requirepass', 's3cret']);
    const address = { ...standaloneAddress(server.port), password: 's3cret' };
    const { rows, status } = await lookUntil(0, address);
    expect(rows).toEqual([
      {
        address: at(server.port),
        role: 'master',
        slots: null,
        reachable: true,
        latency_ms: expect.any(Number),
        detail: null,
      },
    ]);
    expect(status).toBe('healthy');
    const wrong = await look({ ...address, password: 'wr0ng' });
    expect(wrong.rows[0]).toMatchObject({ reachable: false, detail: 'refused-login' });
    await server.kill();
    const gone = await look(address);
    expect(gone.rows[0]).toMatchObject({ reachable: false, latency_ms: null, detail: 'unreachable' });
    expect(gone.status).toBe('unhealthy');
    expect(JSON.stringify([wrong, gone])).not.toMatch(/s3cret|wr0ng/);
    await server.stop();
  });

  it('that hangs is called away within the bound (I-14)', async () => {
    const server = await startRedis();
    const proxy = await startTcpProxy(server.port);
    proxy.set('hang');
    const { rows, ms } = await look(standaloneAddress(proxy.port));
    expect(rows[0]).toMatchObject({ reachable: false, role: 'unknown', detail: 'no answer within 450 ms' });
    expect(ms).toBeLessThan(BOUND_MS);
    await proxy.close();
    await server.stop();
  });
});

describe('A Redis Cluster', () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await startRedisCluster();
  }, 60_000);
  afterAll(() => cluster.stop());

  it('is shown whole, from one seed, with every slot', async () => {
    const { rows, status, detail } = await lookUntil(0, {
      ...cluster.address,
      nodes: cluster.address.nodes.slice(0, 1),
    });
    expect(rows.map(({ address }) => address).sort()).toEqual(
      cluster.nodes.map(({ port }) => at(port)).sort(),
    );
    const masters = rows.filter(({ role }) => role === 'master');
    expect(masters.map(({ slots }) => slots).sort()).toEqual(['0-5460', '10923-16383', '5461-10922']);
    expect(rows.filter(({ role, slots }) => role === 'replica' && slots === null)).toHaveLength(3);
    expect(rows.every(({ reachable, latency_ms }) => reachable && latency_ms !== null)).toBe(true);
    expect({ status, detail }).toEqual({ status: 'healthy', detail: '6 of 6 servers answer' });
  });

  it('shows a stopped node as away within the bound, even when it is a seed (I-14)', async () => {
    const [master] = await cluster.masters();
    master!.pause();
    try {
      const { rows, ms, status } = await lookUntil(1, cluster.address);
      expect(ms).toBeLessThan(BOUND_MS);
      expect(rows).toHaveLength(6);
      expect(rows.filter(({ reachable }) => !reachable).map(({ address }) => address)).toEqual([
        at(master!.port),
      ]);
      expect(status).toBe('degraded');
    } finally {
      master!.resume();
    }
  });

  it('of which no seed answers is shown as its seeds, away', async () => {
    const ports = [await freePort(), await freePort()];
    const nodes = ports.map((port) => ({ host: '127.0.0.1', port }));
    const { rows, status } = await look({ ...cluster.address, nodes });
    expect(rows).toMatchObject(
      ports.map((port) => ({ address: at(port), role: 'unknown', reachable: false })),
    );
    expect(status).toBe('unhealthy');
  });

  it('is reached through natMap and shown under the names it announces', async () => {
    const [first] = cluster.nodes;
    const proxy = await startTcpProxy(first!.port);
    const outside = { host: '127.0.0.1', port: proxy.port };
    const natMap = { [at(first!.port)]: outside };
    const { rows } = await lookUntil(0, { ...cluster.address, natMap });
    expect(rows).toHaveLength(6);
    expect(rows.every(({ reachable }) => reachable)).toBe(true);
    expect(rows.map(({ address }) => address)).toContain(at(first!.port));
    proxy.set('hang');
    const { rows: cut } = await lookUntil(1, { ...cluster.address, natMap });
    expect(cut.filter(({ reachable }) => !reachable).map(({ address }) => address)).toEqual([
      at(first!.port),
    ]);
    await proxy.close();
  });
});

describe('The answer of CLUSTER NODES', () => {
  it('is read with moving slots, failed nodes, host names and a node that does not know its address', () => {
    const text = [
      'aa 10.0.0.1:7000@17000,redis-1 master - 0 1 1 connected 0-100 200 [300->-bb]',
      'bb :7001@17001 myself,slave aa 0 1 1 connected',
      'cc 10.0.0.3:7002@17002 master,fail - 1 1 1 disconnected 101-199',
      'dd :0@0 master,fail,noaddr - 1 1 1 disconnected',
      '',
    ].join('\n');
    expect(parseClusterNodes(text, { host: 'seed', port: 9 })).toEqual([
      { place: { host: '10.0.0.1', port: 7000 }, role: 'master', slots: '0-100,200', trouble: null },
      { place: { host: 'seed', port: 9 }, role: 'replica', slots: null, trouble: null },
      { place: { host: '10.0.0.3', port: 7002 }, role: 'master', slots: '101-199', trouble: 'fail' },
    ]);
  });

  it('is believed of the node with the fewest complaints: one that is cut off calls all others failed', () => {
    const of = (flags: string) => [
      `aa 10.0.0.1:1@2 ${flags === 'fail' ? 'myself,master' : 'master'} - 0 1 1 connected 0-9`,
      `bb 10.0.0.2:1@2 master${flags === 'fail' ? ',fail' : ''} - 0 1 1 connected 10-19`,
    ];
    const answer = (lines: string[]) => ({ reachable: true, ms: 1, replies: [lines.join('\n')] }) as const;
    const places = new Map(['cut', 'well'].map((host) => [host, { host, port: 1 }]));
    const answers = new Map([
      ['cut', answer(of('fail'))],
      ['well', answer(of(''))],
    ]);
    expect(bestView(answers, places)!.map(({ trouble }) => trouble)).toEqual([null, null]);
  });
});

describe('A Sentinel group', () => {
  let group: RedisSentinels;
  beforeAll(async () => {
    group = await startSentinels();
  }, 60_000);
  afterAll(() => group.stop());

  it('is shown with its master, its replica and its Sentinels; a stopped one is away', async () => {
    const { rows, status } = await lookUntil(0, group.address);
    expect(rows.map(({ address, role, reachable }) => [address, role, reachable])).toEqual([
      [at(group.master.port), 'master', true],
      [at(group.replica.port), 'replica', true],
      ...group.sentinels.map(({ port }) => [at(port), 'sentinel', true]),
    ]);
    expect(status).toBe('healthy');
    group.sentinels[0]!.pause();
    const stopped = await lookUntil(1, group.address);
    group.sentinels[0]!.resume();
    expect(stopped.ms).toBeLessThan(BOUND_MS);
    expect(stopped.rows.filter(({ reachable }) => !reachable).map(({ address }) => address)).toEqual([
      at(group.sentinels[0]!.port),
    ]);
    expect(stopped.status).toBe('degraded');
  });
});
