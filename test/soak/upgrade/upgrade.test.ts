// Another version of this program, which changed the schema of everything it stores, reads what this one wrote, and the other way round.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type SampleOrigin, startSampleOrigin } from '../../../src/demo/index.js';
import { buildNextVersion, type OtherVersion } from '../../support/other-version.js';
import { MAIN, type ProxyProcess, pointedAt, startProxy } from '../../support/proxy-process.js';
import { get, json } from '../../support/raw-client.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';
import { ADMIN, purge, within } from '../../support/region.js';
import { Soak } from '../../support/soak.js';
import { Balancer, hashOf } from './balancer.js';

const NODES = 3;
const soak = new Soak('upgrade');
const PATHS = Array.from({ length: 30 }, (_, i) => `/3/movie/${550 + i}?language=en-US`);
const EDITED = '/3/movie/580';

let origin: SampleOrigin;
let redis: RedisServer;
let next: OtherVersion;
let wanted: Map<string, string>;

beforeAll(async () => {
  [origin, redis, next] = await Promise.all([startSampleOrigin({}), startRedis(), buildNextVersion()]);
  wanted = new Map(await Promise.all(PATHS.map(async (path) => [path, await hashAtOrigin(path)] as const)));
});
afterAll(async () => {
  soak.end();
  next.remove();
  await Promise.all([origin.close(), redis.stop()]);
});

async function hashAtOrigin(path: string): Promise<string> {
  const { status, body } = await get(`${origin.url}${path}`, {
    headers: { authorization: 'Bearer any.v4.token' },
  });
  if (status !== 200) throw new Error(`the origin says ${status} to ${path}`);
  return hashOf(body);
}

/** Asks for every path and returns what `X-Cache` said of each; every answer has to be right. */
async function readAll(node: ProxyProcess): Promise<string[]> {
  return Promise.all(
    PATHS.map(async (path) => {
      const { status, headers, body } = await get(node.url + path);
      soak.requests++;
      if (status !== 200) soak.lose(`${path}: ${status}`);
      else if (hashOf(body) !== wanted.get(path)) soak.mistake(path);
      return String(headers['x-cache']);
    }),
  );
}

it('entries of an older and of a newer schema on the disk are misses, and take no answer away', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tmdb-proxy-upgrade-'));
  const visit = async (main: string) => {
    const node = await startProxy({ cacheDir: folder, main, env: pointedAt(origin.url, { WORKERS: '1' }) });
    const first = await readAll(node);
    const { version } = json(await get(`${node.url}/status`));
    const { code } = await node.stop();
    expect(code).toBe(0);
    soak.input('start on a store of another schema');
    return { first, version };
  };
  try {
    await visit(MAIN);
    const again = await visit(MAIN);
    expect(new Set(again.first), 'the same version finds its entries').toEqual(new Set(['HIT']));
    const newer = await visit(next.main);
    expect(newer.version).toBe(next.version);
    expect(new Set(newer.first), 'upgrade').toEqual(new Set(['MISS']));
    const older = await visit(MAIN);
    expect(new Set(older.first), 'downgrade').toEqual(new Set(['MISS']));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  expect(soak.complaints).toEqual([]);
});

it(
  'a rolling restart of three nodes under load loses no request, up to the next version and back',
  async () => {
    const balancer = new Balancer(NODES, wanted, soak);
    const start = (index: number, main: string) =>
      startProxy({
        quiet: true,
        main,
        env: pointedAt(origin.url, {
          ADMIN_API_KEY: ADMIN['x-api-key'],
          SERVER_ID: `node-${index}`,
          USE_REDIS: 'true',
          REDIS_URL: `redis://127.0.0.1:${redis.port}`,
          WORKERS: '1',
          JSON_MEMORY_TTL: '0.02',
          SHUTDOWN_DELAY: '0.4',
        }),
      });
    await Promise.all(
      Array.from({ length: NODES }, async (_, index) => balancer.place(index, await start(index, MAIN))),
    );
    balancer.start(6);

    let edits = 0;
    /** An edit is seen everywhere after a purge at one node, whatever versions the others are of. */
    const purgeThrough = async (index: number) => {
      const title = `Edited ${++edits}`;
      origin.edit('movie', 580, { title });
      const { status } = await purge(balancer.nodeAt(index).url, { tags: ['movie:580'] });
      expect(status).toBe(200);
      for (let node = 0; node < NODES; node++)
        await within(5000, async () =>
          expect(json(await get(balancer.nodeAt(node).url + EDITED)).title).toBe(title),
        );
      soak.input('purge between versions');
    };

    const restart = async (index: number, main: string) => {
      const { code } = await balancer.nodeAt(index).stop();
      expect(code).toBe(0);
      balancer.place(index, await start(index, main));
      soak.input(main === MAIN ? 'restart into the older version' : 'restart into the newer version');
      await purgeThrough(index);
    };
    await purgeThrough(0);
    await soak.rounds(1, 0.8, async () => {
      for (let index = 0; index < NODES; index++) await restart(index, next.main);
      // The short form stops here: while versions are mixed, the nodes of this one have met newer entries already.
      if (!soak.long) return;
      for (let index = 0; index < NODES; index++) await restart(index, MAIN);
    });
    await balancer.stop();
    await Promise.all(Array.from({ length: NODES }, (_, index) => balancer.nodeAt(index).stop()));

    expect(soak.complaints).toEqual([]);
    expect(soak.requests).toBeGreaterThan(200);
    expect([soak.lost, soak.wrong]).toEqual([0, 0]);
  },
  soak.timeout(0.8),
);
