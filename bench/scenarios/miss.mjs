import { median } from '../lib/statistics.mjs';
import { verifyMisses } from '../lib/verify-more.mjs';
import { imagePath, jsonPath } from '../origin/bodies.mjs';

const FIRST = 1000;
const JSON_BASE = 10 * 10_000_000;

const nothing = async () => {};
/** Every path is new; the cache is new each round, so the numbers may be the same. */
const jsonMisses = {
  paths: [jsonPath(10, 1)],
  made: () => ({ template: '/3/movie/%d', first: JSON_BASE + FIRST }),
  prepare: nothing,
  verify: verifyMisses((n) => jsonPath(10, n)),
  extra: originCount,
  load: 'wrk',
};

/** Shows that the load's requests were misses indeed. */
async function originCount(_running, { origin }) {
  return { originRequests: await origin.count() };
}

/** @type {import('./index.mjs').Scenario} */
export const miss = {
  name: 'miss',
  summary:
    'misses that are stored, beside nginx storing them; time to an answer beside a bare undici dispatch',
  reference: 'nginx',
  variants: [
    {
      name: 'json-10k',
      smoke: ['dispatch'],
      title: '10 kB JSON, every request a miss, 64 connections',
      connections: 64,
      targets: ['product', 'product-letter', 'nginx', 'varnish', 'hono', 'dispatch'],
      ...jsonMisses,
    },
    {
      name: 'gzip-10k',
      smoke: false,
      title: 'the same from an origin that answers in gzip, as TMDB does, to clients that accept it',
      connections: 64,
      headers: { 'Accept-Encoding': 'gzip' },
      origin: { gzip: true },
      targets: ['product', 'product-letter', 'nginx'],
      ...jsonMisses,
      verify: verifyMisses((n) => jsonPath(10, n), { headers: { 'Accept-Encoding': 'gzip' } }),
    },
    {
      name: 'json-10k-1',
      title: 'the same, 1 connection',
      connections: 1,
      smoke: false,
      targets: ['product', 'product-letter', 'nginx', 'dispatch'],
      ...jsonMisses,
    },
    {
      name: 'image-200k',
      title: '200 kB images, every request a miss, 16 connections',
      connections: 16,
      smoke: false,
      targets: ['product', 'nginx', 'dispatch'],
      ...jsonMisses,
      made: () => ({ template: '/t/p/w500/x200k%d.jpg', first: FIRST }),
      paths: [imagePath(200, 1)],
      verify: verifyMisses((n) => imagePath(200, n)),
    },
  ],
  facts: ({ variants }) => ({ addedMicros: p50(variants, 'product') - p50(variants, 'dispatch') }),
  goals: [
    // The origin shares the load's core and is the limit of a fast proxy: what counts is what a core of the server could do.
    ...['json-10k', 'gzip-10k'].map((variant) => ({
      text: `miss, ${variant}, stored: ≥ 0.5 × nginx with proxy_cache storing (requests for each CPU second)`,
      variant,
      target: 'product',
      against: 'nginx',
      metric: 'perCpu',
      atLeast: 0.5,
    })),
    {
      text: 'miss: answer within 1 000 µs of a bare undici dispatch (p50, 1 connection)',
      fact: 'addedMicros',
      atMost: 1000,
    },
  ],
};

function p50(variants, target) {
  return median((variants['json-10k-1']?.rounds[target] ?? []).map((sample) => sample.p50));
}
