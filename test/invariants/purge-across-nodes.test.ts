import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Flight, Flights } from '../../src/cache/flight.js';
import { type PurgeScope, PurgeTable } from '../../src/cache/purge-table.js';
import { type Clock, systemClock } from '../../src/clock.js';
import { Coherence } from '../../src/cluster/coherence.js';
import { Purger } from '../../src/cluster/purger.js';
import { RedisBell } from '../../src/redis/bell.js';
import { RedisKeys } from '../../src/redis/keys.js';
import { type LinkEvents, RedisLink } from '../../src/redis/link.js';
import type { RedisSettings } from '../../src/redis/options.js';
import { RedisPurgeLog } from '../../src/redis/purge-log.js';
import type { DurableArea } from '../../src/tiers/disk-types.js';
import type { EntryHead } from '../../src/tiers/entry.js';
import { PATIENCE_MS } from '../support/patience.js';
import { type RedisServer, standaloneAddress, startRedis } from '../support/redis-server.js';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.js';

const SETTINGS: RedisSettings = {
  connectTimeoutMs: 1000,
  retryDelayMs: 50,
  maxRetries: 3,
  deadlines: { read: 250, bulk: 1000, write: 500, control: 500 },
};
const KEYS = new RedisKeys('inv:');
const MOVIE: PurgeScope = { kind: 'tag', name: 'movie:550' };
const head = (stamp: number) =>
  ({ key: 'k', primaryKey: 'k', class: 'detail', tags: ['movie:550'], stamp }) as unknown as EntryHead;

/** How many times longer than they are the timers of all nodes take from now on: a busy machine must not end a wait that has work to wait for. */
let stretch = 1;
const clock: Clock = { ...systemClock, after: (ms, task) => systemClock.after(ms * stretch, task) };

interface Node {
  readonly table: PurgeTable;
  readonly flights: Flights;
  readonly coherence: Coherence;
  /** Between this node and Redis. `bell` carries the subscription only. */
  readonly control: TcpProxy;
  readonly bell: TcpProxy;
  close(): Promise<void>;
}

async function startNode(name: string, server: RedisServer, others: number): Promise<Node> {
  const [control, ear] = [await startTcpProxy(server.port), await startTcpProxy(server.port)];
  const linkTo = (port: number, events: LinkEvents = {}) =>
    new RedisLink({ address: standaloneAddress(port), settings: SETTINGS, clock: systemClock, events });
  let ready = () => {};
  const connected = new Promise<void>((resolve) => {
    ready = resolve;
  });
  const link = linkTo(control.port, { onReady: ready });
  link.open();
  await connected;
  const table = new PurgeTable();
  const flights = new Flights();
  const kept = new Map<string, Buffer>();
  const durable: DurableArea = {
    get: (key) => kept.get(key),
    put: async (key, value) => void kept.set(key, value),
    remove: async (key) => void kept.delete(key),
    entries: () => kept,
  };
  const onError = () => {};
  const purger = new Purger({
    table,
    flights,
    durable,
    followers: () => [],
    sweep: async () => 0,
    clock: systemClock,
    onError,
  });
  const bell = new RedisBell(
    {
      connect: (events) => linkTo(ear.port, events),
      control: link,
      channel: KEYS.channel('purges'),
      clock: systemClock,
      deadlineMs: 500,
      onError,
    },
    name,
  );
  const coherence = new Coherence({
    node: name,
    log: new RedisPurgeLog({ link, keys: KEYS, node: name, deadlineMs: 500 }),
    bell,
    apply: (rules) => purger.apply(rules),
    table,
    others: () => others,
    clock,
    onChange: () => {},
    onError,
  });
  await coherence.start();
  return {
    table,
    flights,
    coherence,
    control,
    bell: ear,
    close: async () => {
      await coherence.close();
      await link.close();
      await Promise.all([control.close(), ear.close()]);
    },
  };
}

