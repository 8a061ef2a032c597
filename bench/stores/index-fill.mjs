// How full LMDB's pages are: bytes of rows to bytes of the file, without and with churn. Run: npm run build && node bench/stores/index-fill.mjs
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../dist/clock.js';
import { openDiskStore } from '../../dist/tiers/disk.js';
import { seeded } from '../lib/statistics.mjs';
import { entryOf, print } from './common.mjs';

const MiB = 1024 * 1024;
const rows = [];
for (const [maxBytes, length] of [
  [16 * MiB, 0],
  [64 * MiB, 0],
  [64 * MiB, 3000],
  [256 * MiB, 10_000],
]) {
  const directory = mkdtempSync(join(tmpdir(), 'index-fill-'));
  const store = await openDiskStore({ directory, maxBytes, clock: systemClock });
  const random = seeded(3);
  let first = '';
  for (let i = 0; i < 100_000; i += 200) {
    await Promise.all(
      Array.from({ length: 200 }, () =>
        store.set(entryOf(`v1:api:/3/movie/${Math.floor(random() * 1e9)}?language=de`, length, 'x')),
      ),
    );
    if (first === '' && i > 1000 && store.stats().evictions > 0) first = fill(store, directory, length);
  }
  const { entries, fileBytes, bytes } = store.stats();
  rows.push({
    bound: `${maxBytes / MiB} MiB`,
    body: length,
    entries,
    'rows / index file at first eviction': first,
    'after 100 000 keys': fill(store, directory, length),
    'index file / bound': (statSync(join(directory, 'index.mdb')).size / maxBytes).toFixed(2),
    'files / bound': (fileBytes / maxBytes).toFixed(3),
    'live / bound': (bytes / maxBytes).toFixed(2),
  });
  await store.close();
  rmSync(directory, { recursive: true });
}
print(rows);

function fill(store, directory, length) {
  const { bytes, entries } = store.stats();
  const records = entries * (length + 16 + 38);
  return ((bytes - records) / statSync(join(directory, 'index.mdb')).size).toFixed(2);
}
