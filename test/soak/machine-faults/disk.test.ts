// The disk is full, slow, read-only, lost, or stands still: answers go on, right to the byte, and the node says what is wrong.
import { mkdirSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SampleOrigin, startSampleOrigin } from '../../../src/demo/index.js';
import { PATIENCE_MS } from '../../support/patience.js';
import { childrenOf } from '../../support/processes.js';
import { type ProxyProcess, pointedAt, startProxy } from '../../support/proxy-process.js';
import { get, json } from '../../support/raw-client.js';
import { ADMIN, within } from '../../support/region.js';
import { Soak } from '../../support/soak.js';
import { PretendedDisk, Volume } from './volumes.js';
import { readyWorkersOf, Witness } from './witness.js';

const TITLES = 24;
const CLIENTS = 4;
const PATIENCE = 20_000;
const MiB = 1024 * 1024;
/** What each write to the disk takes longer, ms. */
const SLOW_MS = 100;
/** Of a purge that the disk may not take in. */
const UNKEPT = [200, 500];

const soak = new Soak('disk');
const parent = mkdtempSync(join(tmpdir(), 'machine-faults-'));
const volumes: Volume[] = [];
let origin: SampleOrigin;
let witness: Witness;

const env = () =>
  pointedAt(origin.url, {
    WORKERS: '2',
    ADMIN_API_KEY: 'admin-secret',
    UPSTREAM_RATE: '2000',
    // What memory has is asked of the disk again at once, and of the origin soon.
    JSON_MEMORY_TTL: '0.005',
    JSON_DISK_TTL: '0.02',
    DISK_CACHE_BYTES: String(16 * MiB),
  });

beforeAll(async () => {
  origin = await startSampleOrigin({});
  witness = new Witness(soak, origin);
  await witness.learn(TITLES);
});
afterAll(async () => {
  await origin.close();
  for (const volume of volumes) volume.remove();
  rmSync(parent, { recursive: true });
  soak.end();
});

async function l2Of({ url }: ProxyProcess): Promise<string> {
  const { checks } = json(await get(`${url}/health`, { headers: ADMIN })) as {
    checks: { l2: { status: string } };
  };
  return checks.l2.status;
}

async function killWorker(proxy: ProxyProcess): Promise<void> {
  const [victim] = childrenOf(proxy.pid);
  process.kill(victim!, 'SIGKILL');
  await within(PATIENCE, async () =>
    expect([childrenOf(proxy.pid).includes(victim!), await readyWorkersOf(proxy.url)]).toEqual([false, 2]),
  );
}

/** Undefined where this machine lets nobody mount: then disks are pretended alone, see below. */
function mounted(): { disk: Volume; log: Volume } | undefined {
  try {
    const disk = Volume.ext4(join(parent, 'disk'), 12 * MiB);
    volumes.push(disk);
    const log = Volume.inMemory(join(parent, 'log'), 64 * 1024);
    volumes.push(log);
    return { disk, log };
  } catch (error) {
    console.warn(`no file systems of our own here (${String(error)}): disks are pretended`);
    return undefined;
  }
}

/** Undefined where nothing can be compiled: then the store is broken by hand alone. */
function pretendedDisk(): PretendedDisk | undefined {
  try {
    return new PretendedDisk(parent);
  } catch (error) {
    console.warn(`no C compiler here (${String(error)}): the store is broken by hand`);
    return undefined;
  }
}

const volume = mounted();
const pretended = pretendedDisk();

/** What is written now is found again, once memory has it no more. */
async function storesAgain({ url }: ProxyProcess): Promise<void> {
  const id = witness.any();
  await witness.edit(url, id);
  await within(PATIENCE, async () => {
    const { headers } = await get(`${url}/3/movie/${id}`);
    expect(headers['cache-status']).toContain('detail=disk');
  });
}

