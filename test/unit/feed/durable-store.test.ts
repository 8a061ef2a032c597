import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DurableFeedStore } from '../../../src/feed/durable-store.js';
import { decodeState, encodeState, type FeedState } from '../../../src/feed/state.js';
import type { Saved } from '../../../src/feed/store.js';
import { FakeClock } from '../../support/fake-clock.js';
import { FakeArea, MINUTE } from './feed-kit.js';

const saved = (date: number, more: Partial<Saved> = {}): Saved => ({
  coverage: 'c1',
  date,
  text: '{"v":1}',
  lists: { movie: Buffer.alloc(150_000, 7), tv: Buffer.alloc(0), person: Buffer.from([1, 2, 3, 4]) },
  ...more,
});

function open() {
  const [area, clock] = [new FakeArea(), new FakeClock()];
  return { area, clock, store: new DurableFeedStore(area, clock) };
}

describe('progress in the disk store', () => {
  it('is kept byte for byte, in values that a durable area takes', async () => {
    const { area, clock, store } = open();
    expect([await store.look(), await store.load()]).toEqual([undefined, undefined]);
    await store.save(saved(1000), 45 * MINUTE);
    for (const value of area.values.values()) expect(value.length).toBeLessThanOrEqual(64 * 1024);
    expect(await store.load()).toEqual(saved(1000));
    clock.advance(5 * MINUTE);
    expect(await store.look()).toEqual({
      coverage: 'c1',
      date: 1000,
      ageMs: 5 * MINUTE,
      aliveMs: 40 * MINUTE,
    });
    clock.advance(41 * MINUTE);
    expect((await store.look())!.aliveMs).toBe(0);
  });

  it('a crash while it is written leaves what was there before', async () => {
    const { area, store } = open();
    await store.save(saved(1000), MINUTE);
    const put = area.put.bind(area);
    area.put = async (key, value) => {
      if (key === 'state') throw new Error('crashed');
      await put(key, value);
    };
    const next = saved(2000, { lists: { ...saved(0).lists, movie: Buffer.alloc(90_000, 8) } });
    await expect(store.save(next, MINUTE)).rejects.toThrow('crashed');
    expect(await store.load()).toEqual(saved(1000));
  });

  it('damaged, in any of its values, is none', async () => {
    const { area, store } = open();
    for (const key of ['list:movie:0:1', 'list:person:0:0', 'state']) {
      area.values.clear();
      await store.save(saved(1000), MINUTE);
      area.values.set(key, Buffer.from('{"broken'));
      expect(await store.load(), key).toBeUndefined();
      await store.save(saved(2000), MINUTE);
      expect((await store.load())!.date).toBe(2000);
    }
  });

  it('a clock that is set back vouches for nothing', async () => {
    const { area, clock, store } = open();
    await store.save(saved(1000), 45 * MINUTE);
    const earlier = new DurableFeedStore(area, new FakeClock(clock.now() - 1));
    expect(await earlier.look()).toMatchObject({ ageMs: undefined, aliveMs: 0 });
  });

  it('that is not complete leaves the time of the last complete reading', async () => {
    const { clock, store } = open();
    await store.save(saved(1000), 45 * MINUTE);
    clock.advance(10 * MINUTE);
    await store.save(saved(1000, { text: 'progress' }), undefined);
    expect(await store.look()).toMatchObject({ ageMs: 10 * MINUTE, aliveMs: 35 * MINUTE });
    expect((await store.load())!.text).toBe('progress');
  });
});

describe('the state of the feed as bytes', () => {
  const list = fc.record({
    ids: fc.uniqueArray(fc.integer({ min: 1, max: 2 ** 32 - 1 })),
    front: fc.constant(0),
    left: fc
      .uniqueArray(fc.integer({ min: 1, max: 2 ** 32 - 1 }))
      .map((ids) => new Map(ids.map((id) => [id, 29_000_000 + (id % 100)]))),
  });
  const progress = fc.record({
    date: fc.integer({ min: 1, max: 2 ** 43 }),
    fullAt: fc.integer({ min: 0, max: 2 ** 43 }),
    doneDay: fc.constantFrom(undefined, '2026-01-31'),
  });
  const state: fc.Arbitrary<FeedState> = fc.record({
    coverage: fc.uuid(),
    sinceStamp: fc.double({ min: 0, max: 2 ** 43, noNaN: true }),
    date: fc.integer({ min: 1, max: 2 ** 43 }),
    proven: fc.boolean(),
    doubts: fc.integer({ min: 0, max: 3 }),
    read: fc.record({ movie: progress, tv: progress, person: progress }),
    lists: fc.record({ movie: list, tv: list, person: list }),
  });

  it('comes back as it was', () => {
    fc.assert(
      fc.property(state, (given) => {
        expect(decodeState(encodeState(given))).toEqual(given);
      }),
    );
  });

  it('of a release that noted one date for all lists, is taken for each', () => {
    fc.assert(
      fc.property(state, progress, (given, { fullAt, doneDay }) => {
        const saved = encodeState(given);
        const { read: _, ...told } = JSON.parse(saved.text) as Record<string, unknown>;
        const all = { date: given.date, fullAt, doneDay };
        const text = JSON.stringify({ ...told, fullAt, doneDay });
        expect(decodeState({ ...saved, text })).toEqual({
          ...given,
          read: { movie: all, tv: all, person: all },
        });
      }),
    );
  });

  it('cut off, or of another version, is none', () => {
    fc.assert(
      fc.property(state, fc.nat(), (given, at) => {
        const bytes = encodeState(given);
        const { movie } = bytes.lists;
        const cut = movie.subarray(0, at % movie.length);
        expect(decodeState({ ...bytes, lists: { ...bytes.lists, movie: cut } })).toBeUndefined();
        expect(decodeState({ ...bytes, text: bytes.text.replace('"v":2', '"v":1') })).toBeUndefined();
        expect(decodeState({ ...bytes, text: bytes.text.slice(1) })).toBeUndefined();
      }),
    );
  });
});
