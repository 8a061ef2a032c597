import { clientsOf } from '../lib/clients.mjs';
import { SMOKE_PATHS } from '../lib/measure.mjs';
import { median, seeded } from '../lib/statistics.mjs';
import { zipf } from '../lib/trace.mjs';
import { productCounts } from '../lib/verify-more.mjs';
import { answerOf, imagePath, jsonPath } from '../origin/bodies.mjs';

const JSON_10 = jsonPath(10, 1);
const IMAGE_200 = imagePath(200, 1);
const KEYS = Array.from({ length: 1000 }, (_, n) => jsonPath(10, n + 1));
/** More than a cache would want to remember. In turn: none comes again before all others have. */
const CLIENTS = clientsOf(10_000);
/** No factor in common with the number of clients: the same two do not meet again for long. */
const VARIED_REQUESTS = 50_021;
const FAMILY = ['product', 'product-letter', 'product-slow'];
const FIELD = [
  'nginx',
  'nginx-default',
  'nginx-static',
  'haproxy',
  'varnish',
  'raw-node',
  'hono',
  'bentocache',
  'undici-cache',
];
const SHORT = [...FAMILY, 'nginx', 'haproxy', 'raw-node'];

/** @type {import('./index.mjs').Scenario} */
export const hit = {
  name: 'hit',
  summary:
    'L1 hits: 10 kB JSON at 1, 64 and 1000 connections, 10 000 clients, 50 kB to clients with gzip, 200 kB images, 304',
  reference: 'nginx',
  variants: [
    {
      name: 'json-10k',
      smoke: 'all',
      title: '10 kB JSON, 64 connections',
      paths: [JSON_10],
      connections: 64,
      load: 'wrk',
      targets: [...FAMILY, ...FIELD],
    },
    {
      name: 'json-10k-1',
      title: '10 kB JSON, 1 connection',
      paths: [JSON_10],
      connections: 1,
      load: 'wrk',
      targets: SHORT,
    },
    {
      name: 'json-10k-1000',
      title: '10 kB JSON, 1 000 connections',
      paths: [JSON_10],
      connections: 1000,
      load: 'wrk',
      targets: SHORT,
    },
    {
      name: 'varied',
      title:
        '10 kB JSON, 1 000 keys by Zipf 0.9, 10 000 clients in turn with an address and a cookie each, 64 connections',
      paths: KEYS,
      list: (_round, { smoke }) =>
        smoke ? variedPaths(KEYS.slice(0, SMOKE_PATHS), SMOKE_PATHS + 1) : variedPaths(KEYS, VARIED_REQUESTS),
      clients: CLIENTS,
      extra: productCounts,
      connections: 64,
      load: 'wrk',
      targets: [...FAMILY, 'nginx', 'raw-node'],
    },
    {
      name: 'gzip-50k',
      smoke: ['nginx-gzip'],
      title: '50 kB JSON, clients that accept gzip, 64 connections',
      paths: [jsonPath(50, 1)],
      headers: { 'Accept-Encoding': 'gzip' },
      expect: { coding: 'gzip' },
      origin: { gzip: true },
      connections: 64,
      load: 'wrk',
      reference: 'nginx-identity',
      targets: [...FAMILY, 'nginx-identity', 'nginx', 'nginx-gzip', 'varnish', 'raw-node'],
    },
    {
      name: 'image-200k',
      title: '200 kB image, 64 connections',
      paths: [IMAGE_200],
      connections: 64,
      load: 'wrk',
      targets: [
        ...FAMILY,
        'nginx',
        'nginx-default',
        'nginx-static',
        'haproxy',
        'varnish',
        'raw-node',
        'hono',
      ],
    },
    {
      name: 'not-modified',
      title: '304 to If-None-Match of the 10 kB JSON, 64 connections',
      paths: [JSON_10],
      warmHeaders: {},
      headers: { 'If-None-Match': answerOf(JSON_10).etag },
      expect: { status: 304 },
      connections: 64,
      load: 'wrk',
      targets: [...FAMILY, 'nginx', 'varnish', 'raw-node'], // HAProxy's cache answers 304 to the first of a connection only
    },
  ],
  goals: [
    ...[
      ['json-10k-1', '1 connection'],
      ['json-10k', '64 connections'],
      ['json-10k-1000', '1 000 connections'],
    ].flatMap(([variant, at]) => [
      {
        text: `10 kB JSON, ${at}: ≥ 1.3 × nginx proxy_cache tuned`,
        variant,
        target: 'product',
        against: 'nginx',
        metric: 'rate',
        atLeast: 1.3,
      },
      {
        text: `10 kB JSON, ${at}: ≥ HAProxy`,
        variant,
        target: 'product',
        against: 'haproxy',
        metric: 'rate',
        atLeast: 1,
      },
      {
        text: `10 kB JSON, ${at}: ≥ 1.7 × raw node:http`,
        variant,
        target: 'product',
        against: 'raw-node',
        metric: 'rate',
        atLeast: 1.7,
      },
      { text: `10 kB JSON, ${at}: ≤ 11 µs CPU`, variant, target: 'product', metric: 'cpu', atMost: 11 },
    ]),
    {
      text: '50 kB JSON, gzip: ≥ 1.7 × nginx serving it uncompressed',
      variant: 'gzip-50k',
      target: 'product',
      against: 'nginx-identity',
      metric: 'rate',
      atLeast: 1.7,
    },
    {
      text: '200 kB image: ≥ Varnish',
      variant: 'image-200k',
      target: 'product',
      against: 'varnish',
      metric: 'rate',
      atLeast: 1,
    },
    {
      text: '200 kB image: try for nginx with sendfile',
      variant: 'image-200k',
      target: 'product',
      against: 'nginx',
      metric: 'rate',
      atLeast: 1,
    },
    { text: '304: ≥ the 10 kB hit (requests/s)', fact: 'notModifiedToHit', atLeast: 1 },
  ],
  facts: ({ variants }) => ({
    notModifiedToHit: medianRate(variants['not-modified']) / medianRate(variants['json-10k']),
    variedShareFromL1: median(
      (variants.varied?.rounds.product ?? []).map(({ l1Hits, counted }) => l1Hits / counted),
    ),
  }),
};

function variedPaths(keys, length) {
  const rank = zipf(keys.length, 0.9, seeded(5));
  return Array.from({ length }, () => keys[rank()]);
}

function medianRate(variant) {
  const rates = (variant?.rounds.product ?? []).map(({ rate }) => rate).sort((a, b) => a - b);
  return rates[rates.length >> 1] ?? Number.NaN;
}
