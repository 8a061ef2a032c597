import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../support/fake-clock.js';
import { begun } from './begun.js';
import { DAY, FakeLists, feedKit, HOUR, MINUTE } from './feed-kit.js';

describe('a reading that fails', () => {
  it.each([
    ['an error', { status: 500 }, 'answered with 500'],
    ['a refused key', { status: 401 }, 'refuses the key'],
    ['an envelope', { body: Buffer.from('{"success":false,"status_code":25}') }, 'is no list of ids'],
    ['half a body', { body: Buffer.from('{"results":[{"id":5') }, 'is no list of ids'],
    [
      'no Date',
      { headers: [], body: Buffer.from('{"results":[],"total_pages":1,"total_results":0}') },
      'has no Date',
    ],
  ])('half-way counts for nothing: %s', async (_name, answer, message) => {
    const { lists, poll, softened, store } = await begun();
    const before = await store.look();
    lists.edit('person', 287);
    lists.instead = (target) => (target.startsWith('/3/person') ? answer : undefined);
    await expect(poll()).rejects.toThrow(message);
    expect(softened()).not.toContain('person:287');
    expect(await store.look()).toEqual(before);
    lists.instead = () => undefined;
    expect(await poll()).toBe('complete');
    expect(softened()).toContain('person:287');
  });

  it.each(['movie', 'tv', 'person'] as const)(
    'of the list %s keeps nobody from the others',
    async (broken) => {
      const kit = await begun();
      const { lists, poll, softened, clock } = kit;
      const others = (['movie', 'tv', 'person'] as const).filter((kind) => kind !== broken);
      for (const kind of ['movie', 'tv', 'person'] as const) lists.edit(kind, 21, 22);
      lists.instead = (target) => (target.startsWith(`/3/${broken}/`) ? { status: 500 } : undefined);
      await expect(poll()).rejects.toThrow('answered with 500');
      const tags = softened();
      for (const kind of others) expect(tags).toEqual(expect.arrayContaining([`${kind}:21`, `${kind}:22`]));
      expect(tags.filter((tag) => tag.startsWith(broken))).toEqual([]);
      // What was edited later is found by the next attempt, the first two are stale already.
      clock.advance(MINUTE);
      await expect(poll()).rejects.toThrow('answered with 500');
      softened(); // once more, as always
      lists.edit(others[0]!, 23);
      for (const then of [[`${others[0]}:23`], [`${others[0]}:23`]]) {
        clock.advance(15 * MINUTE);
        await expect(poll()).rejects.toThrow('answered with 500');
        expect(softened()).toEqual(expect.arrayContaining(then));
      }
      clock.advance(15 * MINUTE);
      lists.instead = () => undefined;
      const next = feedKit({ clock, lists, disk: kit.disk });
      for (const kind of ['movie', 'tv', 'person'] as const) next.cached(kind, 21, 22, 23);
      expect(await next.poll()).toBe('complete');
      const late = next.softened();
      expect(late).toEqual(expect.arrayContaining([`${broken}:21`, `${broken}:22`]));
      // Done with, and noted: a restart in between loses nothing of it.
      expect(late).not.toContain(`${others[0]}:21`);
    },
  );

  it('over one list for more than a day is read up day by day, like any gap', async () => {
    const { lists, poll, softened, clock } = await begun();
    lists.instead = (target) => (target.startsWith('/3/tv/') ? { status: 500 } : undefined);
    lists.edit('tv', 550);
    for (let hour = 0; hour < 30; hour++) {
      clock.advance(HOUR);
      await expect(poll()).rejects.toThrow('answered with 500');
    }
    softened();
    lists.instead = () => undefined;
    expect(await poll()).toBe('complete');
    expect(softened()).toContain('tv:550');
  });

  it.each([
    ['30 hours', 30 * HOUR, 'read up'],
    ['5 days', 5 * DAY, 'read up'],
    ['15 days', 15 * DAY, 'given up on'],
  ])(
    'over one list for %s costs the others neither an edit nor many pages, and is one gap',
    async (_, ms, end) => {
      const clock = new FakeClock();
      const lists = new FakeLists(clock, 10);
      const { poll, softened, cached, counters, store } = await begun({ clock, lists });
      const step = 2 * HOUR;
      let next = 10_000;
      const bulk = () => Array.from({ length: 20 }, () => next++);
      lists.edit('movie', ...bulk());
      await poll(); // shows the order
      const before = (await store.look())!.coverage;
      lists.edit('tv', 550);
      lists.instead = (target) => (target.startsWith('/3/tv/') ? { status: 500 } : undefined);
      const pages: number[] = [];
      for (let passed = 0; passed < ms; passed += step) {
        clock.advance(step);
        for (const kind of ['movie', 'person'] as const) {
          const id = next++;
          cached(kind, id);
          lists.edit(kind, ...bulk(), id);
          lists.asked.length = 0;
          softened();
          await expect(poll()).rejects.toThrow('answered with 500');
          expect(softened()).toContain(`${kind}:${id}`);
          expect(lists.asked.filter((target) => target.includes('start_date'))).toEqual([]);
          pages.push(lists.asked.length);
        }
      }
      // All pages of both lists every six hours, which is every sixth attempt; a few otherwise.
      const few = pages.filter((count) => count <= 15);
      expect(few.length / pages.length).toBeGreaterThan(0.7);
      expect(counters.gaps).toBe(0);
      lists.edit('tv', 551);
      lists.instead = () => undefined;
      clock.advance(15 * MINUTE);
      expect(await poll()).toBe('complete');
      expect(counters.gaps).toBe(1);
      const { coverage } = (await store.look())!;
      if (end === 'read up') {
        expect(coverage).toBe(before);
        expect(softened()).toEqual(expect.arrayContaining(['tv:550', 'tv:551']));
      } else {
        expect(coverage).not.toBe(before);
      }
      clock.advance(15 * MINUTE);
      expect(await poll()).toBe('complete');
      expect(counters.gaps).toBe(1);
    },
    60_000,
  );

  it.each([
    ['a later page of the list', '/3/tv/changes?page=2'],
    ['a day before it', '/3/tv/changes?page=1&start_date=2026-01-02'],
  ])('by %s asks for little more with each attempt, and is one gap', async (_, broken) => {
    const clock = new FakeClock(Date.parse('2026-01-01T12:00:00Z'));
    const lists = new FakeLists(clock, 10);
    const { poll, softened, cached, counters } = await begun({ clock, lists });
    lists.edit('movie', ...Array.from({ length: 20 }, (_, i) => 2000 + i));
    await poll(); // shows the order
    lists.edit('tv', 550);
    lists.instead = (target) => (target.startsWith('/3/tv/') ? { status: 500 } : undefined);
    for (let hour = 0; hour < 30; hour += 2) {
      clock.advance(2 * HOUR);
      await expect(poll()).rejects.toThrow('answered with 500');
    }
    lists.edit('tv', ...Array.from({ length: 20 }, (_, i) => 2000 + i));
    lists.instead = (target) => (target.startsWith(broken) ? { status: 500 } : undefined);
    await expect(poll()).rejects.toThrow('answered with 500');
    for (let id = 30; id < 34; id++) {
      clock.advance(15 * MINUTE);
      lists.edit('person', id);
      softened();
      lists.asked.length = 0;
      await expect(poll()).rejects.toThrow('answered with 500');
      expect(softened()).toContain(`person:${id}`);
      expect(lists.asked.length).toBeLessThan(10);
    }
    lists.instead = () => undefined;
    cached('tv', 550);
    expect(await poll()).toBe('complete');
    expect(softened()).toContain('tv:550');
    expect(counters.gaps).toBe(1);
  });

  it('is tried again after a minute, two, four; once it works the feed says so', async () => {
    const kit = await begun();
    const { lists, feed, pass, changes } = kit;
    lists.instead = () => ({ status: 503 });
    feed.start();
    lists.asked.length = 0;
    await pass(MINUTE / 2, 1000);
    expect(lists.asked).toHaveLength(3);
    await pass(MINUTE, 1000);
    expect(lists.asked).toHaveLength(6);
    await pass(MINUTE, 1000);
    expect(lists.asked).toHaveLength(6);
    await pass(MINUTE + MINUTE / 2, 1000);
    expect(lists.asked).toHaveLength(9);
    expect(changes).toEqual([expect.stringContaining('answered with 503')]);
    lists.instead = () => undefined;
    await pass(5 * MINUTE);
    expect(changes).toHaveLength(2);
    expect(changes[1]).toBeUndefined();
    expect(kit.counters.polls).toMatchObject({ failed: 3 });
    await feed.close();
  });

  it('is tried again soon, also when the clock has been set back by a day meanwhile', async () => {
    const clock = new FakeClock();
    const lists = new FakeLists(clock);
    const { feed, pass } = feedKit({ clock, lists });
    lists.instead = () => ({ status: 503 });
    feed.start();
    await pass(10_000, 1000);
    expect(lists.asked).toHaveLength(3);
    lists.instead = () => undefined;
    const before = clock.now;
    clock.now = () => before() - DAY;
    await pass(2 * MINUTE, 1000);
    expect(feed.status()).toMatchObject({ healthy: true });
    await feed.close();
  });

  it('too often ends the cover, and says why', async () => {
    const { lists, feed, pass, coverage, clock } = await begun();
    feed.start();
    await pass(MINUTE);
    expect(feed.status()).toMatchObject({ healthy: true, reason: null, leader: true });
    lists.instead = () => ({ status: 429 });
    await pass(30 * MINUTE);
    expect(feed.status()).toMatchObject({ healthy: true });
    await pass(20 * MINUTE);
    expect(feed.status()).toMatchObject({ healthy: false, reason: expect.stringContaining('429') });
    expect(feed.status().lagMs).toBeGreaterThan(45 * MINUTE);
    expect(feed.cover()!.until).toBeLessThanOrEqual(clock.now());
    expect(coverage).toBeDefined();
    await feed.close();
  });
});
