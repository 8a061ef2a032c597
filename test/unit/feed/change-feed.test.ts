import { describe, expect, it } from 'vitest';
import { ProxyError } from '../../../src/errors.js';
import { FakeClock, settle } from '../../support/fake-clock.js';
import { CLASS_MS, DAY, emptyDisk, FakeLists, feedKit, HOUR, MINUTE } from './feed-kit.js';

/** A feed that has read once what ids 1 to 20 of each kind make, all of them cached but those over 1000. */
async function begun(options: Parameters<typeof feedKit>[0] = {}) {
  const kit = feedKit(options);
  for (const kind of ['movie', 'tv', 'person'] as const) {
    for (let id = 1; id <= 20; id++) kit.lists.edit(kind, id);
    kit.cached(kind, ...Array.from({ length: 999 }, (_, i) => i + 1));
  }
  kit.clock.advance(MINUTE);
  await kit.poll();
  kit.softened();
  kit.clock.advance(15 * MINUTE);
  return kit;
}

describe('an edit', () => {
  it('of a cached title makes it stale, one of an uncached title does not', async () => {
    const { lists, poll, softened, counters } = await begun();
    lists.edit('movie', 1550, 550);
    lists.edit('person', 287);
    await poll();
    // Those that stood first may have been edited once more.
    const first = ['movie:20', 'person:20', 'tv:20'];
    expect(softened().toSorted()).toEqual(['movie:550', 'person:287', ...first].toSorted());
    expect(counters.snapshot()).toMatchObject({
      idsSeen: { movie: 3, tv: 1, person: 2 },
      softened: { movie: 2, tv: 1, person: 2 },
      skipped: { movie: 1, tv: 0, person: 0 },
    });
  });

  it('is taken once more by the next reading, and then no more: details may lag behind their list', async () => {
    const { lists, poll, softened, clock } = await begun();
    lists.edit('movie', 550, 551);
    await poll();
    softened();
    clock.advance(15 * MINUTE);
    lists.edit('movie', 7);
    await poll();
    expect(
      softened()
        .filter((tag) => tag.startsWith('movie'))
        .toSorted(),
    ).toEqual(['movie:550', 'movie:551', 'movie:7']);
    clock.advance(15 * MINUTE);
    lists.edit('movie', 8);
    await poll();
    expect(softened().filter((tag) => tag.startsWith('movie'))).toEqual(['movie:8', 'movie:7']);
  });

  it('of the title that stood first already is found, alone or behind others: its place shows nothing', async () => {
    const { lists, poll, softened, clock } = await begun();
    const movies = async (...ids: number[]) => {
      clock.advance(15 * MINUTE);
      lists.edit('movie', ...ids);
      softened();
      await poll();
      return softened().filter((tag) => tag.startsWith('movie'));
    };
    await movies(551, 550);
    expect(await movies(551, 550)).toEqual(expect.arrayContaining(['movie:550', 'movie:551']));
    expect(await movies(550)).toContain('movie:550');
    expect(await movies(550, 9)).toEqual(['movie:9', 'movie:550']);
  });

  it('is not taken again and again while nothing else moves', async () => {
    const { lists, poll, softened, clock } = await begun();
    lists.edit('movie', 550, 551, 552);
    const told: string[][] = [];
    for (let reading = 0; reading < 4; reading++) {
      await poll();
      told.push(softened().filter((tag) => tag.startsWith('movie')));
      clock.advance(15 * MINUTE);
    }
    const changed = ['movie:552', 'movie:551', 'movie:550'];
    expect(told).toEqual([[...changed, 'movie:20'], changed, ['movie:552'], ['movie:552']]);
  });

  it('a second one is found although the title is in the list already', async () => {
    const { lists, poll, softened, clock } = await begun();
    lists.edit('movie', 550);
    await poll();
    clock.advance(15 * MINUTE);
    lists.edit('movie', 551, 552);
    await poll();
    clock.advance(15 * MINUTE);
    await poll();
    clock.advance(15 * MINUTE);
    softened();
    lists.edit('movie', 550);
    await poll();
    expect(softened()).toContain('movie:550');
  });

  it('is found by three pages of a list of thousands, and all pages are read every six hours', async () => {
    const clock = feedKit().clock;
    const lists = new FakeLists(clock);
    for (let id = 1; id <= 3000; id++) lists.edit('movie', id);
    const { poll, softened, cached } = feedKit({ clock, lists });
    cached('movie', 2500, 9000);
    await poll();
    const pagesOf = async (ms: number, ...ids: number[]) => {
      clock.advance(ms);
      lists.edit('movie', ...ids);
      lists.asked.length = 0;
      await poll();
      return lists.asked.filter((target) => target.startsWith('/3/movie')).length;
    };
    // That the latest edit comes first is to be seen once.
    expect(await pagesOf(15 * MINUTE, 11, 12)).toBeGreaterThanOrEqual(30);
    softened();
    expect(await pagesOf(15 * MINUTE, 2500, 9000)).toBe(3);
    expect(
      softened()
        .filter((tag) => tag.startsWith('movie'))
        .toSorted(),
    ).toEqual(['movie:2500', 'movie:9000']);
    expect(await pagesOf(6 * HOUR, 13)).toBeGreaterThanOrEqual(30);
  });
});

