import { describe, expect, it } from 'vitest';
import { ProxyError } from '../../../src/errors.js';
import {
  answerOf,
  dial,
  entryOf,
  exchange,
  get,
  request,
  SITE,
  type StubEngine,
  start,
  until,
} from './helpers.js';

const echo: StubEngine = (context) => answerOf(entryOf(context.request.target));
const json = (body: Buffer) => JSON.parse(body.toString());

it('a site that fails costs one answer, also where the failure is told', async () => {
  const route = () => {
    throw new URIError('URI malformed');
  };
  const settings = { site: { ...SITE, route } };
  const { port, failures } = await start(route, { settings });
  expect((await get(port, '/3/movie/1')).status).toBe(500);
  expect((await get(port, '/3/movie/2')).status).toBe(500);
  expect(failures.map(({ code }) => code)).toEqual(['internal', 'internal']);
});

describe('who answers', () => {
  it.each([
    ['/3/movie/1?x=%20y'],
    ['/4/list/1'],
    ['/t/p/w500//a.jpg'],
    ['//3/movie/1'],
    ['/cache/../3/movie/1'],
    ['/%33/movie/1'],
  ])('the engine, given the raw target: %s', async (path) => {
    const { port } = await start(echo);
    expect((await get(port, path)).body.toString()).toBe(path);
  });

  it.each([
    ['/config', '/config'],
    ['//config', '/config'],
    ['/3/../config?a=b', '/config?a=b'],
    ['/3/movie/../../config', '/config'],
    ['/%63onfig', '/config'],
    ['/api/cache/info', '/api/cache/info'],
    ['/mapi/health', '/mapi/health'],
    ['/docs', '/docs'],
  ])('management, given the canonical path: %s', async (path, canonical) => {
    const { port, records } = await start(echo);
    const reply = await get(port, path);
    expect(json(reply.body).managed).toBe(`http://localhost${canonical}`);
    await until(() => records.length === 1);
    expect(records[0]).toMatchObject({ path, status: 200, outcome: undefined });
  });

  it('management, for PURGE of any path', async () => {
    const { port } = await start(echo);
    expect(json((await exchange(port, request('PURGE', '/3/movie/1'))).body)).toMatchObject({
      method: 'PURGE',
    });
  });

  it.each(['/', '/favicon.ico', '/3x', '/api/metrics', '/Config', '/t/px'])('nobody: %s', async (path) => {
    const { port } = await start(echo);
    const reply = await get(port, path);
    expect([reply.status, reply.get('content-type')]).toEqual([404, 'application/problem+json']);
    expect(json(reply.body)).toMatchObject({
      status: 404,
      code: 'not_found',
      detail: expect.stringContaining('/docs'),
    });
  });

  it.each(['/3/movie%2f1', '/3/%2e%2e/config', '/3/movie\\1', '/3/a%00'])(
    'nobody, refused: %s',
    async (path) => {
      const { port } = await start(echo);
      const reply = await get(port, path);
      expect(reply.status).toBe(400);
      expect(json(reply.body)).toMatchObject({
        success: false,
        status_message: expect.stringMatching(/path/i),
      });
      expect(reply.get('cache-status')).toBe('node-1; detail=bad_target');
    },
  );

  it('the engine everything that is not management, in front of a generic upstream', async () => {
    const territory = {
      canonicalPath: (path: string) => path,
      owns: (path: string) => path === '/config',
      proxied: () => true,
    };
    const { port } = await start(echo, { app: { territory } });
    expect((await get(port, '/anything')).body.toString()).toBe('/anything');
    expect(json((await get(port, '/config')).body).managed).toBeDefined();
  });

  it('only management, on a port of its own', async () => {
    const { port } = await start(echo, { app: { engine: undefined } });
    expect((await get(port, '/config')).status).toBe(200);
    const reply = await get(port, '/3/movie/1');
    expect([reply.status, reply.get('content-type')]).toEqual([404, 'application/problem+json']);
  });
});

