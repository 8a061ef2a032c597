// From which size on does a body delay small reads on the same connection? Run: node bench/redis/large-bodies.mjs
// Reads of 2 kB, 8 at a time, while bodies of one size are read, 4 at a time: over the same connection, and over one of their
// own. Medians of five rounds, the two taken in turn. Starts a redis-server of its own.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { quantile } from '../lib/statistics.mjs';
import { print } from '../stores/common.mjs';

const SECONDS = Number(process.env.SECONDS ?? 1);
const ROUNDS = Number(process.env.ROUNDS ?? 5);
/** Infinity: as fast as they come. */
const BYTES_PER_SECOND = Number(process.env.BYTES_PER_SECOND ?? Number.POSITIVE_INFINITY);
const KiB = 1024;
const port = await freePort();
const folder = mkdtempSync(join(tmpdir(), 'bench-redis-'));
const server = spawn('redis-server', ['--port', String(port), '--save', '', '--dir', folder], {
  stdio: 'ignore',
});
process.on('exit', () => {
  server.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});
const small = await connected();
const large = await connected();
await small.set('small', Buffer.alloc(2 * KiB, 'x'));

const rows = [];
for (const size of [16, 32, 64, 128, 256, 5 * KiB]) {
  await small.set('large', Buffer.alloc(size * KiB, 'y'));
  const rounds = { none: [], one: [], own: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    rounds.none.push(await smallReads(undefined, 0));
    rounds.one.push(await smallReads(small, size * KiB));
    rounds.own.push(await smallReads(large, size * KiB));
  }
  rows.push({
    body: size < KiB ? `${size} kB` : `${size / KiB} MB`,
    ...figures('no bodies', rounds.none),
    ...figures('one connection', rounds.one),
    ...figures('own connection', rounds.own),
  });
}
print(rows);
small.disconnect();
large.disconnect();

/** The two commands of one read of the tier, in one round trip. */
function read(client, key) {
  return client.pipeline().pttl(key).getrangeBuffer(key, 0, -1).exec();
}

/** p50, p90 and p99 of small reads, ms. */
async function smallReads(bodiesOver, size) {
  const start = performance.now();
  const end = start + SECONDS * 1000;
  const times = [];
  let bytes = 0;
  const bodyReader = async () => {
    while (performance.now() < end) {
      const due = start + (bytes / BYTES_PER_SECOND) * 1000;
      if (due > performance.now()) await wait(1);
      else {
        bytes += size;
        await read(bodiesOver, 'large');
      }
    }
  };
  const smallReader = async () => {
    while (performance.now() < end) {
      const at = performance.now();
      await read(small, 'small');
      times.push(performance.now() - at);
      await wait(1);
    }
  };
  const bodyReaders = bodiesOver === undefined ? [] : Array.from({ length: 4 }, bodyReader);
  await Promise.all([...bodyReaders, ...Array.from({ length: 8 }, smallReader)]);
  return [0.5, 0.9, 0.99].map((q) => quantile(times, q));
}

function figures(how, rounds) {
  const median = (i) => rounds.map((round) => round[i]).sort((a, b) => a - b)[ROUNDS >> 1];
  return { [`${how}: p50, p90, p99 ms`]: [0, 1, 2].map((i) => median(i).toFixed(2)).join(', ') };
}

async function connected() {
  const client = new Redis({ port, host: '127.0.0.1', maxRetriesPerRequest: null, retryStrategy: () => 50 });
  client.on('error', () => {}); // the server is still starting; commands wait for it
  await client.ping();
  return client;
}

function freePort() {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port: free } = probe.address();
      probe.close(() => resolve(free));
    });
  });
}
