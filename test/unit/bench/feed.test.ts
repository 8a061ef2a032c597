import { describe, expect, it } from 'vitest';
import { fasterTimes, feedDay } from '../../../bench/lib/feed-day.mjs';
import { Edits, editShown, patchOf } from '../../../bench/lib/feed-edits.mjs';
import { agesOf, rowsOf, summed } from '../../../bench/lib/feed-summary.mjs';
import { ask, sample } from '../demo/helpers.js';

describe('the day that the bench of the change feed replays', () => {
  it('is the same on every run, in order, and as long as it says', () => {
    const day = feedDay(12);
    expect(feedDay(12)).toEqual(day);
    for (const list of [day.reads, day.edits]) {
      const times = list.map(({ at }) => at);
      expect(times).toEqual([...times].sort((a, b) => a - b));
      expect(times.at(-1)).toBeLessThan(15_000);
      expect(times.filter((at) => at < day.preludeMs).length).toBeGreaterThan(times.length * 0.15);
    }
    expect(day.scale).toBe(7200);
  });

  it('has as many readers and edits for each title whatever it takes', () => {
    const [short, long] = [feedDay(12), feedDay(36)];
    const perTitle = (day: typeof short) => [
      day.reads.length / day.titles,
      day.edits.length / day.titles,
      day.stored.length / day.titles,
    ];
    perTitle(short).forEach((value, n) => {
      const ratio = value / perTitle(long)[n]!;
      expect(Math.abs(Math.log(ratio)), `${ratio}`).toBeLessThan(0.15);
    });
  });

  it('passes so fast that the times of a day do, too', () => {
    expect(fasterTimes(600)).toMatchObject({
      JSON_DISK_TTL: '0.600000',
      CHANGE_FEED_INTERVAL: '0.025000',
      CHANGE_FEED_TTL: '16.800000',
    });
  });
});

describe('how old an answer is', () => {
  it('counts from the first edit that it lacks and that had been made when it was asked for', () => {
    const edits = new Edits();
    expect([edits.made(7, 100), edits.made(7, 200), edits.made(8, 150)]).toEqual([1, 2, 1]);
    expect(edits.staleness(7, 0, 250)).toBe(150);
    expect(edits.staleness(7, 1, 250)).toBe(50);
    expect(edits.staleness(7, 2, 250)).toBe(0);
    expect(edits.staleness(7, 1, 199)).toBe(0);
    expect(edits.staleness(9, 0, 250)).toBe(0);
    expect(edits.counts()).toEqual([
      [7, 2],
      [8, 1],
    ]);
  });

  it('is read from the body of a title of the sample origin', async () => {
    const origin = await sample({});
    const shown = async () => editShown((await ask(origin, '/3/movie/7')).body.toString());
    expect(await shown()).toBe(0);
    for (const number of [1, 2]) origin.edit('movie', 7, patchOf(number));
    expect(await shown()).toBe(2);
  });

  it('is summed up in minutes of the day, with the share of answers that lack an edit', () => {
    const old = [...Array.from({ length: 98 }, () => 0), 100, 300];
    expect(agesOf(old, 600)).toEqual({ count: 100, share: 0.02, p50: 3, p99: 3, max: 3 });
    expect(agesOf([], 600)).toEqual({ count: 0, share: 0, p50: 0, p99: 0, max: 0 });
  });

  it('is told apart for answers that count as fresh and those served stale', () => {
    const answers = [
      { outcome: 'hit', old: 0 },
      { outcome: 'hit', old: 100 },
      { outcome: 'stale', old: 600 },
      { outcome: 'miss', old: 0 },
    ] as const;
    const asked = { titles: 3, unchanged: 1, feed: 4, other: 2 };
    const day = summed({ answers, asked }, 600);
    expect(day).toMatchObject({ hitRate: 0.75, originRequests: 7 });
    expect([day.fresh.max, day.stale.max, day.all.max]).toEqual([1, 6, 6]);
    const rows = new Map(rowsOf(day, day).map(([name, ...values]) => [name, values]));
    expect(rows.get('origin requests, all')).toEqual([7, 7]);
    expect(rows.get('hit rate, stale hits included')).toEqual(['75.0 %', '75.0 %']);
  });
});
