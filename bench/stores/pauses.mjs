// A million entries of 2 kB: longest pauses while filling and churning, and what walks over all of them costs.
// On a machine that does nothing else: with others at work these are their pauses too.
// Run: npm run build && node bench/stores/pauses.mjs [entries]
import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';
import { compact } from '../../dist/tiers/compact.js';
import { entryBytes, MemoryTier } from '../../dist/tiers/memory.js';
import { entryOf, print } from './common.mjs';

const COUNT = Number(process.argv[2] ?? 1_000_000);
const BURST = 20;
const collections = [];
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) collections.push(duration);
}).observe({ entryTypes: ['gc'] });

const made = (number) => {
  const text = JSON.stringify(entryOf('', 0).headers).replaceAll('0123456789ab', String(1e11 + number));
  const entry = entryOf(`v1:api:/3/movie/${number}?language=de`, 0);
  const body = Buffer.allocUnsafeSlow(2000).fill(number);
  return compact({ ...entry, headers: JSON.parse(text), tags: [`movie:${number}`], body });
};
const tier = new MemoryTier({ maxBytes: entryBytes(made(COUNT), 2000) * COUNT });

async function phase(name, task) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  collections.length = 0;
  delay.enable();
  const start = performance.now();
  await task();
  const ms = performance.now() - start;
  await new Promise((done) => setTimeout(done, 50));
  delay.disable();
  return {
    phase: name,
    'took ms': ms.toFixed(0),
    'longest delay ms': (delay.max / 1e6).toFixed(1),
    'p99.9 ms': (delay.percentile(99.9) / 1e6).toFixed(1),
    'longest collection ms': Math.max(0, ...collections).toFixed(1),
    entries: tier.stats().entries,
  };
}

async function add(from, count) {
  for (let i = 0; i < count; i += 1) {
    tier.setNow(made(from + i));
    if (i % BURST === 0) await new Promise(setImmediate);
  }
}

print([
  await phase('fill', () => add(0, COUNT)),
  await phase('churn', () => add(COUNT, COUNT / 2)),
  await phase('recheck', async () => tier.recheck()),
  await phase('list', () => tier.list({ after: '', limit: 100, contains: '', scanLimit: 10_000 })),
  await phase('sweep', () => tier.sweep(() => false)),
  await phase('clear', () => tier.clear()),
]);
