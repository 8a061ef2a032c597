import type { HealthAnswer, RedisHealthAnswer } from '../answers/health.js';
import { NOW } from './moments.js';

export const HEALTHY: HealthAnswer = {
  status: 'healthy',
  timestamp: NOW,
  checks: {
    upstream: { status: 'ok', latency_ms: null, detail: '2 servers' },
    l1: { status: 'ok', latency_ms: null, detail: '2 worker processes' },
    l2: { status: 'ok', latency_ms: 0, detail: 'disk store' },
    bus: { status: 'off', latency_ms: null, detail: 'one machine: processes are told directly' },
  },
};

export const UNHEALTHY: HealthAnswer = {
  ...HEALTHY,
  status: 'unhealthy',
  checks: { ...HEALTHY.checks, l1: { status: 'failed', latency_ms: null, detail: '0 worker processes' } },
};

export const REDIS_HEALTHY: RedisHealthAnswer = {
  status: 'healthy',
  mode: 'standalone',
  demanded: true,
  nodes: [
    { address: '10.0.0.5:6379', role: 'master', slots: null, reachable: true, latency_ms: 1, detail: null },
  ],
  detail: 'reachable',
  timestamp: NOW,
};

export const REDIS_AWAY: RedisHealthAnswer = {
  ...REDIS_HEALTHY,
  status: 'unhealthy',
  nodes: [
    {
      address: '10.0.0.5:6379',
      role: 'unknown',
      slots: null,
      reachable: false,
      latency_ms: null,
      detail: 'ECONNREFUSED',
    },
  ],
  detail: 'not in use: timeout; no server answers; in use: disk',
};
