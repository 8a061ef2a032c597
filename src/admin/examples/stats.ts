import type { StatsAnswer } from '../answers/stats.js';
import { NOW } from './moments.js';

const memory = {
  entries: 812,
  bytes: 9_412_608,
  max_bytes: 234_881_024,
  hits: 41_320,
  misses: 1880,
  hit_rate: 0.9565,
  writes: 1934,
  evictions: 0,
  corrupt: 0,
  errors: 0,
};

export const STATS: StatsAnswer = {
  requests: { total: 43_210, by_outcome: { hit: 42_000, stale: 110, miss: 1090, bypass: 10, error: 0 } },
  cache: {
    type: 'memory+disk',
    hit_rate: 0.9748,
    total_hits: 42_110,
    total_misses: 1090,
    l1: memory,
    l2: { ...memory, type: 'disk', hits: 790, misses: 1090, hit_rate: 0.4202, max_bytes: 10_737_418_240 },
  },
  upstreams: {
    'https://api.themoviedb.org': {
      status: 'healthy',
      requests: 1090,
      successes: 1089,
      errors: 1,
      p50_ms: 48,
      p95_ms: 131,
      in_flight: 0,
      last_error: 'ECONNRESET',
    },
  },
  latency_ms: {
    p50: 0.2,
    p95: 4.1,
    p99: 62,
    l1: { p50: 0.2, p95: 0.4, p99: 0.9 },
    l2: { p50: 1.1, p95: 2.8, p99: 4.6 },
    origin: { p50: 51, p95: 140, p99: 320 },
  },
  change_feed: null,
  uptime: 3600,
  workers: 2,
  timestamp: NOW,
};

export const METRICS = `# HELP tmdb_proxy_build_info Version of this program.
# TYPE tmdb_proxy_build_info gauge
tmdb_proxy_build_info{version="0.1.0"} 1
`;
