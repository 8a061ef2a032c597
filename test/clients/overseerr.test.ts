import { describe, expect, it } from 'vitest';
import { get } from '../support/raw-client.js';
import { HOUSE_KEY, proxyBefore, sampleTmdb } from './kit.js';

const origin = sampleTmdb();

interface Written {
  readonly maxAge: number;
  readonly expireAt: number;
  readonly etag: string;
  readonly extension: string;
}

/**
 * `ImageProxy.set` of Overseerr (server/lib/imageproxy.ts), which throws where a field is missing, and `get`, which
 * reads what it needs back from a file's name: a dot or a slash in the tag would spoil it.
 */
async function cached(base: string, path: string, query = ''): Promise<Written> {
  const { headers, status } = await get(base + path + query);
  if (status !== 200) throw new Error(`status ${status}`);
  const maxAge = Number(headers['cache-control']!.split('=')[1]);
  const etag = headers.etag!.replace(/"/g, '');
  const name = `${maxAge}.${Date.now() + maxAge * 1000}.${etag}.${path.split('.').pop()}`;
  const [age, expireAt, tag, extension] = name.split('.');
  return { maxAge: Number(age), expireAt: Number(expireAt), etag: tag!, extension: extension! };
}

const FILES = ['sample.jpg', 'sample.png', 'sample.svg', 'sample-2.jpg'];
const SIZES = ['w342', 'w600_and_h900_bestv2', 'original'];

/** The same promise for every file, size and time. */
async function understands(base: string, query = ''): Promise<void> {
  for (const file of FILES) {
    for (const size of SIZES) {
      for (const time of ['a miss', 'a hit', 'a hit']) {
        const image = await cached(base, `/t/p/${size}/${file}`, query);
        const told = `${size}/${file}, ${time}`;
        expect(image.maxAge, told).toBeGreaterThan(0);
        expect(image.expireAt, told).toBeGreaterThan(Date.now());
        expect(image.etag, told).toMatch(/^[0-9a-f]{32}$/);
      }
    }
  }
}

describe("Overseerr's and Jellyseerr's image cache", () => {
  const proxy = proxyBefore(origin);

  it('reads a number of seconds and a tag from every image, from TMDB or from the store', async () => {
    await understands(proxy().url);
  });

  it('reads them from images that never change too', async () => {
    const { headers } = await get(`${proxy().url}/t/p/w342/sample.jpg`);
    expect(headers['cache-control']).toMatch(/^public, immutable, max-age=\d+$/);
  });

  it('has no image to keep when the file is not there', async () => {
    await expect(cached(proxy().url, '/t/p/w342/nothing.jpg')).rejects.toThrow('status 404');
  });
});

describe('with proxy keys', () => {
  const proxy = proxyBefore(origin, () => ({ PROXY_KEYS: `house=${HOUSE_KEY}` }));

  it('the same, for whoever has a key', async () => {
    await expect(cached(proxy().url, '/t/p/w342/sample.jpg')).rejects.toThrow('status 401');
    await understands(proxy().url, `?api_key=${HOUSE_KEY}`);
  });
});
