import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type SampleOrigin, startSampleOrigin } from '../../src/demo/index.js';
import type { WarmJob } from '../../src/warm/job.js';
import { endWithUs } from '../support/end-with-us.js';
import { eventually } from '../support/patience.js';
import { type ProxyProcess, pointedAt, startProxy } from '../support/proxy-process.js';
import { get, json } from '../support/raw-client.js';
import { freePort } from '../support/redis-server.js';
import { movies } from './warm-kit.js';

const MAIN = new URL('../../dist/main.js', import.meta.url).pathname;
const KEY = 'admin-secret';

let origin: SampleOrigin;
let proxy: ProxyProcess;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'warm-command-'));
  origin = await startSampleOrigin({});
  proxy = await startProxy({
    env: pointedAt(origin.url, {
      WORKERS: '2',
      ADMIN_API_KEY: KEY,
      TMDB_EXPORT_URL: origin.url,
      UPSTREAM_RATE: '50',
    }),
  });
});
afterAll(async () => {
  await proxy.stop();
  await origin.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => origin.reset());

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Running {
  readonly child: ChildProcess;
  stdout(): string;
  readonly ended: Promise<Ended>;
}

function run(
  args: readonly string[],
  { input, env = {} }: { input?: string; env?: Record<string, string> } = {},
): Running {
  return started(process.execPath, [MAIN, 'warm', ...args], input, env);
}

function started(
  file: string,
  args: readonly string[],
  input = '',
  env: Record<string, string | undefined> = {},
): Running {
  const child = spawn(file, args, {
    cwd: folder,
    env: { PATH: process.env.PATH, ADMIN_API_KEY: KEY, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  endWithUs(child);
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name]!.on('data', (chunk: Buffer) => {
      text[name] += chunk.toString();
    });
  child.stdin!.end(input);
  const ended = new Promise<Ended>((resolve) => child.once('close', (code) => resolve({ code, ...text })));
  return { child, stdout: () => text.stdout, ended };
}

const warm = (args: readonly string[], options?: { input?: string; env?: Record<string, string> }) =>
  run(['--url', proxy.url, ...args], options).ended;

async function isHit(path: string): Promise<void> {
  expect((await get(proxy.url + path)).headers['x-cache']).toBe('HIT');
}

/** The one object on standard output. */
function answerOf({ stdout }: Ended): WarmJob {
  return JSON.parse(stdout) as WarmJob;
}

describe('whose key is sent', () => {
  it('that of a configuration file is for the proxy it configures, not for one named with --url', async () => {
    const seen: (string | undefined)[] = [];
    const stranger = createServer((request, response) => {
      seen.push(request.headers['x-api-key'] as string | undefined, request.headers.authorization);
      response.writeHead(401).end();
    });
    await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
    writeFileSync(join(folder, '.env'), `ADMIN_API_KEY=${KEY}\n`);
    const { port } = stranger.address() as AddressInfo;
    const args = [MAIN, 'warm', '/3/movie/1', '--url', `http://127.0.0.1:${port}`];
    const { code } = await started(process.execPath, args, '', { ADMIN_API_KEY: undefined }).ended;
    rmSync(join(folder, '.env'));
    stranger.close();
    expect([code, seen.length > 0]).toEqual([1, true]);
    expect(seen.filter((field) => field !== undefined)).toEqual([]);
  });
});

describe('in a pipe', () => {
  it('prints plain lines and ends with 0 when all is in the cache', async () => {
    const ended = await warm(['/3/movie/1', 'https://www.themoviedb.org/tv/1']);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout).toMatch(/^done: 2 of 2 in .*: 2 filled, 0 fresh already, 0 skipped, 0 errors$/m);
    for (const control of ['\r', '\u001b']) expect(ended.stdout).not.toContain(control);
    await isHit('/3/movie/1');
    await isHit('/3/tv/1');
  });

  it('--json prints one object and nothing else', async () => {
    const ended = await warm(['--json', '--urls', '-'], {
      input: `# two\n/3/movie/3\n/3/movie/4\n/3/account\n`,
    });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(answerOf(ended)).toMatchObject({
      status: 'done',
      total: 3,
      done: 3,
      filled: 2,
      skipped: 1,
      errors: 0,
    });
    expect(ended.stdout.trim()).not.toContain('\n');
    const again = await warm(['--json', '/3/movie/3', '/3/movie/4']);
    expect(answerOf(again)).toMatchObject({ filled: 0, hits: 2 });
    expect(origin.requests.countOf('/3/movie/')).toBe(2);
  });

  it('ends with 1 when something could not be had, and says why', async () => {
    origin.faults.add({ kind: 'status', status: 500, match: '/3/movie/6' });
    const ended = await warm(['/3/movie/5', '/3/movie/6']);
    expect(ended.code).toBe(1);
    expect(ended.stdout).toMatch(/1 filled.*1 errors; last error: the origin answered 500/);
  });

  it('whose reader leaves early, the job goes on without the command, which says so', async () => {
    const running = run(['--url', proxy.url, '--urls', '-'], {
      input: Array.from({ length: 200 }, (_, i) => `/3/person/${i + 500}/images`).join('\n'),
    });
    running.child.stdout!.destroy();
    const { code, stderr } = await running.ended;
    expect(code).toBe(141);
    const id = /^job (\w+) goes on without this command; see it with --resume \1\n$/.exec(stderr)?.[1];
    expect(await warm(['--resume', id!])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('200 of 200'),
    });
  });

  it('--detach leaves the job to the proxy', async () => {
    const ended = await warm(['--detach', '/3/movie/7']);
    expect(ended.code).toBe(0);
    await eventually(() => isHit('/3/movie/7'));
  });
});

describe('sources', () => {
  it('--log takes the most frequent of a log, whatever the format', async () => {
    const log = join(folder, 'access.log.gz');
    const line = (target: string) =>
      `192.0.2.1 - - [01/Jan/2026:00:00:00 +0000] "GET ${target} HTTP/1.1" 200 1 "-" "-"`;
    const own = JSON.stringify({
      method: 'GET',
      path: '/3/movie/22?language=de',
      status: 200,
      msg: 'request',
    });
    const lines = [
      line('/3/movie/21?api_key=a'),
      line('/3/movie/21?api_key=b'),
      own,
      own,
      own,
      line('/3/movie/23'),
    ];
    writeFileSync(log, gzipSync(lines.join('\n')));
    expect(answerOf(await warm(['--json', '--log', log, '--top', '2']))).toMatchObject({
      status: 'done',
      total: 2,
      filled: 2,
    });
    await isHit('/3/movie/21');
    await isHit('/3/movie/22?language=de');
    expect(origin.requests.countOf('/3/movie/23')).toBe(0);
  });

  it('--export of a kind is fetched by the proxy, of a file or URL by the command', async () => {
    const remote = await warm([
      '--json',
      '--export',
      'tv',
      '--top',
      '3',
      '--language',
      'de',
      '--append',
      'credits',
    ]);
    expect(remote.code).toBe(0);
    expect(answerOf(remote)).toMatchObject({ source: 'export tv, top 3', total: 3, filled: 3 });
    const ids = [31, 32, 33].map((id) => JSON.stringify({ id, popularity: id, adult: id === 33 }));
    const file = join(folder, 'movie_ids_01_31_2026.json.gz');
    writeFileSync(file, gzipSync(ids.join('\n')));
    expect(answerOf(await warm(['--json', '--export', file, '--top', '1']))).toMatchObject({
      total: 1,
      filled: 1,
    });
    await isHit('/3/movie/32');
    const day = new Date(Date.now() - 8 * 3_600_000).toISOString().slice(0, 10);
    const [year, month, date] = day.split('-');
    const url = `${origin.url}/p/exports/person_ids_${month}_${date}_${year}.json.gz`;
    expect(answerOf(await warm(['--json', '--export', url, '--top', '2']))).toMatchObject({
      total: 2,
      errors: 0,
    });
  });

  it('--hot refills what is asked for most', async () => {
    for (let round = 0; round < 5; round++)
      await Promise.all(Array.from({ length: 40 }, () => get(`${proxy.url}/3/movie/41`)));
    await get(`${proxy.url}/cache/purge`, {
      method: 'POST',
      headers: { 'x-api-key': KEY },
      body: JSON.stringify({ tags: ['movie:41'] }),
    });
    const ended = await warm(['--json', '--hot', '--top', '1']);
    expect(answerOf(ended)).toMatchObject({ status: 'done', total: 1, filled: 1 });
    await isHit('/3/movie/41');
  });

  it.each([
    [[], 2, 'give addresses'],
    [['--hot', '--log', 'x'], 2, 'give one of'],
    [['--language', 'de', '/3/movie/1'], 2, 'go with --export'],
    [['--export', 'movie', '--top', '0'], 2, 'whole number from 1'],
    [['--export', 'movie', '--append', 'a&b'], 2, '"a&b" is none of the names'],
    [['--export', 'ids.txt'], 1, 'no file that is there'],
    [['--export', 'http://127.0.0.1:1/ids.txt'], 1, '--kind'],
    [['--urls', 'missing.txt'], 1, "missing.txt can't be read: there is no such file"],
    [['--urls', '/'], 1, "/ can't be read: it is a directory"],
    [['--export', 'movies'], 1, '"movies" is no kind (movie, tv, person,'],
    [['--urls', '-'], 1, 'nothing that could be warmed up'],
    [['--resume', 'nobody'], 1, 'there is no warm-up job of this id. GET /cache/warm lists those there are'],
  ])('%j ends with %i and what to do', async (args, code, advice) => {
    const ended = await warm(args);
    expect(ended.code).toBe(code);
    expect(ended.stderr).toContain(advice);
    expect(ended.stderr).not.toMatch(/\n {4}at /);
  });
});

describe('whom it asks', () => {
  it('no proxy there: 1, and how to start one', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const ended = await run(['--url', url, '--json', '/3/movie/1']).ended;
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain('tmdb-cache-proxy serve');
    expect(JSON.parse(ended.stdout)).toMatchObject({ error: expect.stringContaining(url) });
  });

  it('without --url the proxy of this machine, as PORT says, with its ADMIN_API_KEY', async () => {
    const { port } = new URL(proxy.url);
    const ended = await run(['--json', '/3/movie/51'], { env: { PORT: port, HOST: '127.0.0.1' } }).ended;
    expect(ended.code).toBe(0);
    const mistaken = await run(['/3/movie/51'], { env: { PORT: 'x' } }).ended;
    expect(mistaken.code).toBe(78);
    expect(mistaken.stderr).toContain('PORT');
  });

  it('a wrong key is refused, and never printed', async () => {
    const ended = await warm(['--key', 'not-the-key', '/3/movie/1']);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain('401');
    expect(ended.stdout + ended.stderr).not.toMatch(/not-the-key|admin-secret/);
  });
});

