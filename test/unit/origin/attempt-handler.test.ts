import { getEventListeners } from 'node:events';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/clock.js';
import type { ProxyError } from '../../../src/errors.js';
import { field } from '../../../src/http/headers.js';
import { Bench, read, refusal, request, settle, TestClock, text, turn, until } from './helpers.js';

const bench = new Bench();
afterEach(() => bench.close());

/** A server that answers every request with these bytes. */
const answering = (bytes: string, close = false) =>
  bench.raw((socket) => {
    if (close) socket.end(bytes, 'latin1');
    else socket.write(bytes, 'latin1');
  });

describe('what is sent and received', () => {
  it('passes target, fields and base path on as they are and fields back as they came', async () => {
    let seen = '';
    const { url } = await bench.raw((socket, data) => {
      seen += data.toString('latin1');
      socket.write(
        'HTTP/1.1 200 All Right\r\nX-B: 1\r\nx-b: 2\r\nX-L: caf\xe9\r\nContent-Length: 2\r\n\r\nok',
        'latin1',
      );
    });
    const origin = bench.origin([`${url.replace('//', '//user:pass@')}/base/`], systemClock);
    const response = await origin.fetch(request({ headers: ['X-Two', 'a', 'x-two', 'b', 'Host', 'evil'] }));
    expect(seen).toContain('GET /base/3/movie/550?api_key=s3cret HTTP/1.1\r\n');
    expect(seen).toContain('X-Two: a\r\nx-two: b\r\n');
    expect(seen).not.toMatch(/evil|user|pass/);
    expect(response).toMatchObject({ status: 200, statusText: 'All Right', server: `${url}/base` });
    expect(response.headers).toEqual(['X-B', '1', 'x-b', '2', 'X-L', 'caf\xe9', 'Content-Length', '2']);
    expect(response.requestTime).toBeLessThanOrEqual(response.responseTime);
    expect(await text(response)).toBe('ok');
  });

  it('a head of more than 64 KiB is no answer', async () => {
    const { url } = await answering(
      `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(66_000)}\r\nContent-Length: 0\r\n\r\n`,
    );
    const origin = bench.origin([url], systemClock);
    expect(await refusal(origin.fetch(request()))).toMatchObject({ status: 502 });
    await until(() => origin.status()[0]?.in_flight === 0);
  });

  it('sends a request body', async () => {
    const { url } = await bench.http((incoming, res) => incoming.pipe(res));
    const origin = bench.origin([url], systemClock);
    const body = Readable.from([Buffer.from('hel'), Buffer.from('lo')]);
    const response = await origin.fetch(request({ method: 'POST', retryable: false, body }));
    expect(await text(response)).toBe('hello');
  });

  it.each([
    ['GET', 'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\nContent-Length: 5000\r\n\r\n'],
    ['GET', 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n'],
    ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n'],
    ['GET', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'],
  ])('%s answered with %j is complete with its head', async (method, bytes) => {
    const { url } = await answering(bytes);
    const origin = bench.origin([url], systemClock, { group: { maxConnections: 1 } });
    for (let i = 0; i < 3; i++) {
      const response = await origin.fetch(request({ method }));
      expect(await text(response)).toBe('');
    }
    await until(() => origin.status()[0]?.in_flight === 0);
    expect(bench.events.filter((event) => event.type === 'body_failed')).toEqual([]);
    expect(origin.status()[0]).toMatchObject({ requests: 3, successes: 3, errors: 0 });
  });

  it('hands interim responses over as they arrive', async () => {
    const { url } = await answering(
      'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
    );
    const infos: unknown[] = [];
    const origin = bench.origin([url], systemClock);
    const response = await origin.fetch(
      request({ onInfo: (status, headers) => infos.push([status, headers]) }),
    );
    expect(infos).toEqual([
      [103, ['Link', '</a>']],
      [102, []],
    ]);
    expect(await text(response)).toBe('ok');
  });
});

describe('what is not valid HTTP', () => {
  it.each([
    [
      'another transfer coding',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    ],
    ['a transfer coding without chunked', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nok'],
    [
      'a protocol switch nobody asked for',
      'HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n',
    ],
    [
      'length and transfer coding',
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['something else', 'SSH-2.0-OpenSSH\r\n\r\n'],
    ['an endless head', `HTTP/1.1 200 OK\r\n${`X: ${'y'.repeat(1000)}\r\n`.repeat(70)}\r\n`],
  ])('%s is a 502', async (_, bytes) => {
    const { url } = await answering(bytes);
    const origin = bench.origin([url], systemClock, { maxRetries: 0 });
    expect(await refusal(origin.fetch(request()))).toMatchObject({ code: 'origin_protocol', status: 502 });
    await until(() => origin.status()[0]?.in_flight === 0);
  });

  it.each([
    ['a length that is not reached', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf'],
    ['chunks without the last', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n'],
  ])('a body cut off at %s ends in an error, not in an end', async (_, bytes) => {
    const { url } = await answering(bytes, true);
    const origin = bench.origin([url], systemClock);
    const response = await origin.fetch(request());
    expect((await refusal(read(response.body))).code).toMatch(/^origin_/);
    expect(bench.events.filter((event) => event.type === 'body_failed')).toHaveLength(1);
  });

  it('a body without a length ends with its connection', async () => {
    const { url } = await answering('HTTP/1.1 200 OK\r\n\r\nwhole', true);
    const response = await bench.origin([url], systemClock).fetch(request());
    expect(await text(response)).toBe('whole');
  });

  it('a reset while the reader has paused is an error of that body, not of the process', async () => {
    let reset = (): void => {};
    const { url } = await bench.raw((socket) => {
      socket.write(
        `HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 900000\r\n\r\n${'x'.repeat(70_000)}`,
      );
      reset = () => socket.resetAndDestroy();
    });
    const response = await bench.origin([url], systemClock).fetch(request());
    const failed = new Promise((resolve) => {
      response.body.start({ data: () => response.body.pause(), end: () => resolve('end'), error: resolve });
    });
    await settle();
    reset();
    expect(await failed).toMatchObject({ code: 'origin_unreachable' });
  });
});

describe('secrets', () => {
  it('appear neither in errors nor in status nor in events', async () => {
    const url = await bench.refusing();
    const origin = bench.origin([url.replace('//', '//user:hunter2@')], new TestClock(1000));
    const error = await refusal(origin.fetch(request()));
    expect(error).toMatchObject({ code: 'origin_unreachable' });
    expect(error.message).toContain('ECONNREFUSED');
    const all = [error.message, error.stack, String(error.cause), origin.status(), bench.events];
    expect(JSON.stringify(all)).not.toMatch(/s3cret|hunter2|movie/);
  });
});

describe('the flow of a body', () => {
  it('stops the server while its reader has paused', async () => {
    let written = 0;
    const { url } = await bench.http((_, res) => {
      const chunk = Buffer.alloc(65_536);
      const more = (): void => {
        while (written < 64 * 1024 * 1024 && res.write(chunk)) written += chunk.length;
      };
      res.on('drain', more);
      more();
    });
    const origin = bench.origin([url], systemClock);
    const response = await origin.fetch(request());
    let got = 0;
    let last = -1;
    const still = async (): Promise<void> => {
      for (let calm = 0; calm < 200; calm++, await turn()) {
        if (written !== last) calm = 0;
        last = written;
      }
    };
    await still();
    const unread = written;
    expect(unread).toBeLessThan(20 * 1024 * 1024);
    response.body.start({
      data: (chunk) => {
        got += chunk.length;
        if (got > 1_000_000) response.body.pause();
      },
      end: () => {},
      error: () => {},
    });
    await still();
    const paused = got;
    expect(paused).toBeLessThan(1_200_000);
    expect(written).toBeLessThan(30 * 1024 * 1024);
    response.body.resume();
    await until(() => got > paused);
    response.body.cancel();
  });

  it('cancel closes the connection, frees it and is followed by no callback', async () => {
    let closed = 0;
    const { url } = await bench.http((incoming, res) => {
      incoming.socket.on('close', () => closed++);
      res.write('some');
    });
    const origin = bench.origin([url], systemClock, { group: { maxConnections: 1 } });
    const response = await origin.fetch(request());
    const calls: string[] = [];
    response.body.start({
      data: () => calls.push('data'),
      end: () => calls.push('end'),
      error: () => calls.push('error'),
    });
    await until(() => calls.length === 1);
    response.body.cancel();
    response.body.cancel();
    expect(origin.status()[0]?.in_flight).toBe(0);
    await until(() => closed === 1);
    expect(calls).toEqual(['data']);
    expect((await origin.fetch(request())).status).toBe(200);
  });

  it('the signal breaks a body that is being read', async () => {
    const { url } = await bench.http((_, res) => void res.write('some'));
    const origin = bench.origin([url], systemClock);
    const controller = new AbortController();
    const response = await origin.fetch(request({ signal: controller.signal }));
    const reading = refusal(read(response.body));
    await settle(3);
    controller.abort();
    expect((await reading).code).toBe('client_closed');
    expect(origin.status()[0]).toMatchObject({ in_flight: 0, errors: 0 });
  });

  it('a whole small body frees its connection before anybody reads it', async () => {
    const { url } = await bench.http((_, res) => res.end('small'));
    const origin = bench.origin([url], systemClock, { group: { maxConnections: 1 } });
    const first = await origin.fetch(request());
    const second = await origin.fetch(request());
    expect(await text(second)).toBe('small');
    expect(await text(first)).toBe('small');
  });
});

describe('deadlines', () => {
  it('no head in time is a 504', async () => {
    let asked = 0;
    const { url } = await bench.http(() => asked++);
    const clock = new TestClock();
    const origin = bench.origin([url], clock, { maxRetries: 0 });
    const failed = refusal(origin.fetch(request()));
    await until(() => asked === 1);
    clock.advance(20_000);
    expect(await failed).toMatchObject({ code: 'origin_timeout', status: 504 });
    await until(() => origin.status()[0]?.in_flight === 0);
    expect(clock.pending).toBe(0);
  });

  it.each([
    ['is taken', 499, 200],
    ['that is still not there is waited for no longer', 500, 504],
  ])('this process stood still: an answer that came meanwhile %s', async (_, ms, status) => {
    const clock = new TestClock();
    let answer: (() => void) | undefined;
    const { url } = await bench.raw((socket) => {
      answer = () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    });
    const asked = bench.origin([url], clock, { maxRetries: 0 }).fetch(request());
    await until(() => answer !== undefined);
    clock.time += 60_000;
    clock.advance(0); // its timers come first
    clock.advance(ms);
    answer?.();
    expect((await asked.catch((error: ProxyError) => error)).status).toBe(status);
  });

  it('no connection in time is a 504', async () => {
    // A listener that never accepts, with its queue full, needs the system's help; TLS to a silent server does not.
    const { url } = await bench.raw(() => {});
    const clock = new TestClock();
    const origin = bench.origin([url.replace('http:', 'https:')], clock, { maxRetries: 0 });
    const failed = refusal(origin.fetch(request()));
    await settle();
    clock.advance(5_000);
    expect(await failed).toMatchObject({ code: 'origin_timeout' });
  });

  it('a silent body breaks, one whose reader has paused does not', async () => {
    const { url } = await bench.http((_, res) => void res.write('some'));
    const clock = new TestClock();
    const response = await bench.origin([url], clock).fetch(request());
    const reading = refusal(read(response.body));
    await settle();
    response.body.pause();
    clock.advance(100_000);
    response.body.resume();
    await settle();
    clock.advance(19_999);
    clock.advance(20_001);
    expect((await reading).code).toBe('origin_timeout');
  });

  it('aborting while connecting rejects at once and leaves no listener', async () => {
    const { url } = await bench.raw(() => {});
    const origin = bench.origin([url.replace('http:', 'https:')], new TestClock());
    const controller = new AbortController();
    const failed = refusal(origin.fetch(request({ signal: controller.signal })));
    await settle();
    controller.abort(Object.assign(new Error('too slow'), { name: 'TimeoutError' }));
    expect((await failed).code).toBe('origin_timeout');
    await origin.close();
  });

  it('a body that nobody begins to read gives its connection back', async () => {
    const { url } = await bench.http((_, res) => res.end(Buffer.alloc(4_000_000)));
    const clock = new TestClock();
    const origin = bench.origin([url], clock);
    const response = await origin.fetch(request());
    await settle();
    expect(origin.status()[0]?.in_flight).toBe(1);
    clock.advance(20_000);
    expect(origin.status()[0]?.in_flight).toBe(0);
    expect((await refusal(read(response.body))).code).toBe('origin_timeout');
  });

  it('no listener stays on the signal and no timer on the clock', async () => {
    const { url } = await bench.http((_, res) => res.end('ok'));
    const clock = new TestClock();
    const { signal } = new AbortController();
    const origin = bench.origin([url], clock, { group: { maxConnections: 1 } });
    await Promise.all(Array.from({ length: 5 }, async () => text(await origin.fetch(request({ signal })))));
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    expect(clock.pending).toBe(0);
  });
});

describe('a proxy', () => {
  it('is asked for a tunnel and sees nothing but the host', async () => {
    const { url } = await bench.http((incoming, res) => res.end(JSON.stringify(incoming.rawHeaders)));
    const asked: string[] = [];
    const proxy = await bench.raw((socket, data) => {
      asked.push(data.toString('latin1'));
      socket.removeAllListeners('data');
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      const tunnel = connect(Number(new URL(url).port), '127.0.0.1');
      tunnel.on('error', () => socket.destroy());
      socket.on('close', () => tunnel.destroy());
      socket.pipe(tunnel).pipe(socket);
    });
    const origin = bench.origin(['http://api.test'], systemClock, {
      proxy: { http: proxy.url.replace('//', '//u:p@') },
    });
    const response = await origin.fetch(request({ headers: ['Accept', 'a', 'Accept', 'b'] }));
    const fields = JSON.parse(await text(response)) as string[];
    expect(asked).toHaveLength(1);
    expect(asked[0]).toContain('CONNECT api.test:80 HTTP/1.1');
    expect(asked[0]?.toLowerCase()).toContain('proxy-authorization: basic dtpw');
    expect(asked[0]).not.toContain('s3cret');
    expect(fields.filter((_, i) => fields[i - 1] === 'Accept')).toEqual(['a', 'b']);
    expect(field(fields, 'host')).toBe('api.test');
    expect(field(fields, 'proxy-authorization')).toBeUndefined();
  });

  it.each([
    ['refuses', 'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n'],
    ['hangs up', ''],
  ])('one that %s is a 502', async (_, bytes) => {
    let asked = 0;
    const proxy = await bench.raw((socket) => {
      asked++;
      socket.end(bytes);
    });
    const origin = bench.origin(['http://api.test'], systemClock, {
      proxy: { http: proxy.url },
      maxRetries: 0,
    });
    expect(await refusal(origin.fetch(request()))).toMatchObject({ code: 'origin_unreachable' });
    expect(asked).toBe(1);
  });
});