describe.runIf(volume !== undefined)('a disk', () => {
  const { disk, log } = volume ?? ({} as NonNullable<typeof volume>);
  let proxy: ProxyProcess;
  let logPath: string;

  beforeAll(async () => {
    logPath = join(log.path, 'log');
    proxy = await startProxy({
      quiet: true,
      cacheDir: disk.path,
      log: openSync(logPath, 'a'),
      env: env(),
    });
  });
  afterAll(() => proxy.stop());

  it(
    'that is full, the log on it too, costs no request and no byte; with room it is used again',
    async () => {
      await soak.rounds(1, 0.3, async () => {
        const makeRoom = disk.fill();
        const makeRoomForLog = log.fill();
        soak.fault('disk full');
        const crowd = witness.crowd(proxy.url, CLIENTS);
        for (let n = 0; n < 100; n += 20)
          await Promise.all(
            Array.from({ length: 20 }, (_, i) => witness.ask(proxy.url, 1 + ((n + i) % TITLES))),
          );
        // Large ones, of which the store's room is full for certain.
        for (const mb of [3, 4, 5]) {
          const { status, body } = await get(`${proxy.url}/t/p/original/big-${mb}mb.jpg`);
          expect([status, body.length]).toEqual([200, mb * MiB]);
        }
        await within(PATIENCE, async () => expect(await l2Of(proxy)).toBe('degraded'));
        makeRoom();
        makeRoomForLog();
        soak.fault('log on a full disk');
        await storesAgain(proxy);
        await crowd.stop();
      });
      expect(soak.complaints).toEqual([]);
    },
    soak.timeout(0.3),
  );

  it(
    'that turns read-only costs no request; workers that die are replaced',
    async () => {
      disk.break();
      soak.fault('disk read-only');
      await witness.askAll(proxy.url);
      await within(PATIENCE, async () => {
        await witness.askAll(proxy.url);
        expect(await l2Of(proxy)).toBe('degraded');
      });
      await killWorker(proxy);
      await witness.askAll(proxy.url);
      // Written since there was room again, with what was held until then.
      expect(readFileSync(logPath, 'utf8')).toMatch(/disk store.*failed[\s\S]*worker ended/);
      expect(soak.complaints).toEqual([]);
    },
    soak.timeout(0),
  );
});

describe('CACHE_DIR', () => {
  let proxy: ProxyProcess;
  const start = async () => {
    const cacheDir = mkdtempSync(join(parent, 'lost-'));
    return startProxy({ quiet: true, cacheDir, env: { ...env(), ...pretended?.env } });
  };
  const data = () => join(proxy.cacheDir, 'data');

  /** How long it took, ms. */
  async function askedAll(): Promise<number> {
    const began = performance.now();
    await witness.askAll(proxy.url);
    return performance.now() - began;
  }

  async function troubles(disk: PretendedDisk): Promise<void> {
    const usualMs = await askedAll();
    disk.slow(SLOW_MS);
    soak.fault('slow disk');
    expect(await askedAll()).toBeLessThan(2 * usualMs + PATIENCE_MS);
    disk.is('stands still');
    soak.fault('disk that stands still');
    await witness.edit(proxy.url, witness.any(), UNKEPT);
    for (let i = 0; i < 3; i++) await witness.askAll(proxy.url); // or they would hang
    disk.well();
    await storesAgain(proxy);
    disk.is('full');
    soak.fault('disk that is said to be full');
    await witness.edit(proxy.url, witness.any(), UNKEPT);
    await witness.askAll(proxy.url);
    await within(PATIENCE, async () => expect(await l2Of(proxy)).toBe('degraded'));
    disk.well();
    await storesAgain(proxy);
  }

  it(
    'that is slow, stands still or is full for a while, takes nothing more, and is then lost, holds up no answer and ends no node: workers that die are replaced, and the log says so',
    async () => {
      proxy = await start();
      await soak.rounds(1, 0.3, async (round) => {
        if (round > 0) proxy = await start();
        try {
          if (pretended !== undefined) await troubles(pretended);
          const bodies = join(data(), 'store', 'bodies');
          renameSync(bodies, `${bodies}-away`);
          writeFileSync(bodies, 'no directory');
          soak.fault('store that takes nothing');
          await witness.askAll(proxy.url);
          const crowd = witness.crowd(proxy.url, CLIENTS, underWay);
          rmSync(data(), { recursive: true });
          soak.fault('lost directory');
          await witness.askAll(proxy.url);
          // More deaths than a crash loop has.
          for (let i = 0; i < (soak.long ? 9 : 1); i++) {
            killedAt = performance.now();
            await killWorker(proxy);
          }
          await witness.edit(proxy.url, witness.any());
          await crowd.stop();
          await within(PATIENCE, async () => expect(await l2Of(proxy)).toBe('degraded'));
          expect(proxy.output()).toContain('the disk store has gone');
        } finally {
          mkdirSync(data(), { recursive: true });
          await proxy.stop();
        }
      });
      expect(soak.complaints).toEqual([]);
    },
    soak.timeout(0.3),
  );
});

let killedAt = Number.NEGATIVE_INFINITY;
const underWay = (began: number) => began <= killedAt + 50;
