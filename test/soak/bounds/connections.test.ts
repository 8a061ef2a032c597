import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openFiles } from '../../support/processes.js';
import { type ProxyProcess, pointedAt, startProxy } from '../../support/proxy-process.js';
import { freePort } from '../../support/redis-server.js';
import { Soak } from '../../support/soak.js';
import { ask, Client, type Gauges, gaugesAt } from './clients.js';
import { HeldOrigin } from './held-origin.js';

const soak = new Soak('connections');
const MOST = 60;
const MOST_OF_ONE = 25;
const CLIENTS = ['127.0.1.1', '127.0.1.2', '127.0.1.3'];
const PROXY_IN_FRONT = '127.0.2.1';

const hasIpv6 = Object.values(networkInterfaces()).some((list) =>
  list?.some(({ address }) => address === '::1'),
);

const origin = new HeldOrigin();
let proxy: ProxyProcess;
let port: number;
let gauges: Gauges;

beforeAll(async () => {
  const metricsPort = await freePort();
  proxy = await startProxy({
    quiet: true,
    env: pointedAt(await origin.listen(), {
      WORKERS: '1',
      // Clients with IPv4 then come from mapped addresses.
      ...(hasIpv6 && { HOST: '::' }),
      METRICS_PORT: String(metricsPort),
      TRUST_PROXY: PROXY_IN_FRONT,
      MAX_CONNECTIONS: String(MOST),
      MAX_CONNECTIONS_PER_CLIENT: String(MOST_OF_ONE),
    }),
  });
  port = Number(new URL(proxy.url).port);
  gauges = gaugesAt(metricsPort);
  await gauges.until('connections', 1); // the one that asks
});
afterAll(async () => {
  soak.end();
  await proxy.stop();
  await origin.close();
});

const openMany = (count: number, from: string) =>
  Promise.all(Array.from({ length: count }, () => Client.open(port, from)));

/** One connection too many: it is told so, and closed. */
async function expectRefused(from: string, status: number, code: string): Promise<void> {
  const began = performance.now();
  const client = await Client.open(port, from);
  client.send('/3/movie/1');
  const reply = await client.reply();
  soak.requests++;
  if (reply?.status !== status) soak.lose(`${from}: ${reply?.status} in place of ${status}`);
  else if (JSON.parse(reply.body).code !== code || !reply.head.includes('\r\nretry-after: '))
    soak.mistake(`${from}: ${reply.head} ${reply.body}`);
  await client.ended();
  soak.stalled(performance.now() - began);
  client.close();
}

/** Those inside are served all the while. */
async function expectServed(clients: readonly Client[]): Promise<void> {
  for (const client of clients) client.send('/3/movie/1');
  for (const client of clients) {
    const reply = await client.reply();
    soak.requests++;
    if (reply?.status !== 200) soak.lose(`${reply?.status} for a client within the bound`);
  }
}

async function expectEmptied(clients: readonly Client[], files: number): Promise<void> {
  for (const client of clients) client.close();
  await gauges.until('connections', 1);
  // A segment of the store may have been opened meanwhile.
  while (openFiles(proxy.pid) > files + 10) await new Promise((resolve) => setTimeout(resolve, 10));
  expect((await ask(port, '/3/movie/1', CLIENTS[0]))?.status).toBe(200);
}

it(
  'connections beyond MAX_CONNECTIONS_PER_CLIENT and MAX_CONNECTIONS are told so and closed, and nothing is left of them',
  async () => {
    await ask(port, '/3/movie/1');
    await gauges.until('connections', 1);
    const files = openFiles(proxy.pid);
    await soak.rounds(3, 0.5, async () => {
      const refusedBefore = await gauges.value('refused_total');
      const [one, two] = await Promise.all([
        openMany(MOST_OF_ONE, CLIENTS[0]!),
        openMany(MOST_OF_ONE, CLIENTS[1]!),
      ]);
      for (let i = 0; i < 5; i++) await expectRefused(CLIENTS[0]!, 429, 'client_full');
      const three = await openMany(MOST - 2 * MOST_OF_ONE, CLIENTS[2]!);
      for (let i = 0; i < 5; i++) await expectRefused(CLIENTS[2]!, 503, 'node_full');
      await expectServed([...one, ...two, ...three]);
      one.pop()!.close();
      await gauges.until('connections', MOST); // with the one that asks
      three.push(await Client.open(port, CLIENTS[2]));
      await expectServed(three);
      soak.fault('connections beyond a bound', 10);
      expect((await gauges.value('refused_total')) - refusedBefore).toBe(10);
      await expectEmptied([...one, ...two, ...three], files);
    });
    expect(soak.complaints).toEqual([]);
  },
  soak.timeout(0.5),
);

it.runIf(hasIpv6)('a client with IPv6 has the same bound, and takes no place of one with IPv4', async () => {
  const six = await openMany(MOST_OF_ONE, '::1');
  await expectRefused('::1', 429, 'client_full');
  const four = await openMany(MOST_OF_ONE, CLIENTS[0]!);
  await expectServed([...six, ...four]);
  for (const client of [...six, ...four]) client.close();
  await gauges.until('connections', 1);
  expect(soak.complaints).toEqual([]);
});

it('a proxy in TRUST_PROXY speaks for many clients: only MAX_CONNECTIONS bounds it', async () => {
  const clients = await openMany(MOST_OF_ONE + 10, PROXY_IN_FRONT);
  await expectServed(clients);
  for (const client of clients) client.close();
  await gauges.until('connections', 1);
  expect(soak.complaints).toEqual([]);
});

it(
  'refused ones that never hang up are let go, however many come',
  async () => {
    const files = openFiles(proxy.pid);
    const inside = await openMany(MOST_OF_ONE, CLIENTS[0]!);
    await soak.rounds(1, 0.3, async () => {
      const clients = await openMany(300, CLIENTS[0]!);
      for (const client of clients) client.socket.write('GET /3/movie/1 HTTP/1.1\r\nHost: a\r\n');
      await Promise.all(clients.map((client) => client.ended()));
      soak.fault('refused connections that stay', clients.length);
      for (const client of clients) client.close();
    });
    await expectServed(inside);
    await expectEmptied(inside, files);
    expect(soak.complaints).toEqual([]);
  },
  soak.timeout(0.3),
);
