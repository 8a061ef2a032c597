import { describe, expect, it } from 'vitest';
import { type CollectOptions, collectKeys } from '../../../src/admin/collect-keys.js';
import { decodeCursor, encodeCursor } from '../../../src/admin/cursor.js';
import type { KeysQuery } from '../../../src/admin/management.js';
import type { Lister } from '../../../src/admin/walk-sorted.js';
import { MemoryTier } from '../../../src/tiers/memory.js';
import type { ListQuery, Row } from '../../../src/tiers/tier.js';
import { adminApp, FakeManagement, head, NOW, row } from './fakes.js';

const key = (i: number) => `v1:api:/3/movie/${String(i).padStart(4, '0')}`;

const query = (more: Partial<KeysQuery> = {}): KeysQuery => ({
  limit: 10,
  offset: 0,
  after: '',
  contains: '',
  tier: undefined,
  class: undefined,
  ...more,
});

/** An L2 in no order: its cursor is a place in the order of filling. */
class Unordered {
  readonly rows: Row[] = [];
  readonly asked: ListQuery[] = [];
  heads = 0;

  put(name: string, storedAt = NOW - 60_000): void {
    this.rows.push(row(name, 'redis', { storedAt }));
  }

  list: Lister = async (asked) => {
    this.asked.push(asked);
    const from = Number(asked.after === '' ? 0 : asked.after.slice(1));
    const found: Row[] = [];
    let at = from;
    for (; at < this.rows.length && at - from < asked.scanLimit && found.length < asked.limit; at++) {
      const item = this.rows[at]!;
      if (item.head.key.includes(asked.contains)) found.push(item);
    }
    return { rows: found, next: at < this.rows.length ? `#${at}` : null };
  };

  head = async (name: string) => {
    this.heads++;
    return this.rows.find((item) => item.head.key === name)?.head;
  };
}

function world() {
  const l2 = new Unordered();
  const workers = [1, 2].map(() => new MemoryTier({ maxBytes: 16 * 1024 * 1024 }));
  const remember = (worker: number, name: string, storedAt = NOW - 60_000) =>
    workers[worker]!.setNow({ ...head(name, { storedAt }), body: Buffer.alloc(10) });
  const options: CollectOptions = {
    listers: workers.map((worker) => (page) => worker.list(page)),
    unsorted: {
      place: 'primary',
      list: l2.list,
      head: l2.head,
      nearer: async (name) =>
        workers.flatMap((worker) => {
          const found = worker.peek(name);
          return found === undefined ? [] : [{ head: found.entry, bytes: 1, tier: 'memory' as const }];
        }),
    },
    now: NOW,
  };
  return { l2, workers, remember, options };
}

/** All pages; `between` happens after each. */
async function walk(
  options: CollectOptions,
  more: Partial<KeysQuery> = {},
  between: (page: number) => void = () => {},
): Promise<string[][]> {
  const pages: string[][] = [];
  let after: string | null = '';
  while (after !== null) {
    expect(pages.length).toBeLessThan(500);
    const offset = pages.length === 0 ? (more.offset ?? 0) : 0;
    const page: Awaited<ReturnType<typeof collectKeys>> = await collectKeys(
      query({ ...more, after, offset }),
      options,
    );
    expect(page.rows.length).toBeLessThanOrEqual(more.limit ?? 10);
    pages.push(page.rows.map((item) => item.key));
    after = page.next === null ? null : decodeCursor(encodeCursor(page.next));
    between(pages.length);
  }
  return pages;
}

/** 120 keys in L2, every third of them in a worker's memory as well; 15 only in memory. */
function filled() {
  const made = world();
  const expected: string[] = [];
  for (let i = 0; i < 120; i++) {
    const name = key((i * 77) % 120);
    made.l2.put(name);
    if (i % 3 === 0) made.remember(i % 2, name);
    expected.push(name);
  }
  for (let i = 200; i < 215; i++) {
    made.remember(i % 2, key(i));
    if (i % 5 === 0) made.remember((i + 1) % 2, key(i));
    expected.push(key(i));
  }
  return { ...made, expected: expected.sort() };
}

