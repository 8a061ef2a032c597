import { describe, expect, it } from 'vitest';
import type { SharedRoute } from '../../../src/cache/site.js';
import { ProxyError } from '../../../src/errors.js';
import { settle } from '../../support/fake-clock.js';
import { clusterKit, PATIENCE_MS } from './cluster-kit.js';
import { bytesOf, plainSite } from './engine-kit.js';

const KEY = '/3/movie/550';
const ROUTE = plainSite.route({ method: 'GET', target: KEY, headers: [] }) as SharedRoute;
const MINUTE = 60_000;
type Kit = ReturnType<typeof clusterKit>;

/** Fills the key through node A. */
async function filled(kit: Kit, body = 'old') {
  const answer = kit.a.ask(KEY);
  await settle();
  kit.origin.last.reply({ body });
  await bytesOf(await answer);
  await settle();
}

describe('one fetch per cluster (I-6)', () => {
  it('the other nodes wait for the leader and answer with what it stored, truthfully as collapsed (I-24)', async () => {
    const kit = clusterKit(3);
    const asked = kit.kits.map(({ ask }) => ask(KEY));
    await settle();
    expect(kit.origin.asked).toHaveLength(1);
    kit.origin.last.reply({ body: 'one' });
    const answers = await Promise.all(asked);
    expect(await Promise.all(answers.map(bytesOf))).toEqual(['one', 'one', 'one']);
    expect(answers.map(({ outcome }) => outcome.collapsed)).toEqual([false, true, true]);
    await settle();
    expect(kit.origin.asked).toHaveLength(1);
    expect(kit.leases.holds(KEY)).toBe(false);
    expect(kit.counts).toEqual({ ours: 1, theirs: 2, alone: 0, ended: 1, shared: 2, failures: 0 });
  });

  it('the lease is held until L2 has the entry: before that a loser would find nothing', async () => {
    const kit = clusterKit();
    let open = () => {};
    kit.l2.gate = new Promise((resolve) => {
      open = resolve;
    });
    const first = kit.a.ask(KEY);
    const second = kit.b.ask(KEY);
    await settle();
    kit.origin.last.reply({ body: 'one' });
    // The leader's own client does not wait for L2.
    expect(await bytesOf(await first)).toBe('one');
    await settle();
    expect(kit.leases.holds(KEY)).toBe(true);
    expect(kit.counts).toMatchObject({ ours: 1, ended: 0 });
    open();
    expect(await bytesOf(await second)).toBe('one');
    expect(kit.origin.asked).toHaveLength(1);
  });

  it('what another node stored between our look and our claim is found by looking once more', async () => {
    const kit = clusterKit();
    let look = () => {};
    const held = new Promise<void>((resolve) => {
      look = resolve;
    });
    const get = kit.l2.get.bind(kit.l2);
    let first = true;
    kit.b.l2.get = async (key) => {
      const seen = await get(key);
      if (first) {
        first = false;
        await held;
      }
      return seen;
    };
    const slow = kit.b.ask(KEY); // has seen an empty L2 and is held there
    await settle();
    await filled(kit, 'one');
    look();
    expect(await bytesOf(await slow)).toBe('one');
    expect(kit.origin.asked).toHaveLength(1);
    // It lay in L2 already and is not written again.
    await settle();
    expect(kit.l2.results).toEqual(['stored']);
  });

  it('an uncacheable outcome lets the others go by themselves, and is remembered for them (I-8)', async () => {
    const kit = clusterKit();
    const noStore = { headers: ['Cache-Control', 'no-store'] };
    const first = kit.a.ask(KEY);
    const second = kit.b.ask(KEY);
    await settle();
    kit.origin.asked[0]!.reply(noStore);
    await first;
    await settle();
    expect(kit.origin.asked).toHaveLength(2);
    kit.origin.asked[1]!.reply(noStore);
    expect((await second).kind).toBe('raw');
    const { length } = kit.leases.claims;
    expect(kit.leases.claims[length - 1]).toBe('alone');
    // No queueing between the nodes from here on.
    void kit.a.ask(KEY);
    void kit.b.ask(KEY);
    await settle();
    expect(kit.origin.asked).toHaveLength(4);
    expect(kit.leases.claims).toHaveLength(length); // what may not be joined here asks for no lease either
    for (const asked of kit.origin.asked.slice(2)) asked.reply(noStore);
  });

  it("an error of the origin is not remembered as uncacheable: the next node's fill is led, not let loose (I-8)", async () => {
    const kit = clusterKit(3);
    const asked = kit.kits.map(({ ask }) => ask(KEY));
    await settle();
    kit.origin.asked[0]!.reply({ status: 503 });
    await asked[0];
    await settle();
    expect(kit.leases.ends).toEqual(['not-stored']);
    expect(kit.origin.asked).toHaveLength(2); // one of the two losers, not both
    kit.origin.asked[1]!.reply({ body: 'well again' });
    expect(await Promise.all([asked[1], asked[2]].map(async (one) => bytesOf((await one)!)))).toEqual([
      'well again',
      'well again',
    ]);
    expect(kit.origin.asked).toHaveLength(2);
  });

  it('without Redis every node asks for itself and answers (I-14)', async () => {
    const kit = clusterKit();
    kit.leases.away = true;
    const asked = kit.kits.map(({ ask }) => ask(KEY));
    await settle();
    expect(kit.origin.asked).toHaveLength(2);
    for (const one of kit.origin.asked) one.reply({ body: 'mine' });
    expect(await Promise.all(asked.map(async (one) => bytesOf(await one)))).toEqual(['mine', 'mine']);
  });
});

