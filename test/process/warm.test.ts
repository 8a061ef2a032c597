import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type SampleOrigin, startSampleOrigin } from '../../src/demo/index.js';
import type { WarmJob } from '../../src/warm/job.js';
import { type ProxyProcess, pointedAt, startProxy } from '../support/proxy-process.js';
import { get } from '../support/raw-client.js';
import { begin, jobOf, movies, over, post } from './warm-kit.js';

let origin: SampleOrigin;
let cacheDir: string;
let proxy: ProxyProcess | undefined;

beforeAll(async () => {
  origin = await startSampleOrigin({});
});
afterAll(() => origin.close());
beforeEach(() => {
  origin.reset();
  origin.limits = {};
  cacheDir = mkdtempSync(join(tmpdir(), 'warm-process-'));
});
afterEach(async () => {
  await proxy?.stop('SIGKILL');
  proxy = undefined;
  rmSync(cacheDir, { recursive: true, force: true });
});

async function start(env: Record<string, string> = {}): Promise<ProxyProcess> {
  proxy = await startProxy({
    cacheDir,
    env: pointedAt(origin.url, { TMDB_EXPORT_URL: origin.url, UPSTREAM_RATE: '200', ...env }),
  });
  return proxy;
}

describe.each(['1', '2'])('warm-up with WORKERS=%s', (WORKERS) => {
  it('brings a list into the cache once: every client is then answered from it', async () => {
    const { url } = await start({ WORKERS });
    const { id } = await begin(url, {
      urls: [...movies(20), 'https://www.themoviedb.org/tv/1399', '/3/movie/1?api_key=x', '/3/account'],
    });
    expect(await over(url, id)).toMatchObject({ status: 'done', total: 23, done: 23, errors: 0, skipped: 1 });
    expect(origin.requests.countOf('/3/')).toBe(21);
    for (const path of [...movies(20), '/3/tv/1399', '/3/movie/1']) {
      expect((await get(url + path)).headers['x-cache']).toBe('HIT');
    }
    expect(origin.requests.countOf('/3/')).toBe(21);
    const metrics = (await get(`${url}/metrics`)).body.toString();
    expect(metrics).toContain('tmdb_proxy_warm_targets_total{result="filled"} 21');
    expect(metrics).toContain('tmdb_proxy_warm_jobs{status="done"} 1');
    expect(metrics).toContain('tmdb_proxy_warm_left 0');
  });

  it('takes the most popular of a daily export, in each language and with what is appended', async () => {
    const { url } = await start({ WORKERS });
    const { id } = await begin(url, {
      export: { kind: 'movie', top: 10, languages: ['de', 'en-US'], appends: ['credits'] },
    });
    expect(await over(url, id)).toMatchObject({ status: 'done', total: 20, filled: 20 });
    const best = [...origin.catalogue.movies()]
      .sort((a, b) => b.popularity - a.popularity || a.id - b.id)
      .slice(0, 10);
    for (const { id } of best) {
      const target = `/3/movie/${id}?language=de&append_to_response=credits`;
      expect((await get(url + target)).headers['x-cache']).toBe('HIT');
    }
  });

  it.each([
    // Only what was in flight when it ended may be asked for twice,
    ['SIGTERM', 8],
    // and what no disk had by then.
    ['SIGKILL', 30],
  ] as const)('%s and start again: it goes on and repeats nothing that is fresh', async (signal, twice) => {
    const first = await start({ WORKERS, UPSTREAM_RATE: '60' });
    const { id } = await begin(first.url, { urls: movies(200) });
    await vi.waitFor(async () => expect((await jobOf(first.url, id)).done).toBeGreaterThan(40), 20_000);
    await first.stop(signal);
    const second = await start({ WORKERS });
    expect(await over(second.url, id)).toMatchObject({ status: 'done', total: 200, done: 200, errors: 0 });
    expect(origin.requests.countOf('/3/movie/')).toBeLessThanOrEqual(200 + twice);
  });

  it('the hottest are in memory after a restart without one origin request', async () => {
    const hot = movies(3);
    const first = await start({ WORKERS });
    for (const path of hot) {
      for (let round = 0; round < 8; round++) {
        await Promise.all(Array.from({ length: 40 }, () => get(first.url + path)));
      }
    }
    await first.stop();
    origin.requests.reset();
    const second = await start({ WORKERS });
    await vi.waitFor(() => {
      const told = second.output().match(/"keys":3,"found":3/g);
      expect(told).toHaveLength(Number(WORKERS));
    }, 10_000);
    for (const path of hot) {
      const answers = await Promise.all(Array.from({ length: 8 }, () => get(second.url + path)));
      for (const { headers } of answers) expect(headers['cache-status']).toMatch(/hit.*detail="?memory/);
    }
    expect(origin.requests.countOf('/3/')).toBe(0);
  });
});

describe('while it runs', () => {
  it('users’ requests keep their latency and the budget is kept', async () => {
    origin.limits = { rate: 40 };
    const RATE = 20;
    const BURST = RATE / 4;
    const { url } = await start({ UPSTREAM_RATE: String(RATE) });
    const began = Date.now();
    const { id } = await begin(url, { urls: movies(400), concurrency: 8 });
    // The burst is used up: from here on there is a token each 50 ms, and eight targets wait for it.
    await vi.waitFor(async () => expect((await jobOf(url, id)).filled).toBeGreaterThan(10), 10_000);
    for (let i = 1; i <= 40; i++) expect((await get(`${url}/3/person/${i}`)).status).toBe(200);
    // Each came right before or after another user's, though eight targets were waiting all the time.
    const order = origin.requests.all().map(({ target }) => target.startsWith('/3/person/'));
    const [first, last] = [order.indexOf(true), order.lastIndexOf(true)];
    expect(order.slice(first, last).filter((isUser) => !isUser).length).toBeLessThan(2 * 39);
    const job = await jobOf(url, id);
    expect(job).toMatchObject({ status: 'running', errors: 0 });
    expect(origin.requests.count(({ status }) => status === 429)).toBe(0);
    // Since the start, when the bucket was full: a busy machine brings late requests in bunches, and none too early.
    const times = origin.requests.all().flatMap(({ time }) => (time >= began ? [time] : []));
    const early = times.filter((time, index) => index + 1 > BURST + (RATE * (time - began)) / 1000 + 1);
    expect(early).toEqual([]);
  });

  it('an origin that says 429 is waited for, and that is no error', async () => {
    const { url } = await start();
    origin.faults.add({ kind: 'status', status: 429, retryAfter: 1, match: '/3/movie/5', times: 3 });
    const { id } = await begin(url, { urls: movies(9) });
    expect(await over(url, id)).toMatchObject({ status: 'done', done: 9, errors: 0 });
  });

  it('two workers follow one job by SSE', async () => {
    const { url } = await start({ WORKERS: '2' });
    origin.faults.gate('hold', { match: '/3/movie/80' });
    const { id } = await begin(url, { urls: movies(80) });
    let begun = 0;
    const following = Array.from({ length: 6 }, () =>
      get(`${url}/cache/warm?id=${id}`, {
        headers: { accept: 'text/event-stream' },
        onFirstByte: () => begun++,
      }),
    );
    await vi.waitFor(() => expect(begun).toBe(6), 10_000);
    origin.faults.release('hold');
    const followers = await Promise.all(following);
    for (const { body, headers } of followers) {
      expect(headers['content-type']).toContain('text/event-stream');
      const rows = [...body.toString().matchAll(/^event: (\w+)\ndata: (.*)$/gm)].map(([, event, data]) => ({
        event,
        job: (JSON.parse(data!) as { jobs: WarmJob[] }).jobs[0]!,
      }));
      expect(rows.length).toBeGreaterThan(1);
      expect(rows.at(-1)).toMatchObject({ event: 'end', job: { id, status: 'done', done: 80 } });
      const dones = rows.map(({ job }) => job.done);
      expect(dones).toEqual([...dones].sort((a, b) => a - b));
    }
  });

  it('a stop does not wait for those who follow', async () => {
    const { url, stop } = await start({ UPSTREAM_RATE: '5', SHUTDOWN_TIMEOUT: '25' });
    const { id } = await begin(url, { urls: movies(200) });
    let seen = () => {};
    const first = new Promise<void>((resolve) => {
      seen = resolve;
    });
    const options = { headers: { accept: 'text/event-stream' }, onFirstByte: () => seen() };
    const following = get(`${url}/cache/warm?id=${id}`, options);
    await first;
    const begun = performance.now();
    expect((await stop()).code).toBe(0);
    expect(performance.now() - begun).toBeLessThan(20_000);
    expect((await following).body.toString()).toContain('event: progress');
  });
});

describe('a node that must not ask', () => {
  it.each([
    ['OFFLINE', 'true'],
    ['CACHE_ENABLED', 'false'],
  ])('with %s=%s answers 409 and says why', async (name, value) => {
    const { url } = await start({ [name]: value, WORKERS: '2' });
    const got = await post(url, { urls: ['/3/movie/1'] });
    expect(got.status).toBe(409);
    expect(got.body.toString()).toContain(`${name}=${value}`);
    expect(origin.requests.total).toBe(0);
  });

  it('with WARM_TOP_KEYS=0 nobody counts what is hot, and says so', async () => {
    const { url } = await start({ WARM_TOP_KEYS: '0' });
    const got = await post(url, { hot: true });
    expect(got.status).toBe(409);
    expect(got.body.toString()).toContain('WARM_TOP_KEYS=0');
  });
});
