import { output, SERVER_CORE } from '../lib/processes.mjs';
import { startCluster } from '../lib/redis.mjs';
import { median } from '../lib/statistics.mjs';
import { verifyTier } from '../lib/verify-more.mjs';
import { imagePath, jsonPath } from '../origin/bodies.mjs';

const GETS = new URL('../load/redis-get.mjs', import.meta.url).pathname;
const many = (make, count) => Array.from({ length: count }, (_, n) => make(n + 1));
const JSON_PATHS = many((n) => jsonPath(10, n), 256);
let cluster;

const shared = {
  load: 'wrk',
  env: { MEMORY_CACHE_BYTES: '0', USE_REDIS: 'true' },
  verify: verifyTier('redis'),
  extra: async () => ({ redisReads: cluster.commands() }),
};

/** @type {import('./index.mjs').Scenario} */
export const l2Redis = {
  name: 'l2-redis',
  needs: ['redis-server', 'redis-cli'],
  summary: 'hits that are not in L1 but in a Redis Cluster of three masters (on the load’s core)',
  reference: 'raw-node',
  setUp: async () => {
    cluster = await startCluster();
    return { env: { REDIS_CLUSTER_NODES: cluster.seeds }, cluster, stop: cluster.stop };
  },
  variants: [
    {
      name: 'json-10k',
      title: '10 kB JSON from Redis Cluster, 256 keys, 64 connections',
      paths: JSON_PATHS,
      connections: 64,
      targets: ['product', 'product-letter', 'raw-node'],
      ...shared,
    },
    {
      name: 'json-10k-1',
      title: 'the same, 1 connection',
      paths: JSON_PATHS,
      connections: 1,
      beside: bareGets,
      targets: ['product', 'raw-node'],
      ...shared,
    },
    {
      name: 'image-200k',
      title: '200 kB images from Redis Cluster, 64 keys, 64 connections',
      paths: many((n) => imagePath(200, n), 64),
      connections: 64,
      smoke: false,
      targets: ['product', 'raw-node'],
      ...shared,
    },
  ],
  facts: ({ variants }) => ({
    roundTrips: median(
      (variants['json-10k']?.rounds.product ?? []).map(({ redisReads, requests }) => redisReads / requests),
    ),
  }),
  goals: [
    {
      text: 'L2 hit from Redis Cluster: ≥ 0.5 × raw node:http',
      variant: 'json-10k',
      target: 'product',
      against: 'raw-node',
      metric: 'rate',
      atLeast: 0.5,
    },
    {
      text: 'L2 hit from Redis Cluster: one round trip (commands for each request)',
      fact: 'roundTrips',
      atMost: 1.02,
    },
    {
      text: 'L2 hit from Redis Cluster: p50 ≤ 2 × a bare getBuffer, one at a time',
      variant: 'json-10k-1',
      target: 'product',
      against: 'getBuffer',
      metric: 'p50',
      atMost: 2,
    },
  ],
};

/** `getBuffer` of ioredis' cluster client, one at a time, on the core that the servers have. */
async function bareGets({ seconds }) {
  const settings = JSON.stringify({ seeds: cluster.seeds, seconds, bytes: 10_000 });
  return {
    name: 'getBuffer',
    sample: JSON.parse(await output(SERVER_CORE, process.execPath, [GETS, settings])),
  };
}
