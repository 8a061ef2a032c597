// A Redis that hangs, is back for a moment, and hangs again just when it is asked something new: no process ends of it, and every
// request has its answer.
import { afterAll, beforeAll, expect, it, onTestFailed } from 'vitest';
import { type SampleOrigin, startSampleOrigin } from '../../../src/demo/index.js';
import { PATIENCE_MS } from '../../support/patience.js';
import { type ProxyProcess, pointedAt, startProxy } from '../../support/proxy-process.js';
import { get } from '../../support/raw-client.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';
import { pause, within } from '../../support/region.js';
import { Soak } from '../../support/soak.js';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.js';
import { Witness } from './witness.js';

const TITLES = 12;
const CLIENTS = 3;
/** REDIS_READ_TIMEOUT and REDIS_WRITE_TIMEOUT, ms: no call of Redis waits longer. */
const DEADLINE_MS = 200;
/** A connection that is silent for so long beyond its deadlines is ended (`redis/options.ts`); then what was said on it is lost, ms. */
const HANG_MS = DEADLINE_MS + 500 + 150;
const PATIENCE = 20_000;

/** A node whose line to Redis can be cut. */
interface Node {
  readonly workers: string;
  readonly line: TcpProxy;
  readonly proxy: ProxyProcess;
}

const soak = new Soak('hangs');
let origin: SampleOrigin;
let redis: RedisServer;
let witness: Witness;
let nodes: Node[];

beforeAll(async () => {
  [origin, redis] = await Promise.all([startSampleOrigin({}), startRedis()]);
  witness = new Witness(soak, origin);
  await witness.learn(TITLES);
  nodes = await Promise.all(['1', '2'].map(start));
});
afterAll(async () => {
  await Promise.all(nodes.map(({ proxy }) => proxy.stop()));
  await Promise.all(nodes.map(({ line }) => line.close()));
  await Promise.all([redis.stop(), origin.close()]);
  soak.end();
});

async function start(workers: string): Promise<Node> {
  const line = await startTcpProxy(redis.port);
  const proxy = await startProxy({
    quiet: true,
    env: pointedAt(origin.url, {
      WORKERS: workers,
      ADMIN_API_KEY: 'admin-secret',
      USE_REDIS: 'true',
      REDIS_URL: `redis://127.0.0.1:${line.port}`,
      // Each is a node of its own, which hears nothing of the other's purges.
      REDIS_KEY_PREFIX: `of-${workers}:`,
      REDIS_READ_TIMEOUT: String(DEADLINE_MS / 1000),
      REDIS_WRITE_TIMEOUT: String(DEADLINE_MS / 1000),
      REDIS_RETRY_DELAY: '50',
      UPSTREAM_RATE: '2000',
      JSON_MEMORY_TTL: '0.005',
      JSON_DISK_TTL: '0.02',
    }),
  });
  return { workers, line, proxy };
}

/** What a client of Redis says on a new connection, and then waits for, while it hangs again. */
const MOMENTS = [/subscribe/i, /\binfo\b/i, /\bset\b/i, /evalsha|fcall|\beval\b/i, /\bget\b/i];

/** It hangs, until its connections are given up and end, also those on which only is listened; then it is back, and hangs at the first word of a kind. */
async function hangAgain({ line }: Node, moment: RegExp): Promise<void> {
  line.set('hang');
  soak.fault('redis hangs');
  await pause(HANG_MS);
  line.set('refuse');
  const heard = line.heard(moment);
  line.set('pass');
  await Promise.race([heard, pause(3000)]);
  line.set('hang');
  soak.fault(`redis hangs again, as soon as it is told ${moment.source}`);
  await pause(HANG_MS);
  line.set('pass');
}

it(
  'a Redis that hangs, is reconnected to and hangs again keeps no request from its answer, and ends no process (1 and 2 workers)',
  async () => {
    onTestFailed(() => console.error(...nodes.map(({ proxy }) => proxy.lastWords())));
    const crowds = nodes.map(({ proxy }) => witness.crowd(proxy.url, CLIENTS));
    await soak.rounds(1, 0.9, async (round) => {
      await Promise.all(
        nodes.map(async (node) => {
          await hangAgain(node, MOMENTS[round % MOMENTS.length]!);
          await witness.askAll(node.proxy.url);
        }),
      );
    });
    await Promise.all(crowds.map((crowd) => crowd.stop()));
    for (const { proxy } of nodes)
      await within(PATIENCE, async () => expect((await get(`${proxy.url}/health/redis`)).status).toBe(200));
    for (const { proxy } of nodes) expect(proxy.output()).not.toMatch(/worker ended with (?!signal SIGKILL)/);
    expect(soak.complaints).toEqual([]);
    expect(soak.longestStallMs).toBeLessThan(10_000 + 2 * PATIENCE_MS);
  },
  soak.timeout(0.9),
);
