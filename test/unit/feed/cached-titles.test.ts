import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CachedTitles } from '../../../src/feed/cached-titles.js';
import { IdSet, MAX_ID } from '../../../src/feed/id-set.js';
import { Inventory } from '../../../src/feed/inventory.js';
import { KnownTitles } from '../../../src/feed/known-titles.js';
import type { Title } from '../../../src/feed/status.js';
import { MemoryTier } from '../../../src/tiers/memory.js';
import type { ListPage, ListQuery } from '../../../src/tiers/tier.js';
import { sample } from '../../contract/samples.js';
import { FakeClock, settle } from '../../support/fake-clock.js';
import { FakeTitlesOfAll } from './feed-kit.js';

const movie = (id: number): Title => ({ kind: 'movie', id });
const head = (tags: string[], status = 200) => ({ tags, status });

describe('a set of ids', () => {
  it('is exact, whatever is put in and taken out', () => {
    const ids = fc.array(fc.integer({ min: 0, max: 200_000 }));
    fc.assert(
      fc.property(ids, fc.integer({ min: 1, max: 50 }), (given, most) => {
        const set = new IdSet();
        const model = new Set<number>();
        for (const id of given) {
          expect(set.add(id)).toBe(!model.has(id));
          model.add(id);
        }
        expect(set.size).toBe(model.size);
        for (const id of given) expect(set.has(id)).toBe(true);
        expect(set.has(200_001)).toBe(false);
        const taken: number[] = [];
        for (let part = set.take(most); part.length > 0; part = set.take(most)) {
          expect(part.length).toBeLessThanOrEqual(most);
          taken.push(...part);
        }
        expect(taken.toSorted((a, b) => a - b)).toEqual([...model].toSorted((a, b) => a - b));
        expect(set.size).toBe(0);
      }),
    );
  });

  it('is bounded: a number beyond all ids takes no memory', () => {
    const set = new IdSet();
    for (const id of [MAX_ID, 2 ** 40, -1, Number.NaN, 1.5 * MAX_ID]) expect(set.add(id)).toBe(false);
    expect(set.size).toBe(0);
  });
});

describe('what is cached', () => {
  it('is told by the tags of an entry: titles, whole ones, of answers that are one', () => {
    const titles = new CachedTitles();
    titles.noteHead(
      head(['api', 'tv:1399', 'tv:1399:s1', 'path:/3/tv/1399', 'list:movie/popular', 'movie:x']),
    );
    titles.noteHead(head(['movie:404'], 404));
    titles.noteHead(head(['collection:10', 'movie:11', 'person:0287']));
    expect(titles.has({ kind: 'tv', id: 1399 })).toBe(true);
    expect(titles.has(movie(11))).toBe(true);
    expect(titles.has({ kind: 'person', id: 287 })).toBe(true);
    expect(titles.has(movie(404))).toBe(false);
    expect(titles.has(movie(1399))).toBe(false);
  });

  it('is everything whose id is beyond reason, and nothing after a purge of everything', () => {
    const titles = new CachedTitles();
    titles.note(movie(550));
    expect(titles.has(movie(MAX_ID))).toBe(true);
    titles.clear();
    expect(titles.has(movie(550))).toBe(false);
  });
});

function known(all: FakeTitlesOfAll | undefined, ownL2: boolean) {
  const clock = new FakeClock();
  const here = new CachedTitles();
  const errors: unknown[] = [];
  const onError = (error: unknown) => void errors.push(error);
  const titles = new KnownTitles({ here, all, ownL2, clock, tellMs: 1000, onError });
  here.follow((title) => titles.noted(title));
  if (all?.coverage !== undefined) titles.tellAnew(all.coverage);
  const ids = async (...asked: number[]) => (await titles.cached('c1', asked.map(movie))).map(({ id }) => id);
  return { clock, here, titles, ids, errors };
}

