// Bytes a record costs beside its text and body, and what a look-up costs. Run: npm run build && node bench/stores/memory.mjs

import { spawnSync } from 'node:child_process';
import { decodeEntry, encodeEntry } from '../../dist/tiers/codec.js';
import { MemoryTier, RECORD_OVERHEAD } from '../../dist/tiers/memory.js';
import { entryOf, micros, print } from './common.mjs';

/** A process each: what one run leaves behind must not count for the next. */
const [only] = process.argv.slice(2).map(Number);
if (only === undefined) {
  const rows = [0, 1000, 10_000].map((length) => {
    const flags = ['--expose-gc', process.argv[1], String(length)];
    return JSON.parse(spawnSync(process.execPath, flags, { encoding: 'utf8' }).stdout);
  });
  print(rows);
} else {
  console.log(JSON.stringify(run(only)));
}

function run(length) {
  const count = 20_000;
  const tier = new MemoryTier({ maxBytes: 4 * 1024 ** 3 });
  globalThis.gc();
  const before = process.memoryUsage();
  // Decoded, as entries come from a store: no string is shared between them.
  for (let i = 0; i < count; i += 1) {
    const decoded = decodeEntry(encodeEntry(entryOf(`v1:api:/3/movie/${i}?language=de`, length)));
    tier.setNow(decoded.value);
  }
  globalThis.gc();
  const after = process.memoryUsage();
  const used = (after.heapUsed + after.external - before.heapUsed - before.external) / count;
  const charged = tier.stats().bytes / count;
  return {
    'body bytes': length,
    'charged bytes': charged.toFixed(0),
    'used bytes': used.toFixed(0),
    'overhead that would be exact': (used - charged + RECORD_OVERHEAD).toFixed(0),
    'getNow µs': micros(20_000, (i) => tier.getNow(`v1:api:/3/movie/${i}?language=de`)),
  };
}
