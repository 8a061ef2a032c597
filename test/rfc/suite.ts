import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ProxyProcess, startProxy } from '../support/proxy-process.js';
import { startRedis } from '../support/redis-server.js';
import { GROUPS } from './cases/index.js';
import type { Case } from './exchange.js';
import { type RfcOrigin, startRfcOrigin } from './origin.js';
import { Broken, runCase } from './run-case.js';

/**
 * Where entries live, how many processes answer, and whether hits are left to node:http. `disk` and `redis` have a memory that
 * holds nothing.
 */
export type Mode = 'memory' | 'disk' | 'redis' | 'workers' | 'node-http';

/** Smaller than the overhead of one entry. */
const NO_MEMORY = { MEMORY_CACHE_BYTES: '1' };
/** Cases under way at once: waits overlap, and two cores are not made to look slow. */
const AT_ONCE = 24;
/** More than the malformed answers there are. */
const STRIDE = 23;
const SETTLE_MS = 100;
/** For the second look at what may have been stored late on a busy machine. */
const LONG_SETTLE_MS = 800;

const started: (() => Promise<unknown>)[] = [];

/** Of some 600 cases; a busy machine delays the end of a write behind the next request now and then. */
const MOST_REPEATED = 12;

/** Declares every case of every group as a test, against one proxy in the given mode. */
export function provesRfcs(mode: Mode): void {
  const all = Object.values(GROUPS).flat();
  const results = new Map<Case, Error | undefined>();
  const repeated: string[] = [];

  beforeAll(async () => {
    const origin = await startRfcOrigin();
    started.push(() => origin.close());
    const proxy = await proxyIn(mode, origin);
    started.push(() => proxy.stop());
    const run = (given: Case, path: string, settleMs: number) =>
      runCase(given, { proxy: proxy.url, origin, path, settleMs });
    await inParallel(spread(all), async ({ given, index }) => {
      const failure = await run(given, `/c${index}`, SETTLE_MS).then(noError, asError);
      const repeat = failure instanceof Broken && failure.early;
      if (repeat) repeated.push(given.name);
      results.set(
        given,
        repeat ? await run(given, `/r${index}`, LONG_SETTLE_MS).then(noError, asError) : failure,
      );
    });
  });
  afterAll(async () => {
    for (const stop of started.splice(0).reverse()) await stop();
  });

  it('hardly any case had to be repeated, so that no race hides behind it', () => {
    expect(repeated.length, repeated.join('\n')).toBeLessThanOrEqual(MOST_REPEATED);
  });

  for (const [group, cases] of Object.entries(GROUPS)) {
    describe(group, () => {
      for (const given of cases) {
        it(given.name, () => {
          const failure = results.get(given);
          if (failure !== undefined) throw failure;
        });
      }
    });
  }
}

async function proxyIn(mode: Mode, origin: RfcOrigin): Promise<ProxyProcess> {
  return startProxy({
    quiet: true,
    env: {
      UPSTREAM_TYPE: 'custom',
      UPSTREAM_SERVERS: origin.url,
      WORKERS: mode === 'workers' ? '2' : '1',
      FAST_PATH: String(mode !== 'node-http'),
      ...(await storesOf(mode)),
    },
  });
}

async function storesOf(mode: Mode): Promise<Record<string, string>> {
  if (mode === 'disk') return NO_MEMORY;
  if (mode !== 'redis') return {};
  const redis = await startRedis();
  started.push(() => redis.stop());
  return { ...NO_MEMORY, USE_REDIS: 'true', REDIS_URL: `redis://127.0.0.1:${redis.port}` };
}

/**
 * The cases in an order that is always the same and keeps those of one group apart: a server that sends nothing but
 * nonsense for a while is rightly left alone.
 */
function spread(cases: readonly Case[]): { given: Case; index: number }[] {
  const indexed = cases.map((given, index) => ({ given, index }));
  return indexed.sort((a, b) => (a.index % STRIDE) - (b.index % STRIDE) || a.index - b.index);
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = items.values();
  const worker = async () => {
    for (const item of left) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

const noError = () => undefined;
const asError = (thrown: unknown) => (thrown instanceof Error ? thrown : new Error(String(thrown)));
