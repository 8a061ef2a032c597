import { describe, expect, it } from 'vitest';
import { begun } from './begun.js';
import { CLASS_MS, DAY, emptyDisk, feedKit, HOUR, MINUTE } from './feed-kit.js';

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