describe('Ctrl-C', () => {
  it('pauses the job and says how to go on; that goes on', async () => {
    const list = join(folder, 'long.txt');
    writeFileSync(list, movies(300, 100).join('\n'));
    const running = run(['--url', proxy.url, '--urls', list]);
    await vi.waitFor(() => expect(running.stdout()).toContain('running'), 10_000);
    running.child.kill('SIGINT');
    const interrupted = await running.ended;
    expect(interrupted.code).toBe(130);
    const id = /--resume (\w+)/.exec(interrupted.stderr)![1]!;
    expect(interrupted.stdout).toContain('paused: ');
    await eventually(async () => {
      const { jobs } = json(await get(`${proxy.url}/cache/warm`, { headers: { 'x-api-key': KEY } })) as {
        jobs: WarmJob[];
      };
      expect(jobs.find((job) => job.id === id)).toMatchObject({ status: 'paused' });
    });
    const resumed = await warm(['--json', '--resume', id]);
    expect(resumed.code).toBe(0);
    expect(answerOf(resumed)).toMatchObject({ status: 'done', total: 300, done: 300, errors: 0 });
    expect(origin.requests.countOf('/3/movie/')).toBeLessThanOrEqual(308);
  });
});

describe.skipIf(!existsSync('/usr/bin/script'))('on a terminal', () => {
  it('draws one line anew, with bar, done, rate, hits, errors and time left', async () => {
    const command = [process.execPath, MAIN, 'warm', '--url', proxy.url, ...movies(60, 500)].join(' ');
    const { code, stdout } = await started('script', ['-qec', command, '/dev/null'], '', { TERM: 'xterm' })
      .ended;
    expect(code).toBe(0);
    expect(stdout).toContain('\r\u001b[K[');
    expect(stdout).toMatch(/\[#*-*\] +\d+% \d+\/60, [\d.]+\/s, \d+ hits, \d+ errors/);
    expect(stdout).toMatch(/done: 60 of 60 in /);
  });
});
