import { expect, test } from 'vitest';
import type { SampleOrigin } from '../../../src/demo/index.js';
import { ask, sample } from './helpers.js';

const START = Date.UTC(2026, 0, 15, 12);

/** A sample origin without uneventful changes, whose clock the test moves. */
async function moving(options: Parameters<typeof sample>[0] = {}) {
  const clock = { time: START, now: () => clock.time };
  const origin = await sample({ clock, changesPerDay: 0, ...options });
  return { origin, clock };
}

async function listed(origin: SampleOrigin, query = ''): Promise<number[]> {
  const { results } = (await ask(origin, `/3/movie/changes${query}`)).json;
  return (results as { id: number }[]).map(({ id }) => id);
}

const titleOf = async (origin: SampleOrigin, id = 550) => (await ask(origin, `/3/movie/${id}`)).json.title;

test('the feed has each id once, the one edited last first', async () => {
  const { origin, clock } = await moving();
  for (const id of [1, 2, 3, 1]) {
    origin.edit('movie', id);
    clock.time += 1000;
  }
  expect(await listed(origin)).toEqual([1, 3, 2]);
  expect(origin.edited('movie', 1)).toEqual({ revision: 2, time: START + 3000 });
  expect(origin.edited('movie', 9)).toEqual({ revision: 0, time: undefined });
});

test('edits of the same instant are listed in the order in which they were made', async () => {
  const { origin } = await moving();
  origin.editAll([3, 1, 2].map((id) => ({ kind: 'movie' as const, id, patch: {} })));
  expect(await listed(origin)).toEqual([2, 1, 3]);
});

test('a shuffled feed has the same ids in another order after each edit', async () => {
  const { origin } = await moving({ changesOrder: 'shuffled' });
  const ids = Array.from({ length: 40 }, (_, index) => index + 1);
  for (const id of ids) origin.edit('movie', id);
  const [first, again] = [await listed(origin), await listed(origin)];
  expect(again).toEqual(first);
  expect([...first].sort((a, b) => a - b)).toEqual(ids);
  origin.edit('movie', 1);
  const after = await listed(origin);
  expect(new Set(after)).toEqual(new Set(first));
  expect(after.slice(10)).not.toEqual(first.slice(10));
});

test('a feed with a delay shows an edit later than the details do, as new at that time', async () => {
  const { origin, clock } = await moving({ changesDelay: 60_000 });
  origin.edit('movie', 550, { title: 'Changed' });
  expect([await titleOf(origin), await listed(origin)]).toEqual(['Changed', []]);
  clock.time += 59_999;
  expect(await listed(origin)).toEqual([]);
  clock.time += 1;
  expect(await listed(origin)).toEqual([550]);
  const [change] = (await ask(origin, '/3/movie/550/changes')).json.changes as { items: object[] }[];
  expect(change?.items).toMatchObject([{ time: '2026-01-15 12:00:00 UTC' }]);
});

test('a day that is not over ends now', async () => {
  const { origin, clock } = await moving({ changesDelay: 60_000 });
  origin.edit('movie', 550);
  clock.time += 1000;
  expect(await listed(origin, '?start_date=2026-01-15&end_date=2026-01-15')).toEqual([]);
  clock.time += 59_000;
  expect(await listed(origin, '?start_date=2026-01-15&end_date=2026-01-15')).toEqual([550]);
});

test("TMDB's memory serves a body from before an edit for as long as its lag says", async () => {
  const { origin, clock } = await moving({ memoryLag: 60_000 });
  const before = await titleOf(origin);
  clock.time += 5000;
  origin.edit('movie', 550, { title: 'Changed' });
  clock.time += 59_999;
  expect(await titleOf(origin)).toBe(before);
  clock.time += 1;
  expect(await titleOf(origin)).toBe('Changed');
});

test('what nobody had asked for, and what was not edited, is of now', async () => {
  const { origin } = await moving({ memoryLag: 60_000 });
  origin.edit('movie', 7, { title: 'Seven' });
  expect(await titleOf(origin, 7)).toBe('Seven');
  const credits = await ask(origin, '/3/movie/7/credits');
  origin.edit('movie', 8, { title: 'Eight' });
  expect(await titleOf(origin, 8)).toBe('Eight');
  expect((await ask(origin, '/3/movie/7/credits')).body.equals(credits.body)).toBe(true);
  const list = await ask(origin, '/3/search/movie?query=nine');
  origin.edit('movie', 9, { title: 'Nine' });
  expect((await ask(origin, '/3/search/movie?query=nine')).json).toEqual(list.json);
});

test('a list of edits is made as a whole or not at all', async () => {
  const { origin } = await moving();
  const edit = (body: object) => ask(origin, '/__edit', { method: 'POST', body });
  const bad = await edit([
    { kind: 'movie', id: 1 },
    { kind: 'movie', id: 99_999_999 },
  ]);
  expect([bad.status, bad.json.error]).toEqual([400, 'the catalogue has no movie 99999999']);
  expect((await edit([{ kind: 'movie', id: 1 }, { kind: 'song' }])).status).toBe(400);
  expect(await listed(origin)).toEqual([]);
  const good = await edit([
    { kind: 'movie', id: 2, patch: { title: 'Two' } },
    { kind: 'movie', id: 3 },
  ]);
  expect([good.status, good.json]).toEqual([200, { edited: 2 }]);
  expect([await listed(origin), await titleOf(origin, 2)]).toEqual([[3, 2], 'Two']);
});
