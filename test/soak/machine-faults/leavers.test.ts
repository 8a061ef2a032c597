// Clients that leave at any byte, of their request or of its answer, on every route, while the origin and Redis are in trouble: no
// process ends of it, nobody else is answered wrongly, and nothing is left of them.
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, it, onTestFailed } from 'vitest';
import { MANAGEMENT_PATHS } from '../../../src/admin/paths.js';
import { type FaultKind, type SampleOrigin, startSampleOrigin } from '../../../src/demo/index.js';
import { childrenOf, openFiles } from '../../support/processes.js';
import { type ProxyProcess, pointedAt, startProxy } from '../../support/proxy-process.js';
import { freePort, type RedisServer, startRedis } from '../../support/redis-server.js';
import { ADMIN, pause, within } from '../../support/region.js';
import { Soak } from '../../support/soak.js';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.js';
import { type Gauges, gaugesAt } from '../bounds/clients.js';
import { type Excuse, Witness } from './witness.js';

const TITLES = 12;
const CLIENTS = 2;
/** Who leave, at a time. */
const TOGETHER = 24;
/** Between two troubles, ms. */
const STEP_MS = 250;
/** The longest that somebody stays who waits for a byte that does not come, ms. */
const STAY_MS = 150;
/** Of an answer; later than most of them end. */
const MOST_TAKEN = 100_000;
const PATIENCE = 100_000;
const KEY = 'alices-proxy-key-0123456789';

const soak = new Soak('leavers');
let origin: SampleOrigin;
let redis: RedisServer;
let line: TcpProxy;
let witness: Witness;
let proxy: ProxyProcess;
let gauges: Gauges;

beforeAll(async () => {
  [origin, redis] = await Promise.all([startSampleOrigin({}), startRedis()]);
  line = await startTcpProxy(redis.port);
  witness = new Witness(soak, origin, KEY);
  await witness.learn(TITLES);
  const metricsPort = await freePort();
  gauges = gaugesAt(metricsPort);
  proxy = await startProxy({
    quiet: true,
    env: pointedAt(origin.url, {
      WORKERS: '2',
      METRICS_PORT: String(metricsPort),
      ADMIN_API_KEY: ADMIN['x-api-key'],
      PROXY_KEYS: `alice=${KEY}`,
      USE_REDIS: 'true',
      REDIS_URL: `redis://127.0.0.1:${line.port}`,
      REDIS_READ_TIMEOUT: '0.2',
      REDIS_WRITE_TIMEOUT: '0.2',
      UPSTREAM_RATE: '2000',
      REQUEST_TIMEOUT: '1',
      MAX_RETRIES: '0',
      HEALTH_CHECK_INTERVAL: '1',
    }),
  });
});
afterAll(async () => {
  await proxy.stop();
  await line.close();
  await Promise.all([redis.stop(), origin.close()]);
  soak.end();
});

const any = (below: number) => Math.floor(soak.random() * below);
const one = <T>(list: readonly T[]): T => list[any(list.length)]!;

const LOGIN = `Authorization: Bearer ${KEY}`;
const JSON_BODY = 'Content-Type: application/json';

function request(method: string, target: string, lines: readonly string[], body = ''): string {
  const length = body === '' ? [] : [`Content-Length: ${body.length}`];
  return `${[`${method} ${target} HTTP/1.1`, 'Host: localhost', ...lines, ...length].join('\r\n')}\r\n\r\n${body}`;
}

/** What is proxied, each in the ways it is asked for; a title is one that the witness does not look at. */
const proxied: readonly (() => string)[] = [
  () => request('GET', `/3/movie/${1 + any(TITLES)}`, [LOGIN]),
  () => request('GET', `/3/movie/${100 + any(400)}`, [LOGIN]),
  () => request('HEAD', `/3/tv/${1 + any(50)}`, [LOGIN]),
  () => request('GET', `/3/search/movie?query=${any(1000)}`, [LOGIN, 'Accept-Encoding: gzip']),
  () => request('GET', `/3/movie/${100 + any(400)}`, [LOGIN, 'If-None-Match: "x"']),
  () => request('GET', '/3/configuration', [LOGIN]),
  () => request('GET', `/t/p/original/big-${1 + any(4)}mb.jpg?n=${any(20)}`, [LOGIN]),
  () => request('GET', '/t/p/original/big-2mb.jpg', [LOGIN, `Range: bytes=${any(1e6)}-`]),
  () => request('GET', '/3/account/7', [LOGIN]),
  () =>
    request('POST', `/3/movie/${any(50)}/rating?session_id=s`, [LOGIN, JSON_BODY], '{"value":8,"of":"me"}'),
  // The key is looked for in the body, which has to come first.
  () => request('POST', `/3/movie/${any(50)}/rating`, [JSON_BODY], `{"value":8,"api_key":"${KEY}"}`),
  () =>
    `${request('POST', '/3/movie/7/rating?session_id=s', [LOGIN, 'Transfer-Encoding: chunked'])}5\r\nhello\r\n0\r\n\r\n`,
  () => request('POST', '/3/movie/7/rating?session_id=s', [LOGIN], 'x'.repeat(100_000)),
  () => request('DELETE', '/4/list/1', [LOGIN]),
  () => request('GET', '/nowhere', []),
  () => request('GET', `/3/movie/${1 + any(TITLES)}`, [LOGIN]).repeat(30),
];

