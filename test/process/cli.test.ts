import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KeyRow } from '../../src/admin/answers/keys.js';
import { type SampleOrigin, startSampleOrigin } from '../../src/demo/index.js';
import { type ProxyProcess, pointedAt, startProxy } from '../support/proxy-process.js';
import { get } from '../support/raw-client.js';
import { freePort } from '../support/redis-server.js';
import { type Ended, runCommand } from '../support/run-command.js';

const KEY = 'admin-secret-of-mine';
const WRONG = 'not-the-key-at-all';
const MAIN = new URL('../../dist/main.js', import.meta.url).pathname;

let origin: SampleOrigin;
let proxy: ProxyProcess;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cli-'));
  origin = await startSampleOrigin({});
  proxy = await startProxy({
    quiet: true,
    env: pointedAt(origin.url, { WORKERS: '2', ADMIN_API_KEY: KEY, UPSTREAM_RATE: '5000' }),
  });
});
afterAll(async () => {
  await proxy.stop();
  await origin.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a command against the proxy, whose key is in the environment. No key may ever be printed. */
async function run(
  args: readonly string[],
  env: Record<string, string> = { ADMIN_API_KEY: KEY },
): Promise<Ended> {
  const ended = await runCommand([...args, '--url', proxy.url], { cwd: folder, env });
  expect(ended.stdout + ended.stderr).not.toMatch(new RegExp(`${KEY}|${WRONG}|proxy-own-key`));
  expect(ended.stderr).not.toMatch(/\n {4}at /);
  return ended;
}

/** On a terminal, as `script` makes one. */
function onTerminal(command: readonly string[], typed: { after: RegExp; text: string }): Promise<Ended> {
  // Without `exec` the shell between would end by Ctrl-C itself.
  const line = ['exec', process.execPath, MAIN, ...command, '--url', proxy.url].join(' ');
  return runCommand(['-qec', line, '/dev/null'], {
    program: ['script'],
    cwd: folder,
    env: { ADMIN_API_KEY: KEY, TERM: 'xterm' },
    typed,
  });
}

const cacheOf = async (path: string) => (await get(proxy.url + path)).headers['x-cache'];
/** In the cache for sure: a fill is written behind its first answer. */
async function cached(...paths: string[]): Promise<void> {
  for (const path of paths) {
    await get(proxy.url + path);
    await expect.poll(() => cacheOf(path)).toBe('HIT');
  }
}
const isPurged = async (path: string) => expect(await cacheOf(path)).toBe('MISS');

describe('stats', () => {
  it('prints tables, without a key', async () => {
    await cached('/3/movie/1');
    const { code, stdout, stderr } = await run(['stats'], {});
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.split('\n')[0]).toMatch(
      new RegExp(`^${proxy.url} is healthy: up \\d+ .*, 2 workers, hit rate [\\d.]+ %$`),
    );
    for (const part of ['requests', 'tier', 'latency', 'upstream', 'part'])
      expect(stdout).toMatch(new RegExp(`^${part} {2}`, 'm'));
    expect(stdout).toContain(origin.url);
  });

  it('--json prints /stats and /health as one object', async () => {
    const { code, stdout } = await run(['stats', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      url: proxy.url,
      stats: { requests: { total: expect.any(Number) }, workers: 2 },
      health: { status: 'healthy' },
    });
    expect(stdout.trim()).not.toContain('\n');
  });

  it('--watch in a pipe says what to add', async () => {
    const { code, stderr } = await run(['stats', '--watch']);
    expect(code).toBe(2);
    expect(stderr).toContain('add --json');
  });
});

describe('purge', () => {
  it('takes paths, addresses, keys and tags at once, says how many nodes have it, and it holds', async () => {
    const paths = ['/3/movie/11', '/3/movie/12?language=de', '/3/tv/13', '/3/person/14'];
    await cached(...paths);
    const { code, stdout, stderr } = await run([
      ...['purge', '/3/movie/11', 'v1:api:/3/movie/12?language=de'],
      ...['https://www.themoviedb.org/tv/13-a-show', '--tag', 'person:14'],
    ]);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toBe('Purged now: 1 node has it.\n');
    for (const path of paths) await isPurged(path);
  });

  it('--soft leaves the old answer for the next reader', async () => {
    await cached('/3/movie/21');
    const { code, stdout } = await run(['purge', '/3/movie/21', '--soft']);
    expect([code, stdout]).toEqual([0, 'Stale now: 1 node has it.\n']);
    expect(await cacheOf('/3/movie/21')).toBe('STALE');
  });

  it('--class and --prefix', async () => {
    await cached('/3/search/movie?query=a', '/3/tv/22', '/3/movie/23');
    expect((await run(['purge', '--class', 'search', '--prefix', 'v1:api:/3/tv/'])).code).toBe(0);
    await isPurged('/3/search/movie?query=a');
    await isPurged('/3/tv/22');
    expect(await cacheOf('/3/movie/23')).toBe('HIT');
  });

  it('--json prints the answer', async () => {
    const { stdout } = await run(['purge', '/3/movie/24', '--json', '--cascade']);
    expect(JSON.parse(stdout)).toMatchObject({ nodes_reached: 1, pending: false, soft: false });
  });

  it('--all wants --yes where nobody can be asked, then empties all and says how much', async () => {
    await cached('/3/movie/31', '/3/movie/32');
    const refused = await run(['purge', '--all']);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('--yes')]);
    expect(await cacheOf('/3/movie/31')).toBe('HIT');
    const { code, stdout } = await run(['purge', '--all', '--yes']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Cleared now: 1 node has it \(entries: memory \d+, disk \d+\)\.\n$/);
    await isPurged('/3/movie/31');
    await isPurged('/3/movie/32');
  });

  it('what the proxy refuses ends with 1 and its words, as JSON too', async () => {
    const { code, stderr, stdout } = await run(['purge', 'https://example.org/3/movie/1', '--json']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/answered 400: "https:\/\/example\.org\/3\/movie\/1" is no address of this site/);
    expect(JSON.parse(stdout)).toMatchObject({ error: expect.stringContaining('400') });
  });
});

