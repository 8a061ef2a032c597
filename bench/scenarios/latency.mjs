import { jsonPath } from '../origin/bodies.mjs';

const RATE = 10_000;

/** @type {import('./index.mjs').Scenario} */
export const latency = {
  name: 'latency',
  summary: 'open loop: 10 000 hits/s at intended times, latency from the intended time',
  reference: 'nginx',
  variants: [
    {
      name: 'fixed-rate',
      title: '10 kB JSON, 10 000 requests/s at Poisson intervals, 64 connections, open loop',
      paths: [jsonPath(10, 1)],
      connections: 64,
      load: 'open-loop',
      rate: RATE,
      targets: ['product', 'product-letter', 'product-slow', 'nginx', 'haproxy', 'raw-node'],
    },
  ],
  goals: [
    {
      text: '10 000 hits/s: p99 ≤ 1.3 × nginx’s',
      variant: 'fixed-rate',
      target: 'product',
      against: 'nginx',
      metric: 'p99',
      atMost: 1.3,
    },
    {
      text: '10 000 hits/s: p99.9 ≤ 2 × nginx’s',
      variant: 'fixed-rate',
      target: 'product',
      against: 'nginx',
      metric: 'p999',
      atMost: 2,
    },
  ],
};