describe('a listing over an unsorted L2', () => {
  it.each([1, 3, 7, 1000])('has every key once (looking at %d keys a call)', async (scanLimit) => {
    const { options, expected } = filled();
    expect((await walk({ ...options, scanLimit })).flat().sort()).toEqual(expected);
    const found = await walk({ ...options, scanLimit }, { contains: '7' });
    expect(found.flat().sort()).toEqual(expected.filter((name) => name.includes('7')));
  });

  it('fills its pages and ends with null', async () => {
    const { options, expected } = filled();
    const pages = await walk(options, { limit: 50 });
    expect(pages.map((page) => page.length)).toEqual([50, 50, 35]);
    expect((await walk(options, { limit: expected.length })).map((page) => page.length)).toEqual([135]);
  });

  it.each([0, 5, 119, 120, 125, 134, 300])('skips exactly the first %d rows', async (offset) => {
    const { options } = filled();
    const whole = (await walk(options)).flat();
    expect((await walk(options, { offset })).flat()).toEqual(whole.slice(offset));
  });

  it('tells of memory what memory holds, the nearest first', async () => {
    const { options, l2, remember } = world();
    l2.put('a');
    l2.put('b');
    remember(0, 'a');
    remember(1, 'a');
    const { rows } = await collectKeys(query(), options);
    expect(rows).toMatchObject([
      { key: 'a', tier: 'memory', tiers: ['memory', 'redis'] },
      { key: 'b', tier: 'redis', tiers: ['redis'] },
    ]);
  });

  it('of L2 alone does not look at memory', async () => {
    const { options, expected } = filled();
    const only = { ...options, listers: [] };
    expect((await walk(only)).flat().sort()).toEqual(expected.slice(0, 120));
    const { rows } = await collectKeys(query(), only);
    expect(rows.every(({ tier }) => tier === 'redis')).toBe(true);
  });

  it('loses no key that memory holds throughout while L2 fills behind the walk', async () => {
    const { options, l2, remember } = world();
    for (let i = 0; i < 30; i++) l2.put(key(i));
    remember(0, key(99));
    const pages = await walk(options, {}, (page) => {
      // Written again while the walk is past the place where a scan would meet it.
      if (page === 3) l2.rows.unshift(row(key(99), 'redis', { storedAt: NOW + 5 }));
    });
    expect(pages.flat()).toContain(key(99));
  });

  it('loses no key of L2 that comes into memory during the walk', async () => {
    const { options, remember, expected } = filled();
    const pages = await walk(options, {}, () => {
      for (let i = 0; i < 120; i++) remember(0, key(i));
    });
    expect(pages.flat().sort()).toEqual(expected);
  });

  it('shows a key once although a scan gives it twice', async () => {
    const { options, l2 } = world();
    for (const name of ['a', 'b', 'a']) l2.put(name);
    expect((await walk(options)).flat()).toEqual(['a', 'b']);
  });

  it('looks at a bounded number of keys for one page', async () => {
    const { options, l2, remember } = world();
    for (let i = 0; i < 5000; i++) {
      l2.put(key(i));
      remember(0, key(i));
    }
    const nothing = await collectKeys(query({ contains: 'x' }), { ...options, scanLimit: 100, maxScans: 10 });
    expect(nothing.rows).toEqual([]);
    expect(nothing.next).not.toBeNull();
    expect(l2.asked.length).toBe(10);
    const position = (await collectKeys(query({ offset: 4999 }), options)).next;
    l2.heads = 0;
    await collectKeys(query({ after: position! }), options);
    expect(l2.heads).toBeLessThanOrEqual(2000);
  });

  it('gives up on an offset that leads through all of memory', async () => {
    const { options } = world();
    const endless: Lister = async ({ after }) => ({ rows: [], next: `${after}a` });
    const asked = collectKeys(query({ offset: 1 }), { ...options, listers: [endless] });
    await expect(asked).rejects.toMatchObject({ code: 'bad_request' });
  });

  it('hides what is purged but not yet swept', async () => {
    const { options, l2, remember } = world();
    for (const name of ['a', 'b']) l2.put(name);
    for (const name of ['c', 'd']) remember(0, name);
    const alive = (item: { key: string }) => item.key !== 'b' && item.key !== 'c';
    expect((await walk({ ...options, alive })).flat()).toEqual(['a', 'd']);
  });
});

describe('a cursor of another store', () => {
  const refused = { code: 'bad_request', message: expect.stringContaining('start anew') };

  it.each([
    ['a key', key(3)],
    ['another Redis', '\0shared fallback 1 #3'],
    ['nonsense', '\0shared'],
  ])('is refused over an unsorted L2 (%s)', async (_what, after) => {
    await expect(collectKeys(query({ after }), filled().options)).rejects.toMatchObject(refused);
  });

  it('is refused over sorted tiers', async () => {
    const { options, workers } = filled();
    const { next } = await collectKeys(query(), options);
    const sorted = {
      listers: workers.map(
        (worker): Lister =>
          (page) =>
            worker.list(page),
      ),
      now: NOW,
    };
    await expect(collectKeys(query({ after: next! }), sorted)).rejects.toMatchObject(refused);
  });

  it('is told as a 400 by the route', async () => {
    const cursor = encodeCursor('\0shared primary 1 #3');
    const answer = await adminApp(new FakeManagement()).request(`/cache/keys?cursor=${cursor}`);
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain('start anew');
  });
});
