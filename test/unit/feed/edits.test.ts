import { describe, expect, it } from 'vitest';
import { begun } from './begun.js';
import { FakeLists, feedKit, HOUR, MINUTE } from './feed-kit.js';

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
