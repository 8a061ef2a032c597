import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { architectures, unpacked } from '../../support/debian.js';
import { PATIENCE_MS } from '../../support/patience.js';
import { Soak } from '../../support/soak.js';
import { ask, judge, Switches, type Title, untroubled, World, wordOf } from './world.js';

const soak = new Soak('clock');
const HOUR_MS = 3_600_000;
const JUMPS = [-HOUR_MS, HOUR_MS, -24 * HOUR_MS, 30_000];
const HOT = 3;
/** Longest rest of a breaker that has opened for the first time, and what a busy machine adds, ms. */
const REST_MS = 3000 + PATIENCE_MS;

/** How the wall clock of the proxy is set; the steady one never is. */
interface Setter {
  readonly env: Record<string, string>;
  set(ms: number): void;
  remove(): void;
}

function bySwitch(): Setter {
  const switches = new Switches();
  return {
    env: switches.env,
    set: (clockMs) => switches.set({ clockMs }),
    remove: () => switches.remove(),
  };
}

/**
 * Where LIBFAKETIME says, or Debian's, installed or unpacked; the long form fetches it. What it shows beyond the injected clock is that
 * nothing asks the system for the time past `Date.now`.
 */
function libfaketime(): string | undefined {
  const within = (root: string) =>
    architectures(join(root, 'usr/lib')).map((folder) => join(folder, 'faketime/libfaketime.so.1'));
  const there = [process.env.LIBFAKETIME ?? '', ...within('/')].find((path) => existsSync(path));
  if (there !== undefined || !soak.long) return there;
  const folder = unpacked('faketime', ['libfaketime'], 'usr/lib');
  return folder && within(folder).find((path) => existsSync(path));
}

function byLibrary(library: string): Setter {
  const folder = mkdtempSync(join(tmpdir(), 'tmdb-proxy-faketime-'));
  const file = join(folder, 'offset');
  const set = (ms: number) => writeFileSync(file, `${ms < 0 ? '-' : '+'}${Math.abs(ms) / 1000}\n`);
  set(0);
  const env = {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  };
  return { env, set, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

const library = libfaketime();
const WAYS: readonly (readonly [string, () => Setter])[] = [
  ['the injected clock', bySwitch],
  ...(library === undefined ? [] : [['libfaketime', () => byLibrary(library)] as const]),
];

let close = async (): Promise<void> => {};
afterEach(() => close());
afterAll(() => soak.end());

async function setUp(way: () => Setter) {
  const setter = way();
  const world = await World.start(HOT + 12, setter.env);
  close = async () => {
    await world.stop();
    setter.remove();
  };
  /** Resolves when the proxy goes by the new time. */
  const jump = async (ms: number) => {
    setter.set(ms);
    soak.fault(ms < 0 ? 'clock set back' : 'clock set forward');
    await expect
      .poll(
        async () => {
          const { timestamp } = JSON.parse((await ask(`${world.proxy.url}/status`)).body.toString());
          return Math.abs(Date.parse(timestamp) - Date.now() - ms) < 10_000;
        },
        { timeout: PATIENCE_MS },
      )
      .toBe(true);
  };
  return { world, jump };
}

async function expectTitle(world: World, title: Title, what: string): Promise<void> {
  const seen = await world.ask(title);
  judge(soak, title, seen, what);
  if (seen.status !== 200 || !seen.whole) soak.lose(`${what}: ${title.path} ${wordOf(seen)}`);
}

describe.each(WAYS)('a clock that is set while the proxy works, by %s', (name, way) => {
  it(
    'loses no title, prolongs no deadline, no hold and no rest',
    async () => {
      const { world, jump } = await setUp(way);
      soak.input(`clocks set by ${name}`);
      const hot = world.titles.slice(0, HOT).flat();
      const [slow, hung, held, rested] = world.titles.slice(HOT).map(([json]) => json);
      for (const title of hot) await expectTitle(world, title, 'before');
      const stop = untroubled(soak, world, hot);
      const { faults } = world.origin;
      const round = async (ms: number) => {
        faults.add({ kind: 'latency', headMs: 250, match: slow!.path });
        faults.add({ kind: 'hang', match: hung!.path });
        const late = expectTitle(world, slow!, 'under way when the clock was set');
        const never = world.ask(hung!);
        await jump(ms);
        await late;
        const seen = await never;
        judge(soak, hung!, seen, 'hung when the clock was set');
        expect([504, 200]).toContain(seen.status);
        faults.clear();
        await world.manage('/cache/purge', { urls: [slow!.path, hung!.path, held!.path, rested!.path] });
      };
      await soak.rounds(JUMPS.length, 0.3, (i) => round(JUMPS[i % JUMPS.length]!));

      faults.add({ kind: 'status', status: 429, retryAfter: 1, times: 1, match: held!.path });
      expect((await world.ask(held!)).status).toBe(429);
      await jump(-2 * HOUR_MS);
      await expectTitle(world, held!, 'held when the clock was set back');

      faults.add({ kind: 'offline', match: '/3/' });
      await Promise.all(world.titles.slice(-7).map(([json]) => world.ask(json)));
      await jump(-5 * HOUR_MS);
      faults.clear();
      const began = performance.now();
      await expect.poll(async () => (await world.ask(rested!)).status, { timeout: REST_MS }).toBe(200);
      soak.measures.return_after_clock_set_back_ms = Math.round(performance.now() - began);

      await stop();
      expect(soak.complaints).toEqual([]);
    },
    soak.timeout(0.4),
  );
});
