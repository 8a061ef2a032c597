// Where do large bodies belong? Four layouts under the same churn at the same bound. Run: npm run build && node bench/stores/layouts.mjs
//   one:      everything in one LMDB environment
//   two:      bodies over 64 kB in an LMDB environment of their own
//   files:    bodies over 64 kB in a file each, beside LMDB
//   segments: the store as built: index in LMDB, every body appended to segment files
// In the first three a plain FIFO evicts by the bytes of live pages or files, at 80 % of the bound: LMDB has no bound of its own
// (lmdb grows the map past mapSize), so the bound can only be a count of what lives.

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { open } from 'lmdb';
import { systemClock } from '../../dist/clock.js';
import { decodeEntry, encodeEntry } from '../../dist/tiers/codec.js';
import { openDiskStore } from '../../dist/tiers/disk.js';
import { quantile, seeded } from '../lib/statistics.mjs';
import { entryOf, physical, print } from './common.mjs';

const MiB = 1024 * 1024;
const BOUND = Number(process.env.BOUND_MIB ?? 128) * MiB;
const CHURN = Number(process.env.CHURN ?? 6);
const LARGE = 64 * 1024;

function lmdbAt(path) {
  return open(path, {
    encoding: 'binary',
    keyEncoding: 'binary',
    mapSize: 2 * BOUND,
    noMemInit: true,
    eventTurnBatching: false,
  });
}

/** LMDB with values of any size; `large` decides what goes elsewhere. */
function lmdbLayout(directory, elsewhere) {
  const small = lmdbAt(join(directory, 'small.mdb'));
  const queue = [];
  let live = 0;
  return {
    async setAll(entries) {
      const work = [];
      const put = [];
      for (const entry of entries) {
        const bytes = encodeEntry(entry);
        const large = bytes.length > LARGE && elsewhere !== undefined;
        const key = Buffer.from(entry.key);
        if (large) work.push(elsewhere.put(entry.key, bytes));
        else put.push([key, bytes]);
        const size = Math.ceil((bytes.length + 24) / 4096) * 4096;
        queue.push({ key, name: entry.key, size, large });
        live += size;
      }
      const gone = [];
      while (live > BOUND * 0.8) {
        const oldest = queue.shift();
        live -= oldest.size;
        if (oldest.large) work.push(elsewhere.remove(oldest.name));
        else gone.push(oldest.key);
      }
      work.push(
        small.batch(() => {
          for (const [key, bytes] of put) small.put(key, bytes);
          for (const key of gone) small.remove(key);
        }),
      );
      await Promise.all(work);
    },
    get(key) {
      const bytes = small.getBinary(Buffer.from(key));
      return bytes === undefined ? undefined : decodeEntry(bytes);
    },
    live: () => live,
    async close() {
      await small.flushed;
      await small.close();
      await elsewhere?.close();
    },
  };
}

const layouts = {
  one: (directory) => lmdbLayout(directory),
  two(directory) {
    const large = lmdbAt(join(directory, 'large.mdb'));
    return lmdbLayout(directory, {
      put: (key, bytes) => large.put(Buffer.from(key), bytes),
      remove: (key) => large.remove(Buffer.from(key)),
      close: () => large.close(),
    });
  },
  files(directory) {
    mkdirSync(join(directory, 'large'));
    const path = (key) => join(directory, 'large', Buffer.from(key).toString('hex'));
    return lmdbLayout(directory, {
      put: (key, bytes) => writeFile(path(key), bytes),
      remove: (key) => unlink(path(key)),
      close: async () => {},
    });
  },
  async segments(directory) {
    const store = await openDiskStore({ directory, maxBytes: BOUND, clock: systemClock });
    return {
      setAll: (entries) => Promise.all(entries.map((entry) => store.set(entry))),
      get: (key) => store.get(key),
      live: () => store.stats().bytes,
      close: () => store.close(),
    };
  },
};

async function run(name) {
  const directory = mkdtempSync(join(tmpdir(), `layout-${name}-`));
  const layout = await layouts[name](directory);
  const random = seeded(7);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const gets = [];
  const recent = [];
  let written = 0;
  let found = 0;
  let peak = 0;
  const cpu = process.cpuUsage();
  const start = performance.now();
  delay.enable();
  for (let n = 0; written < BOUND * CHURN; ) {
    const entries = [];
    for (let i = 0; i < 32; i += 1, n += 1) {
      const die = random();
      // JSON, posters, and now and then an original.
      const length =
        die < 0.8
          ? 1000 + random() * 12_000
          : die < 0.995
            ? 20_000 + random() * 380_000
            : 2e6 + random() * 3e6;
      const key = `v1:${length > 16_000 ? 'image:/t/p/w780' : 'api:/3/movie'}/${Math.floor(random() * 1e9)}-${n}`;
      entries.push(entryOf(key, Math.floor(length), 'x'));
      written += length;
      if (length < 16_000) recent.push(key);
    }
    const done = layout.setAll(entries);
    // Small reads while the large ones are on their way; some let the loop turn, so that both really overlap.
    for (let i = 0; i < 20; i += 1) {
      const key = recent[Math.max(0, recent.length - 100 - Math.floor(random() * 400))];
      const at = performance.now();
      const entry = await layout.get(key);
      gets.push((performance.now() - at) * 1000);
      if (entry !== undefined) found += 1;
      if (i % 4 === 0) await new Promise(setImmediate);
    }
    await done;
    if (recent.length > 2000) recent.splice(0, 1000);
    if (n % 320 === 0) peak = Math.max(peak, await physical(directory));
  }
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  delay.disable();
  peak = Math.max(peak, await physical(directory));
  const live = layout.live();
  await layout.close();
  rmSync(directory, { recursive: true });
  return {
    layout: name,
    'small get µs p50': quantile(gets, 0.5).toFixed(0),
    'p99 µs': quantile(gets, 0.99).toFixed(0),
    'max ms': (quantile(gets, 1) / 1000).toFixed(1),
    found: `${((100 * found) / gets.length).toFixed(0)} %`,
    'loop delay p99 ms': (delay.percentile(99) / 1e6).toFixed(1),
    'loop max ms': (delay.max / 1e6).toFixed(0),
    'write MB/s': (written / MiB / seconds).toFixed(0),
    'CPU s/GB': ((user + system) / 1e6 / (written / 1e9)).toFixed(2),
    'peak on disk / bound': (peak / BOUND).toFixed(2),
    'live / peak': (live / peak).toFixed(2),
  };
}

const only = process.argv[2];
if (only !== undefined) {
  console.log(JSON.stringify(await run(only)));
} else {
  // A process each, in turns, three rounds; the median of each number.
  const all = Object.keys(layouts).map((name) => ({ name, runs: [] }));
  for (let round = 0; round < 3; round += 1) {
    for (const { name, runs } of all) {
      const { stdout } = spawnSync(process.execPath, [process.argv[1], name], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      runs.push(JSON.parse(stdout));
    }
  }
  console.log(`bound ${BOUND / MiB} MiB, ${CHURN} times the bound written, Node ${process.version}\n`);
  print(
    all.map(({ runs }) =>
      Object.fromEntries(
        Object.keys(runs[0]).map((column) => [
          column,
          runs.map((r) => r[column]).sort((a, b) => Number.parseFloat(a) - Number.parseFloat(b))[1],
        ]),
      ),
    ),
  );
}
