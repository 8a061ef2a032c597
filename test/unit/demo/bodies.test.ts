import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { ask, sample } from './helpers.js';

test('the promised ids exist, and bodies have realistic sizes', async () => {
  const origin = await sample();
  for (const path of ['/3/movie/550', '/3/tv/1399', '/3/person/287', '/3/collection/10']) {
    expect((await ask(origin, path)).status, path).toBe(200);
  }
  const sizes: [string, number, number][] = [
    ['/3/movie/550', 4_000, 9_000],
    ['/3/movie/550/watch/providers', 24_000, 42_000],
    ['/3/movie/popular', 9_000, 20_000],
  ];
  for (const [path, low, high] of sizes) {
    const { length } = (await ask(origin, path)).body;
    expect(length, path).toBeGreaterThan(low);
    expect(length, path).toBeLessThan(high);
  }
});

test('two origins of the same seed agree, another seed differs', async () => {
  const [a, b, c] = [await sample(), await sample(), await sample({ seed: 'other' })];
  const [one, two, three] = await Promise.all(
    [a, b, c].map((origin) => ask(origin, '/3/movie/7?append_to_response=credits')),
  );
  expect(one?.body.equals(two?.body ?? Buffer.alloc(0))).toBe(true);
  expect(one?.body.equals(three?.body ?? Buffer.alloc(0))).toBe(false);
});

test('titles and overviews change with the language', async () => {
  const origin = await sample();
  const languages = ['en-US', 'de-DE', 'fr', 'es-ES', 'zh-CN', 'ja', 'it'];
  const bodies = await Promise.all(
    languages.map(async (l) => (await ask(origin, `/3/movie/550?language=${l}`)).json),
  );
  expect(new Set(bodies.map(({ title }) => title)).size).toBe(languages.length);
  expect(new Set(bodies.map(({ overview }) => overview)).size).toBe(languages.length);
  expect((await ask(origin, '/3/movie/550?language=')).json.title).toBe(bodies[0]?.title);
});

test('append_to_response adds parts, passes over unknown names, and ends at 20', async () => {
  const origin = await sample();
  const appended = (await ask(origin, '/3/movie/550?append_to_response=credits,watch/providers,nonsense'))
    .json;
  const { id: _id, ...credits } = (await ask(origin, '/3/movie/550/credits')).json;
  expect(appended.credits).toEqual(credits);
  expect(appended['watch/providers']).toHaveProperty('results');
  expect(appended).not.toHaveProperty('nonsense');
  const season = (await ask(origin, '/3/tv/1399?append_to_response=season/1,season/99')).json;
  expect(season['season/1']).toHaveProperty('episodes');
  expect(season).not.toHaveProperty('season/99');
  const many = await ask(origin, `/3/movie/550?append_to_response=${new Array(21).fill('videos').join(',')}`);
  expect([many.status, many.json.status_code]).toEqual([400, 27]);
});

test('image languages, pages, genres with commas and pipes', async () => {
  const origin = await sample();
  const images = (await ask(origin, '/3/movie/550/images?include_image_language=de,null')).json;
  const posters = images.posters as { iso_639_1: string | null }[];
  expect(new Set(posters.map((poster) => poster.iso_639_1))).toEqual(new Set(['de', null]));
  for (const page of ['0', '501', 'x', '1.5']) {
    expect((await ask(origin, `/3/movie/popular?page=${page}`)).json).toMatchObject({ status_code: 22 });
  }
  const [one, two] = [
    await ask(origin, '/3/movie/popular?page='),
    await ask(origin, '/3/movie/popular?page=2'),
  ];
  expect(one.json).not.toEqual(two.json);
  const total = async (genres: string) =>
    (await ask(origin, `/3/discover/movie?with_genres=${genres}`)).json.total_results as number;
  expect(await total('18|27')).toBe((await total('18')) + (await total('27')) - (await total('18,27')));
  expect(await total('18,27')).toBeLessThan(await total('18'));
});

