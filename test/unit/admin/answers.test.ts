import type { z } from '@hono/zod-openapi';
import { describe, expect, it } from 'vitest';
import { cacheInfoAnswer, clearAnswer, purgeAnswer } from '../../../src/admin/answers/cache.js';
import { nodesAnswer, upstreamAnswer } from '../../../src/admin/answers/cluster.js';
import { configAnswer, logLevelAnswer, reloadAnswer } from '../../../src/admin/answers/config.js';
import { healthAnswer, probeAnswer, redisHealthAnswer } from '../../../src/admin/answers/health.js';
import { entryAnswer, keysAnswer } from '../../../src/admin/answers/keys.js';
import { statsAnswer } from '../../../src/admin/answers/stats.js';
import { statusAnswer } from '../../../src/admin/answers/status.js';
import { API, adminApp, FakeManagement, NOW } from './fakes.js';

const answers: [method: string, path: string, schema: z.ZodType][] = [
  ['GET', '/health', healthAnswer],
  ['GET', '/health/redis', redisHealthAnswer],
  ['GET', '/livez', probeAnswer],
  ['GET', '/readyz', probeAnswer],
  ['GET', '/status', statusAnswer],
  ['GET', '/stats', statsAnswer],
  ['GET', '/config', configAnswer],
  ['POST', '/config/reload', reloadAnswer],
  ['GET', '/config/log-level', logLevelAnswer],
  ['PUT', '/config/log-level', logLevelAnswer],
  ['GET', '/cache/info', cacheInfoAnswer],
  ['POST', '/cache/clear?cascade=true', clearAnswer],
  ['POST', '/cache/purge', purgeAnswer],
  ['PURGE', '/3/movie/1', purgeAnswer],
  ['GET', '/cache/keys', keysAnswer],
  ['GET', '/cache/search?q=movie', keysAnswer],
  ['GET', '/cache/entry?key=v1:api:/3/movie/1', entryAnswer],
  ['GET', '/cluster/nodes', nodesAnswer],
  ['GET', '/upstream', upstreamAnswer],
];

const get = async (path: string, init: RequestInit = {}, management = new FakeManagement()) => {
  const response = await adminApp(management).request(path, init);
  return { response, body: JSON.parse(await response.text()) as Record<string, never> };
};

describe('every JSON answer', () => {
  it.each(answers)('%s %s is exactly what its schema says', async (method, path, schema) => {
    const bodies: Record<string, string> = { '/cache/purge': '{"class":"image"}' };
    if (method === 'PUT') bodies['/config/log-level'] = '{"level":"debug"}';
    const given = bodies[path];
    const init = given === undefined ? { method } : { method, body: given };
    const { response, body } = await get(path, init);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(schema.parse(body)).toEqual(body);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
  });
});

