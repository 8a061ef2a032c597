import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  enterShared,
  type ShareAnswer,
  type SharedBudget,
  type ShareRequest,
} from '../../../src/origin/shared-budget.js';
import { SharedLine } from '../../../src/origin/shared-line.js';
import { Bench, read, refusal, request, settle, TestClock, text, until } from './helpers.js';

/** A shared budget that answers what the test queues up, then lets everybody in. */
class Scripted implements SharedBudget {
  readonly asked: ShareRequest[] = [];
  readonly holds: [string, number][] = [];
  inside = 0;
  answers: (() => Promise<ShareAnswer> | ShareAnswer)[] = [];

  async attempt(request: ShareRequest): Promise<ShareAnswer> {
    this.asked.push(request);
    const next = this.answers.shift();
    return next === undefined ? this.enter() : next();
  }

  enter(): ShareAnswer {
    this.inside++;
    return { kind: 'entered', leave: () => void this.inside-- };
  }

  hold(upstream: string, ms: number): void {
    this.holds.push([upstream, ms]);
  }

  status = () => ({ shared: true, nodes: 3, in_use: this.inside });
}

const busy = (ms: number) => (): ShareAnswer => ({ kind: 'wait', why: 'busy', ms });
const held = (ms: number) => (): ShareAnswer => ({ kind: 'wait', why: 'held', ms });

