import { expect, it } from 'vitest';
import type { SharedRoute } from '../../../src/cache/site.js';
import { DurableFeedStore } from '../../../src/feed/durable-store.js';
import type { FeedStore } from '../../../src/feed/store.js';
import { FakeClock, settle } from '../../support/fake-clock.js';
import { policy } from '../tmdb/tools.js';
import { CLASS_MS, FakeArea, FakeLists, FakeTitlesOfAll, feedKit, MINUTE, TTL_MS } from './feed-kit.js';

/** Nodes that share what Redis would hold. */
function region() {
  const clock = new FakeClock();
  const lists = new FakeLists(clock);
  const inner = new DurableFeedStore(new FakeArea(), clock);
  const all = new FakeTitlesOfAll();
  const turn = { holder: '', away: false };
  const reach = <A extends unknown[], R>(call: (...args: A) => Promise<R>) => {
    return (...args: A): Promise<R> => (turn.away ? Promise.reject(new Error('redis: away')) : call(...args));
  };
  const store: FeedStore = {
    look: reach(() => inner.look()),
    load: reach(() => inner.load()),
    save: reach((saved, aliveMs) => inner.save(saved, aliveMs)),
  };
  const node = (name: string) =>
    feedKit({
      clock,
      lists,
      store,
      all,
      takeTurn: reach(async () => {
        if (turn.holder === '') turn.holder = name;
        return turn.holder === name;
      }),
    });
  const [a, b] = [node('a'), node('b')];
  const pass = async (ms: number, step = 5000) => {
    for (let left = ms; left > 0; left -= step) {
      clock.advance(Math.min(step, left));
      await settle(20);
    }
  };
  return { clock, lists, all, turn, a, b, pass, close: () => Promise.all([a.feed.close(), b.feed.close()]) };
}

function routeOf(target: string): SharedRoute {
  const route = policy().route({ method: 'GET', target, headers: [] });
  if (route.kind !== 'shared') throw new Error(route.kind);
  return route;
}

it('read the lists as one; when the reader is gone another goes on', async () => {
  const { lists, turn, a, b, pass, close } = region();
  a.feed.start();
  b.feed.start();
  await pass(MINUTE);
  expect(lists.asked).toHaveLength(3);
  expect([a.feed.status(), b.feed.status()]).toMatchObject([
    { healthy: true, leader: true },
    { healthy: true, leader: false },
  ]);
  await pass(15 * MINUTE);
  expect(lists.asked).toHaveLength(6);
  await a.feed.close();
  turn.holder = '';
  await pass(15 * MINUTE);
  expect(b.feed.status()).toMatchObject({ healthy: true, leader: true });
  expect(b.counters.polls.complete).toBe(1);
  await close();
});

it('titles that another node has cached are made stale as well', async () => {
  const { lists, a, b, pass, close } = region();
  a.feed.start();
  b.feed.start();
  await pass(MINUTE);
  b.cached('movie', 550);
  await pass(2000, 1000);
  lists.edit('movie', 550, 551);
  await pass(15 * MINUTE);
  expect(a.softened()).toEqual(['movie:550']);
  await close();
});

it('a long lifetime that was given before the node heard of the edit is taken back as soon as it does', async () => {
  const { lists, all, a, b, pass, clock, close } = region();
  a.feed.start();
  b.feed.start();
  await pass(MINUTE);
  lists.edit('movie', 550);
  clock.advance(15 * MINUTE);
  await a.poll();
  // The node that read found nothing cached; this one has not looked yet, and its note is on its way.
  all.noted.clear();
  expect(b.coverage.lifetimeOf(routeOf('/3/movie/550'), 200)).toBe(TTL_MS);
  expect(a.softened()).not.toContain('movie:550');
  await pass(MINUTE);
  expect(b.softened()).toContain('movie:550');
  expect(b.coverage.lifetimeOf(routeOf('/3/movie/550'), 200)).toBeUndefined();
  // Once: what is fetched after that has the lifetime of its class.
  await pass(20 * MINUTE);
  expect(b.softened()).not.toContain('movie:550');
  await close();
});