describe('search', () => {
  const rowsOf = ({ stdout }: Ended) =>
    stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as KeyRow);

  it('prints a table of what contains the text, and nothing else', async () => {
    await cached('/3/movie/41?language=de', '/3/tv/41');
    const { code, stdout, stderr } = await run(['search', 'movie/41']);
    expect([code, stderr]).toEqual([0, '']);
    const [titles, row, ...rest] = stdout.trimEnd().split('\n');
    expect(titles).toMatch(/^tier +class +status +size +age +fresh for +key$/);
    expect(row).toMatch(
      /^memory\+disk +detail +200 +[\d.]+ \w+ +\d+ \w+ +\d+ h.* v1:api:\/3\/movie\/41\?language=de$/,
    );
    expect(rest).toEqual([]);
  });

  it('--json prints an object a line, by tier and class', async () => {
    await cached('/3/search/tv?query=b');
    const ended = await run(['search', '--json', '--tier', 'memory', '--class', 'search']);
    expect(rowsOf(ended)).toMatchObject([
      { key: expect.stringContaining('/3/search/tv?query=b'), class: 'search', tiers: ['memory'] },
    ]);
  });

  it('goes through all pages until the limit, and says when there is more', async () => {
    await run(['warm', ...Array.from({ length: 1100 }, (_, i) => `/3/person/${5000 + i}`)]);
    const all = await run(['search', 'person/', '--limit', '5000', '--json']);
    expect(new Set(rowsOf(all).map(({ key }) => key)).size).toBe(1100);
    expect(all.stderr).toBe('');
    const some = await run(['search', 'person/', '--limit', '1050', '--json']);
    expect(rowsOf(some)).toHaveLength(1050);
    expect(some.stderr).toContain('these are the first 1,050');
  });

  it('of nothing prints nothing, says so, and is no failure', async () => {
    const { code, stdout, stderr } = await run(['search', 'no-such-thing']);
    expect([code, stdout]).toEqual([0, '']);
    expect(stderr).toContain('nothing is stored');
  });

  it('ends quietly when nobody reads on', async () => {
    const shell = `${process.execPath} ${MAIN} search person/ --json --limit 5000 --url ${proxy.url} | head -n 1`;
    const { stdout, stderr } = await runCommand(['-c', shell], {
      program: ['sh'],
      cwd: folder,
      env: { ADMIN_API_KEY: KEY },
    });
    expect(stdout.trim().split('\n')).toHaveLength(1);
    expect(stderr).toBe('');
  });
});

