// One L2 hit on disk within the process (L1 of 0 bytes): CPU µs a look, beside what it is made of.
// Run: npm run build && node bench/stores/l2-disk.mjs [dist to compare with]
import { closeSync, openSync, read, readdirSync, readSync, rmSync, statSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { entryOf, print } from './common.mjs';

const KEYS = 500;
const ROUNDS = 7;
const SIZES = [2000, 10_000, 64_000, 200_000];
const DISTS = [process.env.DIST ?? 'dist', ...process.argv.slice(2)];

const builds = await Promise.all(DISTS.map(loaded));
const results = new Map();
for (const size of SIZES) {
  for (const build of builds) await fill(build, size);
  const runs = size > 50_000 ? 2000 : 8000;
  const tasks = [...bare(builds[0], size), ...builds.flatMap((build) => [...looks(build, size)])];
  for (let round = 0; round < ROUNDS; round += 1)
    for (const [name, task] of tasks) await measured(name, size, runs, task);
}
for (const { store, reader } of builds) {
  await reader.close();
  await store.close();
}
for (const { directory } of builds) rmSync(directory, { recursive: true });
print(
  [...results].map(([name, bySize]) => ({
    'CPU µs': name,
    ...Object.fromEntries(SIZES.map((size) => [`${size / 1000} kB`, median(bySize.get(size))])),
  })),
);

async function loaded(dist) {
  const at = (name) => import(pathToFileURL(resolve(dist, name)).href);
  const [{ openDiskStore, openDiskReader }, { Lookup }, { MemoryTier }, { PurgeTable }, { systemClock }] =
    await Promise.all(
      ['tiers/disk.js', 'cache/lookup.js', 'tiers/memory.js', 'cache/purge-table.js', 'clock.js'].map(at),
    );
  const directory = await mkdtemp(join(tmpdir(), 'bench-l2-'));
  const clock = systemClock;
  const store = await openDiskStore({ directory, maxBytes: 512 * 1024 * 1024, clock });
  const reader = await openDiskReader({ directory, clock, onTouch: () => {} });
  const memory = new MemoryTier({ maxBytes: 0 });
  const lookup = new Lookup({ memory, l2: reader, purges: new PurgeTable(), clock });
  return { dist, directory, store, reader, lookup };
}

async function fill({ store }, size) {
  for (let i = 0; i < KEYS; i += 1) await store.set(entryOf(keyOf(i, size), size));
  await store.flush();
}

function keyOf(i, size) {
  return `v1:api:/3/movie/${i}?language=de&size=${size}`;
}

function routeOf(i, size) {
  const key = keyOf(i % KEYS, size);
  return { kind: 'shared', upstream: 'api', key, class: 'detail', tags: [], target: key, headers: [] };
}

function* looks({ dist, lookup, reader }, size) {
  yield [`lookup.look (${dist})`, (i) => lookup.look(routeOf(i, size))];
  yield [`reader.get (${dist})`, (i) => reader.get(keyOf(i % KEYS, size))];
  if (lookup.fresh !== undefined) yield [`lookup.fresh (${dist})`, (i) => freshOf(lookup, i, size)];
}

function freshOf(lookup, i, size) {
  const found = lookup.fresh(routeOf(i, size), Date.now());
  if (found === undefined && size <= 64_000) throw new Error('no answer at once');
}

/** Only reading the bytes, as the file system gives them. */
function* bare({ directory }, size) {
  const bodies = join(directory, 'bodies');
  const path = readdirSync(bodies)
    .map((name) => join(bodies, name))
    .sort((a, b) => statSync(b).size - statSync(a).size)[0];
  const fd = openSync(path, 'r');
  const places = Math.floor(statSync(path).size / size) - 1;
  yield ['fs.readSync', (i) => void readSync(fd, Buffer.allocUnsafeSlow(size), 0, size, (i % places) * size)];
  yield [
    'fs.read',
    (i) =>
      new Promise((done) => {
        read(fd, Buffer.allocUnsafeSlow(size), 0, size, (i % places) * size, () => done(undefined));
      }),
  ];
  process.once('exit', () => closeSync(fd));
}

async function measured(name, size, runs, task) {
  const before = process.cpuUsage();
  for (let i = 0; i < runs; i += 1) await task(i);
  const { user, system } = process.cpuUsage(before);
  const bySize = results.get(name) ?? new Map();
  results.set(name, bySize.set(size, [...(bySize.get(size) ?? []), (user + system) / runs]));
}

function median(values) {
  return [...values].sort((a, b) => a - b)[values.length >> 1].toFixed(1);
}
