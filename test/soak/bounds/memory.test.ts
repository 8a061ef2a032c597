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
/** How often resident memory is read under load, ms. */
const SAMPLE_MS = soak.long ? 1000 : 50;
/** Nobody waits for a collection of garbage: a machine may be busy, ms. */
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

/** What processes hold, each: resident under load, the middle of its readings; and what is left of it without garbage. */
interface Held {
  readonly resident: readonly number[];
  readonly live: readonly number[];
}

/** Resident memory goes up and down with garbage, so it is read all the time. */
class Readings {
  readonly #began = performance.now();
  readonly #all: { readonly at: number; readonly bytes: readonly number[] }[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor(pids: readonly number[]) {
    this.#timer = setInterval(
      () => this.#all.push({ at: performance.now(), bytes: pids.map(residentBytes) }),
      SAMPLE_MS,
    );
  }

  /** Ends them; gives how long they took, ms. */
  end(): number {
    clearInterval(this.#timer);
    return performance.now() - this.#began;
  }

  /** Of each process, over the last `ms`. */
  medians(ms: number): number[] {
    const last = this.#all.filter(({ at }) => at >= this.#all.at(-1)!.at - ms);
    return last[0]!.bytes.map((_, process) => {
      const sorted = last.map(({ bytes }) => bytes[process]!).sort((a, b) => a - b);
      return sorted[Math.floor(sorted.length / 2)]!;
    });
  }
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

/** `windowMs`: over which resident memory is read; default: the second half of the time that this takes. */
async function driven(
  driver: Helper,
  pids: readonly number[],
  windowMs?: number,
): Promise<{ seen: Seen; held: Held; windowMs: number }> {
  const readings = new Readings(pids);
  const seen = JSON.parse(await driver.line()) as Seen;
  const tookMs = readings.end();
  const window = windowMs ?? tookMs / 2;
  return {
    seen,
    held: { resident: readings.medians(window), live: await live.of(pids, COLLECT_MS) },
    windowMs: window,
  };
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
      const all = await driven(driver, pids, tenth.windowMs);
      report(tenth.held, all.held, all.seen);
      expect(all.seen.why).toEqual([]);
      const { requests, keys } = all.seen;
      if (FOR_MS === undefined) expect(requests).toBe(REQUESTS);
      expect(all.seen).toMatchObject({ keys: Math.ceil(requests / 10), lost: 0, wrong: 0 });
      expect(keys / tenth.seen.keys).toBeGreaterThan(4);
      expect(Math.max(...growths(tenth.held.resident, all.held.resident))).toBeLessThan(mostGrowth(requests));
    } finally {
      await Promise.all([driver.stop(), proxy.stop('SIGKILL'), origin.stop()]);
    }
  },
  TIMEOUT_MS,
);

function growths(before: readonly number[], after: readonly number[]): number[] {
  return after.map((bytes, i) => bytes / before[i]!);
}

/** Of the worker that grew most; the core, which is the last, by itself. */
function report(before: Held, after: Held, seen: Seen): void {
  soak.requests += seen.requests;
  soak.input('unique keys', seen.keys);
  soak.lost += seen.lost;
  soak.wrong += seen.wrong;
  soak.measures.memory_requests_count = seen.requests;
  for (const what of ['resident', 'live'] as const) {
    const [first, last] = [before[what], after[what]];
    const core = first.length - 1;
    const growth = growths(first, last);
    const worst = growth.indexOf(Math.max(...growth.slice(0, core)));
    for (const [name, at] of [
      ['worker', worst],
      ['core', core],
    ] as const) {
      soak.measures[`${name}_${what}_growth_percent`] = Math.round((growth[at]! - 1) * 100);
      soak.measures[`${name}_${what}_after_tenth_bytes`] = first[at]!;
      soak.measures[`${name}_${what}_after_all_bytes`] = last[at]!;
    }
  }
}
