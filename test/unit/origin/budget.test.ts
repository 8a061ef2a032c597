import { describe, expect, it } from 'vitest';
import { TokenBucket } from '../../../src/origin/bucket.js';
import { Budget } from '../../../src/origin/budget.js';
import type { OriginEvent } from '../../../src/origin/events.js';
import type { QueueBounds } from '../../../src/origin/options.js';
import { Permits } from '../../../src/origin/permits.js';
import type { Priority } from '../../../src/origin/source.js';
import { refusal, settle, TestClock } from './helpers.js';

function setUp(settings: { rate?: number; burst?: number; connections?: number; bounds?: QueueBounds } = {}) {
  const clock = new TestClock();
  const events: OriginEvent[] = [];
  const { rate, burst = 1 } = settings;
  const budget = new Budget({
    upstream: 'api',
    clock,
    bucket: rate === undefined ? null : new TokenBucket(rate, burst, clock.steady()),
    bounds: settings.bounds,
    onEvent: (event) => events.push(event),
  });
  const lane = budget.addLane(new Permits(settings.connections ?? 1000));
  const admitted: string[] = [];
  const ask = (name: string, priority: Priority = 'user', signal = new AbortController().signal) =>
    budget.admit(lane, priority, signal).then((release) => {
      admitted.push(name);
      return release;
    });
  return { clock, budget, lane, events, admitted, ask };
}

describe('the rate', () => {
  it('lets a burst through, then one per 1/rate seconds', async () => {
    const { clock, admitted, ask } = setUp({ rate: 10, burst: 3 });
    for (const name of ['a', 'b', 'c', 'd', 'e']) void ask(name);
    await settle(1);
    expect(admitted).toEqual(['a', 'b', 'c']);
    clock.advance(99);
    await settle(1);
    expect(admitted).toHaveLength(3);
    clock.advance(1);
    await settle(1);
    expect(admitted).toEqual(['a', 'b', 'c', 'd']);
    clock.advance(100);
    await settle(1);
    expect(admitted).toHaveLength(5);
    expect(clock.pending).toBe(0);
  });

  it('never lets more through than burst + rate × time, whatever is released when', async () => {
    const { clock, admitted, ask } = setUp({ rate: 40, burst: 10, connections: 5 });
    const releases: (() => void)[] = [];
    for (let i = 0; i < 200; i++) void ask(String(i)).then((release) => releases.push(release));
    for (let ms = 0; ms <= 2000; ms += 50) {
      await settle(1);
      expect(admitted.length).toBeLessThanOrEqual(10 + (40 * ms) / 1000);
      if (ms % 500 === 0) for (const release of releases.splice(0)) release();
      clock.advance(50);
    }
  });

  it.each([-3_600_000, 3_600_000])('a wall clock that is set by %i ms changes nothing', async (ms) => {
    const { clock, budget, admitted, ask } = setUp({ rate: 10, burst: 1 });
    void ask('a');
    clock.setBy = ms;
    void ask('b');
    clock.advance(99);
    await settle(1);
    expect(admitted).toEqual(['a']);
    clock.advance(1);
    await settle(1);
    expect(admitted).toEqual(['a', 'b']);
    budget.hold(1000);
    clock.setBy = 0;
    expect(budget.heldMs).toBe(1000);
  });
});

describe('the classes', () => {
  it('what a person waits for after all is let through like a person’s, by its time of arrival', async () => {
    const { clock, budget, lane, admitted, ask } = setUp({ rate: 1, burst: 1 });
    await ask('first');
    const urge = new AbortController();
    const admit = (name: string, urged: AbortSignal) =>
      budget.admit(lane, 'background', new AbortController().signal, urged).then(() => admitted.push(name));
    for (let i = 0; i < 3; i++) ask('b', 'background').catch(() => {});
    void ask('earlier');
    void admit('urged', urge.signal);
    void ask('later');
    expect(budget.status().queued).toMatchObject({ user: 2, background: 4 });
    urge.abort();
    expect(budget.status().queued).toMatchObject({ user: 3, background: 3 });
    for (let i = 0; i < 3; i++) {
      clock.advance(1000);
      await settle(1);
    }
    expect(admitted).toEqual(['first', 'earlier', 'urged', 'later']);
    // It leaves the queue it is in, not the one it came to; and who was urged before it waits is no background work.
    expect(budget.status().queued).toMatchObject({ user: 0, background: 3 });
    admit('at once', urge.signal).catch(() => {});
    expect(budget.status().queued).toMatchObject({ user: 1, background: 3 });
    budget.close();
  });

  it('people first, though 3 of 32 turns are a refresh’s and 1 is background work’s', async () => {
    const { clock, admitted, ask } = setUp({ rate: 10, burst: 1 });
    await ask('first');
    for (let i = 0; i < 40; i++) {
      ask('b', 'background').catch(() => {});
      ask('r', 'refresh').catch(() => {});
    }
    for (let i = 0; i < 32; i++) ask('u').catch(() => {});
    for (let i = 0; i < 32; i++) {
      clock.advance(100);
      await settle(1);
    }
    const count = (name: string) => admitted.filter((other) => other === name).length;
    expect([count('u'), count('r'), count('b')]).toEqual([28, 3, 1]);
    expect(admitted.slice(1, 8)).toEqual(Array(7).fill('u'));
  });

  it('background work leaves a quarter of the burst and half of the connections', async () => {
    const burst = setUp({ rate: 1, burst: 8 });
    for (let i = 0; i < 8; i++) void burst.ask('b', 'background').catch(() => {});
    await settle(1);
    expect(burst.admitted).toHaveLength(6);
    void burst.ask('u');
    await settle(1);
    expect(burst.admitted.at(-1)).toBe('u');

    const connections = setUp({ connections: 4 });
    for (let i = 0; i < 5; i++) void connections.ask('b', 'background').catch(() => {});
    for (let i = 0; i < 5; i++) void connections.ask('r', 'refresh').catch(() => {});
    await settle(1);
    expect(connections.admitted).toEqual(['b', 'b', 'r']);
    void connections.ask('u');
    await settle(1);
    expect(connections.admitted).toEqual(['b', 'b', 'r', 'u']);
  });
});

