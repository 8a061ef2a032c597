// Run with --expose-gc: what entries of L1 cost in memory, and whether filling it pauses. Settings as JSON in the first argument.

import { join, resolve } from 'node:path';
import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';

const { dist, count, bodyBytes } = JSON.parse(process.argv[2]);
const load = (file) => import(join(resolve(dist), file));
const { collectInSteps } = await load('collect-in-steps.js');
collectInSteps();
const { MemoryTier, entryBytes } = await load('tiers/memory.js');
const { compact } = await load('tiers/compact.js');
const { decodeEntry, encodeEntry } = await load('tiers/codec.js');
const { entryOf } = await import('../stores/common.mjs');

/** Of every response another; the rest TMDB says over and over. */
const OWN = new Set(['ETag', 'Date', 'X-Memc-Key', 'X-Memc-Age', 'Via', 'X-Amz-Cf-Id']);

function entryAs(n) {
  const entry = entryOf(keyOf(n), bodyBytes);
  const digits = n.toString(16);
  const headers = entry.headers.map((text, i) =>
    i % 2 === 1 && OWN.has(entry.headers[i - 1]) ? digits + text.slice(digits.length) : text,
  );
  return { ...entry, headers };
}

/** As a fill makes them, or decoded, as they come from L2: no text is shared between those. */
const made = (n) => compact(entryAs(n));
const decoded = (n) => decodeEntry(encodeEntry(entryAs(n))).value;

const keyOf = (n) => `v1:api:/3/movie/${n}?language=de`;
const textOf = ({ key, headers, body }) =>
  key.length + body.length + headers.reduce((sum, text) => sum + text.length, 0);
const used = () => {
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

const tier = new MemoryTier({ maxBytes: 64 * 1024 ** 3 });
const sampled = Math.min(count, 100_000);
const text = textOf(entryOf(keyOf(100_000), bodyBytes));

async function overheadOf(make) {
  for (let n = 0; n < 100; n += 1) tier.setNow(make(n)); // compiled, first buffers there
  const before = used();
  for (let n = 100; n < sampled + 100; n += 1) tier.setNow(make(n));
  const bytes = (used() - before) / sampled - text;
  await tier.clear();
  return Math.round(bytes);
}
const overheadDecoded = await overheadOf(decoded);
const overhead = await overheadOf(made);

// As large as it must be for so many, and therefore in as many shards.
const full = new MemoryTier({ maxBytes: Math.ceil(entryBytes(made(count), bodyBytes) * count * 1.05) });
globalThis.gc();
const collections = [];
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) collections.push(duration);
}).observe({ entryTypes: ['gc'] });
await new Promise(setImmediate);
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
/** One turn writes so many. A miss costs a millisecond and more of other work (`npm run bench -- miss`): more in a turn are a pause by that alone. */
const BATCH = 4;
let longestTurn = 0;
for (let n = 0; n < count; n += BATCH) {
  const start = performance.now();
  for (let i = n; i < Math.min(n + BATCH, count); i += 1) full.setNow(made(i));
  longestTurn = Math.max(longestTurn, performance.now() - start);
  await new Promise(setImmediate);
}
delay.disable();
await new Promise((done) => setTimeout(done, 20)); // the observer's last entries

const result = {
  entries: full.stats().entries,
  overhead,
  overheadDecoded,
  longestDelayMs: Number((delay.max / 1e6).toFixed(1)),
  longestTurnMs: Number(longestTurn.toFixed(1)),
  longestCollectionMs: Number(Math.max(0, ...collections).toFixed(1)),
  charged: Math.round(full.stats().bytes / full.stats().entries - text),
};
process.stdout.write(JSON.stringify(result), () => process.exit(0));
