// One L2 hit in a Redis Cluster within the process (L1 of 0 bytes): CPU µs of this process and the median time of a look,
// beside bare commands of the client. Starts three masters of its own.
// Run: npm run build && node bench/redis/l2.mjs [dist to compare with]
import { once } from 'node:events';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Cluster } from 'ioredis';
import { startCluster } from '../lib/redis.mjs';
import { quantile } from '../lib/statistics.mjs';
import { entryOf, print } from '../stores/common.mjs';

const BYTES = Number(process.env.BYTES ?? 10_000);
const READS = Number(process.env.READS ?? 6000);
const IN_FLIGHT = Number(process.env.IN_FLIGHT ?? 32);
const ROUNDS = Number(process.env.ROUNDS ?? 5);
const KEYS = 300;
const DEADLINES = { read: 1000, bulk: 3000, write: 1000, control: 3000 };
const BOTH = "return {redis.call('PTTL', KEYS[1]), redis.call('GETRANGE', KEYS[1], 0, 65535)}";

const cluster = await startCluster();
const nodes = cluster.ports.map((port) => ({ host: '127.0.0.1', port }));
const bare = await connected({});
const auto = await connected({ enableAutoPipelining: true });
const digests = await Promise.all(bare.nodes('master').map((node) => node.script('LOAD', BOTH)));
const dists = [process.env.DIST ?? 'dist', ...process.argv.slice(2)];
const looks = [];
for (const dist of dists) looks.push(await looksOf(dist));
const nameOf = (i) => looks[0].names[i % KEYS];
const tasks = [
  ['getBuffer', (i) => bare.getBuffer(nameOf(i))],
  ['getBuffer, autopipelined', (i) => auto.getBuffer(nameOf(i))],
  [
    'PTTL and GETRANGE, pipelined',
    (i) => bare.pipeline().pttl(nameOf(i)).getrangeBuffer(nameOf(i), 0, 65535).exec(),
  ],
  ['PTTL and GETRANGE, a script', (i) => bare.evalshaBuffer(digests[0], 1, nameOf(i))],
  ...looks.map(({ dist, look }) => [`lookup.look (${dist})`, look]),
];
const results = new Map(tasks.map(([name]) => [name, { cpu: [], median: [] }]));
for (let round = 0; round <= ROUNDS; round += 1) {
  for (const [name, task] of tasks) {
    const { cpu, median } = await measured(task);
    if (round === 0) continue; // warms up
    results.get(name).cpu.push(cpu);
    results.get(name).median.push(median);
  }
}
print(
  [...results].map(([name, { cpu, median }]) => ({
    [`${BYTES} bytes, ${IN_FLIGHT} in flight`]: name,
    'CPU µs': quantile(cpu, 0.5).toFixed(1),
    'p50 µs': quantile(median, 0.5).toFixed(0),
  })),
);
await cluster.stop();
process.exit(0);

async function measured(task) {
  const times = [];
  let next = 0;
  const before = process.cpuUsage();
  const reader = async () => {
    while (next < READS) {
      const start = performance.now();
      const got = await task(next++);
      if (got === null || typeof got === 'string') throw new Error('not a hit');
      times.push((performance.now() - start) * 1000);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, reader));
  const { user, system } = process.cpuUsage(before);
  return { cpu: (user + system) / READS, median: quantile(times, 0.5) };
}

/** A filled store as a build makes it. Each has names of its own: builds may differ in the form of values. */
async function looksOf(dist) {
  const at = (name) => import(pathToFileURL(resolve(dist, name)).href);
  const [{ RedisLink }, { RedisKeys }, { RedisTier }, { FallbackTier }, { systemClock }] = await Promise.all(
    ['redis/link.js', 'redis/keys.js', 'tiers/redis.js', 'tiers/stack.js', 'clock.js'].map(at),
  );
  const [{ Lookup }, { MemoryTier }, { PurgeTable }] = await Promise.all(
    ['cache/lookup.js', 'tiers/memory.js', 'cache/purge-table.js'].map(at),
  );
  const clock = systemClock;
  const settings = { connectTimeoutMs: 2000, retryDelayMs: 50, maxRetries: 3, deadlines: DEADLINES };
  const links = [1, 2, 3].map(() => new RedisLink({ address: { mode: 'cluster', nodes }, settings, clock }));
  for (const link of links) link.open();
  await Promise.all(links.map((link) => link.ready(5000)));
  const [small, large, control] = links;
  const keys = new RedisKeys(`${dists.indexOf(dist)}:`);
  const tier = new RedisTier({
    ...{ small, large: [large], control, keys, clock, deadlines: DEADLINES },
    ...{ maxEntryBytes: 1 << 24, writable: true },
  });
  const stages = [{ label: 'primary', tier, beforeReturn: async () => {} }];
  const l2 = new FallbackTier({ stages, last: undefined, clock, onChange: () => {} });
  await l2.start();
  const lookup = new Lookup({ memory: new MemoryTier({ maxBytes: 0 }), l2, purges: new PurgeTable(), clock });
  const entries = Array.from({ length: KEYS }, (_, i) => entryOf(`v1:api:/3/movie/${i}?language=de`, BYTES));
  for (const entry of entries) await l2.set(entry);
  const routes = entries.map(({ key }) => ({ kind: 'shared', key, headers: [] }));
  const names = entries.map(({ key }) => keys.entry(key, key));
  return { dist, names, look: (i) => lookup.look(routes[i % KEYS]) };
}

async function connected(options) {
  const client = new Cluster(nodes, { ...options, redisOptions: { protocol: 2 } });
  await once(client, 'ready');
  return client;
}
