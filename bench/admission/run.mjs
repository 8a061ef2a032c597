// Which policy of L1 hits most at equal bytes. Run: npm run build && node bench/admission/run.mjs [--quick]
import { mkdirSync, writeFileSync } from 'node:fs';
import { print } from '../stores/common.mjs';
import { Clock, ClockSecondHit, Lru, LruSecondHit, Product, Sieve, TinyLfu } from './policies.mjs';
import { traces } from './traces.mjs';

const quick = process.argv.includes('--quick');
const scale = quick ? { objects: 5_000, length: 50_000 } : { objects: 30_000, length: 300_000 };
/** Shares of the bytes of all objects that fit into the cache. */
const SHARES = quick ? [0.05] : [0.01, 0.05, 0.2];
const POLICIES = {
  lru: Lru,
  'lru + second hit': LruSecondHit,
  clock: Clock,
  'clock + second hit': ClockSecondHit,
  sieve: Sieve,
  's3-fifo (ours)': Product,
  'w-tinylfu': TinyLfu,
};

/** Hit rates in per cent after the cache has seen a fifth of the trace. */
function play(cache, { keys, sizes }) {
  const from = keys.length / 5;
  let hits = 0;
  let hitBytes = 0;
  let bytes = 0;
  for (let i = 0; i < keys.length; i += 1) {
    const size = sizes[keys[i]];
    const hit = cache.ask(keys[i], size);
    if (i < from) continue;
    bytes += size;
    if (!hit) continue;
    hits += 1;
    hitBytes += size;
  }
  return { object: (hits / (keys.length - from)) * 100, byte: (hitBytes / bytes) * 100 };
}

const results = [];
for (const trace of traces(scale)) {
  const all = trace.sizes.reduce((sum, size) => sum + size, 0);
  for (const share of SHARES) {
    const maxBytes = Math.floor(all * share);
    const rates = {};
    for (const [name, Policy] of Object.entries(POLICIES)) {
      rates[name] = play(new Policy(maxBytes, all / trace.sizes.length), trace);
    }
    results.push({ trace: trace.name, share, maxBytes, rates });
  }
}

print(
  results.map(({ trace, share, rates }) => ({
    trace,
    'cache / all': `${share * 100} %`,
    ...Object.fromEntries(
      Object.entries(rates).map(([name, rate]) => [
        name,
        `${rate.object.toFixed(1)} / ${rate.byte.toFixed(1)}`,
      ]),
    ),
  })),
);
if (!quick) {
  const folder = new URL('../results/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  const meaning =
    'hit rates in per cent after a warm-up of a fifth of the trace; object: requests, byte: bytes';
  const text = JSON.stringify({ node: process.version, ...scale, meaning, results }, null, 2);
  writeFileSync(new URL('admission.json', folder), `${text}\n`);
}
