// Where a cache cannot shine. They are run and shown like the others.
import { once } from 'node:events';
import { ask } from '../lib/ask.mjs';
import { residentBytes } from '../lib/cpu.mjs';
import { warm } from '../lib/measure.mjs';
import { end, LOAD_CORE, launch } from '../lib/processes.mjs';
import { startRedis } from '../lib/redis.mjs';
import { startSlowLine } from '../lib/slow-line.mjs';
import { faultOf } from '../lib/verify.mjs';
import { productCounts, verifyMisses, verifyTier } from '../lib/verify-more.mjs';
import { imagePath, jsonPath } from '../origin/bodies.mjs';

const nothing = async () => {};
const SMALL_L1 = { MEMORY_CACHE_BYTES: String(32 * 1024 * 1024) };

/** @type {import('./index.mjs').Scenario} */
export const hugeKeys = {
  name: 'huge-keys',
  summary:
    'unflattering: 1 000 000 keys of 2 kB, all equally likely, an L1 of 32 MiB: nearly nothing is asked for twice',
  reference: 'nginx',
  variants: [
    {
      name: 'uniform',
      title: '2 kB JSON, uniform over a million keys, 64 connections',
      paths: [jsonPath(2, 1)],
      made: () => ({ template: '/3/movie/%d', first: 20_000_000, below: 1_000_000 }),
      prepare: nothing,
      verify: verifyMisses((n) => jsonPath(2, n)),
      extra: productCounts,
      env: SMALL_L1,
      connections: 64,
      load: 'wrk',
      targets: ['product', 'nginx', 'haproxy', 'varnish', 'hono'],
    },
  ],
};

/** @type {import('./index.mjs').Scenario} */
export const allMiss = {
  name: 'all-miss',
  summary: 'unflattering: every request a miss, 1 kB each, L1 of 32 MiB full and evicting',
  reference: 'nginx',
  variants: [
    {
      name: 'small',
      title: '1 kB JSON, every request a miss, 64 connections',
      paths: [jsonPath(1, 1)],
      made: () => ({ template: '/3/movie/%d', first: 10_001_000 }),
      prepare: nothing,
      verify: verifyMisses((n) => jsonPath(1, n)),
      env: SMALL_L1,
      connections: 64,
      load: 'wrk',
      targets: ['product', 'nginx', 'varnish', 'hono', 'dispatch'],
    },
  ],
};

const READER = new URL('../load/slow-readers.mjs', import.meta.url).pathname;

/** @type {import('./index.mjs').Scenario} */
export const slowClients = {
  name: 'slow-clients',
  summary: 'unflattering: 300 clients read 200 kB images at 10 kB/s each while others ask for hits',
  reference: 'nginx',
  variants: [
    {
      name: 'beside-slow',
      title: '10 kB JSON hits beside 300 slow readers, 64 connections',
      paths: [jsonPath(10, 1)],
      prepare: async (running, context) => {
        await warm(running, context);
        const settings = JSON.stringify({
          url: running.url,
          path: imagePath(200, 1),
          clients: context.options.smoke ? 20 : 300,
        });
        const readers = launch(LOAD_CORE, process.execPath, [READER, settings], {
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        context.endings.push(() => end(readers));
        await once(readers.stdout, 'data'); // all are connected and reading
      },
      // Images asked for by the readers may reach the origin once; the hits are verified by themselves.
      verify: verifyTier('memory'),
      extra: async (running) => ({ grownMB: residentBytes(running.pid) / 1e6 }),
      connections: 64,
      load: 'wrk',
      targets: ['product', 'nginx', 'raw-node'],
    },
  ],
};

/** Delay of every answer of Redis, ms. */
const REDIS_MS = 50;

/** @type {import('./index.mjs').Scenario} */
export const redisSlow = {
  name: 'redis-slow',
  needs: ['redis-server', 'redis-cli'],
  summary: `unflattering: Redis answers ${REDIS_MS} ms late: hits in L1 beside it, and hits that need it`,
  reference: 'raw-node',
  setUp: async () => {
    const redis = await startRedis();
    const line = await startSlowLine(redis.port, REDIS_MS);
    const stop = async () => {
      await line.stop();
      await redis.stop();
    };
    return { env: { USE_REDIS: 'true', REDIS_URL: `redis://127.0.0.1:${line.port}` }, stop };
  },
  variants: [
    {
      name: 'l1',
      title: '10 kB JSON in L1 while Redis is slow, 64 connections',
      paths: [jsonPath(10, 1)],
      verify: verifyTier('memory'),
      connections: 64,
      load: 'wrk',
      targets: ['product', 'raw-node'],
    },
    {
      name: 'l2',
      title: `10 kB JSON from a Redis that is ${REDIS_MS} ms late, 64 keys, 64 connections`,
      paths: Array.from({ length: 64 }, (_, n) => jsonPath(10, n + 1)),
      verify: verifyTier('redis'),
      env: { MEMORY_CACHE_BYTES: '0' },
      connections: 64,
      load: 'wrk',
      targets: ['product'],
    },
  ],
};

const GIANT = imagePath(30_000, 1);

/** @type {import('./index.mjs').Scenario} */
export const giant = {
  name: 'giant',
  summary: 'unflattering: one object of 30 MB, 8 connections',
  reference: 'nginx',
  variants: [
    {
      name: 'hit',
      title: '30 MB image, hits, 8 connections',
      paths: [GIANT],
      // 30 MB fit into an eighth of this L1; by default they would be read from disk.
      env: { MEMORY_CACHE_BYTES: String(512 * 1024 * 1024) },
      verify: verifyGiant,
      extra: async (running) => ({ grownMB: residentBytes(running.pid) / 1e6 }),
      connections: 8,
      load: 'wrk',
      targets: ['product', 'nginx', 'raw-node'],
    },
  ],
};

async function verifyGiant(running, { origin }) {
  const before = await origin.count();
  const fault = faultOf(await ask(running.url + GIANT), GIANT, {});
  if (fault !== undefined) throw new Error(`${running.name}: ${GIANT}: ${fault}`);
  const asked = (await origin.count()) - before;
  if (asked > 0) throw new Error(`${running.name}: the origin was asked ${asked} times`);
  return `sha256 of 30 MB right, origin asked 0 times`;
}