describe('Waiting for the budget of all nodes', () => {
  let line = new SharedLine();
  beforeEach(() => {
    line = new SharedLine();
  });
  const ask = (
    shared: Scripted,
    clock: TestClock,
    priority: ShareRequest['priority'] = 'user',
    waitMs = 1000,
  ) =>
    enterShared(
      shared,
      line,
      { upstream: 'api', server: 's', priority },
      { clock, signal: new AbortController().signal, waitMs, holdMs: 300 },
    );

  it('tries again when told to, background work later than people', async () => {
    const clock = new TestClock();
    const shared = new Scripted();
    shared.answers = [busy(200), busy(200)];
    const order: string[] = [];
    const entering = async (priority: ShareRequest['priority']) => {
      const leave = await ask(shared, clock, priority);
      order.push(priority);
      return leave;
    };
    const background = entering('background');
    const user = entering('user');
    await settle();
    clock.advance(199);
    await settle();
    expect(shared.asked).toHaveLength(2);
    for (let i = 0; i < 20; i++) {
      clock.advance(10);
      await settle(2);
    }
    expect(order).toEqual(['user', 'background']);
    (await user)();
    (await background)();
    expect(shared.inside).toBe(0);
    expect(clock.pending).toBe(0);
  });

  /** Time goes by in steps, so that what a timer sets off can set the next. */
  const pass = async (clock: TestClock, ms: number) => {
    for (let i = 0; i < ms / 10; i++) {
      clock.advance(10);
      await settle(2);
    }
  };

  it('of many who wait only the first asks, and all get in as soon as there is room', async () => {
    const clock = new TestClock();
    const shared = new Scripted();
    shared.answers = Array.from({ length: 105 }, () => busy(50));
    const entering = Array.from({ length: 100 }, () => ask(shared, clock));
    await settle();
    expect(shared.asked).toHaveLength(100);
    await pass(clock, 200);
    expect(shared.asked.length).toBeLessThanOrEqual(104);
    await pass(clock, 300);
    expect(await Promise.all(entering)).toHaveLength(100);
    expect(shared.asked).toHaveLength(205);
    expect(line.empty).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it('who waits too long leaves the line, and those behind go on', async () => {
    const clock = new TestClock();
    const shared = new Scripted();
    shared.answers = [busy(400)];
    const first = ask(shared, clock, 'user', 1000);
    await settle();
    const impatient = refusal(ask(shared, clock, 'user', 100));
    const patient = ask(shared, clock, 'background', 5000);
    await pass(clock, 150);
    expect(shared.asked).toHaveLength(1);
    expect(await impatient).toMatchObject({ code: 'budget_exhausted' });
    await pass(clock, 1000);
    (await first)();
    (await patient)();
    expect(line.empty).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it('refuses at once when the wait would end after the queue’s time, saying when to come back', async () => {
    const shared = new Scripted();
    shared.answers = [busy(2500)];
    const error = await refusal(ask(shared, new TestClock()));
    expect(error).toMatchObject({ code: 'budget_exhausted', retryAfter: 3 });
  });

  it('waits for a short hold and answers a long one at once', async () => {
    const clock = new TestClock(1000);
    const shared = new Scripted();
    shared.answers = [held(250)];
    (await ask(shared, clock))();
    shared.answers = [held(900)];
    expect(await refusal(ask(shared, clock))).toMatchObject({ code: 'origin_rate_limited', retryAfter: 1 });
  });
});

describe('The origin under a budget of all nodes', () => {
  const bench = new Bench();
  afterEach(() => bench.close());

  it('asks before every attempt, retries included, and gives back when the body is over (I-15)', async () => {
    const shared = new Scripted();
    let calls = 0;
    const { url } = await bench.http((_request, response) => {
      response.statusCode = ++calls === 1 ? 503 : 200;
      response.end('ok');
    });
    const origin = bench.origin([url], new TestClock(2000), { shared });
    const response = await origin.fetch(request());
    expect(shared.asked).toEqual(Array(2).fill({ upstream: 'api', server: url, priority: 'user' }));
    expect(await text(response)).toBe('ok');
    await until(() => shared.inside === 0);
    expect(origin.status()[0]!.shared_budget).toEqual({ shared: true, nodes: 3, in_use: 0 });
  });

  it('sends nothing before it has entered, and a refusal gives this node’s own permit back', async () => {
    const shared = new Scripted();
    let calls = 0;
    const { url } = await bench.http((_request, response) => {
      calls++;
      response.end('ok');
    });
    const origin = bench.origin([url], new TestClock(), { shared, group: { maxConnections: 1 } });
    for (let i = 0; i < 3; i++) {
      shared.answers = [busy(60_000)];
      expect((await refusal(origin.fetch(request()))).code).toBe('budget_exhausted');
    }
    expect(calls).toBe(0);
    expect(origin.status()[0]!.in_flight).toBe(0);
    await read((await origin.fetch(request())).body);
    expect(calls).toBe(1);
  });

  it('leaves and gives its permit back when the asker goes away, waiting or being admitted', async () => {
    const clock = new TestClock();
    const shared = new Scripted();
    const { url } = await bench.http((_request, response) => void response.end('ok'));
    const origin = bench.origin([url], clock, { shared, group: { maxConnections: 1 } });
    const waiting = new AbortController();
    shared.answers = [busy(500)];
    const first = refusal(origin.fetch(request({ signal: waiting.signal })));
    await settle();
    waiting.abort();
    expect((await first).code).toBe('client_closed');
    const admitted = new AbortController();
    let admit = (_: ShareAnswer): void => {};
    shared.answers = [() => new Promise<ShareAnswer>((resolve) => (admit = resolve))];
    const second = refusal(origin.fetch(request({ signal: admitted.signal })));
    await settle();
    admitted.abort();
    admit(shared.enter());
    expect((await second).code).toBe('client_closed');
    expect(shared.inside).toBe(0);
    expect(origin.status()[0]!.in_flight).toBe(0);
    expect(clock.pending).toBe(0);
  });

  it('counts the time spent in this node’s own queue against the wait for the others', async () => {
    const clock = new TestClock();
    const shared = new Scripted();
    const release: (() => void)[] = [];
    const { url } = await bench.http((_request, response) => void release.push(() => response.end('ok')));
    const options = { shared, group: { maxConnections: 1 }, queue: { waitMs: 1000 } };
    const origin = bench.origin([url], clock, options);
    const first = origin.fetch(request());
    await until(() => release.length === 1);
    const second = refusal(origin.fetch(request()));
    clock.advance(900);
    shared.answers = [busy(200)];
    release[0]!();
    await read((await first).body);
    expect((await second).code).toBe('budget_exhausted');
  });

  it('tells the other nodes of a 429', async () => {
    const shared = new Scripted();
    const { url } = await bench.http((_request, response) => {
      response.writeHead(429, { 'Retry-After': '7' }).end();
    });
    const origin = bench.origin([url], new TestClock(), { shared });
    await read((await origin.fetch(request())).body);
    expect(shared.holds).toEqual([['api', expect.any(Number)]]);
    expect(shared.holds[0]![1]).toBeGreaterThanOrEqual(7000);
  });
});
