import { TMDB, TMDBError } from '@lorenzopant/tmdb';
import { describe, expect, it } from 'vitest';
import { HOUSE_KEY, redirectedBefore, sampleTmdb } from './kit.js';

const TOKEN = 'eyJhbGciOiJIUzI1NiJ9.eyJhdWQiOiJwcm94eSJ9.c2lnbmF0dXJl';
const STRANGER = 'eyJhbGciOiJIUzI1NiJ9.eyJhdWQiOiJzb21lIn0.b3RoZXI';
const SLOW_KEY = 'tcp_slow_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG';
const origin = sampleTmdb();

/** The error of a call that must fail. */
async function failure(call: Promise<unknown>): Promise<TMDBError> {
  const error = await call.then(
    () => new Error('the call did not fail'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(TMDBError);
  return error as TMDBError;
}

describe('@lorenzopant/tmdb 1.26, unmodified', () => {
  const way = redirectedBefore(origin, { TMDB_API_KEY: TOKEN });

  it('sends a v3 key as api_key and a content type on GET, and reads details, appended parts and searches', async () => {
    const tmdb = new TMDB('a-key-of-the-client', { language: 'de-DE' });
    const movie = await tmdb.movies.details({ movie_id: 550, append_to_response: ['credits', 'images'] });
    expect(movie).toMatchObject({ id: 550, credits: expect.anything(), images: expect.anything() });
    const { url, headers } = way().last();
    expect(url.searchParams.get('api_key')).toBe('a-key-of-the-client');
    expect(headers.get('content-type')).toContain('application/json');
    const found = await tmdb.search.movies({ query: movie.title });
    expect(found.results.map(({ id }) => id)).toContain(550);
  });

  it('shares what clients with other keys had asked for, whichever form their key has', async () => {
    await new TMDB('a-key-of-the-client').tv_series.details({ series_id: 1399 });
    const before = origin().requests.total;
    await new TMDB('another-key').tv_series.details({ series_id: 1399 });
    await new TMDB(TOKEN).tv_series.details({ series_id: 1399 });
    expect(way().last().headers.get('authorization')).toBe(`Bearer ${TOKEN}`);
    expect(way().last().url.search).not.toContain('api_key');
    expect(origin().requests.total).toBe(before);
  });

  it("a JWT that is not the proxy's own is somebody: passed through, never stored", async () => {
    const stranger = new TMDB(STRANGER);
    await stranger.people.details({ person_id: 287 });
    const before = origin().requests.countOf('/3/person/287');
    await stranger.people.details({ person_id: 287 });
    expect(origin().requests.countOf('/3/person/287')).toBe(before + 1);
  });

  it("reads TMDB's number and words from an error, stored or not", async () => {
    const tmdb = new TMDB('a-key-of-the-client');
    for (const _time of ['from TMDB', 'from the store']) {
      const error = await failure(tmdb.movies.details({ movie_id: 99_999_999 }));
      expect([error.http_status_code, error.tmdb_status_code]).toEqual([404, 34]);
      expect(error.message).toContain('could not be found');
    }
    expect(origin().requests.countOf('/3/movie/99999999')).toBe(1);
  });

  it('writes reach TMDB each time', async () => {
    const tmdb = new TMDB('a-key-of-the-client');
    const { guest_session_id } = await tmdb.authentication.create_guest_session();
    const again = await tmdb.authentication.create_guest_session();
    expect(again.guest_session_id).not.toBe(guest_session_id);
  });

  it('the image addresses it builds are answered here as well', async () => {
    const tmdb = new TMDB('a-key-of-the-client', { images: { secure_images_url: true } });
    const { poster_path } = await tmdb.movies.details({ movie_id: 550 });
    const image = await fetch(tmdb.images.poster(poster_path ?? '', 'w185'));
    expect(way().last().url.host).toBe('image.tmdb.org');
    expect([image.status, image.headers.get('content-type')]).toEqual([200, 'image/jpeg']);
    expect((await image.arrayBuffer()).byteLength).toBeGreaterThan(1000);
  });
});

describe('@lorenzopant/tmdb before a proxy that is offline', () => {
  redirectedBefore(origin, { OFFLINE: 'true' });

  it('reads a 504 of ours as it reads one of TMDB', async () => {
    const error = await failure(new TMDB('k').movies.details({ movie_id: 550 }));
    expect([error.http_status_code, error.tmdb_status_code]).toEqual([504, 24]);
    expect(error.message).toContain('OFFLINE');
  });
});

describe('@lorenzopant/tmdb with a proxy key', () => {
  const way = redirectedBefore(origin, { PROXY_KEYS: `house=${HOUSE_KEY},slow=${SLOW_KEY};rate=1;burst=1` });

  it('is let in by it, sent where its TMDB key would be, and TMDB never sees it', async () => {
    origin().requests.reset();
    const movie = await new TMDB(HOUSE_KEY).movies.details({ movie_id: 13 });
    expect(movie.id).toBe(13);
    expect(way().last().url.searchParams.get('api_key')).toBe(HOUSE_KEY);
    const sent = JSON.stringify(origin().requests.all());
    expect(sent).toContain('proxy-own-key');
    expect(sent).not.toContain('tcp_');
  });

  it('is refused without one, in an envelope that it understands', async () => {
    for (const key of ['a-key-of-the-client', STRANGER]) {
      const error = await failure(new TMDB(key).movies.details({ movie_id: 13 }));
      expect([error.http_status_code, error.tmdb_status_code]).toEqual([401, 7]);
      expect(error.message).toContain('Send the key you were given');
    }
  });

  it('reads a 429 of its own rate, and its retries are let in later', async () => {
    const slow = new TMDB(SLOW_KEY, { deduplication: false });
    const calls = Array.from({ length: 4 }, () => slow.movies.details({ movie_id: 13 }));
    const failed = (await Promise.allSettled(calls)).filter(({ status }) => status === 'rejected');
    expect(failed.length).toBeGreaterThan(0);
    const { reason } = failed[0] as PromiseRejectedResult;
    expect([reason.http_status_code, reason.tmdb_status_code]).toEqual([429, 25]);
    const patient = new TMDB(SLOW_KEY, {
      retry: { max_retries: 20, base_delay_ms: 500, max_delay_ms: 500, shouldRetry: () => true },
    });
    expect((await patient.movies.details({ movie_id: 13 })).id).toBe(13);
  });
});
