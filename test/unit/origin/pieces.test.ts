import { describe, expect, it } from 'vitest';
import { ProxyError } from '../../../src/errors.js';
import { Breaker, type Verdict } from '../../../src/origin/breaker.js';
import { Failover } from '../../../src/origin/failover.js';
import { faultOf } from '../../../src/origin/faults.js';
import { Latency } from '../../../src/origin/latency.js';
import { proxyFor } from '../../../src/origin/proxy.js';
import { RateLimit } from '../../../src/origin/rate-limit.js';
import { type LastAttempt, nextStep } from '../../../src/origin/retry.js';
import type { BreakerState } from '../../../src/origin/status.js';
import { settle, TestClock } from './helpers.js';

describe('Latency', () => {
  it('gives nearest-rank percentiles over the last samples only', () => {
    const latency = new Latency(100);
    expect(latency.percentiles([0.5])).toEqual([null]);
    for (let i = 0; i < 50; i++) latency.add(9999);
    for (let i = 1; i <= 100; i++) latency.add(i);
    expect(latency.percentiles([0.5, 0.95, 0, 1])).toEqual([50, 95, 1, 100]);
  });
});

describe('nextStep', () => {
  const last: LastAttempt = {
    status: 503,
    sent: true,
    repeatable: true,
    atThisServer: 1,
    inAll: 1,
    heldMs: undefined,
    waitedBefore: false,
  };
  it.each<[string, Partial<LastAttempt>, boolean, number, string]>([
    ['a 503 is asked again', {}, true, 3, 'same-server'],
    ['then elsewhere', { atThisServer: 2, inAll: 2 }, true, 3, 'other-server'],
    ['until the retries are used up', { inAll: 4 }, true, 3, 'stop'],
    ['0 retries means none', {}, true, 0, 'stop'],
    ['a 500 may come from the request itself', { status: 500 }, true, 3, 'stop'],
    ['a 200 stands', { status: 200 }, true, 3, 'stop'],
    ['a network fault is asked again', { status: undefined }, true, 3, 'same-server'],
    ['not when it may have had an effect', { status: undefined }, false, 3, 'stop'],
    ['unless nothing was sent', { status: undefined, sent: false }, false, 3, 'other-server'],
    ['a 503 to an unsafe request stands', {}, false, 3, 'stop'],
    ['a body that has been read from is gone', { repeatable: false }, true, 3, 'stop'],
    ['a short 429 is waited for', { status: 429, heldMs: 2000 }, true, 3, 'after-hold'],
    ['once', { status: 429, heldMs: 2000, waitedBefore: true }, true, 3, 'stop'],
    ['a long 429 stands', { status: 429, heldMs: 2001 }, true, 3, 'stop'],
  ])('%s', (_, changes, retryable, maxRetries, step) => {
    expect(nextStep({ ...last, ...changes }, retryable, maxRetries)).toBe(step);
  });
});

describe('RateLimit', () => {
  const clock = new TestClock();
  it.each([
    ['2', 2000],
    ['0', 0],
    ['Thu, 01 Jan 2026 00:00:07 GMT', 7000],
    ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
    ['99999999999', 3_600_000],
    ['soon', 1250],
    [undefined, 1250],
  ])('Retry-After: %s holds for %i ms', (value, ms) => {
    expect(new RateLimit(clock).holdMs(value)).toBe(ms);
  });

  it('waits longer each time it is told nothing, until something else is answered', () => {
    const limit = new RateLimit(clock);
    const afterwards = () => {
      const ms = limit.holdMs(undefined);
      clock.advance(ms);
      return ms;
    };
    expect([1, 2, 3].map(afterwards)).toEqual([1250, 2500, 5000]);
    limit.answered();
    expect(afterwards()).toBe(1250);
  });

  it('takes those that were under way together for one', () => {
    const limit = new RateLimit(clock);
    expect(limit.holdMs(undefined)).toBe(1250);
    clock.advance(250);
    expect([1, 2, 3].map(() => limit.holdMs(undefined))).toEqual([1000, 1000, 1000]);
    clock.advance(1000);
    expect(limit.holdMs(undefined)).toBe(2500);
  });
});