describe('which titles are cached', () => {
  it('alone: all, until what earlier runs have stored is known, then those noted', async () => {
    const { here, titles, ids } = known(undefined, true);
    here.note(movie(1));
    expect(await ids(1, 2)).toEqual([1, 2]);
    await titles.complete();
    expect(await ids(1, 2)).toEqual([1]);
  });

  it('of several nodes: what any has noted; all, while nobody has gone through what they share', async () => {
    const all = new FakeTitlesOfAll('c1');
    const { here, ids } = known(all, false);
    here.note(movie(1));
    all.noted.add('movie:2');
    expect(await ids(1, 2, 3)).toEqual([1, 2]);
    all.completed = 'an earlier one';
    expect(await ids(1, 2, 3)).toEqual([1, 2, 3]);
    all.away = true;
    await expect(ids(1, 2, 3)).rejects.toThrow('away');
  });

  it('others are told soon, once more later, and after Redis was away', async () => {
    const all = new FakeTitlesOfAll();
    const { clock, here, titles, errors } = known(all, false);
    here.note(movie(1));
    clock.advance(999);
    await settle();
    expect(all.noted.size).toBe(0);
    clock.advance(1);
    await settle();
    expect([...all.noted]).toEqual(['movie:1']);
    // A failover has lost it.
    all.noted.clear();
    clock.advance(15_000);
    await settle();
    expect([...all.noted]).toEqual(['movie:1']);
    all.away = true;
    here.note(movie(2));
    for (let second = 0; second < 30; second++) {
      clock.advance(1000);
      await settle();
    }
    expect(errors.length).toBeGreaterThan(5);
    all.away = false;
    clock.advance(1000);
    await settle();
    expect(all.noted.has('movie:2')).toBe(true);
    here.note(movie(3));
    await titles.close();
    expect(all.noted.has('movie:3')).toBe(true);
  });

  it('what is stored waits until the others know of its title, in the order in which it came', async () => {
    const all = new FakeTitlesOfAll();
    const { clock, here, titles } = known(all, false);
    const order: string[] = [];
    const store = async (name: string, ...ids: number[]) => {
      for (const id of ids) here.note(movie(id));
      await titles.told(ids.map(movie));
      order.push(name);
    };
    const first = store('first', 1, 2);
    const second = store('second', 1);
    await settle();
    expect(order).toEqual([]);
    clock.advance(1000);
    await Promise.all([first, second]);
    expect(order).toEqual(['first', 'second']);
    expect(all.noted.size).toBe(2);
    // From now on nobody waits for these.
    expect(titles.told([movie(1), movie(2), movie(MAX_ID)])).toBeUndefined();
  });

  it('what is stored does not wait for ever: Redis away costs what a call does', async () => {
    const all = new FakeTitlesOfAll();
    all.away = true;
    const { clock, here, titles } = known(all, false);
    here.note(movie(1));
    const stored = titles.told([movie(1)]);
    clock.advance(1000);
    await stored;
    expect(titles.told([movie(1)])).toBeDefined();
    all.away = false;
    clock.advance(1000);
    await settle();
    expect(titles.told([movie(1)])).toBeUndefined();
  });

  it('alone nothing waits', () => {
    const { here, titles } = known(undefined, true);
    here.note(movie(1));
    expect(titles.told([movie(1)])).toBeUndefined();
  });

  it('after a loss everything is told anew', async () => {
    const all = new FakeTitlesOfAll();
    const { clock, here, titles } = known(all, false);
    for (const id of [1, 2, 70_000]) here.note(movie(id));
    clock.advance(1000);
    await settle();
    all.noted.clear();
    titles.tellAnew('c2');
    expect(titles.told([movie(1)])).toBeDefined();
    clock.advance(1000);
    await settle();
    expect([...all.noted].toSorted()).toEqual(['movie:1', 'movie:2', 'movie:70000']);
  });
});

