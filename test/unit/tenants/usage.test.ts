import { describe, expect, it } from 'vitest';
import type { TenantUsage } from '../../../src/tenants/tenant.js';
import { parseSums, printSums, UsageCounter } from '../../../src/tenants/usage.js';
import { type Counting, UsageKeeper } from '../../../src/tenants/usage-keeper.js';
import { type Area, DurableUsage, SharedUsage } from '../../../src/tenants/usage-store.js';
import { FakeClock, settle } from '../../support/fake-clock.js';

const DAY = Math.floor(Date.UTC(2026, 0, 1) / 86_400_000);
const row = (tenant: string, requests: number, more: Partial<TenantUsage> = {}): TenantUsage => ({
  tenant,
  requests,
  hits: 0,
  originRequests: 0,
  bytes: 0,
  refused: 0,
  ...more,
});

describe('what a process counts', () => {
  it.each([
    ['a hit', { result: 'hit' }, { hits: 1, originRequests: 0 }],
    [
      'a stale answer while the origin is asked',
      { result: 'stale', forward: 'stale' },
      { hits: 1, originRequests: 1 },
    ],
    ['a miss', { result: 'miss', forward: 'uri-miss' }, { hits: 0, originRequests: 1 }],
    [
      "a miss that joined another's",
      { result: 'miss', forward: 'uri-miss', collapsed: true },
      { hits: 0, originRequests: 0 },
    ],
    ['what passes through', { result: 'bypass', forward: 'method' }, { hits: 0, originRequests: 1 }],
    ['a refusal', { result: 'error', forward: 'method' }, { hits: 0, originRequests: 0 }],
    ['nothing: the client left', undefined, { hits: 0, originRequests: 0 }],
  ] as const)('%s', (_what, outcome, counts) => {
    const usage = new UsageCounter();
    usage.record('alice', outcome, 120);
    expect(usage.all()).toEqual([row('alice', 1, { bytes: 120, ...counts })]);
  });

  it('is apart for each tenant', () => {
    const usage = new UsageCounter();
    usage.record('alice', { result: 'hit' }, 1);
    usage.record('bob', { result: 'hit' }, 2);
    usage.refused('bob');
    expect(usage.all()).toEqual([
      row('alice', 1, { hits: 1, bytes: 1 }),
      row('bob', 1, { hits: 1, bytes: 2, refused: 1 }),
    ]);
  });

  it('is stored as numbers that read back, and nothing else is read', () => {
    const sums = { requests: 5, hits: 4, originRequests: 3, bytes: 2, refused: 1 };
    expect(parseSums(printSums(sums))).toEqual(sums);
    for (const text of [
      '',
      '[]',
      '[1,2,3,4]',
      '[1,2,3,4,-5]',
      '[1,2,3,4,"5"]',
      '{"requests":1}',
      '[1,2,3,4,5.5]',
    ])
      expect(parseSums(text)).toBeUndefined();
  });
});

class MapArea implements Area {
  readonly rows = new Map<string, Buffer>();
  full = false;
  async put(key: string, value: Buffer): Promise<void> {
    if (this.full) throw new RangeError('the durable area is full');
    this.rows.set(key, value);
  }
  async remove(key: string): Promise<void> {
    this.rows.delete(key);
  }
  entries(): [string, Buffer][] {
    return [...this.rows].sort(([a], [b]) => (a < b ? -1 : 1));
  }
}

/** Hashes in Redis, by day. */
class Rows {
  readonly days = new Map<number, Map<string, string>>();
  away = false;
  async writeUsage(day: number, rows: readonly (readonly [string, string])[]): Promise<void> {
    if (this.away) throw new Error('away');
    const known = this.days.get(day) ?? new Map<string, string>();
    for (const [field, value] of rows) known.set(field, value);
    this.days.set(day, known);
  }
  async readUsage(last: number) {
    if (this.away) throw new Error('away');
    return Array.from({ length: 3 }, (_, i) => ({
      day: last - i,
      rows: [...(this.days.get(last - i) ?? [])],
    }));
  }
}

function counting(id: string): Counting & { usage: TenantUsage[]; hangs: boolean } {
  return {
    id,
    usage: [],
    hangs: false,
    async tenantUsage() {
      if (this.hangs) throw new Error('no answer within 2500 ms');
      return this.usage;
    },
  };
}

function keeperOf(
  place: MapArea | { rows: Rows; instance: string },
  members: Counting[],
  clock = new FakeClock(),
) {
  const used: { tenant: string; day: number; used: number }[] = [];
  const remembered: string[] = [];
  const errors: unknown[] = [];
  const durable = place instanceof MapArea ? new DurableUsage(place, 31) : undefined;
  const keeper = new UsageKeeper({
    clock,
    members: () => members,
    ledger: { used: () => used, remember: (tenant, { used }) => void remembered.push(`${tenant} ${used}`) },
    durable,
    store:
      durable ?? new SharedUsage((place as { rows: Rows }).rows, (place as { instance: string }).instance),
    onError: (error) => errors.push(error),
  });
  keeper.start();
  return { clock, keeper, used, remembered, errors };
}

