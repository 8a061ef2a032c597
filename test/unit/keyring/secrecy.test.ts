import { expect, test } from 'vitest';
import { upstreamAnswer } from '../../../src/admin/answers/cluster.js';
import { NodeHealth } from '../../../src/cluster/node-health.js';
import { CollectedMetrics } from '../../../src/observe/metrics-collected.js';
import { credentialsMetrics } from '../../../src/observe/metrics-credentials.js';
import { keyringKit, v3, v4 } from './kit.js';

const ONE = '0123456789abcdef0123456789abcdef';
const TWO = 'eyJhbGciOiJIUzI1NiJ9.c2VjcmV0.signature';

async function refusedKit() {
  const kit = keyringKit([v3(ONE), v4(TWO)]);
  kit.tmdb.refused.set(ONE, 7).set(TWO, 10);
  await kit.ask();
  return kit;
}

test('no value of a key is in log, metric or /upstream', async () => {
  const { keyring, told } = await refusedKit();
  const metrics = new CollectedMetrics();
  credentialsMetrics(metrics, 'tmdb_proxy_', () => keyring.figures());
  const timestamp = '2026-01-01T00:00:00Z';
  const answer = upstreamAnswer.parse({ upstreams: [], peers: [], credentials: keyring.status(), timestamp });
  const text = JSON.stringify([told, metrics.json(), answer]);
  expect(text).not.toContain(ONE);
  expect(text).not.toContain(TWO);
  expect(answer.credentials).toMatchObject([
    { number: 1, kind: 'v3', state: 'refused' },
    { number: 2, kind: 'v4', state: 'refused' },
  ]);
});

test('metrics count keys by state, and refusals', async () => {
  const { keyring } = await refusedKit();
  const metrics = new CollectedMetrics();
  credentialsMetrics(metrics, 'tmdb_proxy_', () => keyring.figures());
  expect(metrics.json()).toMatchObject([
    {
      name: 'tmdb_proxy_credentials',
      type: 'gauge',
      values: [
        { labels: { state: 'in-use' }, value: 0 },
        { labels: { state: 'ready' }, value: 0 },
        { labels: { state: 'refused' }, value: 2 },
      ],
    },
    { name: 'tmdb_proxy_credential_refusals_total', type: 'counter', values: [{ labels: {}, value: 2 }] },
  ]);
});

function healthWith(changes: Partial<ConstructorParameters<typeof NodeHealth>[0]>): NodeHealth {
  const { clock, tmdb } = keyringKit([v3(ONE)]);
  return new NodeHealth({
    clock,
    origin: tmdb,
    disk: { get: async () => undefined, stats: () => ({ errors: 0 }) } as never,
    redis: undefined,
    bus: undefined,
    serving: () => 1,
    draining: () => false,
    feed: () => undefined,
    credentials: () => [],
    offline: false,
    ...changes,
  });
}

test('/health says when every key is refused, and only then', async () => {
  const { keyring } = await refusedKit();
  const all = await healthWith({ credentials: () => keyring.status() }).health();
  expect(all).toMatchObject({ status: 'degraded', checks: { upstream: { status: 'degraded' } } });
  expect(all.checks.upstream.detail).toMatch(/every TMDB_API_KEY is refused/);
  const one = keyringKit([v3(ONE), v4(TWO)]);
  one.tmdb.refused.set(ONE, 7);
  await one.ask();
  for (const credentials of [() => one.keyring.status(), () => []])
    expect((await healthWith({ credentials }).health()).status).toBe('healthy');
});

test('/health of an offline node is healthy: that its upstream is off is by configuration', async () => {
  const { keyring } = await refusedKit();
  const answer = await healthWith({ offline: true, credentials: () => keyring.status() }).health();
  expect(answer).toMatchObject({ status: 'healthy', checks: { upstream: { status: 'off' } } });
  expect(answer.checks.upstream.detail).toMatch(/OFFLINE=true/);
});