describe('pages that shift while they are read', () => {
  const paged = async () => {
    const clock = feedKit().clock;
    const lists = new FakeLists(clock, 10);
    for (let id = 1; id <= 60; id++) lists.edit('tv', id);
    const kit = feedKit({ clock, lists });
    kit.cached('tv', ...Array.from({ length: 100 }, (_, i) => i + 1));
    await kit.poll();
    kit.softened();
    clock.advance(15 * MINUTE);
    return kit;
  };

  it('an edit moves all others on: none is lost', async () => {
    const { lists, poll, softened, clock } = await paged();
    lists.edit('tv', 61, 62, 63);
    lists.before = (target) => {
      if (target === '/3/tv/changes?page=2') {
        lists.before = () => {};
        lists.edit('tv', 64, 30);
      }
    };
    await poll();
    const found = new Set(softened());
    clock.advance(15 * MINUTE);
    await poll();
    for (const tag of softened()) found.add(tag);
    expect([...found].toSorted()).toEqual(['tv:30', 'tv:60', 'tv:61', 'tv:62', 'tv:63', 'tv:64']);
  });

  it('one that is taken out pulls others past the reader: they are found all the same', async () => {
    const { lists, poll, softened } = await paged();
    // Fifteen new ones: the eleventh is first on page 2, and on page 1 once another one is gone.
    lists.edit('tv', ...Array.from({ length: 15 }, (_, i) => 75 - i));
    lists.before = (target) => {
      if (target === '/3/tv/changes?page=2') {
        lists.before = () => {};
        lists.remove('tv', 61);
      }
    };
    await poll();
    const found = softened();
    for (let id = 62; id <= 75; id++) expect(found).toContain(`tv:${id}`);
  });

  it('a list that changes each time it is looked at does not keep the reader for ever', async () => {
    const { lists, poll } = await paged();
    let next = 100;
    lists.before = () => lists.edit('tv', ++next);
    expect(await poll()).toBe('complete');
    expect(lists.asked.length).toBeLessThan(100);
  });
});

describe('a list in no order', () => {
  it('tells of new ids only, after three readings', async () => {
    const clock = feedKit().clock;
    const lists = new FakeLists(clock);
    for (let id = 1; id <= 50; id++) lists.edit('movie', id);
    let round = 0;
    lists.arrange = (ids) =>
      ids.toSorted((a, b) => ((a * 7919 * (round + 3)) % 101) - ((b * 7919 * (round + 3)) % 101));
    const kit = feedKit({ clock, lists });
    kit.cached('movie', ...Array.from({ length: 100 }, (_, i) => i + 1));
    kit.feed.start();
    await kit.pass(MINUTE);
    for (round = 1; round <= 4; round++) await kit.pass(15 * MINUTE);
    expect(kit.feed.status().ordered).toBe(false);
    kit.softened();
    lists.edit('movie', 77);
    await kit.pass(15 * MINUTE);
    expect(kit.softened()).toEqual(['movie:77']);
    // And goes back once the order has been there for a while.
    lists.arrange = (ids) => ids;
    await kit.pass(HOUR);
    const told: boolean[] = [];
    for (let id = 78; id < 84; id++) {
      lists.edit('movie', id);
      await kit.pass(15 * MINUTE);
      told.push(kit.feed.status().ordered);
    }
    expect(told.slice(0, 2)).toEqual([false, false]);
    expect(kit.feed.status().ordered).toBe(true);
    await kit.feed.close();
  });
});

