import { MovieDb } from 'moviedb-promise';
import { TMDB } from 'tmdb-ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SampleOrigin, startSampleOrigin } from '../../src/demo/index.js';
import { type ProxyProcess, pointedAt, startProxy } from '../support/proxy-process.js';
import { get } from '../support/raw-client.js';
import { HOUSE_KEY, proxyBefore } from './kit.js';

const TOKEN = 'eyJhbGciOiJIUzI1NiJ9.eyJhdWQiOiJwcm94eSJ9.c2lnbmF0dXJl';
let origin: SampleOrigin;
let proxy: ProxyProcess;

beforeAll(async () => {
  origin = await startSampleOrigin({});
  proxy = await startProxy({ env: pointedAt(origin.url, { TMDB_API_KEY: TOKEN }) });
});
afterAll(async () => {
  await proxy.stop();
  await origin.close();
});

describe('moviedb-promise, unmodified', () => {
  const client = () => new MovieDb('a-key-of-the-client', `${proxy.url}/3/`);

  it('details with append_to_response, and search', async () => {
    const movie = await client().movieInfo({ id: 550, append_to_response: 'credits,images' });
    expect(movie).toMatchObject({ id: 550, credits: expect.anything(), images: expect.anything() });
    const found = await client().searchMovie({ query: movie.title ?? '' });
    expect(found.results?.length).toBeGreaterThan(0);
  });

  it('the second call of another client is a hit, though its key differs', async () => {
    await client().tvInfo({ id: 1399, language: 'de' });
    const before = origin.requests.countOf('/3/tv/1399');
    await new MovieDb('another-key', `${proxy.url}/3/`).tvInfo({ id: 1399, language: 'de' });
    expect(origin.requests.countOf('/3/tv/1399')).toBe(before);
  });

  it('session calls and writes reach the origin each time and are never stored', async () => {
    const user = client();
    await user.requestToken();
    await user.retrieveSession();
    await user.accountInfo();
    await user.accountInfo();
    expect(origin.requests.countOf('/3/account')).toBe(2);
    const rated = await user.movieRatingUpdate({ id: 550, value: 8 });
    expect(rated.status_code).toBe(1);
  });
});

describe('tmdb-ts, pointed here by its fetch', () => {
  const client = () =>
    new TMDB(TOKEN, {
      fetch: (input, init) => fetch(String(input).replace('https://api.themoviedb.org', proxy.url), init),
    });

  it("details and search are shared when its token is the proxy's own", async () => {
    const movie = await client().movies.details(550, ['credits']);
    expect(movie).toMatchObject({ id: 550, credits: expect.anything() });
    const before = origin.requests.total;
    await client().movies.details(550, ['credits']);
    expect(origin.requests.total).toBe(before);
    const found = await client().search.movies({ query: movie.title });
    expect(found.results.length).toBeGreaterThan(0);
  });

  it("a token that is not the proxy's own is somebody: passed through, never stored", async () => {
    const stranger = new TMDB('eyJhbGciOiJIUzI1NiJ9.eyJhdWQiOiJzb21lIn0.b3RoZXI', {
      fetch: (input, init) => fetch(String(input).replace('https://api.themoviedb.org', proxy.url), init),
    });
    await stranger.movies.details(550);
    const asked = origin.requests.countOf('/3/movie/550');
    await stranger.movies.details(550);
    expect(origin.requests.countOf('/3/movie/550')).toBe(asked + 1);
  });
});

describe('images', () => {
  it("keep their bytes, and satisfy a parser that takes what follows the first '='", async () => {
    const direct = await get(`${origin.url}/t/p/w500/sample.jpg`);
    const proxied = await get(`${proxy.url}/t/p/w500//sample.jpg`);
    expect(proxied.body.equals(direct.body)).toBe(true);
    expect(proxied.headers.etag).toBe(direct.headers.etag);
    expect(Number(String(proxied.headers['cache-control']).split('=')[1])).toBeGreaterThan(0);
  });
});

describe('with a proxy key, before a TMDB that knows only the key of the proxy', () => {
  const guarded = proxyBefore(
    () => origin,
    () => ({ PROXY_KEYS: `house=${HOUSE_KEY}`, TMDB_API_KEY: 'the-only-good-key' }),
  );
  beforeAll(() => origin.keys.become({ accepted: ['the-only-good-key'] }));
  afterAll(() => origin.keys.become({ accepted: null }));

  it('moviedb-promise sends it in the query, and in the JSON body of what it posts and deletes', async () => {
    const user = new MovieDb(HOUSE_KEY, `${guarded().url}/3/`);
    expect(await user.movieInfo({ id: 12 })).toMatchObject({ id: 12 });
    await user.requestToken();
    await user.retrieveSession();
    expect((await user.movieRatingUpdate({ id: 12, value: 8 })).status_code).toBe(1);
    expect((await user.movieRatingDelete({ id: 12 })).status_code).toBe(13);
    const stranger = new MovieDb('wrong', `${guarded().url}/3/`);
    await expect(stranger.movieInfo({ id: 12 })).rejects.toMatchObject({ response: { status: 401 } });
  });

  it('tmdb-ts sends it as a Bearer; what both ask for is shared', async () => {
    const client = new TMDB(HOUSE_KEY, {
      fetch: (input, init) => fetch(String(input).replace('https://api.themoviedb.org', guarded().url), init),
    });
    await new MovieDb(HOUSE_KEY, `${guarded().url}/3/`).movieInfo({ id: 11 });
    const before = origin.requests.total;
    expect(await client.movies.details(11)).toMatchObject({ id: 11 });
    expect(origin.requests.total).toBe(before);
  });

  it('TMDB saw no key but its own', () => {
    expect(JSON.stringify(origin.requests.all())).not.toContain('tcp_');
  });
});
