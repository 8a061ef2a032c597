import { describe, expect, it } from 'vitest';
import type { SharedRoute } from '../../../src/cache/site.js';
import { followedTitle } from '../../../src/feed/covered.js';
import { FeedFloor } from '../../../src/feed/floor.js';
import type { EntryHead } from '../../../src/tiers/entry.js';
import { settle } from '../../support/fake-clock.js';
import { bytesOf, engineKit } from '../cache/engine-kit.js';
import { policy, V3 } from '../tmdb/tools.js';
import { CLASS_MS, DAY, FakeArea, FakeLists, feedKit, HOUR, MINUTE, TTL_MS } from './feed-kit.js';

const NONE = { memoryMs: 0, freshMs: 0, swrMs: 0, sieMs: 0 };
const CLASSES = { image: NONE, search: NONE, changes: NONE, static: NONE, other: NONE, negative: NONE };

function routeOf(target: string): SharedRoute {
  const route = policy().route({ method: 'GET', target, headers: [] });
  if (route.kind !== 'shared') throw new Error(`${target}: ${route.kind}`);
  return route;
}

describe('long lifetimes are given', () => {
  const covered = async () => {
    const kit = feedKit();
    kit.lists.edit('movie', 1, 2, 3);
    kit.clock.advance(MINUTE);
    kit.feed.start();
    await kit.pass(MINUTE, 1000);
    return kit;
  };
  const lifetime = (kit: Awaited<ReturnType<typeof covered>>, target: string, status = 200) =>
    kit.coverage.lifetimeOf(routeOf(target), status);

  it('to details of titles, in every language and with what is appended', async () => {
    const kit = await covered();
    for (const target of [
      '/3/movie/550',
      '/3/movie/550?language=de-DE&append_to_response=credits,images',
      '/3/movie/550/credits',
      '/3/tv/1399-game-of-thrones/season/2',
      '/3/person/287',
    ])
      expect(lifetime(kit, target), target).toBe(TTL_MS);
    await kit.feed.close();
  });

  it.each([
    '/3/movie/550/recommendations',
    '/3/tv/1399/similar',
    '/3/movie/550/lists',
    '/3/movie/550/reviews',
    '/3/tv/1399/watch/providers',
    '/3/tv/1399/season/1/watch/providers',
    '/3/person/287/movie_credits',
    '/3/movie/550?append_to_response=credits,watch/providers',
    '/3/movie/550?append_to_response=recommendations',
    '/3/movie/550?append_to_response=credits&append_to_response=recommendations',
    '/3/movie/popular',
    '/3/trending/movie/day',
    '/3/collection/10',
    '/3/find/tt0137523?external_source=imdb_id',
    '/3/movie/tt0137523',
    '/3/search/movie?query=x',
    '/3/movie/changes',
    '/3/movie/550/changes',
    '/3/configuration',
  ])('not to %s: no log tells of its changes', async (target) => {
    const kit = await covered();
    expect(lifetime(kit, target)).toBeUndefined();
    await kit.feed.close();
  });

  it('not to errors, nor to a title that was edited lately: the body may be from before', async () => {
    const kit = await covered();
    expect(lifetime(kit, '/3/movie/550', 404)).toBeUndefined();
    expect(lifetime(kit, '/3/movie/2?language=de')).toBeUndefined();
    kit.lists.edit('movie', 550);
    await kit.pass(20 * MINUTE);
    expect(lifetime(kit, '/3/movie/550')).toBeUndefined();
    await kit.feed.close();
  });

  it('again nine hours after the title has left the list', async () => {
    const kit = await covered();
    await kit.pass(24 * HOUR, 5 * MINUTE);
    expect(kit.lists.asked.length).toBeGreaterThan(200);
    expect(lifetime(kit, '/3/movie/2')).toBeUndefined();
    await kit.pass(9 * HOUR, 5 * MINUTE);
    expect(lifetime(kit, '/3/movie/2')).toBe(TTL_MS);
    await kit.feed.close();
  });

  it('not before the lists have been read, and not once they have not been for long', async () => {
    const kit = feedKit();
    expect(lifetime(kit, '/3/movie/550')).toBeUndefined();
    kit.feed.start();
    await kit.pass(MINUTE, 1000);
    expect(lifetime(kit, '/3/movie/550')).toBe(TTL_MS);
    kit.lists.instead = () => ({ status: 500 });
    await kit.pass(HOUR);
    expect(lifetime(kit, '/3/movie/550')).toBeUndefined();
    await kit.feed.close();
  });

  it.each([
    ['its own list is read', '/3/person/287', '/3/person', 'person:287'],
    ['another list is read', '/3/person/287', '/3/movie', 'person:287'],
    ['its own list is read', '/3/movie/550', '/3/movie', 'movie:550'],
  ])(
    'a title that was given one while %s is found as cached by this very reading',
    async (_name, target, list, tag) => {
      const clock = feedKit().clock;
      const lists = new FakeLists(clock);
      const kit = feedKit({ clock, lists });
      kit.feed.start();
      await kit.pass(MINUTE, 1000);
      lists.edit('movie', 550);
      lists.edit('person', 287);
      const given: unknown[] = [];
      lists.before = (asked) => {
        if (asked.startsWith(list)) given.push(lifetime(kit, target));
      };
      await kit.pass(20 * MINUTE);
      expect(given[0]).toBe(TTL_MS);
      expect(kit.softened()).toContain(tag);
      await kit.feed.close();
    },
  );

  it('not any more once its list has been read, though the others have not', async () => {
    const clock = feedKit().clock;
    const lists = new FakeLists(clock);
    const kit = feedKit({ clock, lists });
    kit.feed.start();
    await kit.pass(MINUTE, 1000);
    lists.edit('movie', 550);
    const given: unknown[] = [];
    lists.before = (asked) => {
      if (asked.startsWith('/3/person')) given.push(lifetime(kit, '/3/movie/550'));
    };
    await kit.pass(20 * MINUTE);
    expect(given[0]).toBeUndefined();
    await kit.feed.close();
  });

  it('to a title that another node had read of: found when its list is read, and not forgotten with those before', async () => {
    const { clock, lists, disk, poll } = feedKit();
    for (const kind of ['movie', 'tv', 'person'] as const) lists.edit(kind, 1, 2, 3);
    await poll();
    const late = feedKit({ clock, lists, disk });
    late.lifetimes.open(Number.POSITIVE_INFINITY);
    clock.advance(15 * MINUTE);
    lists.edit('person', 287);
    await poll();
    for (const id of [4, 5, 6]) {
      clock.advance(15 * MINUTE);
      lists.edit('person', id);
      await poll();
    }
    expect(lifetime(late, '/3/person/287')).toBe(TTL_MS);
    await late.poll();
    expect(late.softened()).toContain('person:287');
  });
});

