import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ProxyProcess, pointedAt, startProxy } from '../../support/proxy-process.js';
import { get, json } from '../../support/raw-client.js';
import { freePort } from '../../support/redis-server.js';
import { Soak } from '../../support/soak.js';
import { Client, countOf, type Gauges, gaugesAt } from './clients.js';
import { HeldOrigin } from './held-origin.js';

const soak = new Soak('queues');
const CONNECTIONS = 20;
const MOST_WAITING = 1000;
/** Who come when as many wait. */
const LATE = 30;
/** Nobody waits longer for the origin (`src/origin/budget.ts`), ms. */
const MOST_WAIT_MS = 10_000;

const origin = new HeldOrigin();
let proxy: ProxyProcess;
let gauges: Gauges;
let key = 0;

beforeAll(async () => {
  const metricsPort = await freePort();
  const nobody = await freePort();
  proxy = await startProxy({
    quiet: true,
    env: pointedAt(await origin.listen(), {
      WORKERS: '1',
      METRICS_PORT: String(metricsPort),
      UPSTREAM_RATE: '100000',
      UPSTREAM_MAX_CONNECTIONS: String(CONNECTIONS),
      PEER_PROXIES: `http://127.0.0.1:${nobody}`,
      LOG_LINES: '20',
    }),
  });
  gauges = gaugesAt(metricsPort);
});
afterAll(async () => {
  soak.end();
  await proxy.stop('SIGKILL');
  await origin.close();
});

const manage = (path: string, body: object) =>
  get(`${proxy.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

it(
  'more than a thousand that wait for the origin are told 503 at once; the others are served, and none is left',
  async () => {
    const port = Number(new URL(proxy.url).port);
    await soak.rounds(1, 0.4, async () => {
      const open = () => Client.open(port);
      const path = () => `/3/search/movie?query=held-${++key}`;
      // One each: pipelined ones are begun in turn.
      const clients = await Promise.all(Array.from({ length: CONNECTIONS + MOST_WAITING }, open));
      const late = await Promise.all(Array.from({ length: LATE }, open));
      const answers = async (of: readonly Client[]) =>
        (await Promise.all(of.map((client) => client.replies(1)))).flat();
      const sent = performance.now();
      for (const client of clients) client.send(path());
      while (origin.waiting < CONNECTIONS || (await gauges.value('flights')) < clients.length)
        await new Promise((resolve) => setTimeout(resolve, 20));
      const began = performance.now();
      for (const client of late) client.send(path());
      const refused = await answers(late);
      soak.stalled(performance.now() - began);
      if (countOf(refused)[503] !== LATE) soak.lose(JSON.stringify(countOf(refused)));
      if (!refused.every((reply) => reply?.head.includes('\r\nretry-after: ')))
        soak.mistake('no Retry-After');
      const stop = origin.releaseAll();
      const served = await answers(clients);
      stop();
      const { 200: whole = 0, 503: waited = 0 } = countOf(served);
      // A machine that takes so long for a thousand has made some wait for as long as anybody may.
      const mayRefuse = performance.now() - sent > MOST_WAIT_MS;
      if (whole + (mayRefuse ? waited : 0) !== served.length) soak.lose(JSON.stringify(countOf(served)));
      for (const client of [...clients, ...late]) client.close();
      soak.requests += served.length + refused.length;
      soak.fault('a full queue to the origin', LATE);
      await gauges.until('flights', 0);
      await gauges.until('origin_queued_requests', 0);
      await gauges.until('requests_under_way', 1);
    });
    expect(soak.complaints).toEqual([]);
  },
  soak.timeout(0.4),
);

describe('what an operator can pile up', () => {
  it(
    'purges for a peer that is away become one of everything',
    async () => {
      await soak.rounds(1, 0.2, async (round) => {
        const tags = Array.from({ length: 1100 }, (_, i) => `movie:${round * 1100 + i + 1}`);
        expect((await manage('/cache/purge', { tags })).status).toBe(200);
        soak.input('purges for a peer that is away', tags.length);
        const pending = await gauges.value('peer_pending_purges');
        expect(pending).toBeGreaterThan(0);
        expect(pending).toBeLessThanOrEqual(1001);
      });
    },
    soak.timeout(0.2),
  );

  it(
    'purges of prefixes, each compared at every read, stay within 500',
    async () => {
      const before = await gauges.value('purge_rules');
      await soak.rounds(1, 0.2, async (round) => {
        const prefixes = Array.from({ length: 52 }, (_, i) => `/3/movie/${round}-${i}`);
        for (let batch = 0; batch < 10; batch++) {
          const answers = prefixes.map((prefix) => manage('/cache/purge', { prefix: `${prefix}-${batch}` }));
          expect(new Set((await Promise.all(answers)).map(({ status }) => status))).toEqual(new Set([200]));
        }
        soak.input('purges of prefixes', 520);
      });
      // The older ones became one of everything, which costs misses and never a wrong hit.
      expect(await gauges.value('purge_rules')).toBeLessThanOrEqual(before + 501);
    },
    soak.timeout(0.2),
  );

  it('warm-up jobs that wait are sixteen', async () => {
    const urls = Array.from({ length: 2000 }, (_, i) => `/3/search/movie?query=held-warm-${i}`);
    const answers = [];
    for (let i = 0; i < 20; i++) answers.push(await manage('/cache/warm', { urls }));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 202).length).toBeLessThanOrEqual(18);
    expect(statuses.at(-1)).toBe(409);
    expect(json(answers.at(-1)!).code).toBe('conflict');
    soak.input('warm-up jobs', answers.length);
    origin.release();
  });
});
