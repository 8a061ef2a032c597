// Faults of Redis and of the origin together, in random sequences, under load: never a wrong byte, nothing purged comes back, and
// while the origin is well, no error either.
import { afterAll, beforeAll, expect, it, onTestFailed } from 'vitest';
import { type FaultKind, type SampleOrigin, startSampleOrigin } from '../../../src/demo/index.js';
import { type ProxyProcess, pointedAt, startProxy } from '../../support/proxy-process.js';
import { get, json } from '../../support/raw-client.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';
import { ADMIN, within } from '../../support/region.js';
import { Soak } from '../../support/soak.js';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.js';
import { type Excuse, Witness } from './witness.js';

const TITLES = 24;
const CLIENTS = 4;
/** A server that has failed for long is left alone for up to a minute and a half (`origin/breaker.ts`), ms. */
const PATIENCE = 100_000;
/** `REQUEST_TIMEOUT`, seconds: what an origin that hangs costs. */
const TIMEOUT_S = 1;

const soak = new Soak('combined');
let origin: SampleOrigin;
let redis: RedisServer;
let line: TcpProxy;
let witness: Witness;
let proxy: ProxyProcess;

beforeAll(async () => {
  [origin, redis] = await Promise.all([startSampleOrigin({}), startRedis()]);
  line = await startTcpProxy(redis.port);
  witness = new Witness(soak, origin);
  await witness.learn(TITLES);
  proxy = await startProxy({
    quiet: true,
    env: pointedAt(origin.url, {
      WORKERS: '1',
      ADMIN_API_KEY: 'admin-secret',
      USE_REDIS: 'true',
      REDIS_URL: `redis://127.0.0.1:${line.port}`,
      UPSTREAM_RATE: '2000',
      REQUEST_TIMEOUT: String(TIMEOUT_S),
      HEALTH_CHECK_INTERVAL: '1',
      JSON_MEMORY_TTL: '0.005',
      JSON_DISK_TTL: '0.02',
    }),
  });
});
afterAll(async () => {
  await proxy.stop();
  await line.close();
  await Promise.all([redis.stop(), origin.close()]);
  soak.end();
});

/** Each resolves with what ends it. */
const REDIS_FAULTS: Readonly<Record<string, () => Promise<() => Promise<void> | void>>> = {
  'redis killed': async () => {
    await redis.kill();
    return () => redis.restart();
  },
  'redis stands still': async () => {
    redis.pause();
    return () => redis.resume();
  },
  'redis cut off, silently': async () => {
    line.set('hang');
    return () => line.set('pass');
  },
  'redis refuses': async () => {
    line.set('refuse');
    return () => line.set('pass');
  },
  'redis slow': async () => {
    line.delay(200);
    return () => line.delay(0);
  },
  'redis well': async () => () => {},
};

const ORIGIN_FAULTS: readonly FaultKind[] = [
  { kind: 'status', status: 500 },
  { kind: 'status', status: 503 },
  { kind: 'status', status: 429, retryAfter: 1 },
  { kind: 'reset' },
  { kind: 'reset', where: 'body' },
  { kind: 'hang' },
  { kind: 'hang', where: 'body' },
  { kind: 'truncate' },
  { kind: 'excess' },
  { kind: 'latency', headMs: 150, bodyMs: 150 },
  { kind: 'no-content-length' },
  { kind: 'offline' },
];

let originTroubledUntil = Number.NEGATIVE_INFINITY;
/** A miss then has no answer to give; a slow one may end after the trouble. */
const originTroubled: Excuse = (began) => began <= originTroubledUntil;

function one<T>(list: readonly T[]): T {
  return list[Math.floor(soak.random() * list.length)]!;
}

async function step(): Promise<void> {
  const redisFault = one(Object.keys(REDIS_FAULTS));
  const well = soak.random() < 0.3;
  if (!well) {
    const fault = one(ORIGIN_FAULTS);
    originTroubledUntil = Number.POSITIVE_INFINITY;
    origin.faults.add(fault);
    soak.fault(`origin: ${fault.kind}`);
  }
  const end = await REDIS_FAULTS[redisFault]!();
  soak.fault(redisFault);
  await witness.askAll(proxy.url, originTroubled);
  origin.faults.clear();
  if (!well) originTroubledUntil = await recovered();
  await witness.edit(proxy.url, witness.any()); // Redis may be away: it holds here at once
  await witness.askAll(proxy.url, originTroubled);
  await end();
  await witness.askAll(proxy.url, originTroubled);
}

/** When every title is answered again: the origin is asked again only after a while, as its breaker has it. */
async function recovered(): Promise<number> {
  const began = performance.now();
  await within(PATIENCE, async () => {
    for (let id = 1; id <= TITLES; id++) expect(await witness.ask(proxy.url, id, () => true)).toBe(true);
    // They may have been stale: what has no copy is answered once the breaker has seen it, too.
    const { upstreams } = json(await get(`${proxy.url}/upstream`, { headers: ADMIN })) as {
      upstreams: { breaker: string }[];
    };
    for (const { breaker } of upstreams) expect(breaker).toBe('closed');
  });
  const now = performance.now();
  const { measures } = soak;
  measures.origin_recovery_longest_ms = Math.max(
    measures.origin_recovery_longest_ms ?? 0,
    Math.round(now - began),
  );
  return now;
}

it(
  'Redis and the origin in trouble together: no wrong byte, and no error that the origin has not caused',
  async () => {
    onTestFailed(() => console.error(proxy.lastWords()));
    const crowd = witness.crowd(proxy.url, CLIENTS, originTroubled);
    const steps = await soak.rounds(2, 0.9, step);
    await crowd.stop();
    soak.measures.sequences = steps;
    expect(soak.complaints).toEqual([]);
    expect(soak.longestStallMs).toBeLessThan(10_000);
  },
  soak.timeout(0.9),
);