describe('long lifetimes are believed', () => {
  const stored = (storedAt: number, stamp: number, more = {}) => ({
    class: 'detail',
    lifetime: TTL_MS,
    ageAtStore: 0,
    storedAt,
    stamp,
    ...more,
  });
  type Head = Parameters<ReturnType<typeof feedKit>['coverage']['staleSince']>[0];
  const judge = (kit: ReturnType<typeof feedKit>, head: object) =>
    kit.coverage.staleSince(head as Head, kit.clock.now());

  it('while the feed is healthy, and from the moment it is not those of the class are', async () => {
    const kit = feedKit();
    kit.feed.start();
    await kit.pass(MINUTE, 1000);
    const head = stored(kit.clock.now(), kit.table.stamp());
    await kit.pass(6 * DAY, 15 * MINUTE);
    expect(judge(kit, head)).toBe(Number.POSITIVE_INFINITY);
    kit.lists.instead = () => ({ status: 500 });
    const { until } = kit.feed.cover()!;
    kit.clock.advance(until - kit.clock.now() - 1);
    expect(judge(kit, head)).toBe(Number.POSITIVE_INFINITY);
    kit.clock.advance(1);
    expect(judge(kit, head)).toBe(head.storedAt + CLASS_MS);
    await kit.feed.close();
  });

  it('not of what was stored before the feed told of edits', async () => {
    const kit = feedKit();
    const stamp = kit.table.stamp();
    const storedAt = kit.clock.now();
    kit.feed.start();
    await kit.pass(MINUTE, 1000);
    expect(judge(kit, stored(storedAt, stamp))).toBe(storedAt + CLASS_MS);
    await kit.feed.close();
  });

  it('of other classes, and of what lives as long as its class, nothing is said', () => {
    const kit = feedKit();
    const short = { lifetime: CLASS_MS * 1.09 + 5000, ageAtStore: 5000 };
    expect(judge(kit, stored(0, 0, short))).toBe(Number.POSITIVE_INFINITY);
    expect(judge(kit, stored(0, 0, { class: 'image' }))).toBe(Number.POSITIVE_INFINITY);
    expect(judge(kit, stored(0, 0))).toBe(CLASS_MS);
  });

  it('a clock that is set back does not make the cover longer', () => {
    const kit = feedKit();
    kit.coverage.become({ sinceStamp: 0, until: kit.clock.now() + HOUR });
    const head = stored(0, 5);
    expect(judge(kit, head)).toBe(Number.POSITIVE_INFINITY);
    expect(kit.coverage.staleSince(head as Head, kit.clock.now() - 10 * MINUTE)).toBe(CLASS_MS);
  });

  it('a restart believes what the last reading vouched for, for as long as that is good', async () => {
    const kit = feedKit();
    await kit.poll();
    kit.clock.advance(30 * MINUTE);
    const next = feedKit({ clock: kit.clock, lists: kit.lists, disk: kit.disk });
    next.lists.instead = () => ({ status: 500 });
    next.feed.start();
    await next.pass(MINUTE, 1000);
    expect(next.feed.status().healthy).toBe(true);
    await next.pass(20 * MINUTE);
    expect(next.feed.status().healthy).toBe(false);
    await next.feed.close();
  });
});

