import { describe, expect, it } from 'vitest';
import { collectKeys } from '../../../src/admin/collect-keys.js';
import { decodeCursor, encodeCursor } from '../../../src/admin/cursor.js';
import { describeEntry } from '../../../src/admin/key-rows.js';
import type { KeysQuery } from '../../../src/admin/management.js';
import type { Lister } from '../../../src/admin/walk-sorted.js';
import type { ListQuery, Row } from '../../../src/tiers/tier.js';
import { adminApp, FakeManagement, type head, NOW, row } from './fakes.js';

interface Page {
  keys: { key: string }[];
  count: number;
  total: number;
  next_cursor: string | null;
}

const key = (i: number) => `v1:api:/3/movie/${String(i).padStart(4, '0')}`;
const all = Array.from({ length: 250 }, (_, i) => key(i));

async function walk(first: string, next = first): Promise<string[][]> {
  const app = adminApp(new FakeManagement(all));
  const pages: string[][] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const url: string = cursor === '' ? first : `${next}&cursor=${cursor}`;
    const page = (await (await app.request(url)).json()) as Page;
    expect(page.count).toBe(page.keys.length);
    pages.push(page.keys.map((item) => item.key));
    cursor = page.next_cursor;
  }
  return pages;
}

describe('/cache/keys', () => {
  it('has 100 rows a page unless told otherwise, and ends with a null cursor', async () => {
    const pages = await walk('/cache/keys?tier=disk');
    expect(pages.map((page) => page.length)).toEqual([100, 100, 50]);
    expect(pages.flat()).toEqual(all);
  });

  it('ends at once when the last page is full', async () => {
    expect((await walk('/cache/keys?limit=125')).map((page) => page.length)).toEqual([125, 125]);
    expect((await walk('/cache/keys?limit=1000')).map((page) => page.length)).toEqual([250]);
  });

  it('skips `offset` rows, counted from the cursor', async () => {
    expect((await walk('/cache/keys?limit=100&offset=240'))[0]).toEqual(all.slice(240));
    expect((await walk('/cache/keys?limit=100&offset=300'))[0]).toEqual([]);
    const pages = await walk('/cache/keys?limit=10&offset=5', '/cache/keys?limit=1000&offset=20');
    expect(pages[1]).toEqual(all.slice(35));
  });

  it('searches plain text, never a pattern', async () => {
    expect((await walk('/cache/search?q=movie/00')).flat()).toEqual(all.slice(0, 100));
    expect((await walk('/cache/search?q=*')).flat()).toEqual([]);
    expect((await walk(`/cache/search?q=${encodeURIComponent('.+')}`)).flat()).toEqual([]);
  });
});

describe('a cursor', () => {
  it.each(['', 'a', 'v1:api:/3/search/movie?query=%E2%82%AC', 'ключ', 'a'.repeat(8000)])(
    'survives %#',
    (text) => {
      expect(decodeCursor(encodeCursor(text))).toBe(text);
      expect(encodeCursor(text)).toMatch(/^[\w-]+$/);
    },
  );

  it('of another version is refused', () => {
    expect(() => decodeCursor(Buffer.from('2:a').toString('base64url'))).toThrow('next_cursor');
  });
});

/** A tier that looks at few keys per call. */
function tierOf(rows: readonly Row[], calls: ListQuery[] = []): Lister {
  return async (query) => {
    calls.push(query);
    const seen = rows.filter((item) => item.head.key > query.after).slice(0, query.scanLimit);
    const found = seen.filter((item) => item.head.key.includes(query.contains)).slice(0, query.limit);
    const last = found.length === query.limit ? found.at(-1) : seen.at(-1);
    const more = last !== undefined && last.head.key !== rows.at(-1)?.head.key;
    return { rows: found, next: more ? last.head.key : null };
  };
}

const query = (more: Partial<KeysQuery> = {}): KeysQuery => ({
  limit: 10,
  offset: 0,
  after: '',
  contains: '',
  tier: undefined,
  class: undefined,
  ...more,
});

