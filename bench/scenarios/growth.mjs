import { ask } from '../lib/ask.mjs';
import { cpuMicrosOfTree } from '../lib/cpu.mjs';
import { fillMemory, memoryEntries } from '../lib/fill.mjs';
import { sampleOf } from '../lib/measure.mjs';
import { orderOf } from '../lib/order.mjs';
import { startTarget } from '../lib/start.mjs';
import { median, pairedRatio } from '../lib/statistics.mjs';
import { askUntilHit, saysHit } from '../lib/verify.mjs';
import { productCounts } from '../lib/verify-more.mjs';
import { runWrk } from '../load/wrk.mjs';

const TITLES = { template: '/3/movie/%d', first: 10_000_000 };
const TAGGED = { template: '/o/100/g?n=%d', first: 1 };
const ROOM = { env: { MEMORY_CACHE_BYTES: String(8 * 1024 ** 3) }, nodeFlags: ['--max-old-space-size=8192'] };

/** @type {import('./index.mjs').Scenario} */
export const growth = {
  name: 'growth',
  targets: ['product', 'product-letter'],
  summary:
    'what a hit costs with 1 000, 100 000 and 1 000 000 entries in L1 (filled over HTTP); purge of a tag with 100 000',
  own: async (run) => {
    const { smoke, quick } = run.options;
    const sizes = smoke ? [50, 200] : quick ? [1000, 100_000] : [1000, 100_000, 1_000_000];
    const hits = await hitCosts(run, sizes);
    const tagged = smoke ? 200 : 100_000;
    const purges = [];
    for (let round = 0; round < run.options.rounds; round += 1) purges.push(await purgeOnce(run, tagged));
    const first = hits.get(sizes[0]);
    const rows = sizes.map((size) => {
      const samples = hits.get(size);
      const ratio = pairedRatio(
        samples.map(({ cpu }) => cpu),
        first.map(({ cpu }) => cpu),
      );
      const of = (metric) => median(samples.map((sample) => sample[metric]));
      return [
        size,
        of('cpu'),
        `${ratio.median.toFixed(2)} (${ratio.min.toFixed(2)} to ${ratio.max.toFixed(2)})`,
        of('rate'),
        of('p99'),
        median(samples.map(({ hitShare }) => hitShare)),
      ];
    });
    const last = hits.get(sizes.at(-1));
    const cost = pairedRatio(
      last.map(({ cpu }) => cpu),
      first.map(({ cpu }) => cpu),
    );
    return {
      facts: {
        growthOfCost: smoke || quick ? Number.NaN : cost.median,
        purgeOf100000Ms: smoke ? Number.NaN : median(purges.map(({ ms }) => ms)),
      },
      tables: [
        {
          title:
            'random hits on 1 kB JSON, 64 connections; the processes live side by side and are asked in turn',
          columns: [
            'entries',
            'CPU µs/request',
            'ratio to the fewest',
            'requests/s',
            'p99 µs',
            'share of hits',
          ],
          rows,
        },
        {
          title: `purge of one tag with at least ${tagged} entries in L1, never purged before; a fresh process, filled anew, each round (POST /cache/purge, whole call)`,
          columns: [
            'round',
            'entries in L1',
            'ms',
            'ms of the call before it, the first of the process, for a tag without entries',
          ],
          rows: purges.map(({ entries, ms, firstCall }, round) => [round + 1, entries, ms, firstCall]),
        },
      ],
      verified: {
        product: `share of hits from /stats; in every round ${tagged} entries or more were in L1 before the purge, and 20 samples that were hits missed after it`,
      },
    };
  },
  goals: [
    { text: 'hit cost at 1 000 000 entries ≤ 1.3 × that at 1 000 (CPU)', fact: 'growthOfCost', atMost: 1.3 },
    {
      text: 'purge of a tag with 100 000 entries ≤ 5 ms on the calling node (whole HTTP call)',
      fact: 'purgeOf100000Ms',
      atMost: 5,
    },
  ],
};

/** A restart would mean filling anew, which takes minutes: here the processes stay. */
async function hitCosts(run, sizes) {
  const running = new Map();
  const samples = new Map(sizes.map((size) => [size, []]));
  try {
    for (const size of sizes) {
      running.set(size, await startTarget('product', run, ROOM));
      console.error(`  filling ${size}`);
      await fillMemory(running.get(size), TITLES, size);
    }
    for (let round = 0; round < run.options.rounds; round += 1)
      for (const size of orderOf(sizes, round))
        samples.get(size).push(await hitCost(running.get(size), size, run));
    return samples;
  } finally {
    for (const one of running.values()) await one.stop();
  }
}

async function hitCost(running, size, { options }) {
  const load = {
    url: running.url,
    headers: {},
    connections: 64,
    folder: running.folder,
    made: { ...TITLES, below: size },
  };
  if (!options.smoke) await runWrk({ ...load, seconds: 1 });
  const counts = await productCounts(running);
  const cpu = cpuMicrosOfTree(running.pid);
  const result = await runWrk({ ...load, seconds: options.seconds });
  const sample = sampleOf(result, cpuMicrosOfTree(running.pid) - cpu);
  const after = await productCounts(running);
  const hitShare = (after.l1Hits - counts.l1Hits) / (after.counted - counts.counted);
  console.error(
    `  growth ${size}: ${sample.cpu} µs CPU, ${sample.rate}/s, ${(hitShare * 100).toFixed(1)} % hits`,
  );
  return { ...sample, hitShare: Number(hitShare.toFixed(4)) };
}

/**
 * All queries of one path share its tag. A process for each round: what was purged is found only when it is asked for, so that a
 * second purge of the same store would have less to do.
 */
async function purgeOnce(run, count) {
  const running = await startTarget('product-letter', run, ROOM);
  try {
    const sample = (n) => running.url + TAGGED.template.replace('%d', String(n));
    await fillMemory(running, TAGGED, count);
    for (let n = 1; n <= 20; n += 1) await askUntilHit(sample(n));
    const entries = await memoryEntries(running.url);
    if (entries < count) throw new Error(`${entries} entries instead of ${count}`);
    // Management is loaded by the first call: that is not the price of a tag's size.
    const firstCall = await timedPurge(running.url, 'path:/o/100/none');
    const ms = await timedPurge(running.url, 'path:/o/100/g');
    for (let n = 1; n <= 20; n += 1)
      if (saysHit((await ask(sample(n))).headers) === true)
        throw new Error(`n=${n} was a hit after the purge`);
    console.error(`  purge of ${entries}: ${ms} ms; the first call, of no entry: ${firstCall} ms`);
    return { entries, firstCall, ms };
  } finally {
    await running.stop();
  }
}

/** The whole HTTP call. @returns {Promise<number>} ms */
async function timedPurge(url, tag) {
  const body = JSON.stringify({ tags: [tag] });
  const headers = { 'content-type': 'application/json' };
  const start = performance.now();
  const answer = await ask(`${url}/cache/purge`, { method: 'POST', headers, body });
  const ms = performance.now() - start;
  if (answer.status !== 200) throw new Error(`the purge was answered with ${answer.status}: ${answer.body}`);
  return Number(ms.toFixed(2));
}