it('a node that hears nothing of the others gives no long lifetimes within a minute, and believes none in the end', async () => {
  const { turn, a, b, pass, clock, close, lists } = region();
  a.feed.start();
  b.feed.start();
  await pass(MINUTE);
  const give = () => b.coverage.lifetimeOf(routeOf('/3/movie/551'), 200);
  expect(give()).toBe(TTL_MS);
  turn.away = true;
  const asked = lists.asked.length;
  await pass(MINUTE);
  expect(give()).toBeUndefined();
  expect(b.feed.status()).toMatchObject({ healthy: true });
  await pass(60 * MINUTE);
  expect(b.feed.status()).toMatchObject({ healthy: false, reason: 'redis: away' });
  expect(b.feed.cover()!.until).toBeLessThan(clock.now());
  // Who can't tell the others must not read for them either.
  expect(lists.asked.length).toBe(asked);
  turn.away = false;
  await pass(2 * MINUTE);
  expect(give()).toBe(TTL_MS);
  expect([a.changes, b.changes]).toEqual([
    ['redis: away', undefined],
    ['redis: away', undefined],
  ]);
  await close();
});

it('whoever loses its turn in the middle stops, and nothing is marked as read', async () => {
  const { lists, turn, a, clock } = region();
  for (let id = 1; id <= 300; id++) lists.edit('movie', id);
  await a.poll();
  const { date } = (await a.store.look())!;
  clock.advance(15 * MINUTE);
  lists.before = (target) => {
    if (target.startsWith('/3/tv')) turn.holder = 'b';
  };
  await expect(a.poll()).rejects.toThrow('another node reads the lists now');
  expect((await a.store.look())!.date).toBe(date);
});

it('when the common note of what is cached is lost a new coverage begins, and every node tells anew', async () => {
  const { all, lists, a, b, pass, close } = region();
  a.feed.start();
  b.feed.start();
  await pass(MINUTE);
  b.cached('movie', 550);
  await pass(20 * MINUTE);
  const before = a.feed.cover()!.sinceStamp;
  all.lose();
  // A node that has just gone through its disk does not hide the loss.
  await b.known.complete();
  await pass(20 * MINUTE);
  expect(a.feed.cover()!.sinceStamp).toBeGreaterThan(before);
  expect([...all.noted]).toEqual(['movie:550']);
  expect(a.feed.status()).toMatchObject({ healthy: true, gaps: 1 });
  // Once, and edits of what nobody has cached are told apart again.
  const now = a.feed.cover()!.sinceStamp;
  a.softened();
  lists.edit('movie', 550, 551);
  await pass(40 * MINUTE);
  expect(a.feed.cover()!.sinceStamp).toBe(now);
  expect(a.softened()).toContain('movie:550');
  expect(a.counters.softened.movie).toBeGreaterThan(0);
  expect(a.counters.skipped.movie).toBeGreaterThan(0);
  await close();
});

it('when Redis restarts with older notes no edit is lost: what was fetched before is not believed, what is fetched later is told', async () => {
  const { all, lists, clock, a, b, pass, close } = region();
  a.feed.start();
  b.feed.start();
  await pass(MINUTE);
  const snapshot = [...all.noted];
  const route = routeOf('/3/movie/550');
  expect(b.coverage.lifetimeOf(route, 200)).toBe(TTL_MS);
  const storedAt = clock.now();
  const head = { class: 'detail', lifetime: TTL_MS, ageAtStore: 0, storedAt, stamp: a.table.stamp() };
  const staleSince = () =>
    b.coverage.staleSince(head as Parameters<typeof b.coverage.staleSince>[0], clock.now());
  // Told twice, and read over by everyone: nobody remembers whom it gave one any more.
  await pass(31 * MINUTE);
  expect([...all.noted]).toEqual(['movie:550']);
  expect(staleSince()).toBe(Number.POSITIVE_INFINITY);
  all.rollBack(snapshot);
  lists.edit('movie', 550);
  await pass(17 * MINUTE);
  expect(staleSince()).toBe(storedAt + CLASS_MS);
  expect([...all.noted]).toEqual(['movie:550']);
  lists.edit('movie', 1, 550);
  a.softened();
  await pass(17 * MINUTE);
  expect(a.softened()).toContain('movie:550');
  await close();
});