describe('a wait for another node is bounded (I-6, I-23)', () => {
  it('a slow leader is waited for as long as a lease, then the origin is asked', async () => {
    const kit = clusterKit();
    void kit.a.ask(KEY).catch(() => {});
    await settle();
    const second = kit.b.ask(KEY);
    await settle();
    kit.clock.advance(PATIENCE_MS - 1);
    await settle();
    expect(kit.origin.asked).toHaveLength(1);
    kit.clock.advance(1);
    await settle();
    expect(kit.origin.asked).toHaveLength(2);
    kit.origin.asked[1]!.reply({ body: 'by itself' });
    expect(await bytesOf(await second)).toBe('by itself');
  });

  it('the next node takes over when the lease of a crashed leader runs out', async () => {
    const kit = clusterKit();
    void kit.a.ask(KEY).catch(() => {});
    await settle();
    const second = kit.b.ask(KEY);
    await settle();
    kit.leases.lose(KEY);
    await settle();
    expect(kit.origin.asked).toHaveLength(2);
    expect(kit.leases.claims).toEqual(['ours', 'theirs', 'ours']);
    kit.origin.asked[1]!.reply({ body: 'b' });
    expect(await bytesOf(await second)).toBe('b');
  });

  it('rounds are bounded as well: a lease that is taken anew again and again is left alone', async () => {
    const kit = clusterKit();
    const other = async () => kit.leases.claim(KEY, 0, 0);
    await other();
    const second = kit.b.ask(KEY);
    for (let round = 0; round < 4; round++) {
      await settle();
      expect(kit.origin.asked).toHaveLength(0);
      kit.leases.lose(KEY);
      await other(); // before the loser has had its turn
    }
    await settle();
    expect(kit.origin.asked).toHaveLength(1);
    kit.origin.last.reply({ body: 'b' });
    expect(await bytesOf(await second)).toBe('b');
  });

  it('a client that leaves while its flight waits for another node asks nobody and holds no lease (I-7)', async () => {
    const kit = clusterKit();
    void kit.a.ask(KEY).catch(() => {});
    await settle();
    const client = new AbortController();
    const second = kit.b.ask(KEY, { signal: client.signal });
    await settle();
    client.abort();
    await expect(second).rejects.toMatchObject({ code: 'client_closed' });
    await settle();
    kit.leases.lose(KEY);
    await settle();
    expect(kit.origin.asked).toHaveLength(1);
    expect(kit.leases.holds(KEY)).toBe(false);
    expect(kit.b.engine.filler.flights.size).toBe(0);
  });

  it('a leader whose only client leaves goes on for those who wait on other nodes (I-7)', async () => {
    for (const when of ['before the head', 'within the body'] as const) {
      const kit = clusterKit();
      const client = new AbortController();
      const first = kit.a.ask(KEY, { signal: client.signal });
      first.catch(() => {});
      await settle();
      const second = kit.b.ask(KEY);
      await settle();
      const { last } = kit.origin;
      if (when === 'within the body') {
        last.head({ headers: ['Content-Type', 'image/jpeg'] });
        last.body.data(Buffer.from('a beginning that tells, '));
        const answer = await first;
        expect(answer.kind).toBe('arriving');
        if (answer.kind === 'arriving') answer.body.cancel();
      }
      client.abort();
      await settle();
      expect(kit.leases.ends).toEqual([]);
      if (when === 'before the head') last.reply({ body: 'once' });
      else {
        last.body.data(Buffer.from('once'));
        last.body.end();
      }
      expect(await bytesOf(await second)).toMatch(/once$/);
      expect(kit.origin.asked).toHaveLength(1);
      expect(kit.leases.ends).toEqual(['stored']);
    }
  });
});

