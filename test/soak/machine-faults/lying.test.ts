// A Redis that answers wrongly, or a proxy before it that has lost count: no process ends or stands still, no wrong byte, nothing purged
// comes back, and no request fails. Told the truth again, the node uses it again.
import { afterAll, beforeAll, expect, it, onTestFailed } from 'vitest';
import { type SampleOrigin, startSampleOrigin } from '../../../src/demo/index.js';
import { type ProxyProcess, pointedAt, startProxy } from '../../support/proxy-process.js';
import { get } from '../../support/raw-client.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';
import { ADMIN, within } from '../../support/region.js';
import { Soak } from '../../support/soak.js';
import { type Liar, startLiar } from './liar.js';
import { liesOf } from './lies.js';
import { Witness } from './witness.js';

const TITLES = 24;
/** Of the replies. */
const LIES = 0.3;
/** What has answered nothing for three seconds is made anew; the rest is for a busy machine, ms. */
const BACK_MS = 20_000;
/** What a connection asks before it is used; without it there is none to lie on. */
const GREETING: ReadonlySet<string> = new Set(['info', 'select', 'client']);
/** Those that once ended a process, kept it busy, or broke the purge clock come first. */
const FIRST = ['pair of words', 'length of no number', 'text of 10 TB'];

const soak = new Soak('lying');
let origin: SampleOrigin;
let redis: RedisServer;
let liar: Liar;
let witness: Witness;
let proxy: ProxyProcess;

beforeAll(async () => {
  [origin, redis] = await Promise.all([startSampleOrigin({}), startRedis()]);
  liar = await startLiar(redis.port);
  witness = new Witness(soak, origin);
  await witness.learn(TITLES);
  proxy = await startProxy({
    quiet: true,
    env: pointedAt(origin.url, {
      WORKERS: '1',
      ADMIN_API_KEY: 'admin-secret',
      USE_REDIS: 'true',
      REDIS_URL: `redis://127.0.0.1:${liar.port}`,
      UPSTREAM_RATE: '2000',
      JSON_MEMORY_TTL: '0.005',
      JSON_DISK_TTL: '0.02',
    }),
  });
});
afterAll(async () => {
  await proxy.stop();
  await liar.close();
  await Promise.all([redis.stop(), origin.close()]);
  soak.end();
});

const lies = liesOf(soak.random);
const kinds = [...FIRST, ...Object.keys(lies).filter((kind) => !FIRST.includes(kind))];

async function round(index: number): Promise<void> {
  const kind = kinds[index % kinds.length]!;
  soak.fault(`redis lies: ${kind}`);
  liar.tell((reply, [name = '']) =>
    GREETING.has(name.toLowerCase()) || soak.random() >= LIES ? undefined : lies[kind]!(reply),
  );
  for (let i = 0; i < 2; i++) {
    await witness.askAll(proxy.url);
    await witness.edit(proxy.url, witness.any());
  }
  for (const path of ['/health/redis', '/cache/keys?limit=5']) {
    const { status } = await get(proxy.url + path, { headers: ADMIN });
    expect([path, [200, 503].includes(status)]).toEqual([path, true]);
  }
  liar.tell(undefined);
  await within(BACK_MS, async () => expect((await get(`${proxy.url}/health/redis`)).status).toBe(200));
}

it(
  'a Redis that answers wrongly costs misses, and nothing else',
  async () => {
    onTestFailed(() => console.error(proxy.lastWords()));
    const crowd = witness.crowd(proxy.url, 2);
    await soak.rounds(FIRST.length, 0.9, round);
    await crowd.stop();
    expect(soak.complaints).toEqual([]);
    expect(soak.longestStallMs).toBeLessThan(10_000);
  },
  soak.timeout(0.9),
);
