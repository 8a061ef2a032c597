import { expect, it } from 'vitest';
import type { ChangesPage } from '../../../src/feed/changes-reader.js';
import { readList } from '../../../src/feed/list-reader.js';

/** A list of pages of two ids that stands still. */
function listOf(
  ids: readonly number[],
  dates: readonly number[] = [],
  totalPages = Math.ceil(ids.length / 2),
) {
  const asked: number[] = [];
  const ask = async (page: number): Promise<ChangesPage> => {
    asked.push(page);
    return {
      ids: ids.slice(2 * (page - 1), 2 * page),
      totalPages,
      totalResults: ids.length,
      date: dates[page - 1] ?? 1_000_000,
    };
  };
  return { asked, read: async (before?: readonly number[]) => readList(ask, await ask(1), before) };
}

it('every page is read when there is nothing to compare with', async () => {
  const { asked, read } = listOf([1, 2, 3, 4, 5]);
  expect(await read()).toEqual({ ids: [1, 2, 3, 4, 5], date: 1_000_000, full: true, torn: false });
  expect(asked).toEqual([1, 2, 3, 1]);
});

it('a list of one page is asked for once', async () => {
  const { asked, read } = listOf([1, 2]);
  expect(await read([1, 2])).toMatchObject({ ids: [1, 2], full: true });
  expect(asked).toEqual([1]);
});

it('reading ends at a page that stood in the last reading as a whole, which tells the rest', async () => {
  const { asked, read } = listOf([9, 1, 2, 3, 4, 5, 6, 7]);
  expect(await read([1, 2, 3, 4, 5, 6, 7])).toMatchObject({ ids: [9, 1, 2, 3, 4, 5, 6, 7], full: false });
  expect(asked).toEqual([1, 2, 1]);
});

it('a page in another order is none', async () => {
  const { asked, read } = listOf([2, 1, 4, 3, 5, 6, 7, 8]);
  await read([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(asked).toEqual([1, 2, 3, 1]);
});

it('a page that is older than the first one, as a cache on the way gives, is told of', async () => {
  expect(await listOf([1, 2, 3, 4], [1_000_000, 999_000]).read()).toMatchObject({ torn: false });
  expect(await listOf([1, 2, 3, 4], [1_000_000, 700_000]).read()).toMatchObject({ torn: true });
});

it('no page beyond 500 is asked for: TMDB has none (error 22)', async () => {
  const { asked, read } = listOf(
    Array.from({ length: 1400 }, (_, i) => i + 1),
    [],
    700,
  );
  expect(await read()).toMatchObject({ full: true });
  expect(Math.max(...asked)).toBe(500);
});
