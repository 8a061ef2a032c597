import MovieDB from 'node-themoviedb';
import { describe, expect, it } from 'vitest';
import { HOUSE_KEY, redirectedBefore, sampleTmdb } from './kit.js';

const origin = sampleTmdb();

const details = (client: MovieDB, movie_id: number, append = 'credits') =>
  client.movie.getDetails({
    pathParameters: { movie_id },
    query: { append_to_response: append },
  });

// The client keeps its key in one place for the whole process: a new instance gives all the others its key.
describe('node-themoviedb 0.2.8, unmodified (got 11 over node:https)', () => {
  const way = redirectedBefore(origin);

  it('reads gzipped details and searches; its key is in the query', async () => {
    const client = new MovieDB('a-key-of-the-client', { language: 'de-DE' });
    const movie = await details(client, 550);
    expect(movie.data).toMatchObject({ id: 550, credits: expect.anything() });
    expect(way().last().url.searchParams.get('api_key')).toBe('a-key-of-the-client');
    expect(way().last().headers.get('accept-encoding')).toContain('gzip');
    expect(movie.headers['content-encoding']).toBe('gzip');
    const found = await client.search.movies({ query: { query: movie.data.title } });
    expect(found.data.results.map(({ id }) => id)).toContain(550);
  });

  it('the second call of another client is a hit, though its key differs', async () => {
    await details(new MovieDB('a-key-of-the-client'), 13);
    const before = origin().requests.countOf('/3/movie/13');
    const again = await details(new MovieDB('another-key'), 13);
    expect(again.headers['x-cache']).toContain('HIT');
    expect(origin().requests.countOf('/3/movie/13')).toBe(before);
  });

  it('a missing title is its own error for 404', async () => {
    await expect(details(new MovieDB('k'), 99_999_999)).rejects.toMatchObject({ errorCode: 404 });
  });
});

describe('node-themoviedb with a proxy key', () => {
  const way = redirectedBefore(origin, { PROXY_KEYS: `house=${HOUSE_KEY}` });

  it('is let in by it, and TMDB never sees it', async () => {
    origin().requests.reset();
    expect((await details(new MovieDB(HOUSE_KEY), 12)).data).toMatchObject({ id: 12 });
    expect(way().last().url.searchParams.get('api_key')).toBe(HOUSE_KEY);
    expect(JSON.stringify(origin().requests.all())).not.toContain('tcp_');
  });

  it('a wrong key is its own error for 401', async () => {
    await expect(details(new MovieDB('wrong'), 12)).rejects.toMatchObject({ errorCode: 401 });
  });
});