async function within(ms: number, holds: () => boolean): Promise<number> {
  const begun = performance.now();
  while (!holds()) {
    if (performance.now() - begun > ms) throw new Error(`not within ${ms} ms`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  return performance.now() - begun;
}

/** How many listen for the bell. */
async function subscribers(server: RedisServer): Promise<number> {
  const told = await server.cli('pubsub', 'numsub', KEYS.channel('purges'));
  return Number(told.split(/\s+/)[1]);
}

describe('purges across nodes on a real Redis', () => {
  let server: RedisServer;
  let nodes: Node[];
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    nodes = [];
    for (const name of ['a', 'b', 'c']) nodes.push(await startNode(name, server, 2));
  });
  afterEach(async () => {
    stretch = 1;
    await Promise.all(nodes.map((node) => node.close()));
  });
  const obeyed = (seq: number, by: Node[]) =>
    by.every(({ table }) => table.judge(head(seq - 1)) === 'purged');

  it('I-1, I-16: reaches all nodes by the bell, long before they look by themselves, and the answer says so', async () => {
    const [a] = nodes as [Node];
    stretch = 50;
    await within(3000, () => nodes.every(({ coherence }) => coherence.stats().state === 'synced'));
    await expect.poll(() => subscribers(server), { timeout: PATIENCE_MS }).toBe(3);
    for (let i = 0; i < 30; i++) {
      const receipt = await a.coherence.purge([MOVIE], false);
      expect(receipt).toMatchObject({ pending: false, nodesReached: 3 });
      expect(obeyed(receipt.seq, nodes)).toBe(true);
    }
    const { lagMs } = a.coherence.stats();
    expect(lagMs.count).toBe(60);
    expect(lagMs.p50).toBeLessThan(500);
  });

  it('I-1: with the bell hanging on every node the others obey within 2 s', async () => {
    const [a, ...others] = nodes as [Node, ...Node[]];
    for (const { bell } of nodes) bell.set('hang');
    const { seq } = await a.coherence.purge([MOVIE], false);
    await within(2000, () => obeyed(seq, others));
  });

  it('I-2: a fill that began on another node before the purge is worth nothing, whenever its write lands', async () => {
    const [a, b, c] = nodes as [Node, Node, Node];
    const late = head(b.table.stamp());
    const { seq } = await a.coherence.purge([MOVIE], false);
    expect(a.table.judge(late)).toBe('purged');
    await within(2000, () => obeyed(seq, [b, c]));
    expect([b.table.judge(late), c.table.judge(late)]).toEqual(['purged', 'purged']);
    expect(a.table.judge(head(b.table.stamp()))).toBe('valid');
  });

  it('I-3: a rule learnt from another node detaches flights: later requests never join a fill from before', async () => {
    const [a, b] = nodes as [Node, Node];
    const flight = (key: string, tags: readonly string[]) => {
      const expected = { primaryKey: key, tags, tagsFromBody: false };
      b.flights.add({ key, stamp: b.table.stamp(), expected } as unknown as Flight);
    };
    flight('k', ['movie:550']);
    flight('another', ['movie:551']);
    const { seq } = await a.coherence.purge([MOVIE], false);
    await within(2000, () => obeyed(seq, [b]));
    expect(b.flights.joinable('k')).toBeUndefined();
    expect(b.flights.joinable('another')).toBeDefined();
  });

  it('a purge while Redis hangs holds here at once and everywhere within 10 s of its return', async () => {
    const [a, ...others] = nodes as [Node, ...Node[]];
    a.control.set('hang');
    const before = a.table.stamp();
    const begun = performance.now();
    expect(await a.coherence.purge([MOVIE], false)).toMatchObject({ pending: true });
    expect(performance.now() - begun).toBeLessThan(PATIENCE_MS);
    expect(a.table.judge(head(before))).toBe('purged');
    a.control.set('pass');
    await within(10_000, () => a.coherence.stats().pending === 0 && a.coherence.stats().state === 'synced');
    await within(2000, () => others.every(({ table }) => table.judge(head(before)) === 'purged'));
  });

  it('I-4: Redis wiped by a restart costs no rule, and no purge of everything', async () => {
    const [a, b] = nodes as [Node, Node];
    const { seq } = await a.coherence.purge([MOVIE], false);
    await within(2000, () => obeyed(seq, nodes));
    const other = { ...head(b.table.stamp()), tags: [] };
    await server.restart();
    // Each has taken the new era in; a newcomer that was faster would have to purge everything.
    await within(8000, () => nodes.every(({ coherence }) => coherence.stats().reconciles > 1));
    const fresh = await startNode('d', server, 3);
    nodes.push(fresh);
    expect(fresh.table.judge(head(seq - 1))).toBe('purged');
    expect(b.table.judge(other)).toBe('valid');
    const again = await fresh.coherence.purge([MOVIE], false);
    expect(again.seq).toBeGreaterThan(seq);
    await within(2000, () => obeyed(again.seq, nodes));
  });
});
