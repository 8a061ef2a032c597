// Purges hold everywhere: during a fill, with the bus cut, from a paused leader's late write, over every variant of a title.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type SampleOrigin, startSampleOrigin } from '../../src/demo/index.js';
import { get, json } from '../support/raw-client.js';
import { type RedisCluster, startRedisCluster } from '../support/redis-server.js';
import { ADMIN, pause, type Region, startRegion, within } from '../support/region.js';
import { report } from '../support/scenario.js';

let origin: SampleOrigin;
let redis: RedisCluster;
let region: Region;

beforeAll(async () => {
  [origin, redis] = await Promise.all([startSampleOrigin({}), startRedisCluster()]);
  // Two workers a node: purges reach processes that read Redis by themselves.
  const env = { REDIS_CLUSTER_NODES: redis.seeds, UPSTREAM_RATE: '200', WORKERS: '2' };
  region = await startRegion(3, origin.url, env);
});
afterAll(async () => {
  await region.stop();
  await redis.stop();
  await origin.close();
});

const title = async (url: string, path: string) => String(json(await get(`${url}${path}`)).title);

it('other nodes stop serving what was purged: median and worst of 40 purges (I-1)', async () => {
  const delays: number[] = [];
  let reached = 0;
  for (let i = 0; i < 40; i++) {
    for (const url of region.urls) await get(`${url}/3/movie/550?latency=1`);
    origin.edit('movie', 550, { title: `Round ${i}` });
    const answer = json(await region.purge(0, { tags: ['movie:550'] }));
    const answered = performance.now();
    reached += Number(answer.nodes_reached);
    await within(
      2000,
      async () => {
        for (const url of region.urls.slice(1))
          expect(await title(url, '/3/movie/550?latency=1')).toBe(`Round ${i}`);
      },
      1,
    );
    delays.push(performance.now() - answered);
    expect(await title(region.urls[0]!, '/3/movie/550?latency=1')).toBe(`Round ${i}`);
  }
  delays.sort((a, b) => a - b);
  await report('purge-latency', {
    purges: delays.length,
    nodes_that_had_acknowledged_on_average: reached / delays.length,
    // Not judged: on a machine that does other things, too, a median says more about the machine.
    others_follow_median_ms: { value: delays[20]!, bound: 'target of a quiet machine: 20 ms' },
    others_follow_worst_ms: { value: delays.at(-1)!, ok: delays.at(-1)! < 2000, bound: '< 2000 ms' },
  });
  expect(delays.at(-1)).toBeLessThan(2000);
}, 60_000);

it('with pub/sub dead but Redis alive others follow within 2 s (I-16)', async () => {
  let cutting = true;
  const cut = (async () => {
    while (cutting) {
      await Promise.all(
        redis.nodes.map((node) => node.cli('client', 'kill', 'type', 'pubsub').catch(() => '')),
      );
      await pause(10);
    }
  })();
  const delays: number[] = [];
  for (let i = 0; i < 5; i++) {
    for (const url of region.urls) await get(`${url}/3/movie/552?cut=1`);
    origin.edit('movie', 552, { title: `Cut ${i}` });
    const answer = json(await region.purge(1, { tags: ['movie:552'] }));
    expect(answer.pending).toBe(false);
    const answered = Date.now();
    await within(
      2000,
      async () => {
        for (const url of region.urls) expect(await title(url, '/3/movie/552?cut=1')).toBe(`Cut ${i}`);
      },
      20,
    );
    delays.push(Date.now() - answered);
  }
  cutting = false;
  await cut;
  await report('bus-cut', { purges: delays.length, worst_ms: Math.max(...delays) });
}, 60_000);