describe('what is refused before anyone looks', () => {
  it('two Host lines', async () => {
    const { port } = await start(echo);
    const reply = await get(port, '/3/movie/1', 'Host: elsewhere');
    expect([reply.status, json(reply.body).success]).toEqual([400, false]);
    expect((await get(port, '/config', 'Host: localhost')).get('content-type')).toBe(
      'application/problem+json',
    );
  });

  it('a Host line that is none', async () => {
    const { port } = await start(echo);
    expect((await exchange(port, 'GET /3/movie/1 HTTP/1.1\r\nHost: a/b@c\r\n\r\n')).status).toBe(400);
  });

  it('absolute targets but our own', async () => {
    const { port } = await start(echo);
    const own = [
      `http://127.0.0.1:${port}`,
      `http://LOCALHOST:${port}`,
      `http://proxy.home:${port}`,
      'https://tmdb.example',
    ];
    for (const origin of own) {
      expect((await get(port, `${origin}/3/movie/1?a=b`)).body.toString()).toBe('/3/movie/1?a=b');
    }
    const foreign = [
      'http://api.themoviedb.org',
      'http://127.0.0.1:1',
      `http://u@127.0.0.1:${port}`,
      'http://127.0.0.1',
    ];
    for (const origin of foreign) expect((await get(port, `${origin}/3/movie/1`)).status).toBe(421);
    expect((await get(port, `ftp://127.0.0.1:${port}/3/movie/1`)).status).toBe(400);
  });

  it.each(['TRACE', 'CONNECT'])('%s', async (method) => {
    const { port, records } = await start(echo);
    const target = method === 'CONNECT' ? 'api.themoviedb.org:443' : '/3/movie/1';
    expect((await exchange(port, request(method, target))).status).toBe(405);
    await until(() => records.length === 1);
    expect(records[0]).toMatchObject({ method, status: 405 });
  });

  it('a change of protocol, but for offers that may be ignored', async () => {
    const { port } = await start(echo);
    const upgrade = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
    expect((await get(port, '/3/movie/1', ...upgrade)).status).toBe(400);
    expect((await get(port, '/3/movie/1', 'Connection: Upgrade', 'Upgrade: h2c')).status).toBe(200);
  });

  it('bytes that are no request, two framings, heads without end', async () => {
    const { port } = await start(echo);
    expect((await exchange(port, 'rubbish\r\n\r\n')).status).toBe(400);
    const smuggled = request('POST', '/3/x', 'Content-Length: 3', 'Transfer-Encoding: chunked');
    expect((await exchange(port, smuggled)).status).toBe(400);
    expect((await get(port, '/3/x', `X-Long: ${'x'.repeat(40_000)}`)).status).toBe(431);
    expect((await get(port, '/3/x', `X-Long: ${'x'.repeat(30_000)}`)).status).toBe(200);
  });
});

