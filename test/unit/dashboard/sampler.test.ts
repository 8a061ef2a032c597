import { describe, expect, it } from 'vitest';
import { LEASE_MS, MOST_SAMPLES, SAMPLE_MS, Sampler } from '../../../src/dashboard/sampler.js';
import { FakeClock, settle } from '../../support/fake-clock.js';
import { FakeManagement } from '../admin/fakes.js';
import { figures, nodeRow } from './figures.js';

/** A node that handles 100 hits a second. */
class BusyNode extends FakeManagement {
  readonly #clock: FakeClock;
  looks = 0;
  others = 0;
  broken = false;

  constructor(clock: FakeClock) {
    super();
    this.#clock = clock;
  }

  get #timestamp(): string {
    return new Date(this.#clock.now()).toISOString();
  }

  override async health() {
    return { ...(await super.health()), timestamp: this.#timestamp };
  }

  override async stats() {
    return { ...(await super.stats()), timestamp: this.#timestamp };
  }

  override async nodes() {
    this.looks++;
    if (this.broken) throw new Error('no worker answers');
    const uptime_ms = this.#clock.now() - Date.UTC(2026, 0, 1);
    const requests = { hit: uptime_ms / 10, stale: 0, miss: 0, bypass: 0, error: 0 };
    const row = (id: string) => nodeRow(id, { figures: figures({ uptime_ms, requests }) });
    return [row('self'), ...Array.from({ length: this.others }, (_, i) => row(`n${i}`))] as never;
  }
}

function kit() {
  const clock = new FakeClock();
  const node = new BusyNode(clock);
  const sampler = new Sampler({ source: node, clock });
  const run = async (ms: number) => {
    for (let left = ms; left > 0; left -= SAMPLE_MS) {
      clock.advance(Math.min(left, SAMPLE_MS));
      await settle();
    }
  };
  return { clock, node, sampler, run };
}

describe('the sampler of a node', () => {
  it('goes by no clock that is set: it neither stops to look nor looks on for ever', async () => {
    const { clock, node, sampler, run } = kit();
    await sampler.watch(0);
    clock.set(3600_000);
    await run(SAMPLE_MS);
    expect(node.looks).toBe(2);
    clock.set(-7200_000);
    await run(LEASE_MS + SAMPLE_MS);
    expect(sampler.running).toBe(false);
  });

  it('looks at nothing until somebody watches, and rests when nobody asks any more', async () => {
    const { node, sampler, run } = kit();
    await run(60_000);
    expect(node.looks).toBe(0);
    await sampler.watch(0);
    expect(sampler.running).toBe(true);
    await run(LEASE_MS + 2 * SAMPLE_MS);
    expect(sampler.running).toBe(false);
    const { looks } = node;
    await run(60_000);
    expect(node.looks).toBe(looks);
  });

  it('is one for all who watch: their number costs nothing', async () => {
    const { node, sampler, run } = kit();
    const watching = async (times: number) => {
      const before = node.looks;
      for (let i = 0; i < 5; i++) {
        await Promise.all(Array.from({ length: times }, () => sampler.watch(0)));
        await run(SAMPLE_MS);
      }
      return node.looks - before;
    };
    const alone = await watching(1);
    expect(await watching(50)).toBeLessThanOrEqual(alone);
  });

  it('tells everything first, then what is new', async () => {
    const { sampler, run } = kit();
    const first = await sampler.watch(0);
    expect(Object.keys(first.state).sort()).toEqual(
      ['health', 'hot', 'info', 'jobs', 'nodes', 'stats', 'status', 'tenants', 'upstreams'].sort(),
    );
    expect(first.samples).toEqual([]);
    await run(SAMPLE_MS);
    const second = await sampler.watch(first.seq);
    expect(second.samples.map(({ node, cluster }) => [node.requests.hit, cluster])).toEqual([[100, null]]);
    expect(second.state.status).toBeUndefined();
    expect(await sampler.watch(second.seq)).toMatchObject({ seq: second.seq, samples: [], state: {} });
  });

  it('tells again only what has changed, not that it was looked at', async () => {
    const { node, sampler, run } = kit();
    const { seq } = await sampler.watch(0);
    await run(3 * SAMPLE_MS);
    expect(Object.keys((await sampler.watch(seq)).state)).toEqual(['nodes']);
    node.healthy = 'degraded';
    await run(3 * SAMPLE_MS);
    expect((await sampler.watch(seq)).state.health?.status).toBe('degraded');
  });

  it('adds up the cluster', async () => {
    const { node, sampler, run } = kit();
    node.others = 2;
    await sampler.watch(0);
    await run(SAMPLE_MS);
    const { samples, state } = await sampler.watch(0);
    expect(samples[0]!.node.requests.hit).toBe(100);
    expect(samples[0]!.cluster!.requests.hit).toBe(300);
    expect(state.nodes!.map(({ now }) => now!.requests)).toEqual([100, 100, 100]);
    expect(JSON.stringify(state.nodes)).not.toContain('figures');
  });

  it('remembers ten minutes, however long somebody watches', async () => {
    const { sampler, run } = kit();
    for (let i = 0; i < MOST_SAMPLES + 50; i++) {
      await sampler.watch(1e9);
      await run(SAMPLE_MS);
    }
    expect((await sampler.watch(0)).samples.length).toBeLessThanOrEqual(MOST_SAMPLES);
  });

  it('does not draw the time nobody watched as if it knew it', async () => {
    const { clock, sampler, run } = kit();
    await sampler.watch(0);
    await run(3 * SAMPLE_MS);
    await run(LEASE_MS + 2 * SAMPLE_MS);
    clock.advance(120_000);
    const again = await sampler.watch(0);
    const before = again.samples.length;
    await run(SAMPLE_MS);
    const { samples } = await sampler.watch(0);
    expect(samples).toHaveLength(before + 1);
    expect(samples.at(-1)!.at - samples.at(-2)!.at).toBeGreaterThan(60_000);
  });

  it('goes on when a part can not be read, and says which', async () => {
    const { node, sampler, run } = kit();
    await sampler.watch(0);
    await run(SAMPLE_MS);
    const { samples } = await sampler.watch(0);
    node.broken = true;
    node.failure = new Error('statistics are away');
    await run(2 * SAMPLE_MS);
    const troubled = await sampler.watch(0);
    expect([...troubled.failed].sort()).toEqual(['nodes', 'stats']);
    expect(troubled.samples).toHaveLength(samples.length);
    expect(troubled.state.stats).toBeDefined();
    node.broken = false;
    node.failure = undefined;
    await run(3 * SAMPLE_MS);
    expect((await sampler.watch(0)).failed).toEqual([]);
  });

  it('does not wait for a part that is slow', async () => {
    const { clock, node, sampler, run } = kit();
    node.upstreams = () => new Promise<never>(() => {});
    const first = sampler.watch(0);
    await settle();
    clock.advance(1000);
    await first;
    await run(4 * SAMPLE_MS);
    expect((await sampler.watch(0)).samples.length).toBeGreaterThan(1);
  });
});
