import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { TokenBucket } from '../../../src/origin/bucket.js';
import { Budget } from '../../../src/origin/budget.js';
import { createOrigin } from '../../../src/origin/origin.js';
import { Permits } from '../../../src/origin/permits.js';
import { eventually } from '../../support/patience.js';
import { settle, TestClock } from './helpers.js';

describe('another rate', () => {
  it('lets those through who wait, without a burst on top', async () => {
    const clock = new TestClock();
    const bucket = new TokenBucket(0.1, 1, clock.steady());
    const budget = new Budget({
      upstream: 'api',
      clock,
      bucket,
      bounds: { waitMs: 60_000 },
      onEvent: () => {},
    });
    const lane = budget.addLane(new Permits(100));
    let admitted = 0;
    for (let i = 0; i < 4; i++)
      void budget.admit(lane, 'user', new AbortController().signal).then(() => admitted++);
    await settle(1);
    expect(admitted).toBe(1);
    budget.retune({ rate: 10, burst: 50 });
    await settle(1);
    expect(admitted).toBe(1);
    clock.advance(100);
    await settle(1);
    expect(admitted).toBe(2);
    budget.retune(null);
    await settle(1);
    expect(admitted).toBe(4);
    budget.retune({ rate: 1, burst: 1 });
    expect(budget.status()).toMatchObject({ rate: 1, burst: 1 });
  });

  it('a smaller burst takes what was saved up beyond it', () => {
    const bucket = new TokenBucket(10, 10, 0);
    bucket.retune(10, 2, 0);
    expect(bucket.available(0)).toBe(2);
  });
});

describe('another number of connections', () => {
  it('holds for whoever waits and comes, and ends none that is under way', async () => {
    const held: (() => void)[] = [];
    const open = new Set<object>();
    const server = createServer((_, response) => {
      held.push(() => response.end('ok'));
    });
    server.on('connection', (socket) => {
      open.add(socket);
      socket.on('close', () => open.delete(socket));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const limits = (maxConnections: number, maxRetries = 0) => ({
      groups: [{ name: 'api', maxConnections, rate: null }],
      timeouts: { connectMs: 5000, headersMs: 60_000, bodyMs: 60_000 },
      maxRetries,
    });
    const origin = createOrigin({
      ...limits(2),
      groups: [{ ...limits(2).groups[0]!, servers: [url] }],
      clock: new TestClock(),
    });
    onTestFinished(async () => {
      await origin.close();
      server.close();
    });
    const signal = new AbortController().signal;
    const base = { upstream: 'api', method: 'GET', headers: [], retryable: true, priority: 'user' } as const;
    const statuses: number[] = [];
    const ask = (n: number) =>
      origin.fetch({ ...base, target: `/${n}`, signal }).then(({ status, body }) => {
        statuses.push(status);
        body.start({ data: () => {}, end: () => {}, error: () => {} });
      });
    const asked = [1, 2, 3, 4, 5].map(ask);
    await eventually(() => expect(held.length).toBe(2));
    origin.retune(limits(4));
    await eventually(() => expect(held.length).toBe(4));
    expect(origin.status()[0]).toMatchObject({ in_flight: 4, max_connections: 4, queued: 1 });
    origin.retune(limits(1));
    for (const end of held.splice(0)) end();
    await eventually(() => expect(held.length).toBe(1));
    expect(statuses).toEqual([200, 200, 200, 200]);
    held[0]?.();
    await Promise.all(asked);
    expect(origin.status()[0]).toMatchObject({ max_connections: 1, errors: 0 });
    // the old pools have let go of their connections
    await eventually(() => expect(open.size).toBeLessThanOrEqual(1));
  });
});