describe('Failover', () => {
  const setUp = () => {
    const moves: string[] = [];
    const failover = new Failover(2, (from, to) => moves.push(`${from}>${to}`));
    return { failover, moves };
  };

  it('moves as soon as another server has answered in place of the preferred one', () => {
    const { failover, moves } = setUp();
    failover.failed(0);
    failover.succeeded(1, true);
    expect(failover.order).toEqual([1, 0]);
    expect(failover.isDown(0)).toBe(true);
    expect(moves).toEqual(['0>1']);
  });

  it('moves after three failures in a row, not after scattered ones', () => {
    const { failover } = setUp();
    failover.failed(0);
    failover.failed(0);
    failover.succeeded(0, false);
    failover.failed(0);
    failover.failed(0);
    expect(failover.preferred).toBe(0);
    failover.failed(0);
    expect(failover.preferred).toBe(1);
  });

  it('stays where it is when no server is well', () => {
    const { failover, moves } = setUp();
    failover.failed(1);
    for (let i = 0; i < 5; i++) failover.failed(0);
    expect(moves).toEqual([]);
  });

  it('returns after two good probes in a row, and after twice as many when it had to leave again soon', () => {
    const { failover } = setUp();
    failover.succeeded(1, true);
    expect(failover.left).toEqual([0]);
    expect([true, false, true].map((alive) => failover.probed(0, alive))).toEqual([false, false, false]);
    expect(failover.probed(0, true)).toBe(true);
    expect(failover.preferred).toBe(0);
    failover.succeeded(1, true);
    expect([1, 2, 3, 4].map(() => failover.probed(0, true))).toEqual([false, false, false, true]);
  });
});

describe('Breaker', () => {
  const setUp = () => {
    const clock = new TestClock();
    const states: BreakerState[] = [];
    const breaker = new Breaker(clock, (state) => states.push(state));
    const run = (verdict: Verdict) => breaker.run(() => Promise.resolve({ verdict }));
    const fail = async (times: number) => {
      for (let i = 0; i < times; i++) await run('failure');
    };
    /** An attempt that is under way; resolves when it has ended with this verdict. */
    const begin = () => {
      let answer: (outcome: { verdict: Verdict }) => void = () => {};
      const over = breaker.run(() => new Promise<{ verdict: Verdict }>((resolve) => (answer = resolve)));
      return (verdict: Verdict) => {
        answer({ verdict });
        return over;
      };
    };
    return { clock, states, breaker, run, fail, begin };
  };

  it('opens after five failures in a row and says for how long', async () => {
    const { breaker, fail, states } = setUp();
    await fail(4);
    expect(breaker.admits).toBe(true);
    await fail(1);
    expect(breaker.admits).toBe(false);
    expect(breaker.state).toBe('open');
    expect(breaker.retryAfter).toBe(2);
    expect(states).toEqual(['open']);
  });

  it.each([-3_600_000, 3_600_000])('rests as long as ever when the clock is set by %i ms', async (ms) => {
    const { clock, breaker, fail } = setUp();
    await fail(5);
    clock.setBy = ms;
    expect(breaker.retryAfter).toBe(2);
    clock.advance(1999);
    expect(breaker.admits).toBe(false);
    clock.advance(1);
    expect(breaker.admits).toBe(true);
  });

  it('opens when more than half of the last attempts failed', async () => {
    const { breaker, run, fail } = setUp();
    for (let i = 0; i < 5; i++) {
      await run('success');
      await fail(1);
    }
    expect(breaker.state).toBe('closed');
    await fail(1);
    expect(breaker.state).toBe('open');
  });

  it('lets one trial through after its rest, closes on success', async () => {
    const { breaker, fail, begin, clock, states } = setUp();
    await fail(5);
    clock.advance(1999);
    expect(breaker.admits).toBe(false);
    clock.advance(1);
    expect(breaker.admits).toBe(true);
    const trial = begin();
    expect(breaker.admits).toBe(false);
    await trial('success');
    expect(breaker.admits).toBe(true);
    expect(states).toEqual(['open', 'half_open', 'closed']);
  });

  it('rests twice as long after a failed trial', async () => {
    const { breaker, fail, clock } = setUp();
    await fail(5);
    clock.advance(2000);
    await fail(1);
    clock.advance(3999);
    expect(breaker.admits).toBe(false);
    clock.advance(1);
    expect(breaker.admits).toBe(true);
  });

  it('a trial whose asker left proves nothing: still open, the next one may try at once', async () => {
    const { breaker, run, fail, clock } = setUp();
    await fail(5);
    clock.advance(2000);
    expect(await run('neutral')).toEqual({ verdict: 'neutral' });
    expect(breaker.state).toBe('half_open');
    expect(breaker.admits).toBe(true);
    await fail(1);
    expect(breaker.admits).toBe(false);
  });

  it('attempts that say nothing neither count as failures nor interrupt them', async () => {
    const { breaker, run, fail } = setUp();
    for (let i = 0; i < 30; i++) await run('neutral');
    await fail(4);
    await run('neutral');
    await fail(1);
    expect(breaker.state).toBe('open');
  });

  it('failures of attempts that began before it opened do not open it again when the server is back', async () => {
    const { breaker, run, fail, begin, clock } = setUp();
    const late = Array.from({ length: 10 }, begin);
    await fail(5);
    clock.advance(2000);
    await run('success');
    for (const end of late) await end('failure');
    expect(breaker.state).toBe('closed');
    await fail(4);
    expect(breaker.state).toBe('closed');
  });

  it.each<Verdict>(['failure', 'neutral'])(
    'an earlier attempt that ends (%s) while the trial is out does not end it',
    async (verdict) => {
      const { breaker, fail, begin, clock } = setUp();
      const late = begin();
      await fail(5);
      clock.advance(2000);
      const trial = begin();
      expect(await late(verdict)).toEqual({ verdict });
      expect(breaker.admits).toBe(false);
      await trial('success');
      expect(breaker.state).toBe('closed');
    },
  );

  it('a trial that fails after its reset does not lengthen the next rest', async () => {
    const { breaker, fail, begin, clock } = setUp();
    await fail(5);
    clock.advance(2000);
    const trial = begin();
    breaker.reset();
    await trial('failure');
    await fail(5);
    expect(breaker.retryAfter).toBe(2);
  });

  it('a body that hangs of an attempt in an earlier state says nothing of this one', async () => {
    const { breaker, run, clock, states } = setUp();
    const hang = async (times: number, period: number) => {
      for (let i = 0; i < times; i++) breaker.bodyHung(period);
      await settle();
    };
    const { period } = breaker;
    await hang(4, period);
    expect(states).toEqual([]);
    await hang(5, period);
    expect(states).toEqual(['open']);
    clock.advance(2000);
    await run('success');
    await hang(5, period);
    await hang(4, breaker.period);
    expect(breaker.state).toBe('closed');
    await run('failure');
    expect(breaker.state).toBe('closed');
    await hang(1, breaker.period);
    expect(breaker.state).toBe('open');
  });

  it('reset closes it', async () => {
    const { breaker, fail, states } = setUp();
    await fail(5);
    breaker.reset();
    expect(breaker.admits).toBe(true);
    expect(states).toEqual(['open', 'closed']);
  });
});

