import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type SampleOrigin, startSampleOrigin } from '../../src/demo/index.js';
import { type ProxyProcess, pointedAt, startProxy } from '../support/proxy-process.js';
import { get, json } from '../support/raw-client.js';

let origin: SampleOrigin;
beforeAll(async () => {
  origin = await startSampleOrigin({});
});
afterAll(() => origin.close());

describe.each([1, 2])('a node with WORKERS=%i', (workers) => {
  let proxy: ProxyProcess;
  beforeAll(async () => {
    origin.requests.reset();
    proxy = await startProxy({
      env: pointedAt(origin.url, { WORKERS: String(workers), ADMIN_API_KEY: 'admin-secret' }),
    });
  });
  afterAll(async () => {
    expect(await proxy.stop()).toEqual({ code: 0, signal: null });
  });

  const purge = (selectors: object) =>
    get(`${proxy.url}/cache/purge`, {
      method: 'POST',
      headers: { 'x-api-key': 'admin-secret', 'content-type': 'application/json' },
      body: JSON.stringify(selectors),
    });
  const ask = (target: string) => get(proxy.url + target, { headers: { accept: 'image/*' } });
  /** Until both workers have it: each connection goes to the next one. */
  const warm = async (targets: readonly string[]) => {
    for (const target of targets) {
      await vi.waitFor(async () => {
        for (let i = 0; i < 6; i++) expect((await ask(target)).headers['x-cache']).toBe('HIT');
      }, 10_000);
    }
  };
  /** How often the origin was asked for each path, whatever the query. */
  const asked = (targets: readonly string[]) =>
    targets.map((given) =>
      origin.requests.count(({ target }) => target.split('?', 1)[0] === given.split('?', 1)[0]),
    );

  it('one purge of movie:550 by its web address removes all there is of it, its images too, and no more', async () => {
    const poster = String(json(await ask('/3/movie/550')).poster_path);
    const other = String(json(await ask('/3/movie/551')).poster_path);
    const title = [
      '/3/movie/550',
      '/3/movie/550?language=de-DE',
      '/3/movie/550?language=fr-FR',
      '/3/movie/550?language=de-DE&region=AT',
      '/3/movie/550?language=de-DE&region=DE',
      '/3/movie/550?append_to_response=credits,images',
      '/3/movie/550/credits',
      `/t/p/w500${poster}`,
      `/t/p/w92${poster}`,
    ];
    const others = ['/3/movie/551', '/3/movie/popular', `/t/p/w500${other}`];
    await warm([...title, ...others]);
    const before = { title: asked(title), others: asked(others) };

    const result = await purge({ urls: ['https://www.themoviedb.org/movie/550-fight-club'] });
    expect(result.status).toBe(200);
    for (const target of title) expect((await ask(target)).headers['x-cache']).toBe('MISS');
    await warm([...title, ...others]);
    // Six bodies of one path, and one each of the others: each once, whichever worker was asked.
    expect(asked(title)).toEqual(before.title.map((count) => count * 2));
    expect(asked(others)).toEqual(before.others);
  });

  it('a soft purge has the image confirmed, and never missing', async () => {
    const poster = String(json(await ask('/3/tv/1399')).poster_path);
    const target = `/t/p/w500${poster}`;
    await warm([target]);
    expect((await purge({ tags: ['tv:1399'], soft: true })).status).toBe(200);
    const next = await ask(target);
    expect([next.status, next.headers['x-cache']]).toEqual([200, 'STALE']);
    await warm([target]);
    expect(origin.requests.countOf(target)).toBe(2);
  });

  it('a list goes by the address of its page', async () => {
    const lists = ['/3/movie/top_rated?page=1', '/3/movie/top_rated?page=2'];
    await warm([...lists, '/3/tv/top_rated']);
    expect((await purge({ urls: ['https://www.themoviedb.org/movie/top-rated'] })).status).toBe(200);
    for (const target of lists) expect((await ask(target)).headers['x-cache']).toBe('MISS');
    await warm(['/3/tv/top_rated']);
    expect(origin.requests.countOf('/3/tv/top_rated')).toBe(1);
  });
});
