import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type SampleOrigin, startSampleOrigin } from '../../src/demo/index.js';
import { eventually } from '../support/patience.js';
import { type ProxyProcess, startProxy } from '../support/proxy-process.js';
import { type Got, get, json } from '../support/raw-client.js';
import { freePort } from '../support/redis-server.js';

const ADMIN = { 'x-api-key': 'admin-secret' };
let origin: SampleOrigin;
let folder: string;
let proxy: ProxyProcess;
beforeAll(async () => {
  origin = await startSampleOrigin({});
});
afterAll(() => origin.close());
beforeEach(() => {
  origin.requests.reset();
  folder = mkdtempSync(join(tmpdir(), 'tmdb-proxy-reload-'));
});
afterEach(async () => {
  expect(await proxy.stop()).toEqual({ code: 0, signal: null });
  rmSync(folder, { recursive: true, force: true });
});

/** The proxy's working directory is `folder`: what stands in its .env may change. */
const dotenv = (lines: Record<string, string>) =>
  writeFileSync(
    join(folder, '.env'),
    Object.entries(lines)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  );

async function start(workers: number, lines: Record<string, string>, env: Record<string, string> = {}) {
  dotenv(lines);
  proxy = await startProxy({
    cacheDir: folder,
    env: {
      TMDB_API_URLS: origin.url,
      TMDB_IMAGE_URLS: origin.url,
      WORKERS: String(workers),
      ...(env.ADMIN_API_KEY_FILE === undefined && { ADMIN_API_KEY: 'admin-secret' }),
      ...env,
    },
  });
}

const admin = (path: string, method = 'GET', body?: string): Promise<Got> =>
  get(`${proxy.url}${path}`, { method, headers: ADMIN, ...(body !== undefined && { body }) });
const reload = () => admin('/config/reload', 'POST');
interface Row {
  value: unknown;
  source: string;
  reason: string;
  loaded_at: string;
  needs_restart?: true;
}
const config = async () => json(await admin('/config')) as unknown as Record<string, Row>;
const maxAge = ({ headers }: Got) => Number(/max-age=(\d+)/.exec(headers['cache-control'] ?? '')?.[1]);
/** Each on a connection of its own, so every worker has its turn. */
const several = (paths: readonly string[]) => Promise.all(paths.map((path) => get(`${proxy.url}${path}`)));
const movies = (from: number, count: number) =>
  Array.from({ length: count }, (_, i) => `/3/movie/${from + i}`);