it('a detail is fetched once a week, and right after an edit; its reader gets the old one at once', async () => {
  const feed = feedKit();
  feed.feed.start();
  await feed.pass(MINUTE, 1000);
  const { clock, coverage } = feed;
  const detail = { memoryMs: 15 * MINUTE, freshMs: CLASS_MS, swrMs: HOUR, sieMs: 7 * DAY };
  const tmdb = policy({ credentials: [V3], classes: { ...CLASSES, detail } });
  const stamp = feed.table.stamp();
  const onKept = (head: EntryHead) => feed.known.told(feed.titles.noteHead(head));
  const kit = engineKit({ clock, coverage, site: tmdb, onKept });
  kit.purges.apply({ scope: { kind: 'tag', name: 'feed:begun' }, soft: true, seq: stamp, at: 0 });
  const ask = async (body?: string) => {
    const asked = kit.origin.asked.length;
    const answer = kit.ask('/3/movie/550');
    await settle();
    if (body !== undefined && kit.origin.asked.length > asked) kit.origin.last.reply({ body });
    await settle();
    const { outcome } = await answer;
    return {
      outcome: outcome.result,
      body: await bytesOf(await answer),
      asked: kit.origin.asked.length - asked,
    };
  };
  expect(await ask('{"id":550,"v":1}')).toMatchObject({ outcome: 'miss' });
  await feed.pass(6 * DAY, 15 * MINUTE);
  expect(await ask()).toMatchObject({ outcome: 'hit', asked: 0 });
  feed.lists.edit('movie', 550);
  await feed.pass(20 * MINUTE);
  for (const rule of feed.table.rules()) kit.purges.apply(rule);
  expect(await ask('{"id":550,"v":2}')).toEqual({ outcome: 'stale', body: '{"id":550,"v":1}', asked: 1 });
  expect(await ask()).toEqual({ outcome: 'hit', body: '{"id":550,"v":2}', asked: 0 });
  await feed.feed.close();
});

it('a title is followed under its own number only', () => {
  expect(followedTitle(routeOf('/3/tv/1399/season/2/episode/1?append_to_response=credits'))).toEqual({
    kind: 'tv',
    id: 1399,
  });
  expect(followedTitle(routeOf('/3/review/58aa'))).toBeUndefined();
});

it('a disk from before this node followed the others is not believed, also after restarts', () => {
  const area = new FakeArea();
  let stamp = 10;
  const open = () =>
    new FeedFloor(
      area,
      () => stamp,
      () => {},
    );
  const floor = open();
  expect(floor.of('a')).toBe(10);
  stamp = 20;
  expect(floor.of('a')).toBe(10);
  expect(open().of('a')).toBe(10);
  expect(open().of('b')).toBe(20);
  stamp = 30;
  expect(open().of('b')).toBe(20);
});
