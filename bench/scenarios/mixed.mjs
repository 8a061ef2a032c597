import { join } from 'node:path';
import { ask } from '../lib/ask.mjs';
import { median } from '../lib/statistics.mjs';
import { traceOf } from '../lib/trace.mjs';
import { faultOf } from '../lib/verify.mjs';
import { productCounts, verifyMisses } from '../lib/verify-more.mjs';
import { runWrk } from '../load/wrk.mjs';
import { imagePath, jsonPath } from '../origin/bodies.mjs';

/** 2 kB to 200 kB, mostly small: of ten paths four of 2 kB, four of 10 kB, one of 50 kB, one image of 200 kB. */
const SIZES = [2, 10, 2, 10, 50, 2, 10, 2, 10, 200];
const pathOf = (n) => (SIZES[n % 10] === 200 ? imagePath(200, n) : jsonPath(SIZES[n % 10], n));
const sequence = (count, first) => Array.from({ length: count }, (_, n) => pathOf(first + n));

const HOT = sequence(1000, 0);
const COLD = sequence(5000, 10_000);
/** Coded as the product stores it the hot set takes some 25 MB; the cold one, 120 MB, passes through what is left. */
const env = { MEMORY_CACHE_BYTES: String(40 * 1024 * 1024) };

/** More requests than a round can ask for: wrk begins anew at the end, and what was a miss would be none. */
const perSecond = (options) => Math.ceil(options.seconds * 60_000);

const trace = {
  targets: ['product', 'product-letter', 'nginx', 'varnish', 'hono'],
  paths: HOT,
  list: (_round, options, offset = 0) =>
    traceOf({
      length: perSecond(options),
      hot: HOT,
      // What the load before asked for is in L1 by then.
      cold: offset > 0 ? COLD.slice(COLD.length / 2) : COLD.slice(0, COLD.length / 2),
      fresh: (n) => pathOf(100_000 + offset + n),
      coldShare: 0.04,
      freshShare: 0.01,
      exponent: 0.9,
      seed: 5,
    }),
  prepare: fill,
  verify: verifyEach,
  extra: productCounts,
  connections: 64,
  load: 'wrk',
  env,
};

/** @type {import('./index.mjs').Scenario} */
export const mixed = {
  name: 'mixed',
  summary: '95 % hits, 4 % in L2 only, 1 % misses; Zipf keys, 2 to 200 kB',
  reference: 'nginx',
  variants: [
    { name: 'zipf', title: '95 % hot (Zipf 0.9, 1 000 keys), 4 % cold, 1 % new; 64 connections', ...trace },
    {
      name: 'zipf-gzip',
      title: 'the same to clients that accept gzip, as most do',
      ...trace,
      targets: ['product', 'nginx'],
      headers: { 'Accept-Encoding': 'gzip' },
      smoke: false,
    },
  ],
  /** What the trace came to in the product; the trace promises 0.95, 0.04, 0.01. */
  facts: ({ variants }) => {
    const share = (what) =>
      median((variants.zipf?.rounds.product ?? []).map((sample) => sample[what] / sample.counted));
    return { shareFromL1: share('l1Hits'), shareFromL2: share('l2Hits'), shareOfMisses: share('misses') };
  },
  goals: [
    {
      text: '95 % hits, 4 % L2, 1 % misses: ≥ nginx proxy_cache on the same trace',
      variant: 'zipf',
      target: 'product',
      against: 'nginx',
      metric: 'rate',
      atLeast: 1,
    },
  ],
};

const verifyNew = verifyMisses((n) => jsonPath(10, n));
/** Hot and cold ones have the right bytes, from the cache; new ones too, from the origin. */
async function verifyEach(running, context) {
  const { origin, options } = context;
  const some = (paths) => (options.smoke ? paths.slice(0, 50) : paths.slice(-200));
  const before = await origin.count();
  for (const path of [...some(HOT), ...some(COLD)]) {
    const fault = faultOf(await ask(running.url + path), path, {});
    if (fault !== undefined) throw new Error(`${running.name}: ${path}: ${fault}`);
  }
  const asked = (await origin.count()) - before;
  const told = `sha256 of hot and cold bodies right, origin asked ${asked} times for them`;
  return `${told}; ${await verifyNew(running, context)}`;
}

/** The cold ones first, so that the hot ones are what L1 holds; then the hot ones under load. */
async function fill(running, { folder, options }) {
  const cold = options.smoke ? COLD.slice(0, 50) : COLD;
  const hot = options.smoke ? HOT.slice(0, 50) : HOT;
  for (const paths of [cold, hot]) {
    for (let at = 0; at < paths.length; at += 32)
      await Promise.all(paths.slice(at, at + 32).map((path) => ask(running.url + path)));
  }
  const seconds = options.smoke ? 0.3 : 1;
  await runWrk({ url: running.url, paths: hot, headers: {}, connections: 64, seconds, folder: join(folder) });
}
