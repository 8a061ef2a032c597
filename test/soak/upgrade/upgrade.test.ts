// Another version of this program, which changed the schema of everything it stores, reads what this one wrote, and the other way round.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SampleOrigin, startSampleOrigin } from '../../../src/demo/index.js';
import { buildNextVersion, type OtherVersion } from '../../support/other-version.js';
import { MAIN, type ProxyProcess, pointedAt, startProxy } from '../../support/proxy-process.js';
import { get, json } from '../../support/raw-client.js';
import { startRedis, startRedisCluster } from '../../support/redis-server.js';
import { ADMIN, purge, within } from '../../support/region.js';
import { Soak } from '../../support/soak.js';
import { Asking, titleAt } from './asking.js';
import { Balancer } from './balancer.js';

const NODES = 3;
/** Of this one, workers have to hear of purges, too. */
const NODE_WITH_WORKERS = 1;
const CLIENTS = 6;
/** A balancer that looks twenty times a second has noticed by then, on a machine with other work, too. */
const DELAY_S = 1;
/** Every node obeys a purge by then, whatever version it is of, ms. */
const PURGED_MS = 5000;

const soak = new Soak('upgrade');
let origin: SampleOrigin;
let next: OtherVersion;
let asking: Asking;

beforeAll(async () => {
  [origin, next] = await Promise.all([startSampleOrigin({}), buildNextVersion()]);
  asking = await Asking.of(origin, soak);
});
afterAll(async () => {
  soak.end();
  next.remove();
  await Promise.all([origin.close(), asking.close()]);
});

/** Asks for all once, and says what `X-Cache` said of what is stored whole. */
async function readAll({ url }: ProxyProcess): Promise<Set<string | undefined>> {
  const { questions } = asking;
  const said = await Promise.all(
    questions.filter(({ kind }) => kind === 'json').map((question) => asking.ask(url, question)),
  );
  for (const question of questions.filter(({ kind }) => kind !== 'json')) await asking.ask(url, question);
  return new Set(said);
}

describe('on the disk', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tmdb-proxy-upgrade-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function visit(main: string): Promise<Set<string | undefined>> {
    const node = await startProxy({ cacheDir: folder, main, env: pointedAt(origin.url, { WORKERS: '1' }) });
    const said = await readAll(node);
    const { version } = json(await get(`${node.url}/status`));
    expect(version === next.version).toBe(main === next.main);
    const { code } = await node.stop();
    expect(code).toBe(0);
    soak.input('start on a store of another schema');
    return said;
  }

  /** As if only the schema of entries had changed: the store itself is taken for one of that schema. */
  function pretend(schema: number): void {
    const marker = { store: 'tmdb-cache-proxy', schema };
    writeFileSync(join(folder, 'data', 'store', 'store.json'), JSON.stringify(marker));
  }

  it('entries of an older and of a newer schema are misses, and take no answer away; so is a whole store', async () => {
    const MISSES = new Set(['MISS']);
    await visit(MAIN);
    expect(await visit(MAIN), 'the same version finds its entries').toEqual(new Set(['HIT']));
    pretend(next.storeSchema);
    expect(await visit(next.main), 'newer entries').toEqual(MISSES);
    expect(await visit(MAIN), 'an older store').toEqual(MISSES);
    if (soak.long) {
      expect(await visit(next.main), 'a newer store').toEqual(MISSES);
      pretend(next.storeSchema - 1);
      expect(await visit(MAIN), 'older entries').toEqual(MISSES);
    }
    expect(soak.complaints).toEqual([]);
  });
});

const STANDALONE = {
  what: 'a Redis',
  open: async () => {
    const redis = await startRedis();
    return { env: { REDIS_URL: `redis://127.0.0.1:${redis.port}` }, stop: () => redis.stop() };
  },
};
const CLUSTER = {
  what: 'a Redis Cluster',
  open: async () => {
    const redis = await startRedisCluster();
    return { env: { REDIS_CLUSTER_NODES: redis.seeds }, stop: () => redis.stop() };
  },
};
/** A cluster takes too long to start for the short form. */
const SHARED = soak.long ? [STANDALONE, CLUSTER] : [STANDALONE];

it.each(SHARED)(
  'a rolling restart of three nodes with $what under load loses no request, up to the next version and back; purges hold on nodes of both',
  async ({ open }) => {
    const redis = await open();
    const balancer = new Balancer(NODES, asking, soak);
    const start = (index: number, main: string) =>
      startProxy({
        quiet: true,
        main,
        env: pointedAt(origin.url, {
          ADMIN_API_KEY: ADMIN['x-api-key'],
          SERVER_ID: `node-${index}`,
          USE_REDIS: 'true',
          WORKERS: index === NODE_WITH_WORKERS ? '2' : '1',
          JSON_MEMORY_TTL: '0.02',
          SHUTDOWN_DELAY: String(DELAY_S),
          ...redis.env,
        }),
      });
    await Promise.all(
      Array.from({ length: NODES }, async (_, index) => balancer.place(index, await start(index, MAIN))),
    );
    await balancer.start(CLIENTS);

    const purgeThrough = async (index: number) => {
      const title = await asking.edit();
      const { status } = await purge(balancer.nodeAt(index).url, { tags: ['movie:580'] });
      expect(status).toBe(200);
      for (const { url } of balancer.nodes)
        await within(PURGED_MS, async () => expect(await titleAt(url)).toBe(title));
      asking.settle();
      soak.input('purge between versions');
    };

    const restart = async (index: number, main: string) => {
      const { code } = await balancer.nodeAt(index).stop();
      expect(code).toBe(0);
      balancer.place(index, await start(index, main));
      soak.input(main === MAIN ? 'restart into the older version' : 'restart into the newer version');
      await purgeThrough(index);
      await purgeThrough((index + 1) % NODES);
    };
    await purgeThrough(0);
    await soak.rounds(1, 0.8 / SHARED.length, async () => {
      for (let index = 0; index < NODES; index++) await restart(index, next.main);
      // The short form stops here: while versions are mixed, the nodes of this one have met newer entries already.
      if (!soak.long) return;
      for (let index = 0; index < NODES; index++) await restart(index, MAIN);
    });
    await balancer.stop();
    await Promise.all(balancer.nodes.map((node) => node.stop()));
    await redis.stop();

    expect(soak.complaints).toEqual([]);
    expect(soak.requests).toBeGreaterThan(200);
    expect([soak.lost, soak.wrong]).toEqual([0, 0]);
  },
  soak.timeout(0.8),
);
