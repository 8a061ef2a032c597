import { describe, expect, it } from 'vitest';
import { type NodeDescription, NodeRegistry } from '../../../src/cluster/registry.js';
import { RedisTrouble } from '../../../src/redis/trouble.js';
import { FakeClock, settle } from '../../support/fake-clock.js';

const TTL_MS = 10_000;

/** The store's promises in memory, on the test's clock; `away` makes every call fail. */
class Shelf {
  readonly ttlMs = TTL_MS;
  readonly rows = new Map<string, { text: string; at: number }>();
  away = false;
  calls = 0;

  constructor(private readonly clock: FakeClock) {}

  async write(id: string, text: string): Promise<string | undefined> {
    this.#answer();
    const before = this.rows.get(id)?.text;
    this.rows.set(id, { text, at: this.clock.now() });
    return before;
  }

  async list() {
    this.#answer();
    const now = this.clock.now();
    for (const [id, { at }] of this.rows) if (now - at >= TTL_MS) this.rows.delete(id);
    return [...this.rows].map(([id, { text, at }]) => ({ id, text, ageMs: now - at }));
  }

  async remove(id: string, mark: string): Promise<void> {
    this.#answer();
    if (this.rows.get(id)?.text.includes(mark)) this.rows.delete(id);
  }

  #answer(): void {
    this.calls++;
    if (this.away) throw new RedisTrouble('unreachable', 'redis tcpNodeWrite: unreachable');
  }
}

function setup() {
  const clock = new FakeClock();
  const shelf = new Shelf(clock);
  const warnings: string[] = [];
  const node = (serverId: string, instance = `i-${serverId}`) => {
    const signals: NodeDescription['signals'] = {
      draining: false,
      l2Errors: 0,
      l2Reads: 100,
      upstreams: [{ status: 'healthy' }],
      eventLoopP99Ms: 0,
    };
    const registry = new NodeRegistry({
      store: shelf,
      clock,
      serverId,
      instance,
      describe: async () => ({
        server_id: serverId,
        region: 'eu',
        version: '1.0.0',
        started: '2026-11-21T00:00:00.000Z',
        workers: 2,
        signals,
      }),
      warn: (message) => warnings.push(message),
    });
    return { registry, signals };
  };
  const pass = async (ms: number) => {
    for (let left = ms; left > 0; left -= 1000) {
      clock.advance(Math.min(1000, left));
      await settle(3);
    }
  };
  return { clock, shelf, warnings, node, pass };
}

const names = async (registry: NodeRegistry) => (await registry.list()).map(({ server_id }) => server_id);

