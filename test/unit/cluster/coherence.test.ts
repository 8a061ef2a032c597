import { describe, expect, it } from 'vitest';
import { localNumber, type PurgeScope, PurgeTable } from '../../../src/cache/purge-table.js';
import type { EntryHead } from '../../../src/tiers/entry.js';
import { FakeClock, settle } from '../../support/fake-clock.js';
import { FakeDisk, FakeNode, FakeRedis, pass } from './coherence-kit.js';

const MOVIE: PurgeScope = { kind: 'tag', name: 'movie:550' };
const head = (stamp: number) =>
  ({ key: 'k', primaryKey: 'k', class: 'detail', tags: ['movie:550'], stamp }) as unknown as EntryHead;

async function nodes(count = 2) {
  const clock = new FakeClock();
  const redis = new FakeRedis(clock);
  const all = Array.from({ length: count }, (_, i) => new FakeNode(`n${i}`, redis, new FakeDisk()));
  for (const node of all) await node.coherence.start();
  return { clock, redis, a: all[0]!, b: all[1]! };
}

describe('a purge', () => {
  it('I-1, I-3: is numbered by Redis, and on the other node goes the way of its own: table, flights, followers, disk', async () => {
    const { clock, a, b } = await nodes();
    const receipt = await a.coherence.purge([MOVIE], false);
    expect(receipt).toMatchObject({ pending: false, nodesReached: 1 });
    await pass(clock, 50);
    expect(b.table.judge(head(receipt.seq - 1))).toBe('purged');
    expect([b.detached.at(-1), b.told.at(-1), b.disk.rules.size]).toEqual([receipt.seq, receipt.seq, 2]);
  });

  it('says how many nodes obey, by their acknowledgements, and measures how long they took by its own clock', async () => {
    const { clock, redis, a } = await nodes(3);
    redis.delays = () => [10];
    a.others = 2;
    const purge = a.coherence.purge([MOVIE], false);
    await settle();
    await pass(clock, 50, 5);
    expect(await purge).toMatchObject({ nodesReached: 3, pending: false });
    expect(a.coherence.stats().lagMs).toMatchObject({ count: 2, p50: 20, max: 20 });
  });

  it('does not wait longer than a moment for a node that says nothing', async () => {
    const { clock, a, b } = await nodes();
    b.reach = 'cut';
    a.others = 1;
    const purge = a.coherence.purge([MOVIE], false);
    await pass(clock, 150);
    expect(await purge).toMatchObject({ nodesReached: 1 });
  });

  it('reaches the others within 2 s when every message is lost', async () => {
    const { clock, redis, a, b } = await nodes();
    redis.delays = () => [];
    const { seq } = await a.coherence.purge([MOVIE], false);
    await pass(clock, 1999);
    expect(b.table.judge(head(seq - 1))).toBe('purged');
  });

  it('I-16: messages out of order, twice, of strangers or not understood change nothing', async () => {
    const { clock, redis, a, b } = await nodes();
    let i = 0;
    redis.delays = () => [[90, 10, 40][i++ % 3]!, 60];
    for (const name of ['x', 'y', 'z']) await a.coherence.purge([{ kind: 'tag', name }], false);
    for (const text of ['', '{}', '{"seq":"9","prev":"x"}', 'null']) redis.publish(text);
    await pass(clock, 200);
    expect(b.table.rules()).toEqual(a.table.rules().map((rule) => ({ ...rule, at: expect.any(Number) })));
    expect(b.coherence.stats().gaps).toBeGreaterThan(0);
  });
});

describe('what is known by the time a purge is numbered (I-2)', () => {
  const OTHER: PurgeScope = { kind: 'tag', name: 'movie:551' };
  /** The latest purge that names the other movie, as known when this one's is numbered. */
  const numbered = async (node: FakeNode): Promise<number | undefined> => {
    let latest: number | undefined;
    await node.coherence.purge([MOVIE], false, () => {
      latest = node.table.latestFor({ primaryKey: 'k', tags: ['movie:551'], tagsFromBody: false });
    });
    return latest;
  };

  it('is every purge before it, those of other nodes too', async () => {
    const { clock, a, b } = await nodes();
    const { seq } = await b.coherence.purge([OTHER], false);
    await pass(clock, 50);
    expect(await numbered(a)).toBe(seq);
  });

  it('is not said when another node was numbered in between, or Redis is away', async () => {
    const { clock, redis, a, b } = await nodes();
    redis.delays = () => [];
    await b.coherence.purge([OTHER], false);
    expect(await numbered(a)).toBeUndefined();
    await pass(clock, 2000);
    a.reach = 'cut';
    expect(await numbered(a)).toBeUndefined();
  });
});

