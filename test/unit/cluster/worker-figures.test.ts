import { describe, expect, it } from 'vitest';
import { mergeStats } from '../../../src/admin/merge-stats.js';
import { type CoreReport, NO_TIER_STATS, type WorkerReport } from '../../../src/admin/report.js';
import { LastKnown } from '../../../src/cluster/last-known.js';
import type { Member } from '../../../src/cluster/member.js';
import { WorkerFigures } from '../../../src/cluster/worker-figures.js';
import { WorkerWatch } from '../../../src/cluster/worker-watch.js';
import { type MetricsJson, mergeMetrics } from '../../../src/observe/metrics-merge.js';
import { RequestCounters } from '../../../src/observe/metrics-requests.js';
import { FakeClock } from '../../support/fake-clock.js';

const settled = () => new Promise((resolve) => setImmediate(resolve));
const HIT = { result: 'hit', served: 'memory', class: 'detail', route: '/3/movie/{id}' } as const;

/** A worker that answers when and what the test wants. */
class Stepped {
  readonly id: string;
  readonly counters = new RequestCounters();
  readonly evicted: string[] = [];
  hangs = false;
  listens = true;
  scrapes = 0;

  constructor(id: number) {
    this.id = String(id);
  }

  hit(times: number): void {
    for (let i = 0; i < times; i++) this.counters.record(HIT, 200, 3, 100);
  }

  async report(): Promise<WorkerReport> {
    if (this.hangs) throw new Error('no answer');
    const l1 = { ...NO_TIER_STATS, entries: 5, bytes: 50, maxBytes: 100, hits: 7 };
    return {
      requests: this.counters.snapshot(),
      l1,
      l2: l1,
      upstreams: [],
      eventLoopP99Ms: 2,
    };
  }

  async metrics(): Promise<MetricsJson> {
    this.scrapes++;
    if (this.hangs) throw new Error('no answer');
    const count = this.counters.snapshot().counts[0]?.count ?? 0;
    const metric = (name: string, type: string, values: unknown[]) => ({
      name,
      help: name,
      type,
      aggregator: 'sum',
      values,
    });
    return [
      metric('c_total', 'counter', [{ labels: { a: 'x' }, value: count }]),
      metric('held', 'gauge', [{ labels: {}, value: 10 }]),
      metric('h', 'histogram', [
        { metricName: 'h_bucket', labels: { le: 1 }, value: count },
        { metricName: 'h_bucket', labels: { le: '+Inf' }, value: count },
        { metricName: 'h_sum', labels: {}, value: count / 2 },
        { metricName: 'h_count', labels: {}, value: count },
      ]),
    ] as unknown as MetricsJson;
  }

  evict(reason: string): void {
    this.evicted.push(reason);
  }
}

function node(...workers: Stepped[]) {
  let members = workers;
  const figures = new WorkerFigures(() => members as unknown as Member[]);
  return {
    figures,
    become: (...next: Stepped[]) => {
      members = next;
    },
    text: async () => mergeMetrics(await figures.metrics()),
    stats: async () => mergeStats(await figures.reports(), CORE, 1000),
  };
}

const CORE: CoreReport = {
  startedAt: 0,
  l2: { type: 'disk', inUse: 'disk', reason: null },
  l2Stats: undefined,
  upstreams: [],
  feed: undefined,
};