describe('preflights', () => {
  it('are answered here, with the fields asked for', async () => {
    const { port, records } = await start(() => {
      throw new Error('asked');
    });
    const lines = ['Origin: https://app.example', 'Access-Control-Request-Method: DELETE'];
    const reply = await exchange(
      port,
      request('OPTIONS', '/3/list/1', ...lines, 'Access-Control-Request-Headers: authorization,x-app'),
    );
    expect(reply.status).toBe(204);
    expect(reply.get('access-control-allow-origin')).toBe('*');
    expect(reply.get('access-control-allow-methods')).toContain('DELETE');
    expect(reply.get('access-control-allow-headers')).toBe('authorization, x-app');
    expect(reply.get('access-control-max-age')).toBe('86400');
    expect(reply.get('content-length')).toBeUndefined();
    const odd = await exchange(
      port,
      request('OPTIONS', '/3/x', ...lines, 'Access-Control-Request-Headers: a b, <c>'),
    );
    expect(odd.get('access-control-allow-headers')).toContain('Authorization');
    expect(records).toHaveLength(2);
  });

  it('are the only OPTIONS that are', async () => {
    const { port } = await start(echo);
    expect((await exchange(port, request('OPTIONS', '/3/x'))).status).toBe(200);
    const star = await exchange(port, request('OPTIONS', '*'));
    expect([star.status, star.get('allow')]).toEqual([204, 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS']);
  });
});

describe('failures', () => {
  it('of the origin: envelope, Retry-After, CORS and a truthful Cache-Status', async () => {
    const { port, records, failures } = await start(() => {
      throw new ProxyError('origin_breaker_open', 'the origin has been failing', { retryAfter: 2.2 });
    });
    const reply = await get(port, '/3/movie/1');
    expect([reply.status, reply.get('retry-after'), reply.get('cache-control')]).toEqual([
      503,
      '3',
      'no-store',
    ]);
    expect(reply.get('access-control-allow-origin')).toBe('*');
    expect(reply.get('access-control-expose-headers')).toContain('Retry-After');
    expect(reply.get('cache-status')).toBe('node-1; fwd=miss; detail=origin_breaker_open');
    expect(reply.get('x-cache')).toBe('ERROR');
    expect(json(reply.body)).toMatchObject({ success: false, status_code: 9 });
    expect((await get(port, '/3/account/1')).get('cache-status')).toBe(
      'node-1; fwd=bypass; detail=origin_breaker_open',
    );
    expect(failures).toHaveLength(2);
    expect(records).toMatchObject([
      { status: 503, outcome: { result: 'error', served: 'none', class: 'detail' } },
      { status: 503, outcome: { class: 'pass' } },
    ]);
  });

  it('of ours: a 500 that tells nothing but its id, and the cause for the log', async () => {
    const { port, failures } = await start(() => {
      throw new TypeError('secret detail');
    });
    const reply = await get(port, '/3/movie/1', 'X-Request-Id: r7');
    expect([reply.status, reply.get('x-request-id')]).toEqual([500, 'r7']);
    expect(reply.body.toString()).not.toContain('secret');
    expect(failures[0]!.cause).toBeInstanceOf(TypeError);
  });

  it('have no body for HEAD, and name the methods for 405', async () => {
    const { port } = await start(() => {
      throw new ProxyError('method_refused', 'this method is not served');
    });
    const reply = await exchange(port, request('HEAD', '/3/movie/1'));
    expect([reply.status, reply.body.length]).toEqual([405, 0]);
    expect(reply.get('allow')).toContain('PATCH');
    expect(Number(reply.get('content-length'))).toBeGreaterThan(0);
  });

  it('of an entry that can not be decoded', async () => {
    const { port } = await start(() => answerOf(entryOf('no gzip\0\0\0\0', { coding: 'gzip' })));
    expect((await get(port, '/3/movie/1')).status).toBe(500);
  });
});

/** More than the buffers of both sides hold. */
const LARGE = Buffer.alloc(32 * 1024 * 1024);

describe('connections', () => {
  it('carry one request after another, and pipelined ones in order', async () => {
    const { port, listener, records } = await start(async (context) => {
      if (context.request.target.endsWith('1')) await new Promise((resolve) => setTimeout(resolve, 20));
      return echo(context);
    });
    const socket = dial(port);
    let seen = '';
    socket.on('data', (chunk) => {
      seen += chunk;
    });
    socket.write(request('GET', '/3/a/1') + request('GET', '/3/b/2'));
    await until(() => seen.includes('/3/b/2'));
    expect(seen.indexOf('/3/a/1')).toBeLessThan(seen.indexOf('/3/b/2'));
    await until(() => records.length === 2);
    expect([listener.connections.size, listener.connections.active]).toEqual([1, 0]);
  });

  it('have one answer made at a time: what is pipelined is not begun before all has left that was asked before', async () => {
    const begun: string[] = [];
    const { port, listener } = await start(({ request: { target } }) => {
      begun.push(target);
      return answerOf(entryOf(target === '/3/large' ? LARGE : 'small'));
    });
    const socket = dial(port).pause();
    socket.write(request('GET', '/3/large') + request('GET', '/3/next'));
    await until(() => listener.connections.active === 2);
    for (let i = 0; i < 20; i++) await new Promise(setImmediate);
    expect(begun).toEqual(['/3/large']);
    socket.resume();
    await until(() => begun.length === 2 && listener.connections.active === 0);
  });

  it('that break tell every request pipelined on them, and begin none', async () => {
    const signals: AbortSignal[] = [];
    const { port, records, listener } = await start((context) => {
      signals.push(context.signal);
      return new Promise(() => {});
    });
    const socket = dial(port);
    socket.write(request('GET', '/3/a') + request('GET', '/3/b'));
    await until(() => listener.connections.active === 2);
    socket.destroy();
    await until(() => records.length === 2);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect([listener.connections.size, listener.connections.active]).toEqual([0, 0]);
  });

  it('let the site see the raw fields', async () => {
    let headers: readonly string[] = [];
    const { port } = await start(
      (context) => {
        headers = context.request.headers;
        return answerOf(entryOf('x'));
      },
      { settings: { site: SITE } },
    );
    await get(port, '/3/movie/1', 'x-ODD: 1', 'X-odd: 2');
    expect(headers).toEqual(['Host', 'localhost', 'x-ODD', '1', 'X-odd', '2']);
  });
});
