import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type SampleOrigin, startSampleOrigin } from '../../src/demo/index.js';
import { eventually } from '../support/patience.js';
import { type ProxyProcess, pointedAt, runProxy, startProxy } from '../support/proxy-process.js';
import { get, json } from '../support/raw-client.js';

let origin: SampleOrigin;

beforeAll(async () => {
  origin = await startSampleOrigin({});
});
afterAll(() => origin.close());

describe.each([1, 2])('a node with WORKERS=%i', (workers) => {
  let proxy: ProxyProcess;
  beforeAll(async () => {
    proxy = await startProxy({
      env: pointedAt(origin.url, { WORKERS: String(workers), ADMIN_API_KEY: 'admin-secret' }),
    });
  });
  afterAll(async () => {
    expect(await proxy.stop()).toEqual({ code: 0, signal: null });
  });
  beforeEach(() => origin.requests.reset());

  const admin = { 'x-api-key': 'admin-secret' };
  const purge = (selectors: object) =>
    get(`${proxy.url}/cache/purge`, {
      method: 'POST',
      headers: { ...admin, 'content-type': 'application/json' },
      body: JSON.stringify(selectors),
    });

  it('answers a second request from a tier, and says so', async () => {
    const first = await get(`${proxy.url}/3/movie/550?language=en-US`);
    expect(first.status).toBe(200);
    expect(first.headers['x-cache']).toBe('MISS');
    await eventually(async () => {
      for (let i = 0; i < 4; i++) {
        const again = await get(`${proxy.url}/3/movie/550?language=en-US`);
        expect(again.headers['x-cache']).toBe('HIT');
        expect(again.headers['cache-status']).toContain('hit');
        expect(again.body).toEqual(first.body);
      }
    });
    expect(origin.requests.countOf('/3/movie/550')).toBe(1);
  });

  it('each purge is counted once, whoever takes part in it', async () => {
    await purge({ tags: ['movie:1', 'movie:2'] });
    await purge({ tags: ['movie:1'], soft: true });
    const metrics = (await get(`${proxy.url}/metrics`)).body.toString();
    const counted = metrics.split('\n').filter((line) => line.startsWith('tmdb_proxy_purges_total{'));
    expect(counted.sort()).toEqual([
      'tmdb_proxy_purges_total{scope="tag",mode="hard"} 2',
      'tmdb_proxy_purges_total{scope="tag",mode="soft"} 1',
    ]);
  });

  it('200 concurrent misses on one key make one origin request, whichever worker they reach (I-6)', async () => {
    origin.faults.gate('hold', { match: '/3/tv/1399' });
    const answers = Array.from({ length: 200 }, () => get(`${proxy.url}/3/tv/1399`));
    await origin.faults.arrived('hold');
    await eventually(() => expect(origin.requests.countOf('/3/tv/1399')).toBe(1));
    origin.faults.release('hold');
    const got = await Promise.all(answers);
    expect(new Set(got.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(got.map(({ body }) => body.toString())).size).toBe(1);
    expect(origin.requests.countOf('/3/tv/1399')).toBe(1);
  });

  it("followers of a 5 MB image get their first byte before the leader's last, from one origin request", async () => {
    const path = '/t/p/original/big-5mb.jpg';
    origin.faults.gate('half', { match: path, where: 'body' });
    let begun = 0;
    const onFirstByte = () => begun++;
    const answers = Array.from({ length: 60 }, () => get(`${proxy.url}${path}`, { onFirstByte }));
    // The origin holds the second half back: whoever has bytes now has them before the leader's last.
    await vi.waitFor(() => expect(begun).toBe(60), 20_000);
    origin.faults.release('half');
    for (const { body } of await Promise.all(answers)) expect(body.length).toBe(5 * 1024 * 1024);
    expect(origin.requests.countOf(path)).toBe(1);
  });

  it('I-1: after a purge has answered, no worker serves the older body', async () => {
    const path = '/3/movie/550/credits';
    for (let round = 0; round < 5; round++) {
      const before = await get(`${proxy.url}${path}`);
      origin.edit('movie', 550, { title: `Edited ${round}` });
      const asked = origin.requests.countOf(path);
      const purged = await purge({ tags: ['movie:550'] });
      expect(purged.status).toBe(200);
      const after = await Promise.all(Array.from({ length: 20 }, () => get(`${proxy.url}${path}`)));
      for (const { body } of after) expect(body.equals(before.body)).toBe(false);
      expect(new Set(after.map(({ body }) => body.toString())).size).toBe(1);
      expect(origin.requests.countOf(path)).toBe(asked + 1);
    }
  });

  it('/stats, /metrics and /cache/info speak for all workers', async () => {
    const before = json(await get(`${proxy.url}/stats`)) as { requests: { total: number }; workers: number };
    await Promise.all(Array.from({ length: 40 }, () => get(`${proxy.url}/3/movie/550?language=en-US`)));
    await eventually(async () => {
      const after = json(await get(`${proxy.url}/stats`)) as typeof before;
      expect(after.requests.total).toBeGreaterThanOrEqual(before.requests.total + 40);
      expect(after.workers).toBe(workers);
    });
    expect((await get(`${proxy.url}/metrics`)).body.toString()).toContain('tmdb_proxy_requests_total');
    expect((await get(`${proxy.url}/cache/info`, { headers: admin })).status).toBe(200);
  });

  it('management paths want the key; the key never appears in what is printed', async () => {
    expect((await get(`${proxy.url}/cache/keys`)).status).toBe(401);
    const keys = json(await get(`${proxy.url}/cache/keys`, { headers: admin })) as {
      keys: { key: string }[];
    };
    expect(keys.keys.length).toBeGreaterThan(0);
    expect(JSON.stringify(keys)).not.toContain('proxy-own-key');
    expect(proxy.output()).not.toMatch(/admin-secret|proxy-own-key/);
  });
});

describe.each([1, 2])('a node with WORKERS=%i that stops', (workers) => {
  it('has accounted in its log for every hit, also for those without a line', async () => {
    const proxy = await startProxy({
      env: pointedAt(origin.url, { WORKERS: String(workers), LOG_HITS: '1' }),
    });
    let hits = 0;
    while (hits < 30) {
      const { headers } = await get(`${proxy.url}/3/movie/550`);
      if (headers['x-cache'] === 'HIT') hits += 1;
    }
    await proxy.stop();
    const lines = proxy.output().split('\n');
    const told = lines
      .filter((line) => line.startsWith('{'))
      .map((line): { result?: string; hits?: number } => JSON.parse(line));
    const counts = told.map((line) => line.hits ?? (line.result === 'hit' ? 1 : 0));
    expect(counts.filter((count) => count > 0).length).toBeLessThan(hits);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(hits);
  });
});

describe('a worker that dies', () => {
  it('is replaced, and requests go on', async () => {
    const proxy = await startProxy({ env: pointedAt(origin.url, { WORKERS: '2' }) });
    const pids = () => [
      ...new Set([...proxy.output().matchAll(/"pid":(\d+),"willRestart":true/g)].map((m) => m[1])),
    ];
    const { execFileSync } = await import('node:child_process');
    const children = execFileSync('pgrep', ['-P', String(proxy.pid)])
      .toString()
      .trim()
      .split('\n');
    process.kill(Number(children[0]), 'SIGKILL');
    await eventually(() => expect(pids()).toEqual([children[0]]));
    await vi.waitFor(async () => {
      expect((json(await get(`${proxy.url}/status`)) as { workers: number }).workers).toBe(2);
    }, 10_000);
    expect((await get(`${proxy.url}/3/movie/550`)).status).toBe(200);
    expect((await proxy.stop()).code).toBe(0);
  });
});

describe('stopping', () => {
  it.each([1, 2])('SIGTERM lets a request in flight finish and exits 0 (WORKERS=%i)', async (workers) => {
    const proxy = await startProxy({ env: pointedAt(origin.url, { WORKERS: String(workers) }) });
    origin.faults.gate('slow', { match: '/3/person/287' });
    const answer = get(`${proxy.url}/3/person/287`);
    await origin.faults.arrived('slow');
    const stopped = proxy.stop();
    await eventually(() => expect(proxy.output()).toContain('draining'));
    origin.faults.release('slow');
    expect((await answer).status).toBe(200);
    expect(await stopped).toEqual({ code: 0, signal: null });
  });

  it('a second signal ends it at once', async () => {
    const proxy = await startProxy({ env: pointedAt(origin.url, { WORKERS: '2' }) });
    origin.faults.gate('stuck', { match: '/3/person/287/images' });
    const answer = get(`${proxy.url}/3/person/287/images`).catch((error: Error) => error);
    await origin.faults.arrived('stuck');
    const stopped = proxy.stop();
    await eventually(() => expect(proxy.output()).toContain('draining'));
    process.kill(proxy.pid, 'SIGTERM');
    expect((await stopped).code).toBe(1);
    origin.faults.release('stuck');
    expect(await answer).toBeInstanceOf(Error);
  });
});

describe('what is on disk', () => {
  it('survives a restart', async () => {
    const cacheDir = mkdtempSync(join(tmpdir(), 'tmdb-proxy-test-'));
    const env = pointedAt(origin.url, { WORKERS: '2' });
    const first = await startProxy({ env, cacheDir });
    const body = (await get(`${first.url}/3/movie/550/videos`)).body;
    await first.stop();
    origin.requests.reset();
    const second = await startProxy({ env, cacheDir });
    const again = await get(`${second.url}/3/movie/550/videos`);
    expect([again.headers['x-cache'], again.body.equals(body)]).toEqual(['HIT', true]);
    expect(origin.requests.countOf('/3/movie/550/videos')).toBe(0);
    await second.stop();
    rmSync(cacheDir, { recursive: true, force: true });
  });

  it('a purge survives a restart (I-1)', async () => {
    const cacheDir = mkdtempSync(join(tmpdir(), 'tmdb-proxy-test-'));
    const env = pointedAt(origin.url, { WORKERS: '1' });
    const first = await startProxy({ env, cacheDir });
    await get(`${first.url}/3/movie/550/keywords`);
    const purged = await get(`${first.url}/cache/purge`, {
      method: 'POST',
      body: '{"urls":["/3/movie/550/keywords"]}',
    });
    expect(purged.status).toBe(200);
    process.kill(first.pid, 'SIGKILL');
    await first.stop();
    const second = await startProxy({ env, cacheDir });
    expect((await get(`${second.url}/3/movie/550/keywords`)).headers['x-cache']).toBe('MISS');
    await second.stop();
    rmSync(cacheDir, { recursive: true, force: true });
  });
});

describe('a start that cannot work says why', () => {
  it('one line per mistake', async () => {
    const { code, output } = await runProxy({
      env: { PORT: 'http', MEMORY_CACHE_BYTE: '5', JSON_DISK_TTL: 'soon' },
    });
    expect(code).toBe(78);
    for (const name of ['PORT', 'MEMORY_CACHE_BYTES', 'JSON_DISK_TTL']) expect(output).toContain(name);
  });

  it.each([1, 2])('a port in use (WORKERS=%i)', async (workers) => {
    const port = new URL(origin.url).port;
    const { code, output } = await runProxy({
      env: pointedAt(origin.url, { WORKERS: String(workers), PORT: port }),
    });
    expect(code).toBe(1);
    expect(output).toMatch(new RegExp(`PORT.*${port}.*in use`));
  });

  it('an unwritable directory', async () => {
    const { code, output } = await runProxy({ env: pointedAt(origin.url, { CACHE_DIR: '/proc/nowhere' }) });
    expect(code).toBe(1);
    expect(output).toContain('CACHE_DIR');
  });
});
