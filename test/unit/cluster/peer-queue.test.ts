import { describe, expect, it } from 'vitest';
import type { PurgeScope } from '../../../src/cache/purge-table.js';
import type { Delivery, PeerEvent, PeerItem } from '../../../src/cluster/peer-line.js';
import { callOf, messagesOf } from '../../../src/cluster/peer-message.js';
import { PeerQueue } from '../../../src/cluster/peer-queue.js';
import type { Endpoint } from '../../../src/config/config.js';
import type { DurableArea } from '../../../src/tiers/disk-types.js';
import { FakeClock, settle } from '../../support/fake-clock.js';

const peer = (name: string): Endpoint => ({
  origin: `http://${name}`,
  username: undefined,
  password: `key-${name}`,
});
const tag = (name: string): PurgeScope => ({ kind: 'tag', name });
const DONE: Delivery = { kind: 'done' };
const DOWN: Delivery = { kind: 'failed', reason: 'ECONNREFUSED' };

/** An area of the disk store that outlives its queue. */
class Area implements DurableArea {
  readonly rows = new Map<string, Buffer>();
  full = false;
  get(key: string) {
    return this.rows.get(key);
  }
  async put(key: string, value: Buffer) {
    if (this.full) throw new RangeError('the durable area is full');
    this.rows.set(key, value);
  }
  async remove(key: string) {
    this.rows.delete(key);
  }
  entries() {
    return [...this.rows].sort(([a], [b]) => (a < b ? -1 : 1));
  }
}

function kit(options: { peers?: string[]; area?: Area } = {}) {
  const { peers = ['eu'], area = new Area() } = options;
  const clock = new FakeClock();
  const events: PeerEvent[] = [];
  const sent: { peer: string; item: PeerItem; signal: AbortSignal }[] = [];
  const answers: Record<string, Delivery | 'never'> = {};
  const queue = new PeerQueue({
    peers: peers.map(peer),
    serverId: 'us-1',
    durable: area,
    clock,
    onEvent: (event) => events.push(event),
    deliver: (to, item, signal) => {
      sent.push({ peer: to.origin, item, signal });
      const answer = answers[to.origin] ?? DONE;
      if (answer !== 'never') return Promise.resolve(answer);
      return new Promise((resolve) =>
        signal.addEventListener('abort', () => resolve({ kind: 'failed', reason: 'AbortError' })),
      );
    },
  });
  queue.load();
  const purge = async (...tags: string[]) => {
    for (const name of tags) await queue.add(messagesOf([tag(name)], false));
    await settle();
  };
  const told = (name = 'eu') =>
    sent.filter(({ peer: to }) => to === `http://${name}`).map(({ item }) => item.text);
  return { queue, clock, area, events, sent, answers, purge, told };
}

const purged = (name: string) => JSON.stringify({ kind: 'purge', body: { soft: false, tags: [name] } });