describe('purges and leases', () => {
  it('purges of other keys part nobody from a fill, on its node or on another (I-6)', async () => {
    const kit = clusterKit();
    const answers = [kit.a.ask(KEY)];
    await settle();
    for (const name of ['/other', '/third']) {
      for (const node of kit.kits) node.purge({ kind: 'key', name });
      for (const node of kit.kits) node.purge({ kind: 'tag', name: `tag:${name}` });
      answers.push(kit.a.ask(KEY), kit.b.ask(KEY));
      await settle();
    }
    expect(kit.origin.asked).toHaveLength(1);
    kit.origin.last.reply({ body: 'once' });
    for (const answer of answers) expect(await bytesOf(await answer)).toBe('once');
  });

  it.each([
    [{ kind: 'all' }],
    [{ kind: 'class', name: 'detail' }],
    [{ kind: 'tag', name: `tag:${KEY}` }],
    [{ kind: 'prefix', name: KEY.slice(0, 2) }],
    [{ kind: 'path', name: KEY }],
  ] as const)('a purge that may name the key parts later requests from it: %j (I-3)', async (scope) => {
    const kit = clusterKit();
    void kit.a.ask(KEY).catch(() => {});
    await settle();
    for (const node of kit.kits) node.purge(scope);
    void kit.b.ask(KEY).catch(() => {});
    await settle();
    expect(kit.origin.asked).toHaveLength(2);
  });

  it('a fill after a purge does not wait for one from before it, on this node or another (I-3)', async () => {
    const kit = clusterKit();
    void kit.a.ask(KEY).catch(() => {});
    await settle();
    for (const node of kit.kits) node.purge({ kind: 'key', name: KEY });
    const here = kit.a.ask(KEY);
    await settle();
    expect(kit.origin.asked).toHaveLength(2);
    const there = kit.b.ask(KEY);
    await settle();
    expect(kit.origin.asked).toHaveLength(2);
    kit.origin.asked[1]!.reply({ body: 'new' });
    kit.origin.asked[0]!.reply({ body: 'old' });
    expect(await bytesOf(await here)).toBe('new');
    expect(await bytesOf(await there)).toBe('new');
    expect(await bytesOf(await kit.b.ask(KEY))).toBe('new');
  });

  it('what a leader stored from before a purge is not taken by a loser that knows of the purge (I-2)', async () => {
    const kit = clusterKit();
    void kit.a.ask(KEY); // A has not heard of the purge yet
    await settle();
    const second = kit.b.ask(KEY);
    await settle();
    kit.b.purge({ kind: 'key', name: KEY });
    kit.origin.asked[0]!.reply({ body: 'old' });
    await settle();
    expect(kit.origin.asked).toHaveLength(2);
    kit.origin.asked[1]!.reply({ body: 'new' });
    expect(await bytesOf(await second)).toBe('new');
  });

  it('a late write of a paused leader is fenced out, and its node does not answer with it (I-2, I-4)', async () => {
    const kit = clusterKit();
    const first = kit.a.ask(KEY);
    await settle();
    kit.leases.lose(KEY); // paused for longer than its lease
    const second = kit.b.ask(KEY);
    await settle();
    kit.clock.advance(10);
    kit.origin.asked[1]!.reply({ body: 'later' });
    await bytesOf(await second);
    await settle();
    kit.clock.advance(10);
    kit.origin.asked[0]!.reply({ body: 'paused' });
    expect(await bytesOf(await first)).toBe('paused'); // fetched for this very request
    await settle();
    expect(kit.l2.results).toEqual(['stored', 'fenced']);
    expect(await bytesOf(await kit.a.ask(KEY))).toBe('later');
    expect(await bytesOf(await kit.b.ask(KEY))).toBe('later');
    expect(kit.origin.asked).toHaveLength(2);
  });
});