it('a fill that began before a purge is served by nobody after it (I-2, I-3)', async () => {
  const path = '/3/movie/553?during=1';
  const old = await title(region.urls[0]!, '/3/movie/553');
  origin.faults.gate('during', { match: '/3/movie/553', times: 1 });
  const early = get(`${region.urls[0]}${path}`);
  await origin.faults.arrived('during');
  origin.edit('movie', 553, { title: 'After the purge' });
  expect((await region.purge(1, { tags: ['movie:553'] })).status).toBe(200);
  const later = within(5000, async () => {
    for (const url of region.urls) expect(await title(url, path)).toBe('After the purge');
  });
  await pause(300);
  origin.faults.release('during');
  expect(json(await early).title).toBe(old);
  await later;
  for (let i = 0; i < 10; i++) {
    for (const url of region.urls) expect(await title(url, path)).toBe('After the purge');
    await pause(50);
  }
});

it('the late write of a paused leader replaces nothing and is served by nobody (I-2, I-4, I-23)', async () => {
  const path = '/3/movie/554?paused=1';
  origin.faults.gate('leader', { match: '/3/movie/554', times: 1 });
  const early = get(`${region.urls[0]}${path}`);
  await origin.faults.arrived('leader');
  const leader = region.nodes[0]!.pid;
  process.kill(leader, 'SIGSTOP');
  origin.edit('movie', 554, { title: 'By the second leader' });
  const began = Date.now();
  expect(await title(region.urls[1]!, path)).toBe('By the second leader');
  const waited = Date.now() - began;
  expect((await region.purge(1, { tags: ['movie:554'] })).status).toBe(200);
  origin.faults.release('leader');
  process.kill(leader, 'SIGCONT');
  await early;
  await pause(300);
  for (let i = 0; i < 10; i++) {
    for (const url of region.urls) expect(await title(url, path)).toBe('By the second leader');
    await pause(50);
  }
  await report('paused-leader', { others_waited_ms: waited });
  expect(waited).toBeLessThan(6000);
});

it('a tag purge of movie:550 removes every language, append variant and sub-resource on all nodes', async () => {
  const paths = [
    '/3/movie/550',
    '/3/movie/550?language=de',
    '/3/movie/550?language=fr-FR&region=FR',
    '/3/movie/550?append_to_response=credits,images',
    '/3/movie/550/credits',
    '/3/movie/550/images',
    '/3/movie/550/videos',
  ];
  for (const url of region.urls) for (const path of paths) await get(`${url}${path}`);
  for (const url of region.urls)
    for (const path of paths) expect((await get(`${url}${path}`)).headers['x-cache']).toBe('HIT');
  const other = '/3/movie/551/credits';
  for (const url of region.urls) await get(`${url}${other}`);
  const keysAt = async (url: string) => {
    const found = json(await get(`${url}/cache/search?q=movie/550&limit=100`, { headers: ADMIN }));
    return (found.keys as { key: string }[]).map(({ key }) => key);
  };
  for (const url of region.urls) expect((await keysAt(url)).length).toBeGreaterThanOrEqual(paths.length);
  const before = origin.requests.countOf('/3/movie/550');
  origin.edit('movie', 550, { title: 'Renamed' });
  expect((await region.purge(2, { tags: ['movie:550'] })).status).toBe(200);
  // In no tier of any node, before anybody has asked for them again.
  await within(2000, async () => {
    for (const url of region.urls) expect(await keysAt(url)).toEqual([]);
  });
  for (const path of paths) {
    const answers: string[] = [];
    for (const url of region.urls) {
      const { headers, body } = await get(`${url}${path}`);
      answers.push(String(headers['x-cache']));
      if (/550(\?|$)/.test(path)) expect(JSON.parse(body.toString()).title).toBe('Renamed');
    }
    expect(answers[0]).toBe('MISS');
  }
  const asked = origin.requests.countOf('/3/movie/550') - before;
  for (const url of region.urls) expect((await get(`${url}${other}`)).headers['x-cache']).toBe('HIT');
  await report('tag-purge', {
    variants: paths.length,
    nodes: region.urls.length,
    origin_requests: { value: asked, ok: asked === paths.length, bound: `= ${paths.length}` },
  });
  expect(asked).toBe(paths.length);
});