describe('what CONTRACT names', () => {
  it.each([
    [{ changed: [] }, 'Nothing has changed; PORT: that needs a restart'],
    [{ needRestart: [] }, '1 variable holds anew'],
    [{ changed: ['A', 'B'], needRestart: [] }, '2 variables hold anew'],
    [
      { needRestart: [], settled: false },
      '1 variable holds anew; not all of it could be put to use, the log says why',
    ],
  ])('POST /config/reload says what has come of it: %j', async (more, message) => {
    const management = new FakeManagement();
    const done = await management.reload();
    management.reload = async () => ({ ...done, ...more });
    const answer = await adminApp(management).request('/config/reload', { method: 'POST' });
    expect(await answer.json()).toMatchObject({ message, settled: !('settled' in more) });
  });

  it('/health', async () => {
    const { body } = await get('/health');
    expect(Object.keys(body).sort()).toEqual(['checks', 'status', 'timestamp']);
    expect(Object.keys(body.checks!).sort()).toEqual(['bus', 'l1', 'l2', 'upstream']);
  });

  it('/status', async () => {
    const { body } = await get('/status');
    expect(body).toEqual({
      status: 'running',
      version: '1.2.3',
      server_id: 'node-1',
      region: 'eu',
      uptime: 61,
      start_time: '2026-01-02T03:03:03.500Z',
      timestamp: '2026-01-02T03:04:05.000Z',
      workers: 2,
      ready: 1,
    });
  });

  it('/stats', async () => {
    const { body } = await get('/stats');
    expect(body).toMatchObject({
      requests: { total: 10, by_outcome: { hit: 6, stale: 2, miss: 2, bypass: 0, error: 0 } },
      cache: {
        type: 'memory+disk',
        hit_rate: 0.8,
        total_hits: 8,
        total_misses: 2,
        l1: {},
        l2: { type: 'disk' },
      },
      latency_ms: { l1: { p50: expect.any(Number) }, l2: {}, origin: { p99: expect.any(Number) } },
    });
    expect(body.upstreams![API]).toEqual({
      status: 'healthy',
      requests: 10,
      successes: 9,
      errors: 1,
      p50_ms: 20,
      p95_ms: 80,
      in_flight: 1,
      last_error: null,
    });
  });

  it('/stats?server', async () => {
    const { body } = await get(`/stats?server=${API.toUpperCase()}/`);
    expect(Object.keys(body.upstreams!)).toEqual([API]);
  });

  it('/config', async () => {
    const { body } = await get('/config');
    const loaded_at = new Date(NOW).toISOString();
    const given = { value: 6635, source: 'default', reason: 'default', loaded_at };
    expect(body.PORT).toEqual({ ...given, needs_restart: true });
    expect(body.TMDB_API_KEY).toMatchObject({ value: '***' });
  });

  it('/cache/clear', async () => {
    const management = new FakeManagement();
    const { body } = await get('/cache/clear', { method: 'POST' }, management);
    expect(body).toMatchObject({
      type: 'all',
      cleared: { memory: 4, disk: 9 },
      message: 'All tiers cleared',
    });
    expect(body.peers).toBeUndefined();
    await get('/mapi/cache/clear?type=memory&soft=true', { method: 'POST' }, management);
    const { body: cascaded } = await get('/cache/clear?cascade=1', { method: 'POST' }, management);
    expect(cascaded.peers).toHaveLength(2);
    expect(cascaded.message).toContain('1 of 2 peers failed');
    expect(management.cleared).toEqual([
      { type: 'all', soft: false, cascade: false },
      { type: 'memory', soft: true, cascade: false },
      { type: 'all', soft: false, cascade: true },
    ]);
  });

  it('/cache/purge, pending while Redis is away', async () => {
    const management = new FakeManagement();
    management.pending = true;
    const body = JSON.stringify({ keys: ['a'], tags: ['movie:1', 'movie:2'], soft: true });
    const { response, body: answer } = await get('/cache/purge', { method: 'POST', body }, management);
    expect(response.status).toBe(200);
    expect(answer).toMatchObject({
      epochs_raised: 2,
      tombstones_written: 1,
      nodes_reached: 1,
      pending: true,
      soft: true,
    });
    expect(management.purged[0]).toMatchObject({ keys: ['a'], urls: [], prefix: undefined, soft: true });
  });

  it('PURGE with Soft-Purge', async () => {
    const management = new FakeManagement();
    await get('/3/movie/1', { method: 'PURGE', headers: { 'soft-purge': '1' } }, management);
    expect(management.purged[0]).toMatchObject({ urls: ['/3/movie/1'], soft: true });
  });
});

describe('statuses', () => {
  it('turns 503 when it cannot serve, and stays 200 while degraded', async () => {
    const management = new FakeManagement();
    const app = adminApp(management);
    management.healthy = 'degraded';
    expect((await app.request('/health')).status).toBe(200);
    management.healthy = 'unhealthy';
    expect((await app.request('/health')).status).toBe(503);
    management.redis = 'unhealthy';
    expect((await app.request('/health/redis')).status).toBe(503);
  });

  it('is alive but not ready while draining', async () => {
    const app = adminApp(new FakeManagement(), { ready: () => false });
    expect((await app.request('/livez')).status).toBe(200);
    expect((await app.request('/readyz')).status).toBe(503);
    expect(await (await app.request('/status')).json()).toMatchObject({ status: 'draining' });
  });

  it('answers HEAD where GET works, without a body', async () => {
    for (const path of ['/health', '/stats', '/metrics', '/api/status', '/cache/keys', '/docs']) {
      const response = await adminApp(new FakeManagement()).request(path, { method: 'HEAD' });
      expect(response.status).toBe(200);
      expect(await response.text()).toBe('');
    }
  });

  it.each([
    ['DELETE', '/health', 'GET, HEAD, OPTIONS'],
    ['POST', '/api/stats', 'GET, HEAD, OPTIONS'],
    ['GET', '/cache/clear', 'POST, OPTIONS'],
    ['HEAD', '/cache/purge', 'POST, OPTIONS'],
  ])('refuses %s %s with Allow', async (method, path, allow) => {
    const response = await adminApp(new FakeManagement()).request(path, { method });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe(allow);
  });

  it('tells OPTIONS what is allowed', async () => {
    const response = await adminApp(new FakeManagement()).request('/cache/clear', { method: 'OPTIONS' });
    expect(response.status).toBe(204);
    expect(response.headers.get('allow')).toBe('POST, OPTIONS');
  });

  it('tells Prometheus the type', async () => {
    const response = await adminApp(new FakeManagement()).request('/metrics');
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  });

  it('shows no details of a fault, and hands it to the log', async () => {
    const management = new FakeManagement();
    management.failure = new Error('redis://:hunter2@redis');
    const faults: unknown[] = [];
    const app = adminApp(management, { onFault: (fault) => faults.push(fault) });
    const response = await app.request('/stats');
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('hunter2');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(faults).toEqual([management.failure]);
  });
});