test('every kind of path answers', async () => {
  const origin = await sample();
  const movie = (await ask(origin, '/3/movie/550?append_to_response=reviews,credits')).json as {
    imdb_id: string;
    title: string;
    reviews: { results: { id: string }[] };
    credits: { cast: { credit_id: string }[] };
  };
  const paths = `/3/tv/1399/season/1 /3/tv/1399/season/1/episode/1 /3/tv/1399/season/1/episode/1/images
    /3/tv/1399/content_ratings /3/tv/1399/aggregate_credits /3/person/287/combined_credits /3/person/287/images
    /3/trending/all/day /3/trending/person/week /3/movie/now_playing?region=DE /3/movie/latest /3/tv/airing_today
    /3/person/popular /3/genre/movie/list /3/configuration /3/configuration/countries /3/configuration/languages
    /3/configuration/jobs /3/configuration/primary_translations /3/configuration/timezones
    /3/certification/tv/list /3/collection/10/images /3/company/1 /3/network/2 /3/keyword/3 /3/watch/providers/movie
    /3/watch/providers/regions /3/movie/550/changes /3/person/changes /3/search/company?query=pictures
    /3/search/keyword?query=night /3/search/person?query=ada /3/search/collection?query=the
    /3/review/${movie.reviews.results[0]?.id} /3/credit/${movie.credits.cast[0]?.credit_id} /3/list/1 /4/list/1`;
  for (const path of paths.split(/\s+/)) expect((await ask(origin, path)).status, path).toBe(200);
  const found = (await ask(origin, `/3/find/${movie.imdb_id}?external_source=imdb_id`)).json;
  expect(found.movie_results).toMatchObject([{ id: 550 }]);
  const multi = (await ask(origin, `/3/search/multi?query=${encodeURIComponent(movie.title)}`)).json;
  expect((multi.results as { id: number }[]).map(({ id }) => id)).toContain(550);
});

test('an edit changes body and tag, and shows in the change feed', async () => {
  const origin = await sample({ changesPerDay: 0 });
  const before = await ask(origin, '/3/movie/550');
  const part = await ask(origin, '/3/movie/550/credits');
  expect((await ask(origin, '/3/movie/changes')).json.results).toEqual([]);
  origin.edit('movie', 550, { title: 'Changed' });
  const after = await ask(origin, '/3/movie/550');
  expect(after.json.title).toBe('Changed');
  expect(after.headers.etag).not.toBe(before.headers.etag);
  expect((await ask(origin, '/3/movie/550/credits')).headers.etag).not.toBe(part.headers.etag);
  expect((await ask(origin, '/3/movie/changes')).json.results).toEqual([{ id: 550, adult: false }]);
  const changes = (await ask(origin, '/3/movie/550/changes')).json.changes;
  expect(changes).toMatchObject([{ key: 'title' }]);
  expect((await ask(origin, '/3/search/movie?query=changed')).json.total_results).toBe(1);
  expect(() => origin.edit('movie', 99_999_999)).toThrow(RangeError);
  expect((await ask(origin, '/__edit', { method: 'POST', body: { kind: 'tv', id: 1399 } })).status).toBe(200);
  expect((await ask(origin, '/3/tv/changes')).json.total_results).toBe(1);
});

test('change feeds have pages of 100, and windows of 14 days at most', async () => {
  const origin = await sample({ changesPerDay: 7_200 });
  const feed = (await ask(origin, '/3/movie/changes?page=72')).json;
  expect(feed.total_pages).toBeGreaterThanOrEqual(72);
  expect((feed.results as unknown[]).length).toBe(100);
  const wide = await ask(origin, '/3/movie/changes?start_date=2026-01-01&end_date=2026-01-31');
  expect([wide.status, wide.json.status_code]).toEqual([422, 20]);
  expect((await ask(origin, '/3/movie/changes?start_date=2026-01-01&end_date=2026-01-14')).status).toBe(200);
  expect((await ask(origin, '/3/movie/changes?start_date=yesterday')).json.status_code).toBe(23);
});

test('daily exports are gzipped lines of JSON, ready at 8 UTC', async () => {
  const origin = await sample();
  const today = await ask(origin, '/p/exports/movie_ids_01_15_2026.json.gz');
  const lines = gunzipSync(today.body).toString().trim().split('\n');
  expect(lines.map((line) => (JSON.parse(line) as { id: number }).id)).toContain(550);
  expect((await ask(origin, '/p/exports/movie_ids_01_16_2026.json.gz')).status).toBe(403);
});