describe('peers are told of every purge', () => {
  it('in order, one call at a time, each once; then nothing of it is left on disk', async () => {
    const { purge, told, area, queue } = kit({ peers: ['eu', 'asia'] });
    await purge('a', 'b', 'c');
    expect(told('eu')).toEqual(['a', 'b', 'c'].map(purged));
    expect(told('asia')).toEqual(told('eu'));
    expect(area.rows.size).toBe(0);
    expect(queue.status().map(({ queued }) => queued)).toEqual([0, 0]);
  });

  it('a peer that is down delays no other and loses nothing; retries back off, with the same id', async () => {
    const { purge, told, answers, clock, sent, events, area } = kit({ peers: ['eu', 'asia'] });
    answers['http://eu'] = DOWN;
    await purge('a', 'b');
    expect(told('asia')).toEqual([purged('a'), purged('b')]);
    const tries = async (ms: number) => {
      const before = told('eu').length;
      clock.advance(ms);
      await settle();
      return told('eu').length - before;
    };
    expect(await tries(700)).toBe(0);
    expect(await tries(100)).toBe(1); // 1 s, jittered to 0.75
    expect(await tries(1400)).toBe(0);
    expect(await tries(200)).toBe(1); // 2 s
    for (let i = 0; i < 20; i++) await tries(30_000);
    expect(await tries(30_000)).toBe(1); // no longer than 30 s between two
    expect(new Set(told('eu'))).toEqual(new Set([purged('a')]));
    expect(new Set(sent.filter(({ peer: to }) => to === 'http://eu').map(({ item }) => item.id)).size).toBe(
      1,
    );
    expect(area.rows.size).toBe(2);

    answers['http://eu'] = DONE;
    await tries(30_000);
    expect(told('eu').slice(-2)).toEqual([purged('a'), purged('b')]);
    expect(area.rows.size).toBe(0);
    expect(events.map(({ type }) => type)).toEqual(['failing', 'caught-up']);
  });

  it('a restart goes on where the queue was, for the peers that had not answered', async () => {
    const first = kit({ peers: ['eu', 'asia'] });
    first.answers['http://eu'] = DOWN;
    await first.purge('a', 'b');
    await first.queue.close();
    const ids = first.sent.filter(({ peer: to }) => to === 'http://eu').map(({ item }) => item.id);

    const second = kit({ peers: ['eu', 'asia'], area: first.area });
    await settle();
    expect(second.told('asia')).toEqual([]);
    expect(second.told('eu')).toEqual([purged('a'), purged('b')]);
    expect(second.sent[0]?.item.id).toBe(ids[0]);
    await second.purge('c');
    expect(second.told('eu').at(-1)).toBe(purged('c'));
    expect(first.area.rows.size).toBe(0);
  });

  it('no key of a peer is written to disk', async () => {
    const { purge, answers, area } = kit();
    answers['http://eu'] = DOWN;
    await purge('a');
    expect([...area.rows.values()].join()).not.toContain('key-eu');
    expect([...area.rows.values()].join()).toContain('http://eu');
  });

  it('a peer that is no longer configured is forgotten', async () => {
    const first = kit({ peers: ['gone'] });
    first.answers['http://gone'] = DOWN;
    await first.purge('a');
    await first.queue.close();
    kit({ peers: ['eu'], area: first.area });
    await settle();
    expect(first.area.rows.size).toBe(0);
  });
});

describe('what is kept is bounded, and its loss costs misses, never wrong hits (I-4, I-17)', () => {
  it('beyond 1000 items they become one hard purge of everything', async () => {
    const { purge, answers, queue, area, events, clock, told } = kit();
    answers['http://eu'] = DOWN;
    for (let i = 0; i < 1002; i++) await queue.add(messagesOf([tag(`movie:${i}`)], i % 2 === 0));
    await settle();
    expect(events.map(({ type }) => type)).toContain('folded');
    expect(queue.status()[0]?.queued).toBeLessThan(5);
    expect(area.rows.size).toBe(queue.status()[0]?.queued);
    answers['http://eu'] = DONE;
    clock.advance(60_000);
    await settle();
    expect(told()).toContain(JSON.stringify({ kind: 'all', soft: false }));
    await purge('later');
    expect(told().at(-1)).toBe(purged('later'));
  });

  it('soft purges fold into a soft one (I-5)', async () => {
    const { answers, queue, area } = kit();
    answers['http://eu'] = DOWN;
    for (let i = 0; i < 1002; i++) await queue.add(messagesOf([tag(`movie:${i}`)], true));
    expect([...area.rows.values()].join()).toContain('"message":{"kind":"all","soft":true}');
  });

  it('an item that can not be read becomes "everything"', async () => {
    const area = new Area();
    area.rows.set('0000000000000007', Buffer.from('{"seq":7'));
    const { told, events } = kit({ area });
    await settle();
    expect(told()).toEqual([JSON.stringify({ kind: 'all', soft: false })]);
    expect(events.map(({ type }) => type)).toEqual(['not-durable']);
    expect(area.rows.size).toBe(0);
  });

  it('a full disk is reported and the peer is told all the same', async () => {
    const area = new Area();
    area.full = true;
    const { purge, told, events } = kit({ area });
    await purge('a');
    expect(told()).toEqual([purged('a')]);
    expect(events).toMatchObject([{ type: 'not-durable' }]);
  });
});

