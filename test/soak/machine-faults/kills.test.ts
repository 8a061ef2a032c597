// kill -9 of workers, of the core and of whole nodes, one after the other, under load: what each leaves is right, and nothing purged
// comes back.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type SampleOrigin, startSampleOrigin } from '../../../src/demo/index.js';
import { childrenOf, hasEnded } from '../../support/processes.js';
import { type ProxyProcess, pointedAt, startProxy } from '../../support/proxy-process.js';
import { within } from '../../support/region.js';
import { Soak } from '../../support/soak.js';
import { type Excuse, readyWorkersOf, Witness } from './witness.js';

const WORKERS = 2;
const TITLES = 24;
const CLIENTS = 6;
/** Worker kills between two kills of everything. */
const WORKER_KILLS = 2;
/** So many rounds of each kind, however few the minutes: hundreds in sequence take their time. */
const KILLS = Number(process.env.SOAK_KILLS ?? 0);
/** A round of any kind takes less, ms. */
const ROUND_MS = 15_000;
const timeout = (share: number) => soak.timeout(share) + KILLS * ROUND_MS;
/** Longest that a restart may take on a busy machine: the supervisor's pause included, ms. */
const PATIENCE = 20_000;
/** Between the signal and the end of the process, ms. */
const DYING_MS = 5;

const soak = new Soak('kills');
const cacheDir = mkdtempSync(join(tmpdir(), 'machine-faults-'));
let origin: SampleOrigin;
let witness: Witness;
let proxy: ProxyProcess;
/** When something was killed last; `performance.now()`. */
let killedAt = Number.NEGATIVE_INFINITY;

const start = (port?: number) =>
  startProxy({
    quiet: true,
    ...(port !== undefined && { port }),
    cacheDir,
    env: pointedAt(origin.url, { WORKERS: String(WORKERS), ADMIN_API_KEY: 'admin-secret', ...rates }),
  });
const rates = { UPSTREAM_RATE: '2000', JSON_MEMORY_TTL: '0.02' };

beforeAll(async () => {
  origin = await startSampleOrigin({});
  witness = new Witness(soak, origin);
  await witness.learn(TITLES);
  proxy = await start();
});
afterAll(async () => {
  await proxy.stop();
  await origin.close();
  rmSync(cacheDir, { recursive: true });
  soak.end();
});

/** What was in the killed process is lost with it. Nothing else: one that began later goes to another worker. */
const underWay: Excuse = (began) => began <= killedAt + DYING_MS;

const recoveries: Record<string, number[]> = {};

function measure(name: string, ms: number): void {
  recoveries[name] ??= [];
  const times = recoveries[name];
  times.push(ms);
  times.sort((a, b) => a - b);
  soak.measures[`${name}_median_ms`] = Math.round(times[times.length >> 1]!);
  soak.measures[`${name}_longest_ms`] = Math.round(times.at(-1)!);
}

async function killWorker(): Promise<void> {
  const [victim] = childrenOf(proxy.pid);
  process.kill(victim!, 'SIGKILL');
  killedAt = performance.now();
  soak.fault('kill -9 of a worker');
  await within(PATIENCE, async () => {
    const pids = childrenOf(proxy.pid);
    expect([pids.includes(victim!), pids.length, await readyWorkersOf(proxy.url)]).toEqual([
      false,
      WORKERS,
      WORKERS,
    ]);
  });
  measure('worker_recovery', performance.now() - killedAt);
}

async function killAll(): Promise<void> {
  const pids = [proxy.pid, ...childrenOf(proxy.pid)];
  const ended = proxy.stop('SIGKILL');
  for (const pid of pids.slice(1)) process.kill(pid, 'SIGKILL');
  killedAt = performance.now();
  soak.fault('kill -9 of everything');
  await ended;
  proxy = await start();
  measure('node_recovery', performance.now() - killedAt);
}

/** From a kill of the core until another answers. */
let downUntil = Number.NEGATIVE_INFINITY;
const whileDown: Excuse = (began) => began <= downUntil;

/** As a service manager does it: the next start is at once, on the same port. */
async function killCore(): Promise<void> {
  const [stopped, ...workers] = childrenOf(proxy.pid);
  process.kill(stopped!, 'SIGSTOP');
  downUntil = Number.POSITIVE_INFINITY;
  const ended = proxy.stop('SIGKILL');
  killedAt = performance.now();
  soak.fault('kill -9 of the core');
  await ended;
  const starting = start(Number(new URL(proxy.url).port));
  await allEnded(workers);
  measure('workers_without_core', performance.now() - killedAt);
  proxy = await starting;
  downUntil = performance.now();
  measure('core_recovery', downUntil - killedAt);
  process.kill(stopped!, 'SIGCONT');
  soak.fault('worker stopped while its core was killed');
  await allEnded([stopped!]);
}

const allEnded = (pids: readonly number[]) =>
  within(PATIENCE, async () => expect(pids.filter((pid) => !hasEnded(pid))).toEqual([]));

/** Nearly all titles are in the store: the last that were written may be lost. */
async function keeps(): Promise<void> {
  const asked = origin.requests.total;
  await witness.askAll(proxy.url);
  const kept = 1 - (origin.requests.total - asked) / TITLES;
  soak.measures.kept_least_percent = Math.min(
    soak.measures.kept_least_percent ?? 100,
    Math.round(100 * kept),
  );
  expect(kept).toBeGreaterThan(0.5);
}

it(
  'workers that are killed cost only what they had in hand; the node replaces them for ever',
  async () => {
    await witness.askAll(proxy.url);
    const crowd = witness.crowd(proxy.url, CLIENTS, underWay);
    const round = async () => {
      await killWorker();
      await witness.edit(proxy.url, witness.any());
    };
    await soak.rounds(WORKER_KILLS, 0.3, round, KILLS);
    await crowd.stop();
    expect(soak.complaints).toEqual([]);
    expect(soak.faults['kill -9 of a worker']).toBeGreaterThanOrEqual(WORKER_KILLS);
  },
  timeout(0.3),
);

it(
  'a core that is killed takes its workers along, also one that was stopped; the next one answers on its port at once from the same store',
  async () => {
    const round = async () => {
      await witness.edit(proxy.url, witness.any());
      await witness.askAll(proxy.url);
      const crowd = witness.crowd(proxy.url, CLIENTS, whileDown);
      await killCore();
      await crowd.stop();
      await keeps();
      await within(PATIENCE, async () => expect(await readyWorkersOf(proxy.url)).toBe(WORKERS));
    };
    await soak.rounds(1, 0.2, round, KILLS);
    expect(soak.complaints).toEqual([]);
  },
  timeout(0.2),
);

it(
  'a node that is killed whole comes back with the right bytes and without what was purged',
  async () => {
    const round = async () => {
      const crowd = witness.crowd(proxy.url, CLIENTS, underWay);
      for (let i = 0; i < 3; i++) await witness.edit(proxy.url, witness.any());
      if (soak.long) for (let i = 0; i < WORKER_KILLS; i++) await killWorker();
      await crowd.stop();
      const edited = witness.any();
      await witness.edit(proxy.url, edited);
      const asking = Promise.all(
        Array.from({ length: CLIENTS }, () => witness.ask(proxy.url, edited, underWay)),
      );
      await killAll();
      await asking;
      await keeps();
    };
    await soak.rounds(1, 0.4, round, KILLS);
    expect(soak.complaints).toEqual([]);
  },
  timeout(0.4),
);
