import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openFiles } from '../../support/processes.js';
import { type ProxyProcess, pointedAt, startProxy } from '../../support/proxy-process.js';
import { get } from '../../support/raw-client.js';
import { freePort } from '../../support/redis-server.js';
import { residentBytes, Soak } from '../../support/soak.js';
import { ask, Client, countOf, type Gauges, gaugesAt, type Reply } from './clients.js';
import { HeldOrigin } from './held-origin.js';

const soak = new Soak('requests');
const MOST_FLIGHTS = 40;

const origin = new HeldOrigin();
let proxy: ProxyProcess;
let port: number;
let gauges: Gauges;
let key = 0;

beforeAll(async () => {
  const metricsPort = await freePort();
  proxy = await startProxy({
    quiet: true,
    env: pointedAt(await origin.listen(), {
      WORKERS: '1',
      METRICS_PORT: String(metricsPort),
      UPSTREAM_RATE: '100000',
      MAX_FLIGHTS: String(MOST_FLIGHTS),
      LOG_LINES: '20',
    }),
  });
  port = Number(new URL(proxy.url).port);
  gauges = gaugesAt(metricsPort);
});
afterAll(async () => {
  soak.end();
  await proxy.stop();
  await origin.close();
});

/** The origin lets it wait. */
const held = () => `/3/search/movie?query=held-${++key}`;

/** Nothing is left of a round: no request, no flight, no connection; and a new one is served. */
async function expectQuiet(): Promise<void> {
  for (const gauge of ['flights', 'flight_waiters']) await gauges.until(gauge, 0);
  for (const gauge of ['requests_under_way', 'connections']) await gauges.until(gauge, 1); // the one that asks
  expect((await ask(port, `/3/movie/${++key}`))?.status).toBe(200);
}

function look(replies: readonly (Reply | undefined)[], wanted: Record<string, number>): void {
  soak.requests += replies.length;
  const counts = countOf(replies);
  if (JSON.stringify(counts) !== JSON.stringify(wanted))
    soak.lose(`${JSON.stringify(counts)} in place of ${JSON.stringify(wanted)}`);
  for (const reply of replies)
    if (reply?.status === 503 && !reply.head.includes('\r\nretry-after: '))
      soak.mistake(`a 503 that does not say when to come again: ${reply.head}`);
}

describe('the size of a request', () => {
  const long = (length: number) => 'x'.repeat(length);
  const lines = (count: number) => Array.from({ length: count }, (_, i) => `X-${i}: y\r\n`).join('');
  it.each([
    ['a target of more than 16 KiB', `GET /3/movie/1?q=${long(16_400)} HTTP/1.1\r\nHost: a\r\n\r\n`, 414],
    ['a head of more than 32 KiB', `GET /3/movie/1 HTTP/1.1\r\nHost: a\r\nX: ${long(33_000)}\r\n\r\n`, 431],
    ['more than 800 field lines', `GET /3/movie/1 HTTP/1.1\r\nHost: a\r\n${lines(801)}\r\n`, 431],
    [
      'a body of management of more than 1 MiB',
      `POST /cache/purge HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1048600\r\n\r\n${long(1_048_600)}`,
      413,
    ],
  ])('is bounded: %s', async (kind, bytes, status) => {
    const client = await Client.open(port);
    client.socket.write(bytes);
    const reply = await client.reply();
    client.close();
    soak.input(kind);
    look([reply], { [status]: 1 });
    expect(soak.complaints).toEqual([]);
  });
});

