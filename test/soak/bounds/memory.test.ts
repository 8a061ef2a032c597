import { afterAll, expect, it } from 'vitest';
import { LiveBytes } from '../../support/live-bytes.js';
import { childrenOf } from '../../support/processes.js';
import { type ProxyProcess, pointedAt, startProxy } from '../../support/proxy-process.js';
import { residentBytes, Soak } from '../../support/soak.js';
import { type Helper, startHelper } from './processes.js';

const soak = new Soak('memory');
const live = new LiveBytes();
afterAll(() => {
  live.close();
  soak.end();
});

/** So many, if the minutes allow: the promise is ten million over a million keys. SOAK_REQUESTS takes the time it takes. */
const REQUESTS = Number(process.env.SOAK_REQUESTS ?? (soak.long ? 10_000_000 : 6_000));
const SHARE = 0.85;
const FOR_MS = soak.long && process.env.SOAK_REQUESTS === undefined ? soak.budgetMs * SHARE : undefined;
/** By which a process may have grown. A short run ends before the memory of a process has found its size. */
const mostGrowth = (requests: number) => (requests >= 5_000_000 ? 1.2 : 3);
/** After the load and a collection of garbage, for readings: as long each time, so that what is given back when idle is. */
const IDLE_MS = soak.long ? 20_000 : 1000;
const READINGS = 10;
/** Nobody waits for it: a machine may be busy. */
const COLLECT_MS = 30_000;
/** So many requests at 500 a second, at the least. */
const TIMEOUT_MS = FOR_MS === undefined ? 120_000 + REQUESTS * 2 : soak.timeout(SHARE);

interface Seen {
  readonly requests: number;
  readonly lost: number;
  readonly wrong: number;
  readonly keys: number;
  readonly why: readonly string[];
}

/**
 * Resident memory without garbage: how much of that lies around depends on the moment, a core was seen between 280 and
 * 700 MiB when others had the processors. The least of some readings over the same kind of idle.
 */
async function idleBytes(pids: readonly number[]): Promise<number[]> {
  await live.of(pids, COLLECT_MS);
  let least = pids.map(() => Number.POSITIVE_INFINITY);
  for (let i = 0; i < READINGS; i++) {
    await new Promise((resolve) => setTimeout(resolve, IDLE_MS / READINGS));
    least = pids.map((pid, at) => Math.min(least[at]!, residentBytes(pid)));
  }
  return least;
}

async function proxyOf(originPort: number): Promise<ProxyProcess> {
  return startProxy({
    quiet: true,
    env: pointedAt(`http://127.0.0.1:${originPort}`, {
      WORKERS: '2',
      UPSTREAM_RATE: '1000000',
      UPSTREAM_MAX_CONNECTIONS: '64',
      MEMORY_CACHE_BYTES: '8MiB',
      DISK_CACHE_BYTES: '16MiB',
      ...live.env(),
    }),
  });
}

async function driven(driver: Helper, pids: readonly number[]): Promise<{ seen: Seen; bytes: number[] }> {
  const seen = JSON.parse(await driver.line()) as Seen;
  return { seen, bytes: await idleBytes(pids) };
}

it(
  'many times the requests over as many times the keys leave every process as large as it was',
  async () => {
    const origin = startHelper('origin-main.mjs');
    const proxy = await proxyOf(Number(await origin.line()));
    const driver = startHelper('driver-main.mjs', {
      port: Number(new URL(proxy.url).port),
      requests: REQUESTS,
      connections: 32,
      depth: 16,
      seed: soak.seed,
      forMs: FOR_MS,
    });
    try {
      const pids = [...childrenOf(proxy.pid), proxy.pid];
      const tenth = await driven(driver, pids);
      driver.tell('go on');
      const all = await driven(driver, pids);
      report(tenth.bytes, all.bytes, all.seen);
      expect(all.seen.why).toEqual([]);
      const { requests, keys } = all.seen;
      if (FOR_MS === undefined) expect(requests).toBe(REQUESTS);
      expect(all.seen).toMatchObject({ keys: Math.ceil(requests / 10), lost: 0, wrong: 0 });
      expect(keys / tenth.seen.keys).toBeGreaterThan(4);
      all.bytes.forEach((bytes, i) => {
        const [before, after] = [tenth.bytes[i]!, bytes].map((each) => Math.round(each / 1024 ** 2));
        expect(bytes / tenth.bytes[i]!, `process ${i}: ${before} → ${after} MiB`).toBeLessThan(
          mostGrowth(requests),
        );
      });
    } finally {
      await Promise.all([driver.stop(), proxy.stop('SIGKILL'), origin.stop()]);
    }
  },
  TIMEOUT_MS,
);

/** Of the worker that grew most; the core, which is the last, by itself. */
function report(before: readonly number[], after: readonly number[], seen: Seen): void {
  soak.requests += seen.requests;
  soak.input('unique keys', seen.keys);
  soak.lost += seen.lost;
  soak.wrong += seen.wrong;
  const core = before.length - 1;
  const growth = after.slice(0, core).map((bytes, i) => bytes / before[i]!);
  const worst = growth.indexOf(Math.max(...growth));
  const percent = (at: number) => Math.round((after[at]! / before[at]! - 1) * 100);
  Object.assign(soak.measures, {
    memory_requests_count: seen.requests,
    rss_growth_percent: percent(worst),
    core_rss_growth_percent: percent(core),
    rss_after_tenth_bytes: before[worst]!,
    rss_after_all_bytes: after[worst]!,
    core_rss_after_tenth_bytes: before[core]!,
    core_rss_after_all_bytes: after[core]!,
  });
}
