import { verifyTier } from '../lib/verify-more.mjs';
import { imagePath, jsonPath } from '../origin/bodies.mjs';

/** Many, so that concurrent reads of one entry are not answered by one. */
const paths = (make, count) => Array.from({ length: count }, (_, n) => make(n + 1));

/** L1 keeps nothing: every hit is read from the disk store. */
const env = { MEMORY_CACHE_BYTES: '0' };
const shared = { connections: 64, load: 'wrk', env, verify: verifyTier('disk') };

/** @type {import('./index.mjs').Scenario} */
export const l2Disk = {
  name: 'l2-disk',
  summary: 'hits that are not in L1 but in the disk store (page cache warm)',
  reference: 'raw-node',
  variants: [
    {
      name: 'json-10k',
      title: '10 kB JSON from disk, 256 keys, 64 connections',
      paths: paths((n) => jsonPath(10, n), 256),
      targets: ['product', 'product-letter', 'raw-node', 'nginx'],
      ...shared,
    },
    {
      name: 'gzip-10k',
      smoke: false,
      title: 'the same to clients that accept gzip, as most do',
      paths: paths((n) => jsonPath(10, n), 256),
      targets: ['product', 'product-letter', 'raw-node'],
      headers: { 'Accept-Encoding': 'gzip' },
      expect: { coding: 'gzip' },
      origin: { gzip: true },
      ...shared,
    },
    {
      name: 'image-200k',
      title: '200 kB images from disk, 64 keys, 64 connections',
      paths: paths((n) => imagePath(200, n), 64),
      targets: ['product', 'raw-node', 'nginx'],
      ...shared,
    },
  ],
  goals: ['json-10k', 'gzip-10k', 'image-200k'].map((variant) => ({
    text: `L2 hit from disk, ${variant}: ≥ 0.8 × raw node:http serving the same body`,
    variant,
    target: 'product',
    against: 'raw-node',
    metric: 'rate',
    atLeast: 0.8,
  })),
};