describe('proxyFor', () => {
  const https = 'http://proxy:3128';
  it.each([
    ['https://api.themoviedb.org', undefined, https],
    ['http://api.themoviedb.org', undefined, undefined],
    ['https://127.0.0.1:8443', undefined, undefined],
    ['https://localhost', undefined, undefined],
    ['https://[::1]:443', undefined, undefined],
    ['https://api.themoviedb.org', 'themoviedb.org', undefined],
    ['https://api.themoviedb.org', '.themoviedb.org', undefined],
    ['https://api.themoviedb.org', 'other.org, api.themoviedb.org:443', undefined],
    ['https://api.themoviedb.org', 'api.themoviedb.org:8443', https],
    ['https://api.themoviedb.org', 'moviedb.org', https],
    ['https://api.themoviedb.org', '*', undefined],
    ['https://[2001:db8::1]', '2001:db8::1', undefined],
  ])('%s with NO_PROXY=%s', (server, noProxy, expected) => {
    expect(proxyFor(new URL(server), { https, noProxy })).toBe(expected);
  });

  it('reads an address without a scheme', () => {
    expect(proxyFor(new URL('http://a.test'), { http: 'proxy:3128' })).toBe('http://proxy:3128');
  });
});

describe('faultOf', () => {
  it.each([
    ['ECONNREFUSED', 'origin_unreachable'],
    ['ENOTFOUND', 'origin_unreachable'],
    ['UND_ERR_CONNECT_TIMEOUT', 'origin_timeout'],
    ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'origin_protocol'],
    ['UND_ERR_INVALID_ARG', 'bad_request'],
    ['UND_ERR_DESTROYED', 'shutting_down'],
  ])('%s is %s', (code, expected) => {
    expect(faultOf(Object.assign(new Error('words'), { code }), 'GET http://a').code).toBe(expected);
  });

  it('keeps secrets and received bytes out of message and cause', () => {
    const error = Object.assign(new Error('bad http://u:p@h/3?api_key=s3cret'), {
      code: 'X',
      data: 's3cret',
    });
    const fault = faultOf(error, 'GET http://a');
    expect(fault).toBeInstanceOf(ProxyError);
    const cause = fault.cause as Error;
    expect(`${fault.message} ${cause.message} ${JSON.stringify(cause)}`).not.toMatch(/s3cret|u:p/);
  });

  it('finds the code of an attempt on several addresses', () => {
    const error = new AggregateError([Object.assign(new Error('x'), { code: 'ETIMEDOUT' })]);
    expect(faultOf(error, 'GET http://a').code).toBe('origin_timeout');
  });
});