describe('whom they ask', () => {
  it.each([['stats'], ['search', 'x'], ['purge', '/3/movie/1']])(
    '%s: no proxy there ends with 1',
    async (...args) => {
      const url = `http://127.0.0.1:${await freePort()}`;
      const { code, stderr } = await runCommand([...args, '--url', url], { cwd: folder });
      expect(code).toBe(1);
      expect(stderr).toMatch(
        new RegExp(`^tmdb-cache-proxy ${args[0]}: no proxy answers at ${url} .*tmdb-cache-proxy serve`),
      );
    },
  );

  it.each([
    ['search', 'x'],
    ['purge', '/3/movie/1'],
  ])('%s: no key, or a wrong one, ends with 1 and what to set', async (...args) => {
    const without = await run(args, {});
    expect([without.code, without.stderr]).toEqual([
      1,
      expect.stringContaining('it wants its admin key. Set ADMIN_API_KEY'),
    ]);
    const wrong = await run([...args, '--key', WRONG]);
    expect([wrong.code, wrong.stderr]).toEqual([
      1,
      expect.stringContaining('it does not take this admin key'),
    ]);
  });

  it('without --url the proxy of this machine, as .env says; a mistake there ends with 78', async () => {
    const { port } = new URL(proxy.url);
    writeFileSync(join(folder, '.env'), `PORT=${port}\nADMIN_API_KEY=${KEY}\n`);
    const found = await runCommand(['search', 'x'], { cwd: folder, env: { HOST: '127.0.0.1' } });
    expect(found.code).toBe(0);
    const mistaken = await runCommand(['search', 'x'], { cwd: folder, env: { WORKERS: 'many' } });
    expect([mistaken.code, mistaken.stderr]).toEqual([78, expect.stringContaining('WORKERS')]);
    rmSync(join(folder, '.env'));
  });
});

describe.skipIf(!existsSync('/usr/bin/script'))('on a terminal', () => {
  it('purge --all asks, says how much it is about, and does nothing unless the answer is yes', async () => {
    await cached('/3/movie/61');
    const no = await onTerminal(['purge', '--all'], { after: /Go on\?/, text: 'no\n' });
    expect(no.stdout).toMatch(
      /This empties the cache of .*: [\d,]+ entries in memory, [\d,]+ \(.*\) in disk\. Go on\?/,
    );
    expect([no.code, no.stdout]).toEqual([1, expect.stringContaining('nothing was purged')]);
    expect(await cacheOf('/3/movie/61')).toBe('HIT');
    const yes = await onTerminal(['purge', '--all'], { after: /Go on\?/, text: 'yes\n' });
    expect([yes.code, yes.stdout]).toEqual([0, expect.stringContaining('Cleared now')]);
    await isPurged('/3/movie/61');
  });

  it('stats --watch draws again, with rates, until Ctrl-C, which is no failure', async () => {
    const typed = { after: /^per second/m, text: '\u0003' };
    const { code, stdout } = await onTerminal(['stats', '--watch', '1'], typed);
    expect(code).toBe(0);
    expect(stdout.split('\u001b[H').length).toBeGreaterThan(2);
    expect(stdout).toMatch(/^per second +\d/m);
  });
});
