// Run pinned to the server's core: seeds, seconds and bytes as JSON; p50 and p99 of bare `getBuffer` calls, one at a time, µs.
import { Cluster } from 'ioredis';
import { quantile } from '../lib/statistics.mjs';

const { seeds, seconds, bytes } = JSON.parse(process.argv[2]);
const nodes = seeds
  .split(',')
  .map((seed) => ({ host: seed.split(':')[0], port: Number(seed.split(':')[1]) }));
const redis = new Cluster(nodes, { redisOptions: { enableAutoPipelining: false } });
const keys = Array.from({ length: 64 }, (_, n) => `bare:${n}`);
for (const key of keys) await redis.set(key, Buffer.alloc(bytes, 'x'));
const taken = [];
const until = performance.now() + seconds * 1000;
for (let n = 0; performance.now() < until; n += 1) {
  const start = performance.now();
  const value = await redis.getBuffer(keys[n % keys.length]);
  if (value?.length !== bytes) throw new Error('another value');
  taken.push((performance.now() - start) * 1000);
}
// The first tenth is compiled while it runs.
const warm = taken.slice(taken.length / 10);
process.stdout.write(JSON.stringify({ p50: quantile(warm, 0.5), p99: quantile(warm, 0.99) }), () =>
  process.exit(0),
);