describe('one purge, many times', () => {
  it('waits once while the peer is away', async () => {
    const { purge, answers, queue } = kit();
    answers['http://eu'] = DOWN;
    await purge('first', 'a', 'a', 'b', 'a');
    expect(queue.status()[0]?.queued).toBe(3);
  });

  it('I-1: is sent anew when an earlier delivery may have been acted on already', async () => {
    const { purge, answers, told, sent, clock } = kit();
    answers['http://eu'] = DOWN; // the answer was lost, the purge perhaps not
    await purge('a');
    await purge('a');
    answers['http://eu'] = DONE;
    clock.advance(60_000);
    await settle();
    expect(told()).toEqual([purged('a'), purged('a'), purged('a')]);
    expect(new Set(sent.map(({ item }) => item.id)).size).toBe(2);
  });
});

describe('a peer that answers badly', () => {
  it('a refusal (a wrong key) is logged once, kept, and tried again slowly', async () => {
    const { purge, answers, clock, told, events, queue } = kit();
    answers['http://eu'] = { kind: 'refused', reason: 'answered 401' };
    await purge('a');
    clock.advance(100_000);
    await settle();
    expect(told()).toHaveLength(1);
    for (let i = 0; i < 3; i++) {
      clock.advance(300_000);
      await settle();
    }
    expect(told()).toHaveLength(4);
    expect(events.map(({ type }) => type)).toEqual(['refused']);
    expect(queue.status()[0]).toMatchObject({ queued: 1, lastError: 'answered 401', lastSuccessAt: null });
  });

  it('I-14: a call that hangs is given up after 5 s', async () => {
    const { purge, answers, clock, queue } = kit();
    answers['http://eu'] = 'never';
    await purge('a');
    clock.advance(4999);
    await settle();
    expect(queue.status()[0]?.lastError).toBeNull();
    clock.advance(1);
    await settle();
    expect(queue.status()[0]?.lastError).toBe('no answer within 5000 ms');
  });

  it('closing ends the call under way', async () => {
    const { purge, answers, queue, sent } = kit();
    answers['http://eu'] = 'never';
    await purge('a');
    await queue.close();
    expect(sent[0]?.signal.aborted).toBe(true);
  });
});

describe('what a peer is told', () => {
  it('says every kind of scope in the words of the contract', () => {
    const scopes: PurgeScope[] = [
      { kind: 'key', name: 'v1:api:/3/movie/1' },
      tag('movie:1'),
      { kind: 'class', name: 'search' },
      { kind: 'prefix', name: 'v1:api:/3/tv' },
      { kind: 'path', name: 'v1:api:/3/x' },
    ];
    const bodies = messagesOf(scopes, true).map(
      (message) => JSON.parse(callOf(message).body ?? '') as unknown,
    );
    expect(bodies).toEqual([
      { keys: ['v1:api:/3/movie/1'], tags: ['movie:1'], soft: true },
      { class: 'search', soft: true },
      { prefix: 'v1:api:/3/tv', soft: true },
      { prefix: 'v1:api:/3/x', soft: true },
    ]);
    expect(callOf({ kind: 'all', soft: true })).toEqual({
      path: '/cache/clear?type=all&soft=true',
      body: undefined,
    });
  });

  it('long lists are cut to what can be kept; a name that can not becomes everything', () => {
    const many = messagesOf(
      Array.from({ length: 5000 }, (_, i) => tag(`movie:${i}:${'x'.repeat(20)}`)),
      false,
    );
    expect(many.length).toBeGreaterThan(1);
    for (const message of many) expect(JSON.stringify(message).length).toBeLessThan(60 * 1024);
    const names = many.flatMap((message) => (message.kind === 'purge' ? (message.body.tags ?? []) : []));
    expect(names).toHaveLength(5000);
    expect(messagesOf([tag('ü'.repeat(30_000))], false)).toEqual([{ kind: 'all', soft: false }]);
  });
});
