import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HotKeys } from '../../../src/warm/hot-keys.js';
import { HotList } from '../../../src/warm/hot-list.js';
import type { HotKey } from '../../../src/warm/job.js';
import { preload } from '../../../src/warm/preload.js';
import { FakeClock, settle } from '../../support/fake-clock.js';
import { engineKit } from '../cache/engine-kit.js';
import { temporaryDirectory } from './jobs-kit.js';

const HOUR = 3_600_000;

/** A clock whose randomness is a fixed sequence. */
function drawingClock(): FakeClock {
  const clock = new FakeClock();
  let seed = 42;
  clock.random = () => {
    seed = (seed * 16807) % 2147483647;
    return seed / 2147483647;
  };
  return clock;
}

describe('the hottest keys of a process', () => {
  it('are found among many more cold ones than it has places for', () => {
    const hot = new HotKeys(drawingClock(), 64);
    for (let i = 0; i < 200_000; i++) {
      hot.saw(i % 4 === 0 ? `/hot/${(i / 4) % 8}` : `/cold/${i}`);
    }
    const top = hot.top(8).map(({ key }) => key);
    expect(top.sort()).toEqual(Array.from({ length: 8 }, (_, i) => `/hot/${i}`));
  });

  it('come in their order, with about how often they were asked for', () => {
    const hot = new HotKeys(drawingClock());
    const clients = [...Array(6).fill('/a'), ...Array(3).fill('/b'), '/c'] as string[];
    for (let i = 0; i < 100_000; i++) hot.saw(clients[i % clients.length]);
    const [a, b, c] = hot.top(3);
    expect([a?.key, b?.key, c?.key]).toEqual(['/a', '/b', '/c']);
    expect(a!.hits).toBeGreaterThan(50_000);
    expect(a!.hits).toBeLessThan(70_000);
    expect(hot.top(1)).toHaveLength(1);
  });

  it('no rhythm of requests hides a key', () => {
    const hot = new HotKeys(drawingClock());
    for (let i = 0; i < 16_000; i++) hot.saw(`/${i % 16}`);
    expect(hot.top(16)).toHaveLength(16);
  });

  it('what was hot an hour ago gives way, a quiet night forgets nothing', () => {
    const clock = drawingClock();
    const hot = new HotKeys(clock, 8);
    for (let i = 0; i < 3200; i++) hot.saw('/old');
    clock.advance(12 * HOUR);
    // Halved once, not every hour.
    expect(hot.top(1)[0]!.hits).toBeGreaterThan(1000);
    for (let round = 0; round < 6; round++) {
      for (let i = 0; i < 400; i++) hot.saw('/new');
      clock.advance(HOUR);
    }
    expect(hot.top(1)[0]!.key).toBe('/new');
  });

  it('answers without a key, and keys no client sends, are not counted', () => {
    const hot = new HotKeys(drawingClock());
    for (let i = 0; i < 1000; i++) hot.saw(i % 2 ? undefined : `/${'x'.repeat(9000)}`);
    expect(hot.top(10)).toEqual([]);
  });
});

describe('the hottest keys of a node', () => {
  let directory: string;
  let remove: () => Promise<void>;
  beforeEach(() => {
    ({ path: directory, remove } = temporaryDirectory());
  });
  afterEach(() => remove());

  const listOf = (clock: FakeClock, counted: readonly (readonly HotKey[])[], most = 3) =>
    new HotList({ path: join(directory, 'warm', 'hot.json'), clock, most, counted: async () => counted });

  it('are those of all its processes together, and survive a restart', async () => {
    const clock = new FakeClock();
    const one = [
      { key: '/a', hits: 100 },
      { key: '/b', hits: 80 },
    ];
    const two = [
      { key: '/b', hits: 90 },
      { key: '/c', hits: 10 },
      { key: '/d', hits: 5 },
    ];
    await listOf(clock, [one, two]).save();
    clock.advance(48 * HOUR);
    const later = listOf(clock, []);
    await later.load();
    const keys = ['/b', '/a', '/c'];
    expect((await later.top()).map(({ key }) => key)).toEqual(keys);
    expect(statSync(join(directory, 'warm', 'hot.json')).mode & 0o077).toBe(0);
    // An idle run does not forget them either.
    await later.save();
    const last = listOf(clock, []);
    await last.load();
    expect((await last.top()).map(({ key }) => key)).toEqual(keys);
  });

  it('those of before fade while the node is asked for others', async () => {
    const clock = new FakeClock();
    await listOf(clock, [[{ key: '/old', hits: 1000 }]]).save();
    const later = listOf(clock, [[{ key: '/new', hits: 300 }]]);
    await later.load();
    expect((await later.top(1))[0]!.key).toBe('/old');
    clock.advance(2 * HOUR);
    expect((await later.top(1))[0]!.key).toBe('/new');
  });

  it('a file that is missing or damaged is none', async () => {
    const list = listOf(new FakeClock(), []);
    await list.load();
    expect(await list.top()).toEqual([]);
    await list.save();
    for (const text of ['{"v":1,"keys":[', '{"v":2,"keys":[]}', '{"v":1,"keys":[null,{"key":7}]}']) {
      const path = join(directory, 'hot.json');
      writeFileSync(path, text);
      const damaged = new HotList({ path, clock: new FakeClock(), most: 3, counted: async () => [] });
      await damaged.load();
      expect(await damaged.top()).toEqual([]);
      expect(readFileSync(path, 'utf8')).toBe(text);
    }
  });
});

describe('what a start brings into memory', () => {
  it('is what L2 has of the keys, without one request to the origin', async () => {
    const before = engineKit();
    for (const path of ['/1', '/2']) {
      const asking = before.ask(path);
      await settle();
      before.origin.last.reply();
      await asking;
      await settle();
    }
    // Another process over the same L2.
    const after = engineKit({ clock: before.clock, l2: before.l2 });
    const found = await preload({ site: after.site, lookup: after.engine.lookup }, [
      '/2',
      '/1',
      '/3',
      '/private/x',
    ]);
    expect(found).toBe(2);
    expect(after.memory.peek('/1')).toBeDefined();
    expect(after.origin.asked).toHaveLength(0);
    expect((await after.ask('/2')).outcome).toMatchObject({ result: 'hit', served: 'memory' });
  });

  it('is nothing that was purged meanwhile', async () => {
    const kit = engineKit();
    const asking = kit.ask('/1');
    await settle();
    kit.origin.last.reply();
    await asking;
    await settle();
    kit.memory.deleteNow('/1');
    kit.purge({ kind: 'key', name: '/1' });
    expect(await preload({ site: kit.site, lookup: kit.engine.lookup }, ['/1'])).toBe(0);
    expect(kit.memory.peek('/1')).toBeUndefined();
  });
});