describe('what earlier runs have stored', () => {
  function inventory(of: 'disk' | 'redis', all?: FakeTitlesOfAll) {
    const kit = known(all, of === 'disk');
    const tier = new MemoryTier({ maxBytes: 64 * 1024 * 1024 });
    const state = { broken: false, incomplete: false };
    const list = async (query: ListQuery): Promise<ListPage> => {
      if (state.broken) throw new Error('unreadable');
      const page = await tier.list(query);
      return state.incomplete ? { ...page, incomplete: true } : page;
    };
    const { here: titles, titles: shared, clock, errors } = kit;
    const onError = (error: unknown) => void errors.push(error);
    const made = new Inventory({ tier: { list }, of, titles, known: shared, clock, onError });
    const pass = async (ms: number) => {
      for (let left = ms; left > 0; left -= 20) {
        clock.advance(20);
        await settle(3);
      }
    };
    return { ...kit, made, tier, pass, state };
  }
  const put = (tier: MemoryTier, id: number) => tier.set(sample(`k${id}`, { tags: [`movie:${id}`] }));

  it('a disk is gone through once, in small steps', async () => {
    const { made, tier, here, ids, pass } = inventory('disk');
    for (let id = 1; id <= 1200; id++) await put(tier, id);
    made.start();
    await settle();
    expect(here.isComplete).toBe(false);
    await pass(200);
    expect(here.isComplete).toBe(true);
    expect(await ids(1, 1200, 1201)).toEqual([1, 1200]);
    await made.close();
  });

  it('a disk that could not be read is gone through again', async () => {
    const { made, here, pass, errors, state } = inventory('disk');
    state.broken = true;
    made.start();
    await pass(1000);
    expect([here.isComplete, errors.length]).toEqual([false, 1]);
    state.broken = false;
    await pass(60_000);
    expect(here.isComplete).toBe(true);
    await made.close();
  });

  it('a disk is not gone through again under another coverage: what lies there is told, and said to be all', async () => {
    const all = new FakeTitlesOfAll('c1');
    all.completed = undefined;
    const { made, tier, titles, pass, state } = inventory('disk', all);
    await put(tier, 1);
    made.start();
    await pass(2000);
    expect([...all.noted, all.isComplete]).toEqual(['movie:1', true]);
    all.lose();
    state.broken = true; // it is not to be read
    await all.begin('c2');
    made.needed();
    await pass(100);
    expect(all.isComplete).toBe(false);
    titles.tellAnew('c2');
    made.needed();
    await pass(100);
    expect([...all.noted, all.isComplete]).toEqual(['movie:1', true]);
    await made.close();
  });

  it('what was told under one coverage is not said to be all of another one', async () => {
    const all = new FakeTitlesOfAll('c1');
    all.completed = undefined;
    const { titles } = known(all, true);
    const add = all.add.bind(all);
    all.add = async (told) => {
      await add(told);
      all.lose();
      await all.begin('c2'); // by another node
      titles.tellAnew('c2');
    };
    titles.noted(movie(1));
    await titles.complete();
    expect([all.coverage, all.isComplete]).toEqual(['c2', false]);
  });

  it('Redis is gone through by the node that reads the lists, and once for all', async () => {
    const all = new FakeTitlesOfAll('c1');
    all.completed = undefined;
    const { made, tier, pass } = inventory('redis', all);
    for (let id = 1; id <= 3; id++) await put(tier, id);
    made.start();
    await pass(100);
    expect(all.isComplete).toBe(false);
    made.needed();
    await pass(100);
    expect([...all.noted].toSorted()).toEqual(['movie:1', 'movie:2', 'movie:3']);
    expect(all.isComplete).toBe(true);
    await put(tier, 4);
    made.needed();
    await pass(2000);
    expect(all.noted.has('movie:4')).toBe(false);
    await made.close();
  });

  it('what is not all there (a master is away, another tier stands in for Redis) is gone through again', async () => {
    const all = new FakeTitlesOfAll('c1');
    all.completed = undefined;
    const { made, tier, pass, state } = inventory('redis', all);
    await put(tier, 1);
    state.incomplete = true;
    made.needed();
    await pass(100);
    expect(all.isComplete).toBe(false);
    state.incomplete = false;
    made.needed();
    await pass(100);
    expect([...all.noted, all.isComplete]).toEqual(['movie:1', true]);
    await made.close();
  });
});