describe('a loser that has a stale value (I-9)', () => {
  async function stale(afterMs: number): Promise<Kit> {
    const kit = clusterKit();
    await filled(kit);
    await kit.b.ask(KEY);
    kit.clock.advance(afterMs);
    return kit;
  }

  it('answers with it at once while another node revalidates, and has the new one afterwards', async () => {
    const kit = await stale(65 * MINUTE);
    const first = await kit.a.ask(KEY);
    const second = await kit.b.ask(KEY);
    expect([first.outcome.stale, second.outcome.stale]).toEqual(['while-revalidate', 'while-revalidate']);
    await settle();
    expect(kit.origin.asked).toHaveLength(2);
    kit.origin.last.reply({ body: 'new' });
    await settle();
    expect(await bytesOf(await kit.b.ask(KEY))).toBe('new');
    expect(kit.origin.asked).toHaveLength(2);
  });

  it('a revalidation by 304 is shared as well, and the entry is written once', async () => {
    const kit = await stale(65 * MINUTE);
    await kit.a.ask(KEY);
    await kit.b.ask(KEY);
    await settle();
    kit.origin.last.reply({ status: 304, body: '' });
    await settle();
    expect((await kit.b.ask(KEY)).outcome).toMatchObject({ result: 'hit', ttl: 3600 });
    expect(kit.origin.asked).toHaveLength(2);
    expect(kit.l2.results).toEqual(['stored', 'stored']);
  });

  it('waits for another node no longer than for the origin: the soft timeout', async () => {
    const kit = await stale(120 * MINUTE);
    const first = kit.a.ask(KEY);
    const second = kit.b.ask(KEY);
    await settle();
    expect(kit.origin.asked).toHaveLength(2);
    kit.clock.advance(1500);
    expect((await first).outcome.stale).toBe('soft-timeout');
    expect((await second).outcome.stale).toBe('soft-timeout');
    kit.origin.last.reply({ body: 'new' });
    await settle();
    expect(await bytesOf(await kit.b.ask(KEY))).toBe('new');
  });

  it("another node's failure does not put the key to rest here; our own does (I-10)", async () => {
    const kit = await stale(120 * MINUTE);
    const first = kit.a.ask(KEY);
    const second = kit.b.ask(KEY);
    await settle();
    kit.origin.asked[1]!.fail(new ProxyError('origin_unreachable', 'refused'));
    expect((await first).outcome.stale).toBe('origin-error');
    await settle();
    expect(kit.a.engine.filler.resting(ROUTE)).toBe(true);
    expect(kit.b.engine.filler.resting(ROUTE)).toBe(false);
    expect(kit.origin.asked).toHaveLength(3); // the loser tries itself
    kit.origin.asked[2]!.fail(new ProxyError('origin_unreachable', 'refused'));
    expect((await second).outcome.stale).toBe('origin-error');
    expect(kit.b.engine.filler.resting(ROUTE)).toBe(true);
    // One request per node and interval.
    expect((await kit.b.ask(KEY)).outcome.stale).toBe('not-before');
    await settle();
    expect(kit.origin.asked).toHaveLength(3);
  });

  it('two clients that insist on validation share one that began after neither had its answer', async () => {
    const kit = clusterKit();
    await filled(kit);
    await kit.b.ask(KEY);
    kit.clock.advance(1000);
    const insist = { headers: ['Cache-Control', 'no-cache'] };
    const first = kit.a.ask(KEY, insist);
    const second = kit.b.ask(KEY, insist);
    await settle();
    expect(kit.origin.asked).toHaveLength(2);
    kit.clock.advance(100);
    kit.origin.last.reply({ status: 304, body: '' });
    await settle();
    expect((await first).outcome.forward).toBe('request');
    expect((await second).outcome).toMatchObject({ forward: 'request', collapsed: true });
  });

  it('what another node validated before a client insisted is not enough for it', async () => {
    const kit = clusterKit();
    await filled(kit);
    await kit.b.ask(KEY);
    const insist = { headers: ['Cache-Control', 'no-cache'] };
    for (const { ask } of kit.kits) {
      kit.clock.advance(1000);
      const answer = ask(KEY, insist);
      await settle();
      kit.origin.last.reply({ status: 304, body: '' });
      expect((await answer).outcome.collapsed).toBe(false);
    }
    expect(kit.origin.asked).toHaveLength(3);
  });
});

describe('variants', () => {
  it('a loser whose variant was not the one stored fetches its own', async () => {
    const route = (accept: string) => ({
      kind: 'shared' as const,
      upstream: 'api',
      key: KEY,
      class: 'detail',
      tags: [],
      target: KEY,
      headers: ['Accept', accept],
    });
    const kit = clusterKit(2, {
      site: { ttlPolicy: 'origin', route: ({ headers }) => route(headers[1]!) },
    });
    const head = (type: string) => ({
      headers: ['Content-Type', type, 'Vary', 'Accept', 'Cache-Control', 'max-age=60'],
      body: type,
    });
    const first = kit.a.ask(KEY, { headers: ['Accept', 'image/webp'] });
    const second = kit.b.ask(KEY, { headers: ['Accept', 'image/jpeg'] });
    await settle();
    expect(kit.origin.asked).toHaveLength(1);
    kit.origin.last.reply(head('image/webp'));
    expect(await bytesOf(await first)).toBe('image/webp');
    await settle();
    expect(kit.origin.asked).toHaveLength(2);
    kit.origin.last.reply(head('image/jpeg'));
    expect(await bytesOf(await second)).toBe('image/jpeg');
    await settle();
    expect(kit.l2.results).toEqual(['stored', 'stored', 'stored', 'stored']);
  });
});