async function collectAll(listers: readonly Lister[], more: Partial<KeysQuery>, scanLimit: number) {
  const rows: string[] = [];
  let after: string | null = '';
  for (let pages = 0; after !== null; pages++) {
    expect(pages).toBeLessThan(500);
    const page: Awaited<ReturnType<typeof collectKeys>> = await collectKeys(query({ ...more, after }), {
      listers,
      now: NOW,
      scanLimit,
      maxScans: 2,
    });
    expect(page.rows.length).toBeLessThanOrEqual(10);
    rows.push(...page.rows.map((item) => item.key));
    after = page.next;
  }
  return rows;
}

describe('collectKeys', () => {
  it.each([1, 3, 7, 1000])(
    'misses and repeats nothing over uneven tiers (looking at %d keys a call)',
    async (scanLimit) => {
      const memory = all.filter((_, i) => i % 7 === 0).map((name) => row(name, 'memory'));
      const disk = all.filter((_, i) => i % 2 === 0 || i > 200).map((name) => row(name));
      const expected = [...new Set([...memory, ...disk].map((item) => item.head.key))].sort();
      const listers = [tierOf(memory), tierOf(disk), tierOf([])];
      expect(await collectAll(listers, {}, scanLimit)).toEqual(expected);
      const contains = '7';
      expect(await collectAll(listers, { contains }, scanLimit)).toEqual(
        expected.filter((name) => name.includes('7')),
      );
    },
  );

  it('makes one row of a key in several tiers, as the nearest tells it', async () => {
    const listers = [tierOf([row('a', 'memory', { status: 404 })]), tierOf([row('a'), row('b')])];
    const { rows } = await collectKeys(query(), { listers, now: NOW });
    expect(rows).toMatchObject([
      { key: 'a', tier: 'memory', tiers: ['memory', 'disk'], status: 404, size: 1000, age: 70, ttl: 290 },
      { key: 'b', tier: 'disk', tiers: ['disk'] },
    ]);
  });

  it('skips all of a deep offset, whatever a call may look at', async () => {
    const listers = [tierOf(all.map((name) => row(name)))];
    const page = await collectKeys(query({ offset: 240 }), { listers, now: NOW, scanLimit: 5, maxScans: 3 });
    expect(page.rows.map((item) => item.key)).toEqual(all.slice(240, 250));
  });

  it('gives up on an offset that leads through a whole large store', async () => {
    const endless: Lister = async (asked) => ({ rows: [], next: `${asked.after}a` });
    const asked = collectKeys(query({ offset: 1, contains: 'x' }), { listers: [endless], now: NOW });
    await expect(asked).rejects.toMatchObject({ code: 'bad_request' });
  });

  it('hides what is purged but not yet swept', async () => {
    const listers = [tierOf(['a', 'b', 'c'].map((name) => row(name)))];
    const { rows } = await collectKeys(query(), { listers, now: NOW, alive: (item) => item.key !== 'b' });
    expect(rows.map((item) => item.key)).toEqual(['a', 'c']);
  });
});

describe('describeEntry', () => {
  const of = (more: Parameters<typeof head>[1], verdict: Parameters<typeof describeEntry>[1] = 'valid') =>
    describeEntry([row('k', 'memory', more), row('k')], verdict, NOW);

  it('tells the state', () => {
    expect(of({})?.state).toBe('fresh');
    expect(of({ lifetime: 1000 })?.state).toBe('stale');
    expect(of({ lifetime: 1000, staleIfError: 0, staleWhileRevalidate: 0 })?.state).toBe('expired');
    expect(of({}, 'purged')?.state).toBe('purged');
    expect(of({}, { staleSince: NOW - 1 })?.state).toBe('stale');
    expect(describeEntry([], 'valid', NOW)).toBeNull();
  });

  it('tells times in seconds and fields in order', () => {
    expect(of({})).toMatchObject({
      tier: 'memory',
      age: 70,
      ttl: 290,
      lifetime: 360,
      headers: [
        ['Content-Type', 'application/json'],
        ['ETag', 'W/"1"'],
      ],
      copies: [{ tier: 'memory' }, { tier: 'disk' }],
      fresh_until: new Date(NOW + 290_000).toISOString(),
    });
    expect(of({ staleIfError: Number.MAX_SAFE_INTEGER })?.useful_until).toMatch(/^\+/);
  });
});
