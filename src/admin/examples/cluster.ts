import type { z } from '@hono/zod-openapi';
import type { nodesAnswer, upstreamAnswer } from '../answers/cluster.js';
import { NOW, STARTED } from './moments.js';

export const NODES: z.infer<typeof nodesAnswer> = {
  nodes: [
    {
      server_id: 'node-1',
      region: 'default',
      version: '0.1.0',
      started: STARTED,
      last_seen: NOW,
      self: true,
      state: 'healthy',
      weight: 1,
      signals: { draining: false, l2_error_rate: 0 },
    },
  ],
  timestamp: NOW,
};

export const UPSTREAMS: z.infer<typeof upstreamAnswer> = {
  upstreams: [
    {
      upstream: 'api',
      url: 'https://api.themoviedb.org',
      status: 'healthy',
      requests: 1090,
      successes: 1089,
      errors: 1,
      p50_ms: 48,
      p95_ms: 131,
      in_flight: 0,
      max_connections: 20,
      queued: 0,
      last_error: 'ECONNRESET',
      last_error_at: STARTED,
      breaker: 'closed',
      failover: { rank: 0, preferred: true, consecutive_failures: 0 },
      rate_limited_until: null,
      budget: { tokens: 40, rate: 40, burst: 40, queued: { user: 0, refresh: 0, background: 0 } },
    },
  ],
  peers: [
    {
      url: 'https://tmdb.eu.example.org',
      kind: 'peer',
      status: 'healthy',
      same_program: true,
      version: '0.1.0',
      server_id: 'node-7',
      region: 'eu',
      latency_ms: 31,
      detail: '0 purges wait; last delivered never',
    },
  ],
  credentials: [{ number: 1, kind: 'v4', state: 'in-use', refused_until: null }],
  timestamp: NOW,
};