const ADMIN_LINE = `X-API-Key: ${ADMIN['x-api-key']}`;
const BODIES: Readonly<Record<string, string>> = {
  '/config/log-level': '{"level":"warn"}',
  '/cache/purge': '{"tags":["movie:999"]}',
  '/cache/warm': '{"urls":["/3/movie/900","/3/movie/901"]}',
};
/** What is stored stays, so that the others have it in the trouble: all else that management can do. */
const managed: readonly (() => string)[] = [
  ...[...MANAGEMENT_PATHS].flatMap(([path, { methods }]) =>
    methods.map((method) => () => {
      const target = path === '/cache/clear' ? `${path}?type=memory&soft=true` : path;
      return request(method, target, [ADMIN_LINE, JSON_BODY], method === 'GET' ? '' : (BODIES[path] ?? ''));
    }),
  ),
  () => request('GET', '/cache/warm', [ADMIN_LINE, 'Accept: text/event-stream']),
  () => request('GET', '/dashboard/events', [ADMIN_LINE]),
  () => request('POST', '/dashboard/login', [], 'key=wrong'),
  () => request('PURGE', '/3/movie/999', [ADMIN_LINE]),
];

/** Sends a part of a request, takes a part of what comes, and goes without a word, with a reset, or with an end. */
function leave(bytes: string): Promise<void> {
  const sent = soak.random() < 0.6 ? bytes.length : any(bytes.length);
  let toTake = soak.random() < 0.3 ? 0 : any(MOST_TAKEN) * soak.random() ** 2;
  const way = one(['destroy', 'reset', 'end'] as const);
  soak.requests++;
  soak.input(`client that leaves by ${way}`);
  const port = Number(new URL(proxy.url).port);
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const go = () => {
      if (way === 'reset') socket.resetAndDestroy();
      else if (way === 'end') socket.end(() => socket.destroy());
      else socket.destroy();
    };
    const timer = setTimeout(go, any(STAY_MS));
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      toTake -= chunk.length;
      if (toTake <= 0) go();
    });
    socket.on('close', () => {
      clearTimeout(timer);
      resolve();
    });
    socket.write(bytes.slice(0, sent), 'latin1');
  });
}

const ORIGIN_FAULTS: readonly FaultKind[] = [
  { kind: 'status', status: 503 },
  { kind: 'reset' },
  { kind: 'reset', where: 'body' },
  { kind: 'hang' },
  { kind: 'hang', where: 'body' },
  { kind: 'truncate' },
  { kind: 'excess' },
  { kind: 'latency', headMs: 100, bodyMs: 100 },
  { kind: 'latency', chunkDelayMs: 5, chunkBytes: 1000 },
  { kind: 'no-content-length' },
  { kind: 'gzip-without-header' },
  { kind: 'offline' },
];
const REDIS_MODES = ['pass', 'hang', 'refuse'] as const;

let troubledUntil = Number.NEGATIVE_INFINITY;
/** What is stored is had in any case; what is not, while the origin is in trouble, may not be. */
const troubled: Excuse = (began) => began <= troubledUntil;

async function trouble(): Promise<void> {
  troubledUntil = Number.POSITIVE_INFINITY;
  const fault = one(ORIGIN_FAULTS);
  origin.faults.add(fault);
  soak.fault(`origin: ${fault.kind}`);
  const mode = one(REDIS_MODES);
  line.set(mode);
  soak.fault(`redis: ${mode}`);
  await pause(STEP_MS);
  if (soak.random() < 0.5) origin.faults.clear();
}

async function well(): Promise<void> {
  origin.faults.clear();
  line.set('pass');
  await within(PATIENCE, async () => {
    for (let id = 1; id <= TITLES; id++) expect(await witness.ask(proxy.url, id, troubled)).toBe(true);
  });
  troubledUntil = performance.now();
}

const files = () => [proxy.pid, ...childrenOf(proxy.pid)].reduce((sum, pid) => sum + openFiles(pid), 0);

it(
  'clients that leave at any byte of any route, with the origin and Redis in trouble, end no process, cost nobody else an answer and leave nothing',
  async () => {
    onTestFailed(() => console.error(proxy.lastWords()));
    await witness.askAll(proxy.url);
    const before = files();
    const crowd = witness.crowd(proxy.url, CLIENTS, troubled);
    await soak.rounds(1, 0.9, async () => {
      let over = false;
      const leavers = Array.from({ length: TOGETHER }, async (_, n) => {
        const routes = n % 3 === 0 ? managed : proxied;
        for (let i = n; !over; i++) await leave(n % 3 === 0 ? routes[i % routes.length]!() : one(routes)());
      });
      for (let step = 0; step < 6; step++) await trouble();
      over = true;
      await Promise.all(leavers);
      await well();
      await within(PATIENCE, async () => {
        const held = await Promise.all(['flights', 'flight_waiters'].map((name) => gauges.value(name)));
        expect(held).toEqual([0, 0]);
        expect(await gauges.value('connections')).toBeLessThanOrEqual(1 + CLIENTS);
      });
    });
    await crowd.stop();
    await witness.askAll(proxy.url);
    // Connections to the origin and to Redis may be kept, and files of the store be opened.
    await within(PATIENCE, async () => expect(files()).toBeLessThanOrEqual(before + 60));
    // On a machine with much other work the core may have ended one that was late with a purge; none ends by itself.
    expect(proxy.output()).not.toMatch(/worker ended with (?!signal SIGKILL)/);
    expect(soak.complaints).toEqual([]);
    expect(soak.longestStallMs).toBeLessThan(10_000);
  },
  soak.timeout(0.9),
);