describe('a list that stands in an order of its own', () => {
  it('is taken for one in no order and stays so, though a single new id leaves most others where they were', async () => {
    const clock = feedKit().clock;
    const lists = new FakeLists(clock);
    for (const kind of ['movie', 'tv', 'person'] as const)
      for (let id = 1; id <= 60; id++) lists.edit(kind, id);
    // By a hash of the id: new ones come anywhere in between.
    const place = (id: number) => (id * 7919 + 31) % 1009;
    lists.arrange = (ids) => ids.toSorted((a, b) => place(a) - place(b));
    const { feed, pass } = feedKit({ clock, lists });
    feed.start();
    await pass(MINUTE);
    let flips = 0;
    let before = feed.status().ordered;
    for (let id = 61; id <= 250; id++) {
      lists.edit((['movie', 'tv', 'person'] as const)[id % 3]!, id);
      await pass(15 * MINUTE);
      const { ordered } = feed.status();
      if (ordered !== before) flips++;
      before = ordered;
    }
    expect({ ordered: before, flips }).toEqual({ ordered: false, flips: 1 });
    await feed.close();
  });
});

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

describe('the cover', () => {
  it('is told again before it ends, however often the lists are read', async () => {
    const { feed, clock, covers } = await begun({ intervalMs: 800 });
    feed.start();
    for (let i = 0; i < 300; i++) {
      clock.advance(200);
      await settle(30);
    }
    // What a worker was told last is what it goes by.
    expect(feed.cover()!.until - covers.at(-1)!.until).toBeLessThan(1000);
    expect(covers.length).toBeLessThan(100);
    await feed.close();
  });
});

describe('progress', () => {
  it('survives a restart: what was edited meanwhile is made stale, and nothing else', async () => {
    const { lists, disk, clock, poll } = await begun();
    await poll();
    clock.advance(3 * HOUR);
    lists.edit('movie', 550);
    lists.edit('tv', 1399);
    const next = feedKit({ clock, lists, disk });
    next.cached('movie', ...Array.from({ length: 999 }, (_, i) => i + 1));
    next.feed.start();
    await next.pass(MINUTE, 1000);
    // The first of the list before may have been edited again.
    expect(next.softened()).toEqual(['movie:550', 'movie:20']);
    await next.feed.close();
  });

  it('until what earlier runs have stored is known every edit counts', async () => {
    const { lists, disk, clock, poll, store } = await begun();
    await poll();
    const { coverage } = (await store.look())!;
    lists.edit('movie', 555_555);
    const next = feedKit({ clock, lists, disk, complete: false });
    await next.poll();
    expect(next.softened()).toContain('movie:555555');
    expect((await store.look())!.coverage).toBe(coverage);
  });

  it('a gap of 30 hours is read day by day, and a restart within goes on where it was', async () => {
    const { lists, disk, clock } = await begun();
    const times: number[] = [];
    for (let hour = 1; hour <= 100; hour++) {
      clock.advance(HOUR);
      lists.edit('movie', 100 + hour);
      times.push(clock.now());
    }
    const ids = Array.from({ length: 100 }, (_, i) => 101 + i);
    const first = feedKit({ clock, lists, disk });
    first.cached('movie', ...ids);
    let days = 0;
    lists.instead = (target) =>
      target.startsWith('/3/tv/changes?page=1&start_date') && ++days > 4 ? { status: 500 } : undefined;
    await expect(first.poll()).rejects.toThrow();
    const early = first.softened();
    lists.instead = () => undefined;
    lists.asked.length = 0;
    const second = feedKit({ clock, lists, disk });
    second.cached('movie', ...ids);
    await second.poll();
    const late = second.softened();
    expect([...new Set([...early, ...late])].filter((tag) => /movie:1\d\d|movie:200/.test(tag))).toHaveLength(
      100,
    );
    expect(early.length).toBeGreaterThan(20);
    // The oldest days are not read a second time.
    const again = lists.asked.filter((target) => target.includes('start_date=2026-01-01'));
    expect(again).toEqual([]);
    expect(second.counters.gaps).toBe(1);
    expect(await second.store.look()).toMatchObject({ coverage: expect.stringMatching(/-0$/) });
  });

  it('of a gap that is read up only days that are over are done with', async () => {
    const { lists, disk, clock } = await begun();
    clock.advance(40 * HOUR);
    const first = feedKit({ clock, lists, disk });
    first.cached('movie', 700);
    // All days are read, the list of the last 24 hours is not.
    lists.instead = (target) => (target === '/3/tv/changes?page=1' ? { status: 500 } : undefined);
    await expect(first.poll()).rejects.toThrow();
    lists.edit('movie', 700);
    clock.advance(30 * HOUR);
    lists.instead = () => undefined;
    const second = feedKit({ clock, lists, disk });
    second.cached('movie', 700);
    await second.poll();
    expect(second.softened()).toContain('movie:700');
  });

  it.each([
    ['20 days', 20 * DAY],
    ['a clock that ran backwards by days', -3 * DAY],
  ])('after %s a new coverage begins, and nothing is made stale', async (_name, ms) => {
    const { lists, disk, clock, table } = await begun();
    const before = table.stamp();
    if (ms > 0) clock.advance(ms);
    else lists.skew = ms;
    lists.edit('movie', 550);
    const next = feedKit({ clock, lists, disk, table });
    next.cached('movie', 550);
    next.feed.start();
    await next.pass(MINUTE, 1000);
    expect(next.softened()).toEqual([]);
    expect(next.feed.cover()!.sinceStamp).toBeGreaterThan(before);
    expect(next.feed.status()).toMatchObject({ healthy: true, gaps: 1 });
    await next.feed.close();
  });

  it('that is damaged counts as none', async () => {
    const { lists, disk, clock, table } = await begun();
    const [key] = [...disk.feed.values.keys()].filter((name) => name.startsWith('list:movie'));
    disk.feed.values.set(key!, Buffer.from('nonsense'));
    const next = feedKit({ clock, lists, disk, table });
    expect(await next.poll()).toBe('complete');
    expect(next.softened()).toEqual([]);
    expect((await next.store.load())?.coverage).not.toBe(undefined);
  });

  it('a crash between the purge and the note of it purges twice and harms nothing', async () => {
    const { lists, disk, clock, poll, softened } = await begun();
    lists.edit('movie', 550);
    const saved = new Map(disk.feed.values);
    await poll();
    expect(softened()).toContain('movie:550');
    for (const [key, value] of saved) disk.feed.values.set(key, value);
    const next = feedKit({ clock, lists, disk });
    next.cached('movie', 550);
    expect(await next.poll()).toBe('complete');
    expect(next.softened()).toContain('movie:550');
  });

  it('of an older reading does not replace a later one', async () => {
    const { lists, poll, store } = await begun();
    await poll();
    const late = await store.look();
    lists.skew = -20 * MINUTE;
    expect(await poll()).toBe('refused');
    expect((await store.look())!.date).toBe(late!.date);
  });
});