describe('the bounds', () => {
  it('turns a request away after its wait, with Retry-After', async () => {
    const { clock, ask, budget, lane } = setUp({ connections: 1, bounds: { waitMs: 1000 } });
    await ask('a');
    const waiting = refusal(ask('b'));
    clock.advance(1000);
    expect(await waiting).toMatchObject({ code: 'budget_exhausted', status: 503, retryAfter: 2 });
    expect(budget.queuedFor(lane)).toBe(0);
  });

  it('turns a request away at once when its turn would come too late', async () => {
    const { ask } = setUp({ rate: 1, burst: 1, bounds: { waitMs: 2500 } });
    await ask('a');
    void ask('b');
    void ask('c');
    expect(await refusal(ask('d'))).toMatchObject({ code: 'budget_exhausted', retryAfter: 2 });
  });

  it('a full queue turns away its newest member of the lowest class, or the one who comes', async () => {
    const { ask, admitted } = setUp({ connections: 1, bounds: { length: 2 } });
    const release = await ask('a');
    const older = ask('b1', 'background');
    const newer = refusal(ask('b2', 'background'));
    void ask('u');
    expect((await newer).code).toBe('budget_exhausted');
    expect((await refusal(ask('b3', 'background'))).code).toBe('budget_exhausted');
    release();
    await settle(1);
    expect(admitted).toEqual(['a', 'u']);
    older.catch(() => {});
  });

  it('one who gives up leaves the queue, its timer and its listener', async () => {
    const { ask, budget, lane, clock, events } = setUp({ connections: 1 });
    await ask('a');
    const controller = new AbortController();
    const waiting = refusal(ask('b', 'user', controller.signal));
    expect(budget.queuedFor(lane)).toBe(1);
    controller.abort();
    expect((await waiting).code).toBe('client_closed');
    expect(budget.queuedFor(lane)).toBe(0);
    expect(clock.pending).toBe(0);
    expect(events.at(-1)).toMatchObject({ type: 'queue', outcome: 'client_closed' });
  });

  it('gives a connection back once, however often it is released', async () => {
    const { ask, lane } = setUp({ connections: 2 });
    const release = await ask('a');
    await ask('b');
    release();
    release();
    expect(lane.permits.inUse).toBe(1);
  });

  it('close turns everybody away', async () => {
    const { ask, budget } = setUp({ connections: 1 });
    await ask('a');
    const waiting = refusal(ask('b'));
    budget.close();
    expect((await waiting).code).toBe('shutting_down');
    expect((await refusal(ask('c'))).code).toBe('shutting_down');
  });
});

describe('a hold', () => {
  it('keeps everybody waiting when it is short, then lets them out at the rate', async () => {
    const { clock, budget, admitted, ask } = setUp({ rate: 10, burst: 10 });
    budget.hold(2000);
    for (const name of ['a', 'b', 'c']) void ask(name);
    clock.advance(1999);
    await settle(1);
    expect(admitted).toEqual([]);
    clock.advance(1);
    await settle(1);
    expect(admitted).toEqual(['a']);
    clock.advance(200);
    await settle(1);
    expect(admitted).toEqual(['a', 'b', 'c']);
  });

  it('answers at once when it is long, those who wait already as well', async () => {
    const { clock, budget, ask } = setUp({ connections: 1 });
    await ask('a');
    const waiting = refusal(ask('b'));
    budget.hold(30_000);
    expect(await waiting).toMatchObject({ code: 'origin_rate_limited', status: 429, retryAfter: 30 });
    clock.advance(10_500);
    expect(await refusal(ask('c'))).toMatchObject({ code: 'origin_rate_limited', retryAfter: 20 });
  });

  it('is never shortened by a later, shorter one', () => {
    const { budget } = setUp();
    budget.hold(5000);
    budget.hold(1000);
    expect(budget.heldMs).toBe(5000);
  });
});
