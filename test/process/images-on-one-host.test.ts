import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type SampleOrigin, startSampleOrigin } from '../../src/demo/index.js';
import { type ProxyProcess, pointedAt, startProxy } from '../support/proxy-process.js';
import { type Got, get, json } from '../support/raw-client.js';
import { freePort } from '../support/redis-server.js';

let origin: SampleOrigin;
const running: ProxyProcess[] = [];
beforeAll(async () => {
  origin = await startSampleOrigin({});
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((proxy) => proxy.stop()));
});
afterAll(() => origin.close());

async function node(env: Record<string, string>): Promise<ProxyProcess> {
  const proxy = await startProxy({ env: pointedAt(origin.url, { WORKERS: '1', ...env }) });
  running.push(proxy);
  return proxy;
}

const imagesOf = (got: Got) => json(got).images as { base_url: string; secure_base_url: string };

describe('PUBLIC_URL', () => {
  it.each(['1', '2'])(
    'a client that reads /3/configuration fetches its images here, WORKERS=%s',
    async (workers) => {
      const port = await freePort();
      const publicUrl = `http://127.0.0.1:${port}`;
      const proxy = await node({ PORT: String(port), PUBLIC_URL: publicUrl, WORKERS: workers });
      origin.requests.reset();
      for (let i = 0; i < 8; i++) {
        const images = imagesOf(await get(`${proxy.url}/3/configuration`));
        expect(images).toMatchObject({
          base_url: `${publicUrl}/t/p/`,
          secure_base_url: `${publicUrl}/t/p/`,
        });
        const { poster_path: poster } = json(await get(`${proxy.url}/3/movie/550`)) as {
          poster_path: string;
        };
        // As TMDbLib joins them.
        const image = await get(`${images.base_url}w500${poster}`);
        expect([image.status, image.headers['content-type']]).toEqual([200, 'image/jpeg']);
        expect(image.headers['x-tmdb-proxy']).toBeDefined();
      }
      expect(origin.requests.countOf('/3/configuration')).toBe(1);
      expect(origin.requests.countOf('/t/p/')).toBe(1);
    },
  );

  it('a child proxy passes on its own address, not its parent’s', async () => {
    const parent = await node({ PUBLIC_URL: 'https://parent.example', SERVER_ID: 'parent' });
    const child = await node({
      PARENT_PROXY: parent.url,
      PUBLIC_URL: 'https://child.example',
      SERVER_ID: 'child',
    });
    const plain = await node({ PARENT_PROXY: parent.url, SERVER_ID: 'plain' });
    const theirs = (await get(`${origin.url}/3/configuration?api_key=proxy-own-key`)).body;
    expect(imagesOf(await get(`${child.url}/3/configuration`)).base_url).toBe('https://child.example/t/p/');
    expect((await get(`${plain.url}/3/configuration`)).body).toEqual(theirs);
    expect(imagesOf(await get(`${parent.url}/3/configuration`)).base_url).toBe('https://parent.example/t/p/');
  });

  it('with the cache switched off too', async () => {
    const proxy = await node({ PUBLIC_URL: 'https://tmdb.example', CACHE_ENABLED: 'false' });
    const got = await get(`${proxy.url}/3/configuration`, { headers: { 'accept-encoding': 'gzip' } });
    expect(got.headers['x-cache']).toBe('BYPASS');
    expect(imagesOf(await get(`${proxy.url}/3/configuration`)).base_url).toBe('https://tmdb.example/t/p/');
  });
});

describe('TRUST_PROXY', () => {
  const forwarded = { 'x-forwarded-host': 'tmdb.example', 'x-forwarded-proto': 'https' };

  it('the address that a trusted proxy was asked at', async () => {
    const proxy = await node({ TRUST_PROXY: 'loopback' });
    const [one, other, direct] = await Promise.all([
      get(`${proxy.url}/3/configuration`, { headers: forwarded }),
      get(`${proxy.url}/3/configuration`, { headers: { ...forwarded, 'x-forwarded-host': 'b.example' } }),
      get(`${proxy.url}/3/configuration`),
    ]);
    expect(imagesOf(one!).base_url).toBe('https://tmdb.example/t/p/');
    expect(imagesOf(other!).base_url).toBe('https://b.example/t/p/');
    expect(imagesOf(direct!)).toMatchObject({ secure_base_url: 'https://image.tmdb.org/t/p/' });
  });

  it('is not asked of anybody else', async () => {
    const proxy = await node({});
    const got = await get(`${proxy.url}/3/configuration`, { headers: forwarded });
    expect(imagesOf(got)).toMatchObject({ secure_base_url: 'https://image.tmdb.org/t/p/' });
  });
});