describe('The list of living nodes', () => {
  it('shows this node first-hand and the others with the age of their heartbeat (I-13)', async () => {
    const { node, pass } = setup();
    const [a, b] = [node('a'), node('b')];
    await a.registry.start();
    await b.registry.start();
    await pass(3000);
    const rows = await b.registry.list();
    expect(rows.map(({ server_id, self }) => [server_id, self])).toEqual([
      ['b', true],
      ['a', false],
    ]);
    expect(rows[0]!.signals).toMatchObject({ heartbeat_age_ms: 0, workers: 2 });
    expect(rows[1]!.signals).toMatchObject({ heartbeat_age_ms: 3000, workers: 2 });
    expect(Date.parse(rows[0]!.last_seen) - Date.parse(rows[1]!.last_seen)).toBe(3000);
    expect(b.registry.count()).toBe(2);
    await a.registry.stop();
    await b.registry.stop();
  });

  it('weighs another node by what it says of itself', async () => {
    const { node } = setup();
    const [a, b] = [node('a'), node('b')];
    a.signals.upstreams[0]!.status = 'down';
    a.signals.eventLoopP99Ms = 500;
    await a.registry.start();
    await b.registry.start();
    const [self, other] = await b.registry.list();
    expect(self).toMatchObject({ state: 'healthy', weight: 1 });
    expect(other).toMatchObject({ state: 'degraded', signals: { origin_down_ratio: 1 } });
  });

  it('drops a node that stops at once, and one that dies without a word within its time to live', async () => {
    const { node, pass, shelf } = setup();
    const [a, b, c] = [node('a'), node('b'), node('c')];
    for (const { registry } of [a, b, c]) await registry.start();
    expect(await names(a.registry)).toEqual(['a', 'b', 'c']);
    await b.registry.stop();
    expect(await names(a.registry)).toEqual(['a', 'c']);
    // It dies: nobody removes its row, nobody writes it again.
    const last = shelf.rows.get('c')!;
    await c.registry.stop();
    shelf.rows.set('c', last);
    await pass(TTL_MS - 1000);
    expect(await names(a.registry)).toEqual(['a', 'c']);
    await pass(1000);
    expect(await names(a.registry)).toEqual(['a']);
  });

  it('does not put the row back with a heartbeat that was under way when the node stopped', async () => {
    const { node, shelf } = setup();
    const { registry } = node('a');
    const starting = registry.start();
    await registry.stop();
    await starting;
    await settle();
    expect(shelf.rows.size).toBe(0);
  });

  it('keeps a namesake apart, warns once and names the variable', async () => {
    const { node, pass, warnings } = setup();
    const [first, second] = [node('same', 'i-1'), node('same', 'i-2')];
    await first.registry.start();
    await pass(1000);
    await second.registry.start();
    await pass(30_000);
    expect(warnings.filter((text) => text.includes('SERVER_ID'))).toHaveLength(2);
    expect(warnings[0]).toContain('SERVER_ID "same"');
  });

  it('does not take its own predecessor, killed a moment ago, for a namesake', async () => {
    const { node, pass, shelf, warnings } = setup();
    const old = node('same', 'i-1');
    await old.registry.start();
    const row = shelf.rows.get('same')!;
    await old.registry.stop();
    shelf.rows.set('same', row);
    await node('same', 'i-2').registry.start();
    await pass(20_000);
    expect(warnings).toEqual([]);
  });

  it('counts a node it cannot read and leaves it out of the list', async () => {
    const { node, shelf } = setup();
    await shelf.write('newer', 'not of this version');
    await shelf.write('other', '{"server_id":7}');
    const { registry } = node('a');
    await registry.start();
    expect(await names(registry)).toEqual(['a']);
    expect(registry.count()).toBe(3);
  });
});

describe('While Redis is away', () => {
  it('the last known are shown with growing age until they are too old, and counted on (I-14, I-15)', async () => {
    const { node, pass, shelf, warnings } = setup();
    const [a, b] = [node('a'), node('b')];
    await a.registry.start();
    await b.registry.start();
    shelf.away = true;
    await pass(30_000);
    const rows = await b.registry.list();
    expect(rows.map(({ server_id }) => server_id)).toEqual(['b', 'a']);
    expect(rows[1]!.signals.heartbeat_age_ms).toBe(30_000);
    await pass(31_000);
    expect(await names(b.registry)).toEqual(['b']);
    expect(b.registry.count()).toBe(2);
    expect(warnings).toHaveLength(2);
    shelf.away = false;
    await pass(5000);
    expect(await names(b.registry)).toEqual(['b', 'a']);
  });

  it('a node starts alone and is listed as soon as Redis is there', async () => {
    const { node, pass, shelf } = setup();
    shelf.away = true;
    const { registry } = node('a');
    await registry.start();
    expect(await names(registry)).toEqual(['a']);
    expect(registry.count()).toBe(1);
    shelf.away = false;
    await pass(5000);
    expect([...shelf.rows.keys()]).toEqual(['a']);
  });

  it('stopping takes no notice of it', async () => {
    const { node, shelf } = setup();
    const { registry } = node('a');
    await registry.start();
    shelf.away = true;
    await registry.stop();
  });

  it('a Redis that comes back empty does not make the first to ask believe that it is alone (I-15)', async () => {
    const { node, pass, shelf } = setup();
    const [a, b] = [node('a'), node('b')];
    await a.registry.start();
    await b.registry.start();
    await pass(5000);
    shelf.away = true;
    await pass(20_000);
    shelf.away = false;
    shelf.rows.clear();
    await a.registry.list();
    expect(a.registry.count()).toBe(2);
    await b.registry.stop();
    await pass(2 * TTL_MS);
    expect(a.registry.count()).toBe(1);
  });
});
