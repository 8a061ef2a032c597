import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Watched } from '../../src/dashboard/wire.js';
import { type SampleOrigin, startSampleOrigin } from '../../src/demo/index.js';
import { type ProxyProcess, pointedAt, startProxy } from '../support/proxy-process.js';
import { get, json } from '../support/raw-client.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';

const KEY = 'planted-admin-key-4711';

let origin: SampleOrigin;
let proxies: ProxyProcess[] = [];
beforeAll(async () => {
  origin = await startSampleOrigin({});
});
afterAll(() => origin.close());
afterEach(async () => {
  await Promise.all(proxies.map((proxy) => proxy.stop()));
  proxies = [];
});

async function start(env: Record<string, string>): Promise<ProxyProcess> {
  const proxy = await startProxy({ env: pointedAt(origin.url, env) });
  proxies.push(proxy);
  return proxy;
}

/** News of a dashboard until they are as wanted. Rejects when its stream ends before. */
async function newsUntil(url: string, wanted: (news: Watched) => boolean): Promise<Watched> {
  const response = await fetch(`${url}/dashboard/events`);
  let text = '';
  for await (const chunk of response.body!) {
    text += Buffer.from(chunk).toString();
    const events = text.split('\n\n');
    text = events.pop()!;
    for (const event of events) {
      const data = /^data: (.*)$/m.exec(event)?.[1];
      if (data === undefined) continue;
      const news = JSON.parse(data) as Watched;
      if (wanted(news)) return news;
    }
  }
  throw new Error('the stream has ended');
}

describe('the dashboard of a node with several processes', () => {
  it('lets in whoever has signed in at any of them, and out of all', async () => {
    const { url } = await start({ WORKERS: '3', ADMIN_API_KEY: KEY });
    const body = new URLSearchParams({ key: KEY }).toString();
    const headers = { 'sec-fetch-site': 'same-origin' };
    const login = await get(`${url}/dashboard/login`, { method: 'POST', headers, body });
    expect(login.status).toBe(303);
    const cookie = login.headers['set-cookie']![0]!.split(';')[0]!;
    // A connection each: every process has its turn.
    const statuses = async () => {
      const got = Array.from({ length: 9 }, () =>
        get(`${url}/dashboard/api/cache/info`, { headers: { cookie } }),
      );
      return (await Promise.all(got)).map(({ status }) => status);
    };
    expect(await statuses()).toEqual(Array(9).fill(200));
    await get(`${url}/dashboard/logout`, { method: 'POST', headers: { ...headers, cookie } });
    expect(await statuses()).toEqual(Array(9).fill(401));
    expect(proxies[0]!.output()).not.toContain(KEY);
    expect(proxies[0]!.output()).not.toContain(cookie.split('=')[1]!);
  });

  it('shows what all of them do, and serves the page that was built', async () => {
    const { url } = await start({ WORKERS: '2' });
    const page = (await get(`${url}/dashboard`)).body.toString();
    const files = [...page.matchAll(/"(\/dashboard\/assets\/[^"]+)"/g)].map(([, path]) => path!);
    expect(files.length).toBeGreaterThanOrEqual(3);
    for (const path of files) expect((await get(url + path)).status).toBe(200);
    for (let i = 0; i < 20; i++) await get(`${url}/3/movie/5`);
    const news = await newsUntil(url, ({ state }) => state.stats !== undefined);
    expect(news.state.stats!.requests.total).toBe(20);
    expect(news.state.hot!.misses.map(({ key }) => key)).toEqual(['v1:api:/3/movie/5']);
    const busy = newsUntil(url, ({ samples }) => samples.some(({ node }) => node.requests.hit > 0));
    let over = false;
    void busy.finally(() => {
      over = true;
    });
    while (!over) await get(`${url}/3/movie/5`);
    expect((await busy).failed).toEqual([]);
  });

  it('does not hold up a stop', async () => {
    const proxy = await start({ WORKERS: '2', SHUTDOWN_TIMEOUT: '20' });
    const stream = newsUntil(proxy.url, () => false).catch((error: Error) => error.message);
    await newsUntil(proxy.url, () => true);
    const began = performance.now();
    expect((await proxy.stop()).code).toBe(0);
    expect(performance.now() - began).toBeLessThan(15_000);
    await stream;
    proxies = [];
  });
});

describe('the dashboard of a cluster', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  it('adds up what its nodes do, whichever is asked', async () => {
    const env = { WORKERS: '1', USE_REDIS: 'true', REDIS_URL: `redis://127.0.0.1:${redis.port}` };
    const [one, two] = await Promise.all([
      start({ ...env, SERVER_ID: 'one' }),
      start({ ...env, SERVER_ID: 'two' }),
    ]);
    let over = false;
    const busy = (async () => {
      while (!over) await get(`${two!.url}/3/movie/5`);
    })();
    const seen = await newsUntil(one!.url, ({ samples }) =>
      samples.some(({ node, cluster }) => node.requests.hit === 0 && (cluster?.requests.hit ?? 0) > 0),
    );
    over = true;
    await busy;
    expect(seen.samples.at(-1)!.cluster!.l2.entries).toBeGreaterThan(0);
    const { nodes } = json(await get(`${one!.url}/cluster/nodes`)) as unknown as {
      nodes: { figures?: object }[];
    };
    expect(nodes.map(({ figures }) => typeof figures)).toEqual(['object', 'object']);
  });
});