describe('the usage of a node', () => {
  it('is the sum over its processes, whose ends take nothing away', async () => {
    const [one, two] = [counting('1'), counting('2')];
    const members: Counting[] = [one, two];
    const { keeper } = keeperOf(new MapArea(), members);
    one.usage = [row('alice', 3, { bytes: 30 })];
    two.usage = [row('alice', 4, { bytes: 40 }), row('bob', 1)];
    await keeper.collect();
    members.splice(0, 1, counting('3')); // a replacement, which has answered nobody yet
    two.usage = [row('alice', 6, { bytes: 60 }), row('bob', 1)];
    expect((await keeper.days()).days[0]!.rows).toEqual([row('alice', 9, { bytes: 90 }), row('bob', 1)]);
    expect(keeper.total()).toEqual([row('alice', 9, { bytes: 90 }), row('bob', 1)]);
  });

  it('is gathered every five seconds, from those that answer', async () => {
    const [one, two] = [counting('1'), counting('2')];
    const { clock, keeper } = keeperOf(new MapArea(), [one, two]);
    one.usage = [row('alice', 3)];
    two.hangs = true;
    clock.advance(5000);
    await settle();
    expect(keeper.total()).toEqual([row('alice', 3)]);
  });

  it('outlives a restart of a node that is alone, day by day, and so do its quotas', async () => {
    const area = new MapArea();
    const first = counting('1');
    const before = keeperOf(area, [first]);
    first.usage = [row('alice', 5)];
    before.used.push({ tenant: 'alice', day: DAY, used: 7 });
    await before.keeper.close();

    const second = counting('1');
    second.usage = [row('alice', 2)];
    const clock = new FakeClock(Date.UTC(2026, 0, 1, 1));
    const after = keeperOf(area, [second], clock);
    expect(after.remembered).toEqual(['alice 7']);
    expect((await after.keeper.days()).days).toEqual([{ day: DAY, rows: [row('alice', 7)] }]);
    clock.advance(86_400_000);
    await settle();
    second.usage = [row('alice', 3)];
    expect((await after.keeper.days()).days).toEqual([
      { day: DAY + 1, rows: [row('alice', 1)] },
      { day: DAY, rows: [row('alice', 7)] },
    ]);
  });

  it('is kept for a month and no longer', async () => {
    const area = new MapArea();
    const one = counting('1');
    const { keeper } = keeperOf(area, [one]);
    one.usage = [row('alice', 5)];
    await keeper.close();
    expect(area.rows.size).toBe(1);
    keeperOf(area, [], new FakeClock(Date.UTC(2026, 0, 31)));
    await settle();
    expect(area.rows.size).toBe(1);
    keeperOf(area, [], new FakeClock(Date.UTC(2026, 1, 1)));
    await settle();
    expect(area.rows.size).toBe(0);
  });

  it('is kept for a month and no longer also by a node that is never restarted', async () => {
    const area = new MapArea();
    const one = counting('1');
    const { clock, keeper } = keeperOf(area, [one]);
    one.usage = [row('alice', 5)];
    await keeper.collect();
    clock.advance(30 * 86_400_000);
    await keeper.collect();
    await settle();
    expect([...area.rows.keys()]).toEqual([`usage:${DAY}:alice`]);
    clock.advance(86_400_000);
    await keeper.collect();
    await settle();
    expect([...area.rows.keys()]).toEqual([]);
  });

  it('that can not be written is told of once, goes on being counted, and is written when it can be', async () => {
    const area = new MapArea();
    const one = counting('1');
    const { keeper, errors } = keeperOf(area, [one]);
    area.full = true;
    one.usage = [row('alice', 5)];
    await keeper.collect();
    await keeper.collect();
    expect(errors).toHaveLength(1);
    area.full = false;
    await keeper.collect();
    expect([...area.rows.keys()]).toEqual([`usage:${DAY}:alice`]);
  });
});

describe('the usage of a region', () => {
  it('is the sum over its nodes, and writing twice changes nothing', async () => {
    const rows = new Rows();
    const [one, two] = [counting('1'), counting('1')];
    const a = keeperOf({ rows, instance: 'a' }, [one]);
    const b = keeperOf({ rows, instance: 'b' }, [two]);
    one.usage = [row('alice', 5)];
    two.usage = [row('alice', 2), row('bob', 1)];
    for (let i = 0; i < 3; i++) await Promise.all([a.keeper.collect(), b.keeper.collect()]);
    const { days, complete } = await a.keeper.days();
    expect(complete).toBe(true);
    expect(days[0]!.rows).toEqual([row('alice', 5), row('alice', 2), row('bob', 1)]);
  });

  it('is of this node alone while Redis is away, and says so; what Redis lost is written again', async () => {
    const rows = new Rows();
    const one = counting('1');
    const { keeper } = keeperOf({ rows, instance: 'a' }, [one]);
    one.usage = [row('alice', 5), row('bob', 1)];
    await keeper.collect();
    rows.away = true;
    one.usage = [row('alice', 6), row('bob', 1)];
    expect(await keeper.days()).toEqual({
      days: [{ day: DAY, rows: [row('alice', 6), row('bob', 1)] }],
      complete: false,
    });
    rows.days.clear();
    rows.away = false;
    const { days, complete } = await keeper.days();
    expect(complete).toBe(true);
    expect(days[0]!.rows).toEqual([row('alice', 6), row('bob', 1)]);
  });
});
