import type { RequestListener, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/clock.js';
import type { OriginRequest } from '../../../src/origin/source.js';
import { Bench, read, refusal, request, settle, TestClock, text, turn, until } from './helpers.js';

const bench = new Bench();
afterEach(() => bench.close());

/** Counts what it is asked (probes apart) and answers with the statuses in turn, the last one for ever. */
function scripted(...statuses: (number | 'reset')[]) {
  const seen = { count: 0, probes: 0 };
  const listener: RequestListener = (incoming, res) => {
    if (incoming.method === 'HEAD' && incoming.url === '/') {
      seen.probes++;
      res.writeHead(statuses.at(-1) === 200 ? 404 : 503).end();
      return;
    }
    const status = statuses[Math.min(seen.count++, statuses.length - 1)]!;
    if (status === 'reset') incoming.socket.resetAndDestroy();
    else res.writeHead(status, { 'Retry-After': '1' }).end(`answer ${status}`);
  };
  return { seen, listener };
}

async function servers(...scripts: (number | 'reset')[][]) {
  const made = [];
  for (const script of scripts) {
    const { seen, listener } = scripted(...script);
    made.push({ seen, url: (await bench.http(listener)).url });
  }
  return made;
}

/** Delays before a retry pass at once; everything longer needs `advance`. */
const quick = () => new TestClock(200);

describe('retries', () => {
  it.each<[string, (number | 'reset')[][], number, number | string, number[]]>([
    ['one host, steady 503', [[503]], 3, 503, [2]],
    ['one host, steady reset', [['reset']], 3, 'origin_unreachable', [2]],
    ['one host, no retries', [[503]], 0, 503, [1]],
    ['one host, well the second time', [[502, 200]], 3, 200, [2]],
    ['two hosts, steady 504', [[504], [504]], 3, 504, [2, 2]],
    ['two hosts, steady reset', [['reset'], ['reset']], 3, 'origin_unreachable', [2, 2]],
    ['two hosts, two retries', [[503], [503]], 2, 503, [2, 1]],
    ['two hosts, the second is well', [['reset'], [200]], 3, 200, [2, 1]],
    ['three hosts, three retries', [[503], [503], [200]], 3, 503, [2, 2, 0]],
    ['a 500 stands', [[500], [200]], 3, 500, [1, 0]],
    ['a 404 stands', [[404], [200]], 3, 404, [1, 0]],
    ['the last attempt counts', [['reset', 503]], 3, 503, [2]],
    ['also when it is worse', [[503, 'reset']], 3, 'origin_unreachable', [2]],
  ])('%s', async (_, scripts, maxRetries, outcome, counts) => {
    const made = await servers(...scripts);
    const origin = bench.origin(
      made.map(({ url }) => url),
      quick(),
      { maxRetries },
    );
    const answer = origin.fetch(request());
    if (typeof outcome === 'number') {
      const response = await answer;
      expect(response.status).toBe(outcome);
      expect(await text(response)).toBe(`answer ${outcome}`);
    } else {
      expect((await refusal(answer)).code).toBe(outcome);
    }
    expect(made.map(({ seen }) => seen.count)).toEqual(counts);
  });

  it.each([[503], ['reset' as const]])('a request with side effects is seen once on %s', async (status) => {
    const made = await servers([status, 200], [200]);
    const origin = bench.origin(
      made.map(({ url }) => url),
      quick(),
    );
    const answer = origin.fetch(request({ retryable: false, target: '/3/authentication/token/new' }));
    if (status === 503) expect((await answer).status).toBe(503);
    else expect((await refusal(answer)).code).toBe('origin_unreachable');
    expect(made.map(({ seen }) => seen.count)).toEqual([1, 0]);
  });

  it('it goes to the next host, body and all, when nothing could be sent', async () => {
    const { url } = await bench.http((incoming, res) => incoming.pipe(res));
    const origin = bench.origin([await bench.refusing(), url], quick());
    const body = Readable.from([Buffer.from('vote')]);
    const response = await origin.fetch(request({ method: 'POST', retryable: false, body }));
    expect(await text(response)).toBe('vote');
  });

  it('a body that has been sent is not sent again', async () => {
    const [server] = await servers([503]);
    const origin = bench.origin([server!.url], quick());
    const response = await origin.fetch(request({ method: 'PUT', body: Readable.from([Buffer.from('x')]) }));
    expect(response.status).toBe(503);
    expect(server!.seen.count).toBe(1);
  });

  it('each attempt costs a token', async () => {
    const [server] = await servers([503]);
    const origin = bench.origin([server!.url], new TestClock(200), { group: { rate: 1, burst: 5 } });
    await origin.fetch(request());
    expect(origin.status()[0]?.budget.tokens).toBeLessThan(3.2);
  });

  it('a request given up between two attempts is not repeated', async () => {
    const [server] = await servers([503]);
    const clock = new TestClock();
    const controller = new AbortController();
    const answer = refusal(bench.origin([server!.url], clock).fetch(request({ signal: controller.signal })));
    await until(() => bench.events.some((event) => event.type === 'attempt'));
    await settle();
    controller.abort();
    expect((await answer).code).toBe('client_closed');
    expect(server!.seen.count).toBe(1);
  });
});

describe('failover', () => {
  it('is remembered, probed in the background, and ends when the first host has been well for a while', async () => {
    let well = false;
    const seen = { api: 0, probes: 0, other: 0 };
    const first = await bench.http((incoming, res) => {
      if (incoming.method === 'HEAD') seen.probes++;
      else seen.api++;
      res.writeHead(well ? 200 : 503).end();
    });
    const second = await bench.http((_, res) => {
      seen.other++;
      res.end();
    });
    const clock = new TestClock(200);
    const origin = bench.origin([first.url, second.url], clock, { healthCheckMs: 30_000 });
    const ask = async () => read((await origin.fetch(request())).body);
    await ask();
    expect(seen).toEqual({ api: 2, probes: 0, other: 1 });
    await ask();
    await ask();
    expect(seen).toEqual({ api: 2, probes: 0, other: 3 });
    expect(origin.status().map((server) => [server.status, server.failover.preferred])).toEqual([
      ['down', false],
      ['healthy', true],
    ]);

    const probe = async () => {
      const before = seen.probes;
      clock.advance(30_000);
      await until(() => seen.probes > before);
      await settle();
    };
    await probe();
    well = true;
    await probe();
    await ask();
    expect(seen).toMatchObject({ api: 2, other: 4 });
    await probe();
    await ask();
    expect(seen).toEqual({ api: 3, probes: 3, other: 4 });
    clock.advance(90_000);
    await settle();
    expect(seen.probes).toBe(3);
    expect(bench.events.filter((event) => event.type === 'failover')).toEqual([
      { type: 'failover', upstream: 'api', from: first.url, to: second.url },
      { type: 'failover', upstream: 'api', from: second.url, to: first.url },
    ]);
  });
});

describe('the breaker', () => {
  it('answers at once when every server is left alone, then lets one request through', async () => {
    const [server] = await servers(['reset', 'reset', 'reset', 'reset', 'reset', 200]);
    const clock = new TestClock();
    const origin = bench.origin([server!.url], clock, { maxRetries: 0 });
    for (let i = 0; i < 5; i++) await refusal(origin.fetch(request()));
    const error = await refusal(origin.fetch(request()));
    expect(error).toMatchObject({ code: 'origin_breaker_open', status: 503, retryAfter: 2 });
    expect(server!.seen.count).toBe(5);
    expect(origin.status()[0]).toMatchObject({ status: 'down', breaker: 'open' });
    clock.advance(2_000);
    const [trial, other] = await Promise.all([origin.fetch(request()), refusal(origin.fetch(request()))]);
    expect(trial.status).toBe(200);
    expect(other.code).toBe('origin_breaker_open');
    expect(origin.status()[0]).toMatchObject({ status: 'healthy', breaker: 'closed' });
    expect(server!.seen.count).toBe(6);
  });

  it('lets those who wait for that server go when it opens', async () => {
    const held: ServerResponse[] = [];
    const { url } = await bench.http((_, res) => held.push(res));
    const origin = bench.origin([url], new TestClock(), { maxRetries: 0, group: { maxConnections: 5 } });
    const first = Array.from({ length: 5 }, () => refusal(origin.fetch(request())));
    const waiting = Array.from({ length: 12 }, () => refusal(origin.fetch(request())));
    await until(() => held.length === 5);
    for (const res of held.slice(0, 5)) res.socket?.resetAndDestroy();
    await Promise.all(first);
    // Connections given back before the fifth failure let waiters through; they are answered by the same breaker.
    await settle();
    for (const res of held.slice(5)) res.socket?.resetAndDestroy();
    const codes = (await Promise.all(waiting)).map((error) => error.code);
    expect(codes).toContain('origin_breaker_open');
  });

  it('4xx and 429 are no failures', async () => {
    const [server] = await servers([404, 401, 429]);
    const origin = bench.origin([server!.url], systemClock, { maxRetries: 0 });
    for (let i = 0; i < 3; i++) await origin.fetch(request());
    expect(origin.status()[0]).toMatchObject({ breaker: 'closed', failover: { consecutive_failures: 0 } });
  });
});

describe('a 429', () => {
  const limited = async (retryAfter: string | undefined) => {
    const seen: number[] = [];
    const { url } = await bench.http((_, res) => {
      seen.push(seen.length);
      if (seen.length === 1) {
        res.writeHead(429, retryAfter === undefined ? {} : { 'Retry-After': retryAfter }).end('slow down');
      } else res.end('ok');
    });
    return { url, seen };
  };

  it('is given to its asker when it says to wait long, and everybody else is told at once', async () => {
    const { url, seen } = await limited('20');
    const clock = new TestClock();
    const origin = bench.origin([url, await bench.refusing()], clock);
    const response = await origin.fetch(request());
    expect([response.status, await text(response)]).toEqual([429, 'slow down']);
    for (const priority of ['user', 'refresh', 'background'] as const) {
      expect(await refusal(origin.fetch(request({ priority })))).toMatchObject({
        code: 'origin_rate_limited',
        retryAfter: 20,
      });
    }
    expect(seen).toHaveLength(1);
    expect(origin.status()[0]).toMatchObject({ status: 'degraded', breaker: 'closed', errors: 1 });
    expect(origin.status()[0]?.rate_limited_until).toBe(new Date(clock.now() + 20_000).toISOString());
    expect(bench.events).toContainEqual({ type: 'rate_limited', upstream: 'api', server: url, seconds: 20 });
    clock.advance(20_000);
    expect((await origin.fetch(request())).status).toBe(200);
  });

  it('that is short is waited for by all, and asked again once', async () => {
    const { url, seen } = await limited('2');
    const clock = new TestClock();
    const origin = bench.origin([url], clock);
    const first = origin.fetch(request());
    await until(() => origin.status()[0]?.rate_limited_until !== null);
    const second = origin.fetch(request({ retryable: false }));
    await settle();
    clock.advance(1_999);
    await settle();
    expect(seen).toHaveLength(1);
    clock.advance(1);
    expect([(await first).status, (await second).status]).toEqual([200, 200]);
    expect(seen).toHaveLength(3);
  });

  it('with Retry-After: 0 holds nobody back', async () => {
    const { url, seen } = await limited('0');
    const origin = bench.origin([url], new TestClock());
    expect((await origin.fetch(request())).status).toBe(200);
    expect(seen).toHaveLength(2);
  });

  it('without Retry-After holds back for a second or so', async () => {
    const { url } = await limited(undefined);
    const clock = new TestClock();
    const origin = bench.origin([url], clock);
    const response = await origin.fetch(request({ retryable: false }));
    expect(response.status).toBe(429);
    expect(origin.status()[0]?.rate_limited_until).toBe(new Date(clock.now() + 1250).toISOString());
  });
});

describe('connections', () => {
  it('never more than allowed, bodies that stream counted', async () => {
    let open = 0;
    let most = 0;
    const answers: ServerResponse[] = [];
    const { url } = await bench.http((_, res) => {
      open++;
      most = Math.max(most, open);
      res.on('close', () => open--);
      res.write('first');
      answers.push(res);
    });
    const origin = bench.origin([url], systemClock, { group: { maxConnections: 3 } });
    const fetches = Array.from({ length: 8 }, () => origin.fetch(request()));
    await until(() => answers.length === 3);
    for (let i = 0; i < 50; i++) await turn();
    expect(answers).toHaveLength(3);
    expect(origin.status()[0]).toMatchObject({ in_flight: 3, max_connections: 3, queued: 5 });
    for (let i = 0; i < 8; i++) {
      await until(() => answers.length > i);
      answers[i]!.end('last');
    }
    const bodies = await Promise.all(fetches.map(async (fetch) => text(await fetch)));
    expect(bodies).toEqual(Array(8).fill('firstlast'));
    expect(most).toBe(3);
    expect(origin.status()[0]).toMatchObject({ in_flight: 0, queued: 0, requests: 8, successes: 8 });
  });

  it('one who gives up while waiting asks nothing', async () => {
    const answers: ServerResponse[] = [];
    const { url } = await bench.http((_, res) => answers.push(res));
    const origin = bench.origin([url], systemClock, { group: { maxConnections: 1 } });
    const first = origin.fetch(request());
    const controller = new AbortController();
    const second = refusal(origin.fetch(request({ signal: controller.signal })));
    await until(() => answers.length === 1);
    controller.abort();
    expect((await second).code).toBe('client_closed');
    answers[0]!.end();
    await first;
    expect(origin.status()[0]?.requests).toBe(1);
  });

  it('are kept alive and used again', async () => {
    const ports = new Set<number>();
    const { url } = await bench.http((incoming, res) => {
      ports.add(incoming.socket.remotePort!);
      res.end('ok');
    });
    const origin = bench.origin([url], systemClock);
    for (let i = 0; i < 5; i++) {
      await text(await origin.fetch(request()));
      // undici takes a connection back a turn of the loop after its last byte.
      await settle(3);
    }
    expect(ports.size).toBe(1);
  });
});

describe('the service', () => {
  it('knows nothing of a server before the first request', async () => {
    const origin = bench.origin(['http://a.test', 'https://b.test/base/'], systemClock, {
      group: { rate: 40, burst: 10 },
    });
    expect(origin.status()).toMatchObject([
      {
        upstream: 'api',
        url: 'http://a.test',
        status: 'unknown',
        requests: 0,
        p50_ms: null,
        last_error: null,
        breaker: 'closed',
        failover: { rank: 0, preferred: true },
        budget: { tokens: 10, rate: 40, burst: 10, queued: { user: 0, refresh: 0, background: 0 } },
      },
      { url: 'https://b.test/base', failover: { rank: 1, preferred: false } },
    ]);
  });

  it('refuses an unknown group and a server that is not http', async () => {
    const origin = bench.origin(['http://a.test'], systemClock);
    expect((await refusal(origin.fetch(request({ upstream: 'image' })))).code).toBe('internal');
    expect(() => bench.origin(['ftp://a.test'], systemClock)).toThrow(TypeError);
  });

  it('close turns away who waits and breaks what is in flight', async () => {
    const { url } = await bench.http((_, res) => void res.write('some'));
    const origin = bench.origin([url], systemClock, { group: { maxConnections: 1 } });
    const response = await origin.fetch(request());
    const reading = refusal(read(response.body));
    const waiting = refusal(origin.fetch(request()));
    await settle(3);
    await origin.close();
    expect((await reading).code).toBe('shutting_down');
    expect((await waiting).code).toBe('shutting_down');
    expect((await refusal(origin.fetch(request()))).code).toBe('shutting_down');
  });

  it('tells what happened', async () => {
    const [first, second] = await servers(['reset'], [200]);
    const origin = bench.origin([first!.url, second!.url], quick(), { maxRetries: 3 });
    await origin.fetch(request({ priority: 'refresh' }));
    const attempts = bench.events.filter((event) => event.type === 'attempt');
    expect(attempts).toMatchObject([
      { server: first!.url, status: undefined, error: 'origin_unreachable', retry: 0, failover: false },
      { server: first!.url, error: 'origin_unreachable', retry: 1, failover: false },
      { server: second!.url, status: 200, error: undefined, retry: 2, failover: true, priority: 'refresh' },
    ]);
    expect(bench.events.filter((event) => event.type === 'queue')).toHaveLength(3);
  });
});

describe('a server that keeps silent until its clients have left', () => {
  /** So many requests, one after another, whose clients leave after so long. */
  async function given(
    silence: number,
    answer: (socket: { write(text: string): unknown }, clock: TestClock) => void = () => {},
    changes: () => Partial<OriginRequest> = () => ({}),
  ) {
    const clock = new TestClock();
    let seen = 0;
    const { url } = await bench.raw((socket) => {
      seen++;
      answer(socket, clock);
    });
    const origin = bench.origin([url], clock);
    for (let i = 1; i <= 5; i++) {
      const controller = new AbortController();
      let heard = false;
      const asked = refusal(
        origin.fetch(
          request({
            signal: controller.signal,
            onInfo: () => {
              heard = true;
            },
            ...changes(),
          }),
        ),
      );
      await until(() => seen >= i && (heard || answer.length === 0));
      clock.advance(silence - (heard ? 1 : 0));
      controller.abort();
      expect((await asked).code).toBe('client_closed');
    }
    return origin.status()[0];
  }

  it('is left alone as one that fails', async () => {
    expect(await given(5000)).toMatchObject({
      breaker: 'open',
      errors: 5,
      last_error: expect.stringContaining('silent for 5000 ms'),
    });
  });

  it('is not, where they left sooner', async () => {
    expect(await given(4999)).toMatchObject({ breaker: 'closed', errors: 0, last_error: null });
  });

  it('is not, where it has let us know meanwhile that it is at it', async () => {
    const processing = (socket: { write(text: string): unknown }, clock: TestClock) => {
      clock.advance(1000);
      socket.write('HTTP/1.1 102 Processing\r\n\r\n');
    };
    expect(await given(5000, processing)).toMatchObject({ breaker: 'closed', errors: 0 });
  });

  it('is not, where they were sending a body', async () => {
    const upload = () => ({ method: 'POST', retryable: false, body: Readable.from([Buffer.from('hello')]) });
    expect(await given(5000, undefined, upload)).toMatchObject({ breaker: 'closed', errors: 0 });
  });
});