describe('without room for more durable purges', () => {
  it('a new coverage begins, old purges go, and the feed goes on', async () => {
    const disk = emptyDisk();
    const kit = await begun({ disk });
    const { lists, poll, clock, store } = kit;
    lists.edit('movie', ...Array.from({ length: 100 }, (_, i) => 100 + i));
    await poll();
    lists.edit('movie', 5);
    clock.advance(15 * MINUTE);
    await poll();
    const before = (await store.look())!.coverage;
    lists.edit('movie', 6);
    clock.advance(3 * CLASS_MS);
    await poll();
    disk.purges.room = [...disk.purges.values.values()].reduce((sum, { length }) => sum + length, 0);
    lists.edit('movie', ...Array.from({ length: 50 }, (_, i) => 300 + i));
    clock.advance(15 * MINUTE);
    kit.softened();
    expect(await poll()).toBe('complete');
    expect(kit.softened()).toContain('movie:349');
    expect((await store.look())!.coverage).not.toBe(before);
    expect(disk.purges.values.has('movie:349')).toBe(true);
    expect(disk.purges.values.has('movie:150')).toBe(false);
  });

  it('not even after that: the reading fails, and nothing is marked as read', async () => {
    const disk = emptyDisk();
    const { lists, poll } = await begun({ disk });
    disk.purges.room = 0;
    lists.edit('movie', 550);
    await expect(poll()).rejects.toThrow('the durable area is full');
    disk.purges.room = Number.POSITIVE_INFINITY;
    await poll();
    expect(disk.purges.values.has('movie:550')).toBe(true);
  });
});

it('a feed that is closed asks nobody any more, and ends while it waits for an answer', async () => {
  const { lists, feed, clock, changes } = await begun();
  let answer = () => {};
  lists.before = () => new Promise<void>((resolve) => (answer = resolve));
  feed.start();
  clock.advance(1);
  await settle();
  const closed = feed.close();
  answer();
  await closed;
  const asked = lists.asked.length;
  clock.advance(DAY);
  await settle();
  expect(lists.asked.length).toBe(asked);
  expect(changes).toEqual([]);
});

it('what a message says holds no secret: it names the list, not the address', async () => {
  const { lists, poll } = await begun();
  lists.instead = () => ({ status: 401 });
  const error = await poll().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ProxyError);
  expect((error as Error).message).toBe('the list of changed movies, page 1: TMDB refuses the key (401)');
});
