// The disk store as built: reads by size, writes, start. Run: npm run build && node bench/stores/disk.mjs
import { closeSync, mkdtempSync, openSync, read, readdirSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { systemClock } from '../../dist/clock.js';
import { openDiskReader, openDiskStore } from '../../dist/tiers/disk.js';
import { quantile } from '../lib/statistics.mjs';
import { entryOf, print } from './common.mjs';

const MiB = 1024 * 1024;
const clock = systemClock;
const directory = mkdtempSync(join(tmpdir(), 'bench-disk-'));
const options = { directory, maxBytes: 1024 * MiB, clock };
let store = await openDiskStore(options);

async function fill(name, count, length) {
  const start = performance.now();
  const cpu = process.cpuUsage();
  for (let i = 0; i < count; i += 64) {
    const entries = Array.from({ length: Math.min(64, count - i) }, (_, j) =>
      entryOf(`v1:${name}/${i + j}?language=de`, length, 'x'),
    );
    await Promise.all(entries.map((entry) => store.set(entry)));
  }
  await store.flush();
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { 'sets/s': (count / seconds).toFixed(0), 'set CPU µs': ((user + system) / count).toFixed(0) };
}

async function gets(from, name, count) {
  const runs = 5000;
  const times = [];
  for (let i = 0; i < 500; i += 1) await from.get(`v1:${name}/${i % count}?language=de`);
  const cpu = process.cpuUsage();
  for (let i = 0; i < runs; i += 1) {
    const at = performance.now();
    await from.get(`v1:${name}/${(i * 7919) % count}?language=de`);
    times.push((performance.now() - at) * 1000);
  }
  const { user, system } = process.cpuUsage(cpu);
  return {
    'get p50 µs': quantile(times, 0.5).toFixed(1),
    'p99 µs': quantile(times, 0.99).toFixed(0),
    'CPU µs': ((user + system) / runs).toFixed(1),
  };
}

const rows = [];
for (const [name, length, count] of [
  ['1 kB', 1000, 20_000],
  ['10 kB', 10_240, 10_000],
  ['60 kB', 60_000, 2000],
  ['200 kB', 204_800, 1000],
  ['5 MB', 5 * MiB, 20],
]) {
  const written = await fill(name, count, length);
  rows.push({ body: name, ...(await gets(store, name, count)), ...written });
}
print(rows);

const reader = await openDiskReader({ directory, clock });
console.log('\na reader, 10 kB:', JSON.stringify(await gets(reader, '10 kB', 10_000)));
await reader.close();

console.log('\nmoving a body from the page cache, µs (why reads up to 64 kB are synchronous):');
const segment = join(directory, 'bodies', readdirSync(join(directory, 'bodies')).at(-1));
const fd = openSync(segment, 'r');
const asyncRead = promisify(read);
const compared = [];
for (const length of [10_240, 65_536, 204_800, 1_048_576]) {
  const times = { sync: [], async: [] };
  for (let i = 0; i < 2000; i += 1) {
    const offset = (i * 4096) % MiB;
    let at = performance.now();
    readSync(fd, Buffer.allocUnsafeSlow(length), 0, length, offset);
    times.sync.push((performance.now() - at) * 1000);
    at = performance.now();
    await asyncRead(fd, Buffer.allocUnsafeSlow(length), 0, length, offset);
    times.async.push((performance.now() - at) * 1000);
  }
  const [a, b] = [quantile(times.sync, 0.5), quantile(times.async, 0.5)];
  compared.push({ bytes: length, 'readSync p50': a.toFixed(1), 'read p50': b.toFixed(1) });
}
closeSync(fd);
print(compared);

await store.clear();
await fill('start', 100_000, 1000);
await store.close();
const at = performance.now();
store = await openDiskStore(options);
console.log(`\nstart with ${store.stats().entries} entries: ${(performance.now() - at).toFixed(0)} ms`);
const area = store.durable('bench');
const puts = [];
for (let i = 0; i < 200; i += 1) {
  const start = performance.now();
  await area.put('k', Buffer.from(String(i)));
  puts.push(performance.now() - start);
}
console.log(
  `durable put: p50 ${quantile(puts, 0.5).toFixed(1)} ms, p99 ${quantile(puts, 0.99).toFixed(1)} ms`,
);
await store.close();
rmSync(directory, { recursive: true });