describe('what workers have counted', () => {
  it('is not less when one of them dies, and what it held is gone', async () => {
    const [one, two, three] = [new Stepped(1), new Stepped(2), new Stepped(3)];
    const { become, text, stats } = node(one, two);
    one.hit(4);
    two.hit(3);
    const before = await stats();
    expect(await text()).toContain('c_total{a="x"} 7');
    expect(before).toMatchObject({ workers: 2, requests: { total: 7, by_outcome: { hit: 7 } } });
    become(two);
    for (let i = 0; i < 2; i++) {
      const metrics = await text();
      expect(metrics).toContain('c_total{a="x"} 7');
      expect(metrics).toMatch(/h_bucket\{le="1"\} 7.*h_sum 3\.5.*h_count 7/s);
      expect(metrics).toContain('held 10');
      const after = await stats();
      expect(after).toMatchObject({ workers: 1, requests: before.requests });
      expect(after.cache.l1).toMatchObject({ entries: 5, bytes: 50, max_bytes: 100, hits: 14 });
      expect(after.cache.l2).toMatchObject({ entries: 5, hits: 14 });
      expect(after.latency_ms.l1).toEqual(before.latency_ms.l1);
    }
    become(three);
    three.hit(1);
    expect(await text()).toContain('c_total{a="x"} 8');
    expect((await stats()).requests.total).toBe(8);
    become();
    expect(await text()).toContain('c_total{a="x"} 8');
    expect((await stats()).workers).toBe(0);
  });

  it('of one that does not answer in time is what it said last', async () => {
    const [one, two] = [new Stepped(1), new Stepped(2)];
    const { text, stats } = node(one, two);
    one.hit(4);
    two.hit(3);
    await Promise.all([text(), stats()]);
    one.hangs = true;
    two.hit(1);
    expect(await text()).toContain('c_total{a="x"} 8');
    expect((await stats()).requests.total).toBe(8);
    one.hangs = false;
    one.hit(1);
    expect(await text()).toContain('c_total{a="x"} 9');
  });

  it('is asked for as metrics only where somebody scrapes', async () => {
    const one = new Stepped(1);
    const { figures, text, become } = node(one);
    const refresh = () => figures.refresh(one as unknown as Member);
    await refresh();
    expect(one.scrapes).toBe(0);
    await text();
    one.hit(2);
    await refresh();
    expect(one.scrapes).toBe(2);
    become();
    expect(await text()).toContain('c_total{a="x"} 2');
  });

  it('counts once, also where an answer comes after the death or after a later one', async () => {
    let living = [{ id: 'a' }];
    const answers: ((value: number) => void)[] = [];
    const ask = () => new Promise<number>((resolve) => answers.push(resolve));
    const last = new LastKnown(
      () => living,
      ask,
      (gone: readonly number[]) => gone.reduce((sum, each) => sum + each, 0),
    );
    const [early, late] = [last.all(), last.all()];
    answers[1]!(6);
    expect(await late).toEqual([6]);
    answers[0]!(5);
    expect(await early).toEqual([6]);
    const dying = last.all();
    living = [];
    answers[2]!(7);
    expect(await dying).toEqual([6]);
    expect(await last.all()).toEqual([6]);
  });
});

describe('a worker that does not answer', () => {
  function watched(...workers: Stepped[]) {
    const clock = new FakeClock();
    const { figures, become } = node(...workers);
    let members = workers;
    let draining = false;
    const watch = new WorkerWatch({
      members: () => members as unknown as Member[],
      ask: (member) => figures.refresh(member),
      draining: () => draining,
      clock,
    });
    watch.start();
    const look = async () => {
      clock.advance(2000);
      await settled();
      await settled();
    };
    const set = (...next: Stepped[]) => {
      members = next;
      become(...next);
    };
    return { watch, look, set, drain: () => (draining = true) };
  }

  it('does not count as serving after two deadlines, and is replaced after three', async () => {
    const [one, two, next] = [new Stepped(1), new Stepped(2), new Stepped(3)];
    const { watch, look, set } = watched(one, two);
    one.hangs = true;
    await look();
    expect(watch.serving()).toBe(2);
    await look();
    expect([watch.serving(), one.evicted]).toEqual([1, []]);
    await look();
    expect([one.evicted, two.evicted]).toEqual([['it did not answer 3 times in a row'], []]);
    next.listens = false;
    set(two, next);
    await look();
    expect([watch.serving(), watch.ready()]).toEqual([2, 1]);
    next.listens = true;
    expect(watch.ready()).toBe(2);
  });

  it('is forgiven when it answers between', async () => {
    const one = new Stepped(1);
    const { watch, look } = watched(one);
    for (const hangs of [true, true, false, true, true, false]) {
      one.hangs = hangs;
      await look();
    }
    expect([watch.serving(), one.evicted]).toEqual([1, []]);
  });

  it('is left alone while the node stops', async () => {
    const one = new Stepped(1);
    const { look, drain } = watched(one);
    one.hangs = true;
    drain();
    for (let i = 0; i < 5; i++) await look();
    expect(one.evicted).toEqual([]);
  });

  it('nobody is looked at once the watch has ended', async () => {
    const one = new Stepped(1);
    const { watch, look } = watched(one);
    one.hangs = true;
    watch.stop();
    for (let i = 0; i < 5; i++) await look();
    expect([watch.serving(), one.evicted]).toEqual([1, []]);
  });
});