describe('while Redis is away', () => {
  it('a purge holds here at once, says so, survives a restart, and reaches the others on return', async () => {
    const { clock, redis, a, b } = await nodes();
    a.reach = 'hang';
    const purge = a.coherence.purge([MOVIE], false);
    await pass(clock, 500);
    expect(await purge).toMatchObject({ pending: true, nodesReached: 1 });
    expect([a.changes, a.table.judge(head(0))]).toEqual([['synced', 'away'], 'purged']);
    a.reach = 'cut';
    expect(await a.coherence.purge([{ kind: 'all' }], true)).toMatchObject({ pending: true });
    await expect(a.coherence.resync()).rejects.toMatchObject({ reason: 'unreachable' });
    a.crash();

    const again = new FakeNode('n0', redis, a.disk);
    again.reach = 'cut';
    await again.coherence.start();
    expect([again.coherence.stats().pending, again.table.judge(head(0))]).toEqual([2, 'purged']);
    again.reach = 'ok';
    await pass(clock, 1500);
    expect(again.coherence.stats()).toMatchObject({ state: 'synced', pending: 0 });
    expect(b.table.judge(head(b.table.stamp() - 1))).toBe('purged');
    expect(b.table.judge({ ...head(b.table.stamp() - 1), tags: [] })).toMatchObject({
      staleSince: expect.any(Number),
    });
  });

  it('a purge of the same scope while it is being replayed gets a number of its own', async () => {
    const { clock, a, b } = await nodes();
    a.reach = 'cut';
    await a.coherence.purge([MOVIE], false);
    a.reach = 'hang';
    const back = a.coherence.resync().catch(() => {});
    await a.coherence.purge([MOVIE], false);
    a.reach = 'ok';
    await pass(clock, 2000);
    await back;
    expect([a.coherence.stats().pending, a.table.stamp()]).toEqual([0, b.table.stamp()]);
  });
});

describe('after a loss (I-4)', () => {
  it('a purge that the new master never got is raised anew by whoever knows it', async () => {
    const { clock, redis, a, b } = await nodes();
    redis.delays = () => [];
    const { seq } = await a.coherence.purge([MOVIE], false);
    redis.failover(1);
    await pass(clock, 2000);
    expect(b.table.judge(head(seq))).toBe('purged');
  });

  it('an empty Redis is founded by a node that was in sync, without purging everything', async () => {
    const { clock, redis, a, b } = await nodes();
    await a.coherence.purge([MOVIE], false);
    await pass(clock, 1000);
    const everything = a.table.rules().find(({ scope }) => scope.kind === 'all')!;
    redis.wipe();
    await pass(clock, 3000);
    expect(redis.data!.rules.get('h|tag:movie:550')).toBeGreaterThan(0);
    expect(redis.data!.rules.get('h|all')).toBe(everything.seq); // from the very first start
    expect([a.coherence.stats().state, b.coherence.stats().state]).toEqual(['synced', 'synced']);
  });

  it('a rule of another history that our clock had passed is renewed: what we stamped since may be older', async () => {
    const { clock, redis, a, b } = await nodes();
    const ahead = a.table.stamp() + 5_000_000;
    await a.purger.apply([{ scope: { kind: 'class', name: 'x' }, soft: false, seq: ahead, at: 0 }]);
    a.reach = 'cut';
    redis.failover(0);
    const { seq } = await b.coherence.purge([MOVIE], false);
    expect(seq).toBeLessThan(ahead);
    a.reach = 'ok';
    await pass(clock, 2500);
    expect([a.table.judge(head(ahead)), b.table.judge(head(ahead))]).toEqual(['purged', 'purged']);
  });

  it('an empty Redis founded by a node that can not know what was purged purges everything', async () => {
    const clock = new FakeClock();
    const redis = new FakeRedis(clock);
    const node = new FakeNode('n0', redis, new FakeDisk());
    await node.coherence.start();
    await settle();
    expect([node.table.judge(head(0)), redis.data!.rules.has('h|all')]).toEqual(['purged', true]);
  });
});

describe('local numbers', () => {
  it('lie between two shared ones, and when they are used up nothing is stamped as late as the last', () => {
    const table = new PurgeTable(1_795_000_000_000);
    for (let i = 0; i < 3000; i++) {
      const before = table.stamp();
      table.apply({ scope: MOVIE, soft: false, seq: localNumber(table.stamp()), at: 0 });
      expect(table.judge(head(before))).toBe('purged');
    }
    expect(Math.floor(table.stamp())).toBe(1_795_000_000_000);
    expect(table.judge({ ...head(table.stamp()), tags: [] })).toBe('valid');
  });

  it('I-1: can not be compared with what other nodes stamp meanwhile: a miss until they are numbered', () => {
    const table = new PurgeTable(100);
    const seq = localNumber(table.stamp());
    table.apply({ scope: MOVIE, soft: false, seq, at: 0 });
    expect([table.judge(head(100)), table.judge(head(seq)), table.judge(head(105))]).toEqual([
      'purged',
      'valid',
      'purged',
    ]);
    table.apply({ scope: MOVIE, soft: false, seq: 110, at: 0 });
    expect([table.judge(head(110)), table.localSize]).toEqual(['valid', 0]);
  });
});