it(
  'fetches beyond MAX_FLIGHTS are refused with 503, those within it are answered, and none is left',
  async () => {
    const files = openFiles(proxy.pid);
    await soak.rounds(2, 0.3, async () => {
      const paths = Array.from({ length: MOST_FLIGHTS }, () => held());
      const waiting = paths.map((path) => ask(port, path));
      await gauges.until('flights', MOST_FLIGHTS);
      const refused = await Promise.all(Array.from({ length: 20 }, () => ask(port, held())));
      look(refused, { 503: 20 });
      const passed = await ask(port, '/3/account/1');
      look([passed], { 503: 1 });
      const stop = origin.releaseAll();
      look(await Promise.all(waiting), { 200: MOST_FLIGHTS });
      stop();
      soak.fault('fetches beyond a bound', 21);
      await expectQuiet();
    });
    while (openFiles(proxy.pid) > files + 10) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await gauges.value('refused_total', { bound: 'flights' })).toBeGreaterThanOrEqual(42);
    expect(soak.complaints).toEqual([]);
  },
  soak.timeout(0.3),
);

it(
  'requests beyond MAX_REQUESTS are refused with 503 while management answers; 1000 pipelined ones end their connection',
  async () => {
    await reload('MAX_REQUESTS=30');
    await soak.rounds(2, 0.3, async () => {
      const path = held();
      const waiting = Array.from({ length: 30 }, () => ask(port, path));
      await gauges.until('requests_under_way', 31);
      look(await Promise.all(Array.from({ length: 10 }, () => ask(port, path))), { 503: 10 });
      look([await ask(port, '/livez')], { 200: 1 });
      origin.release();
      look(await Promise.all(waiting), { 200: 30 });
      soak.fault('requests beyond a bound', 10);
      await expectQuiet();
    });
    await reload('MAX_REQUESTS=5000');
    await soak.rounds(1, 0.1, async () => {
      const client = await Client.open(port);
      client.send(...Array<string>(1200).fill(held()));
      await client.ended();
      soak.fault('pipelined beyond a bound');
      origin.release();
      await expectQuiet();
    });
    expect(soak.complaints).toEqual([]);
  },
  soak.timeout(0.4),
);

it(
  'of 900 pipelined requests for figures a few are begun, the rest is refused, and others are answered meanwhile',
  async () => {
    await soak.rounds(1, 0.05, async () => {
      for (const path of ['/stats', '/health', '/status']) {
        const client = await Client.open(port);
        client.send(...Array<string>(900).fill(path));
        const began = performance.now();
        look([await ask(port, '/health'), await ask(port, '/livez')], { 200: 2 });
        soak.stalled(performance.now() - began);
        const counts = countOf(await client.replies(900));
        expect(counts['200'], path).toBeGreaterThanOrEqual(16);
        expect(counts['503'], path).toBe(900 - counts['200']!);
        client.close();
        soak.fault('management pipelined beyond a bound', counts['503']);
      }
      await expectQuiet();
    });
    expect(soak.complaints).toEqual([]);
  },
  soak.timeout(0.05),
);

it(
  'large heads, pipelined on many connections, take no more memory than they may',
  async () => {
    const lines = Array.from({ length: 780 }, (_, i) => `X-${i}: ${'y'.repeat(30)}\r\n`).join('');
    const before = residentBytes(proxy.pid);
    await soak.rounds(1, 0.05, async () => {
      const path = held();
      const head = `GET ${path} HTTP/1.1\r\nHost: a\r\n${lines}\r\n`;
      const clients = await Promise.all(Array.from({ length: 20 }, () => Client.open(port)));
      for (const client of clients) client.socket.write(head.repeat(soak.long ? 900 : 100));
      await Promise.all(clients.map((client) => client.ended()));
      soak.fault('heads beyond a bound', clients.length);
      origin.release();
      await expectQuiet();
      const grown = residentBytes(proxy.pid) - before;
      soak.measures.grown_by_heads_mib = Math.max(soak.measures.grown_by_heads_mib ?? 0, grown / 1024 ** 2);
      expect(grown).toBeLessThan(200 * 1024 ** 2);
    });
    expect(soak.complaints).toEqual([]);
  },
  soak.timeout(0.05),
);

/** As an operator does it: a bound may change while it runs. */
async function reload(line: string): Promise<void> {
  writeFileSync(join(proxy.cacheDir, '.env'), `${line}\n`);
  const { status, body } = await get(`${proxy.url}/config/reload`, { method: 'POST' });
  expect(status, body.toString()).toBe(200);
}
