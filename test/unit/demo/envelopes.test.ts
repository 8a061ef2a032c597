import { expect, test } from 'vitest';
import { ask, sample } from './helpers.js';

test('keys: any but bad ones, or a list of accepted ones', async () => {
  const origin = await sample();
  for (const path of ['/3/movie/550?api_key=', '/3/movie/550?api_key=invalid']) {
    const { status, json } = await ask(origin, path);
    expect([status, json.success, json.status_code]).toEqual([401, false, 7]);
  }
  expect((await ask(origin, '/3/movie/550', { headers: { authorization: 'Bearer t' } })).status).toBe(200);
  const strict = await sample({ strictKey: ['right'] });
  expect((await ask(strict, '/3/movie/550?api_key=right')).status).toBe(200);
  expect((await ask(strict, '/3/movie/550?api_key=other')).status).toBe(401);
});

test('unknown paths, ids and methods', async () => {
  const origin = await sample();
  expect((await ask(origin, '/3/nonsense')).json).toMatchObject({ success: false, status_code: 34 });
  expect((await ask(origin, '/3/movie/0')).json.status_code).toBe(34);
  const wrong = await ask(origin, '/3/movie/550', { method: 'POST' });
  expect([wrong.status, wrong.json.status_code]).toEqual([405, 42]);
});

test('writes: favourites, ratings, lists and sessions', async () => {
  const origin = await sample();
  const token = await ask(origin, '/3/authentication/token/new');
  expect(token.headers['authentication-callback']).toContain(String(token.json.request_token));
  const body = { request_token: token.json.request_token };
  const { session_id } = (await ask(origin, '/3/authentication/session/new', { method: 'POST', body })).json;
  expect(
    (await ask(origin, '/3/authentication/session/new', { method: 'POST', body })).json.status_code,
  ).toBe(33);
  const session = `session_id=${session_id}`;
  const favorite = { media_type: 'movie', media_id: 550, favorite: true };
  const marked = await ask(origin, `/3/account/1/favorite?${session}`, { method: 'POST', body: favorite });
  expect([marked.status, marked.json.status_code, marked.headers['cache-control']]).toEqual([
    201,
    1,
    'public, max-age=0',
  ]);
  expect(
    (await ask(origin, `/3/movie/550/rating?${session}`, { method: 'POST', body: { value: 8.5 } })).status,
  ).toBe(201);
  expect((await ask(origin, `/3/movie/550/account_states?${session}`)).json).toEqual({
    id: 550,
    favorite: true,
    rated: { value: 8.5 },
    watchlist: false,
  });
  expect((await ask(origin, `/3/account/1/favorite/movies?${session}`)).json.total_results).toBe(1);
  expect((await ask(origin, `/3/movie/550/rating?${session}`, { method: 'DELETE' })).json.status_code).toBe(
    13,
  );
  // The key may come in the body, as moviedb-promise sends it.
  const list = await ask(origin, `/3/list?api_key=&${session}`, {
    method: 'POST',
    body: { api_key: 'k', name: 'Mine' },
  });
  expect(list.status).toBe(201);
  const path = `/3/list/${list.json.list_id}`;
  const item = { method: 'POST', body: { media_id: 7 } };
  expect((await ask(origin, `${path}/add_item?${session}`, item)).status).toBe(201);
  expect((await ask(origin, path)).json).toMatchObject({ name: 'Mine', items: [{ id: 7 }] });
  expect((await ask(origin, '/3/list/6')).json.status_code).toBe(39);
});

test('version 4: the Bearer token is the user', async () => {
  const origin = await sample();
  const as = (user: string) => ({ headers: { authorization: `Bearer ${user}` } });
  const path = '/4/account/me/movie/recommendations';
  const [a, b] = [await ask(origin, path, as('a')), await ask(origin, path, as('b'))];
  expect(a.json).not.toEqual(b.json);
});

test('rate and connection limits answer 429 with Retry-After', async () => {
  let now = 1_000_000_000_000;
  const origin = await sample({ limits: { rate: 2 }, clock: { now: () => now } });
  const statuses: number[] = [];
  for (let i = 0; i < 3; i++) statuses.push((await ask(origin, '/3/movie/1')).status);
  expect(statuses).toEqual([200, 200, 429]);
  const limited = await ask(origin, '/3/movie/1');
  expect([limited.json.status_code, limited.headers['retry-after']]).toEqual([25, '1']);
  now += 1000;
  expect((await ask(origin, '/3/movie/1')).status).toBe(200);
  origin.limits = { connections: 1 };
  origin.faults.gate('held');
  const first = ask(origin, '/3/movie/1');
  await origin.faults.arrived('held');
  expect((await ask(origin, '/3/movie/2')).status).toBe(429);
  origin.faults.release('held');
  expect((await first).status).toBe(200);
});
