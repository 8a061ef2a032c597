import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, it, vi } from 'vitest';
import { type ProxyProcess, pointedAt, startProxy } from '../../support/proxy-process.js';
import { freePort } from '../../support/redis-server.js';
import { Soak } from '../../support/soak.js';
import { Client, countOf } from './clients.js';

const soak = new Soak('logs');
const LINES = 40;

interface Line {
  readonly time: string;
  readonly level: string;
  readonly msg: string;
  readonly left_out?: number;
}

let proxy: ProxyProcess | undefined;
afterEach(async () => {
  await proxy?.stop('SIGKILL');
});
afterAll(() => soak.end());

async function start(more: Record<string, string>): Promise<number> {
  const port = await freePort();
  proxy = await startProxy({
    env: pointedAt(`http://127.0.0.1:${await freePort()}`, {
      PORT: String(port),
      WORKERS: '1',
      LOG_LINES: String(LINES),
      ...more,
    }),
  });
  return port;
}

const linesOf = () =>
  proxy!
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Line);

/** The busiest second of a level, the lines that tell of others left out. */
function busiestSecond(lines: readonly Line[], isOf: (line: Line) => boolean): number {
  const times = lines
    .filter((line) => isOf(line) && line.left_out === undefined)
    .map(({ time }) => Date.parse(time));
  return Math.max(0, ...times.map((from) => times.filter((at) => at >= from && at < from + 1000).length));
}

const isInfo = ({ level }: Line) => level === 'info' || level === 'debug';
const isWarn = ({ level }: Line) => level === 'warn';
/** Written and left out. */
const told = (lines: readonly Line[], isOf: (line: Line) => boolean, msg: string) =>
  lines.filter((line) => isOf(line) && line.msg === msg).length +
  lines.filter(isOf).reduce((sum, { left_out = 0 }) => sum + left_out, 0);

/** Asks `count` times for what fails, on one connection. */
async function flood(port: number, count: number): Promise<void> {
  const client = await Client.open(port);
  for (let sent = 0; sent < count; sent += 100) {
    client.send(...Array.from({ length: 100 }, (_, i) => `/3/movie/${sent + i}`));
    const { 200: served, none } = countOf(await client.replies(100));
    if (served !== undefined || none !== undefined) soak.lose(`${served} served, ${none} without an answer`);
  }
  client.close();
  soak.requests += count;
}

it(
  'a client that asks for what fails cannot write more than LOG_LINES a second, and every line is accounted for',
  async () => {
    const port = await start({ MAX_RETRIES: '0' });
    let asked = 0;
    await soak.rounds(1, 0.4, async () => {
      await flood(port, 600);
      asked += 600;
      soak.fault('failing requests', 600);
    });
    const isTold = (isOf: (line: Line) => boolean) =>
      linesOf().some((line) => isOf(line) && line.left_out !== undefined);
    // Of either group; on a slow machine it takes more of them until a second has too many.
    for (; !isTold(isWarn) || !isTold(isInfo); asked += 300) await flood(port, 300);
    while (told(linesOf(), isInfo, 'request') < asked)
      await new Promise((resolve) => setTimeout(resolve, 50));
    const lines = linesOf();
    soak.measures.lines_of_busiest_second = Math.max(
      busiestSecond(lines, isInfo),
      busiestSecond(lines, isWarn),
    );
    // A window of a second may touch two of the log's.
    expect(soak.measures.lines_of_busiest_second).toBeLessThanOrEqual(2 * LINES);
    expect(soak.complaints).toEqual([]);
  },
  soak.timeout(0.4),
);

it(
  'a Redis that is away writes no more either, however much is asked',
  async () => {
    const redis = `redis://127.0.0.1:${await freePort()}`;
    const port = await start({ USE_REDIS: 'true', REDIS_URL: redis, LOG_LEVEL: 'debug', MAX_RETRIES: '0' });
    await soak.rounds(1, 0.4, async () => {
      await flood(port, 200);
      soak.fault('requests without Redis', 200);
    });
    const lines = linesOf();
    for (const isOf of [isInfo, isWarn]) expect(busiestSecond(lines, isOf)).toBeLessThanOrEqual(2 * LINES);
    expect(soak.complaints).toEqual([]);
  },
  soak.timeout(0.4),
);

it('a reader of the log that hangs holds up no request, loses no line within the bound, and no end', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tmdb-proxy-log-'));
  const path = join(folder, 'log');
  execFileSync('mkfifo', [path]);
  const { O_RDONLY, O_NONBLOCK } = constants;
  const reader = openSync(path, O_RDONLY | O_NONBLOCK);
  const log = openSync(path, 'w');
  proxy = await startProxy({
    quiet: true,
    log,
    env: pointedAt(`http://127.0.0.1:${await freePort()}`, {
      WORKERS: '2',
      MAX_RETRIES: '0',
      LOG_LINES: '1000000',
    }),
  });
  const port = Number(new URL(proxy.url).port);
  await flood(port, 300);
  soak.fault('readers of the log that hang');
  let text = '';
  await vi.waitFor(
    () => {
      text += taken(reader);
      expect(text.match(/"level":"warn"/g)?.length).toBeGreaterThanOrEqual(300);
    },
    { timeout: 10_000 },
  );
  // More than a pipe holds has waited, and no line of one process is within one of another.
  expect(text.length).toBeGreaterThan(128 * 1024);
  for (const line of text.trimEnd().split('\n')) expect(() => JSON.parse(line), line).not.toThrow();
  await flood(port, 300);
  const { code } = await proxy.stop('SIGTERM');
  expect(code).toBe(0);
  for (const fd of [reader, log]) closeSync(fd);
  rmSync(folder, { recursive: true });
  expect(soak.complaints).toEqual([]);
}, 30_000);

/** What has come out of a pipe by now. */
function taken(fd: number): string {
  const chunk = Buffer.alloc(64 * 1024);
  let text = '';
  try {
    for (let read = readSync(fd, chunk); read > 0; read = readSync(fd, chunk))
      text += chunk.toString('utf8', 0, read);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'EAGAIN') throw thrown;
  }
  return text;
}