describe.each([1, 2])('reading the configuration again, with WORKERS=%i', (workers) => {
  it('a changed lifetime holds for what comes, in every worker, and what is stored keeps its own', async () => {
    await start(workers, { TMDB_API_KEY: 'one-key', JSON_MEMORY_TTL: '10', JSON_DISK_TTL: '60' });
    const before = await config();
    expect((await several(movies(100, 1))).map(maxAge)).toEqual([600]);
    dotenv({ TMDB_API_KEY: 'one-key', JSON_MEMORY_TTL: '5', JSON_DISK_TTL: '30' });
    const answer = await reload();
    expect(answer.status).toBe(200);
    expect(json(answer)).toMatchObject({
      changed: expect.arrayContaining(['JSON_MEMORY_TTL', 'JSON_DISK_TTL']),
      needs_restart: [],
    });
    // At once: whoever is answered that it is reloaded finds no worker that is not.
    expect((await several(movies(200, 12))).map(maxAge)).toEqual(Array(12).fill(300));
    await eventually(async () => {
      const kept = await several(Array(8).fill('/3/movie/100'));
      expect(kept.map(({ headers }) => headers['x-cache'])).toEqual(Array(8).fill('HIT'));
      for (const got of kept) expect(maxAge(got)).toBeGreaterThan(300);
    });
    expect(origin.requests.countOf('/3/movie/100')).toBe(1);
    const after = await config();
    expect(after.JSON_MEMORY_TTL).toMatchObject({ value: 5, source: 'file', reason: '.env' });
    expect(Date.parse(after.JSON_MEMORY_TTL!.loaded_at)).toBeGreaterThan(Date.parse(before.PORT!.loaded_at));
    expect(after.PORT).toEqual(before.PORT);
  });

  it('SIGHUP does the same, and one that changes nothing says so', async () => {
    await start(workers, { TMDB_API_KEY: 'one-key', JSON_MEMORY_TTL: '10' });
    process.kill(proxy.pid, 'SIGHUP');
    await eventually(() => expect(proxy.output()).toContain('configuration read again: nothing has changed'));
    dotenv({ TMDB_API_KEY: 'one-key', JSON_MEMORY_TTL: '5', PORT: '1', REGION: 'elsewhere' });
    process.kill(proxy.pid, 'SIGHUP');
    await eventually(() => expect(proxy.output()).toMatch(/configuration read again: JSON_MEMORY_TTL/));
    expect((await several(movies(300, 8))).map(maxAge)).toEqual(Array(8).fill(300));
    // PORT is set in the environment, which wins
    expect(proxy.output()).toContain('REGION is given otherwise now: that needs a restart');
    expect(proxy.output()).not.toContain('PORT is given otherwise');
    expect((await config()).REGION).toMatchObject({ value: 'default', needs_restart: true });
  });

  it('a mistake anywhere changes nothing, and every mistake is told', async () => {
    await start(workers, { TMDB_API_KEY: 'one-key', JSON_MEMORY_TTL: '10' });
    const before = await config();
    dotenv({
      TMDB_API_KEY: 'another',
      JSON_MEMORY_TTL: 'soon',
      JSON_MEMORY_TTLL: '1',
      DISK_CACHE_BYTES: '-1',
    });
    const answer = await reload();
    expect(answer.status).toBe(422);
    const { code, detail } = json(answer) as { code: string; detail: string };
    expect(code).toBe('config_invalid');
    for (const name of ['JSON_MEMORY_TTL=', 'JSON_MEMORY_TTLL', 'DISK_CACHE_BYTES'])
      expect(detail).toContain(name);
    process.kill(proxy.pid, 'SIGHUP');
    await eventually(() => expect(proxy.output()).toMatch(/"mistakes":\[[^\]]*JSON_MEMORY_TTLL/));
    expect(await config()).toEqual(before);
    expect((await several(movies(400, 4))).map(maxAge)).toEqual(Array(4).fill(600));
    expect(origin.requests.last()?.target).toContain('one-key');
    // What only its user can judge is no less a mistake.
    dotenv({ TMDB_API_KEY: 'one-key', JSON_MEMORY_TTL: '5', DISK_CACHE_BYTES: '1000' });
    expect((await reload()).status).toBe(422);
    expect(await config()).toEqual(before);
  });

  it('memory shrinks to its new bound while it answers, and grows again', async () => {
    await start(workers, { TMDB_API_KEY: 'one-key', MEMORY_CACHE_BYTES: '64MiB' });
    const paths = Array.from({ length: 240 }, (_, i) => `/3/movie/550?of=${i}`);
    for (let i = 0; i < paths.length; i += 40) await several(paths.slice(i, i + 40));
    const memory = async () =>
      (json(await admin('/cache/info')) as { memory_cache: { bytes: number; max_bytes: number } })
        .memory_cache;
    const full = await memory();
    const bound = Math.floor(full.bytes / 4);
    dotenv({ TMDB_API_KEY: 'one-key', MEMORY_CACHE_BYTES: String(bound) });
    const [answer, ...answers] = await Promise.all([
      reload(),
      several(paths.slice(0, 60)),
      several(paths.slice(60, 120)),
    ]);
    expect(answer.status).toBe(200);
    for (const { status } of answers.flat()) expect(status).toBe(200);
    await eventually(async () => {
      const { bytes, max_bytes } = await memory();
      expect(max_bytes).toBeLessThanOrEqual(bound);
      expect(bytes).toBeLessThanOrEqual(max_bytes);
    });
    expect((await several(paths.slice(0, 20))).map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect((await memory()).bytes).toBeLessThanOrEqual(bound);
    dotenv({ TMDB_API_KEY: 'one-key', MEMORY_CACHE_BYTES: '64MiB' });
    await reload();
    for (let i = 0; i < paths.length; i += 40) await several(paths.slice(i, i + 40));
    expect((await memory()).bytes).toBeGreaterThan(bound);
  });

  it('the budget for the origin changes', async () => {
    // One at once, and the next after minutes: it is refused.
    await start(workers, { TMDB_API_KEY: 'one-key', UPSTREAM_RATE: '0.01' });
    const [first] = await several(['/3/movie/501']);
    expect(first!.status).toBe(200);
    const refused = await several(movies(510, 3));
    expect(refused.map(({ status }) => status)).toEqual([503, 503, 503]);
    dotenv({
      TMDB_API_KEY: 'one-key',
      UPSTREAM_RATE: '1000',
      UPSTREAM_MAX_CONNECTIONS: '7',
      MAX_RETRIES: '0',
    });
    expect(json(await reload()).changed).toEqual([
      'UPSTREAM_MAX_CONNECTIONS',
      'UPSTREAM_RATE',
      'MAX_RETRIES',
    ]);
    const answers = await several(movies(520, 40));
    expect(answers.map(({ status }) => status)).toEqual(Array(40).fill(200));
    const { upstreams } = json(await admin('/upstream')) as {
      upstreams: { upstream: string; max_connections: number; budget: { rate: number } }[];
    };
    const api = upstreams.find(({ upstream }) => upstream === 'api')!;
    expect([api.max_connections, api.budget.rate]).toEqual([7, 1000]);
    // MAX_RETRIES=0: a failure is asked about once.
    origin.faults.add({ kind: 'status', status: 500, match: '/3/movie/599' });
    await several(['/3/movie/599']);
    expect(origin.requests.countOf('/3/movie/599')).toBe(1);
  });

  it('keys are taken from their files again: the old admin key is refused, TMDB is sent the new one', async () => {
    const files = { admin: join(folder, 'admin'), tmdb: join(folder, 'tmdb') };
    writeFileSync(files.admin, 'old-admin-key\n');
    writeFileSync(files.tmdb, 'a'.repeat(32));
    await start(workers, {}, { ADMIN_API_KEY_FILE: files.admin, TMDB_API_KEY_FILE: files.tmdb });
    const asking = (key: string, method = 'GET', path = '/config') =>
      get(`${proxy.url}${path}`, { method, headers: { 'x-api-key': key } });
    expect((await asking('old-admin-key')).status).toBe(200);
    await several(['/3/movie/601']);
    expect(origin.requests.last()?.target).toContain('a'.repeat(32));
    writeFileSync(files.admin, 'new-admin-key\n');
    writeFileSync(files.tmdb, 'b'.repeat(32));
    expect((await asking('old-admin-key', 'POST', '/config/reload')).status).toBe(200);
    for (let i = 0; i < 6; i++) {
      expect((await asking('new-admin-key')).status).toBe(200);
      expect((await asking('old-admin-key')).status).not.toBe(200);
    }
    origin.requests.reset();
    await several([...movies(610, 8), '/3/movie/1/account_states?session_id=x']);
    expect(origin.requests.count(({ target }) => target.includes('b'.repeat(32)))).toBe(9);
    expect(origin.requests.count(({ target }) => target.includes('a'.repeat(32)))).toBe(0);
    expect(proxy.output()).not.toMatch(/-admin-key|a{32}|b{32}/);
  });

  it('proxy keys change, but whether clients need one needs a restart', async () => {
    const keys = (text: string) => dotenv({ TMDB_API_KEY: 'one-key', PROXY_KEYS: text });
    await start(workers, { TMDB_API_KEY: 'one-key', PROXY_KEYS: 'alice=alices-key-0123456789' });
    const ask = async (key: string) =>
      (await several(Array(6).fill(`/3/movie/550?api_key=${key}`))).map(({ status }) => status);
    expect(await ask('alices-key-0123456789')).toEqual(Array(6).fill(200));
    keys('alice=new-key-of-alice-42,bob=bobs-key-0123456789');
    expect(json(await reload()).changed).toEqual(['PROXY_KEYS']);
    expect(await ask('new-key-of-alice-42')).toEqual(Array(6).fill(200));
    expect(await ask('alices-key-0123456789')).not.toContain(200);
    keys('alice=same-key-0123456789,bob=same-key-0123456789');
    expect((await reload()).status).toBe(422);
    expect(await ask('bobs-key-0123456789')).toEqual(Array(6).fill(200));
    dotenv({ TMDB_API_KEY: 'one-key' });
    expect(json(await reload())).toMatchObject({ changed: [], needs_restart: ['PROXY_KEYS'] });
    expect(await ask('nobodys-key-0123456789')).not.toContain(200);
    expect(proxy.output()).not.toMatch(/key-0123456789|new-key-of/);
  });

  it('the log level changes at once, until the configuration is read again', async () => {
    await start(workers, { TMDB_API_KEY: 'one-key', LOG_HITS: '1000' });
    const put = (body: string) => admin('/config/log-level', 'PUT', body);
    const lines = () => proxy.output().match(/"msg":"request"/g)?.length ?? 0;
    expect(json(await put('{"level":"error"}'))).toMatchObject({ level: 'error', configured: 'info' });
    const quiet = lines();
    await several(movies(700, 8));
    expect((await config()).LOG_LEVEL).toMatchObject({ value: 'error', source: 'derived' });
    expect(lines()).toBe(quiet);
    expect(json(await put('{"level":"trace"}'))).toMatchObject({ level: 'trace' });
    await several(movies(700, 8));
    await eventually(() => expect(lines()).toBeGreaterThanOrEqual(quiet + 8));
    await put('{"level":"silent"}');
    await reload();
    expect(json(await admin('/config/log-level'))).toMatchObject({ level: 'info', configured: 'info' });
    for (const wrong of ['{"level":"loud"}', '{"level":"info","more":1}', 'level=info', '{}'])
      expect((await put(wrong)).status).toBe(400);
    expect(
      (await get(`${proxy.url}/config/log-level`, { method: 'PUT', body: '{"level":"info"}' })).status,
    ).toBe(401);
    expect((await admin('/config/log-level', 'POST')).status).toBe(405);
    expect((await admin('/config/reload')).status).toBe(405);
  });
});

it('a worker that begins later has the values of now', async () => {
  // A port that stays, also while there is no worker.
  const PORT = String(await freePort());
  await start(2, { TMDB_API_KEY: 'one-key', JSON_MEMORY_TTL: '10' }, { PORT });
  dotenv({ TMDB_API_KEY: 'one-key', JSON_MEMORY_TTL: '5' });
  await reload();
  const workers = () =>
    execFileSync('pgrep', ['-P', String(proxy.pid)])
      .toString()
      .trim()
      .split('\n');
  const before = workers();
  for (const pid of before) process.kill(Number(pid), 'SIGKILL');
  await vi.waitFor(async () => {
    expect(workers().filter((pid) => before.includes(pid))).toEqual([]);
    expect((json(await get(`${proxy.url}/status`)) as { workers: number }).workers).toBe(2);
  }, 20_000);
  expect((await several(movies(240, 12))).map(maxAge)).toEqual(Array(12).fill(300));
});
