import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Answer } from '../../../src/cache/answer.js';
import type { Outcome } from '../../../src/cache/outcome.js';
import type { RawHeaders } from '../../../src/http/headers.js';
import type { BodySource } from '../../../src/origin/source.js';
import { bodyOf, dial, exchange, get, ManualBody, MISS, PASS, request, start, until } from './helpers.js';

function raw(status: number, statusText: string, headers: RawHeaders, body: BodySource = bodyOf()): Answer {
  return { kind: 'raw', share: false, head: { status, statusText, headers }, body, outcome: PASS };
}

describe('an answer that is passed through', () => {
  it('keeps status, reason, fields in order and case, and bytes', async () => {
    const headers = [
      'zeta',
      '1',
      'Set-Cookie',
      'a=1',
      'Set-Cookie',
      'b=2',
      'CONTENT-LENGTH',
      '3',
      'X-Cache',
      'Hit from cdn',
    ];
    const { port } = await start(() => raw(299, 'Quite Fine', headers, bodyOf(Buffer.from([0, 255, 10]))));
    const reply = await get(port, '/3/account/1');
    expect(reply.statusLine).toBe('HTTP/1.1 299 Quite Fine');
    expect(reply.headers.slice(0, 8)).toEqual(headers.slice(0, 8));
    expect([...reply.body]).toEqual([0, 255, 10]);
    expect(reply.all('x-cache')).toEqual(['BYPASS']);
    expect(reply.get('cache-status')).toBe('node-1; fwd=bypass; fwd-status=200; detail=personal-path');
    expect(reply.get('x-tmdb-proxy')).toBe('node-1');
    expect(reply.get('access-control-allow-origin')).toBe('*');
    expect(reply.get('age')).toBeUndefined();
  });

  it('keeps a 401 and an odd status as they are', async () => {
    const { port } = await start((c) =>
      raw(c.request.target.endsWith('odd') ? 799 : 401, '', ['Content-Length', '0']),
    );
    expect((await get(port, '/3/account')).statusLine).toBe('HTTP/1.1 401 ');
    expect((await get(port, '/3/account/odd')).status).toBe(799);
  });

  it('sends no body with 304, 204 and HEAD', async () => {
    let status = 304;
    const { port } = await start(() =>
      raw(status, 'X', ['ETag', '"a"', 'Content-Length', '5'], bodyOf('12345')),
    );
    expect((await get(port, '/3/account/1')).status).toBe(304);
    status = 200;
    const head = await exchange(port, request('HEAD', '/3/account/1'));
    expect([head.status, head.get('content-length'), head.body.length]).toEqual([200, '5', 0]);
  });

  it('tells no length with 204, which never has a body', async () => {
    const { port } = await start(() => raw(204, 'No Content', ['Content-Length', '5'], bodyOf('12345')));
    const reply = await get(port, '/3/account/1');
    expect([reply.status, reply.get('content-length'), reply.body.length]).toEqual([204, undefined, 0]);
  });

  it('does not read a long body that nobody is sent', async () => {
    const body = new ManualBody();
    const { port } = await start(() => raw(200, 'OK', [], body));
    const reply = exchange(port, request('HEAD', '/3/account/1'));
    await until(() => body.sink !== undefined);
    body.sink!.data(Buffer.alloc(100_000));
    expect((await reply).status).toBe(200);
    expect(body.cancelled).toBe(true);
  });

  it('sends the head on while the body lets itself be waited for', async () => {
    const body = new ManualBody();
    const { port } = await start(() => raw(200, 'OK', ['X-Early', 'yes'], body));
    const socket = dial(port);
    let seen = '';
    socket.on('data', (chunk) => {
      seen += chunk;
    });
    socket.write(request('GET', '/3/account/1'));
    await until(() => seen.includes('X-Early: yes') && seen.includes('\r\n\r\n'));
    body.sink!.end();
  });

  it('answers 502 to a head that can not be printed', async () => {
    const { port } = await start(() => raw(200, 'OK', ['X-Bad', 'a\u0000b'], bodyOf('x')));
    expect((await get(port, '/3/account/1')).status).toBe(502);
  });
});

describe('a request with a body', () => {
  it('hands it to the engine as a stream', async () => {
    const { port } = await start(async (context) => {
      const parts: Buffer[] = [];
      for await (const part of (await context.readBody!())!) parts.push(part);
      return raw(201, 'Created', [], bodyOf(Buffer.concat(parts)));
    });
    const text = request('POST', '/3/account/1/favorite', 'Content-Length: 7');
    expect((await exchange(port, `${text}{"a":1}`)).body.toString()).toBe('{"a":1}');
  });

  it('has none where none was sent', async () => {
    const { port } = await start(async (context) =>
      raw((await context.readBody!()) === undefined ? 200 : 500, '', []),
    );
    expect((await get(port, '/3/account/1')).status).toBe(200);
    expect((await exchange(port, request('POST', '/3/account/1', 'Content-Length: 0'))).status).toBe(200);
  });

  it('invites it with 100 only when it is wanted', async () => {
    const { port } = await start(async (context) => {
      if (context.request.target.endsWith('no')) return raw(403, 'No', ['Content-Length', '0']);
      const parts: Buffer[] = [];
      for await (const part of (await context.readBody!())!) parts.push(part);
      return raw(200, 'OK', [], bodyOf(Buffer.concat(parts)));
    });
    const socket = dial(port);
    let seen = '';
    socket.on('data', (chunk) => {
      seen += chunk;
    });
    socket.write(request('POST', '/3/account/1', 'Content-Length: 2', 'Expect: 100-continue'));
    await until(() => seen === 'HTTP/1.1 100 Continue\r\n\r\n');
    socket.write('ok');
    await until(() => seen.includes('HTTP/1.1 200 OK') && seen.includes('ok'));
    const refused = await exchange(
      port,
      request('POST', '/3/no', 'Content-Length: 2', 'Expect: 100-continue'),
    );
    expect([refused.status, refused.get('connection')]).toEqual([403, 'close']);
  });

  it('survives an origin that destroys the stream: the client still gets its answer', async () => {
    const { port } = await start(async (context) => {
      const body = await context.readBody!();
      body!.destroy(new Error('origin failed'));
      return raw(503, 'Busy', ['Content-Length', '0']);
    });
    const reply = await exchange(port, `${request('POST', '/3/account/1', 'Content-Length: 3')}abc`);
    expect(reply.status).toBe(503);
  });
});

describe('what a fill asked for with gzip and nobody may store', () => {
  const TEXT = JSON.stringify({ success: false, filler: 'x'.repeat(300) });
  const BYTES = gzipSync(TEXT);
  const CODED = [
    ...['Content-Type', 'application/json', 'Content-Encoding', 'gzip', 'Content-Length', `${BYTES.length}`],
    ...['ETag', '"a"', 'Accept-Ranges', 'bytes', 'Content-Digest', 'sha-256=:AA==:', 'Set-Cookie', 'a=1'],
  ];
  const NOT_STORED: Outcome = { ...MISS, stored: false, noStore: 'set-cookie' };
  const filled = (headers: RawHeaders = CODED, body = bodyOf(BYTES.subarray(0, 9), BYTES.subarray(9))) => ({
    ...raw(200, 'OK', headers, body),
    outcome: NOT_STORED,
  });
  const REFUSING = [
    [],
    ['Accept-Encoding: identity'],
    ['Accept-Encoding: gzip;q=0'],
    ['Accept-Encoding: br'],
  ];

  it.each(REFUSING.map((lines) => ({ lines })))('is plain for a client with $lines', async ({ lines }) => {
    const { port } = await start(() => filled());
    for (const method of ['GET', 'HEAD']) {
      const reply = await exchange(port, request(method, '/3/movie/1', ...lines));
      expect([reply.status, reply.body.toString()]).toEqual([200, method === 'HEAD' ? '' : TEXT]);
      for (const name of ['content-encoding', 'content-length', 'accept-ranges', 'content-digest'])
        expect([name, reply.get(name)]).toEqual([name, undefined]);
      expect(reply.get('etag')).toBe('W/"a"');
      expect(reply.get('vary')).toBe('Accept-Encoding');
      expect(reply.get('set-cookie')).toBe('a=1');
    }
  });

  it('is as it came for one that takes gzip', async () => {
    const { port } = await start(() => filled());
    for (const method of ['GET', 'HEAD']) {
      const reply = await exchange(port, request(method, '/3/movie/1', 'Accept-Encoding: gzip'));
      expect(reply.headers.slice(0, CODED.length)).toEqual(CODED);
      expect(reply.get('vary')).toBe('Accept-Encoding');
      expect(reply.body.equals(method === 'HEAD' ? Buffer.alloc(0) : BYTES)).toBe(true);
    }
  });

  it('is as it came where the origin forbids its transformation, or has coded it twice', async () => {
    for (const more of [
      ['Cache-Control', 'no-transform'],
      ['Content-Encoding', 'br'],
    ]) {
      const { port } = await start(() => filled([...CODED, ...more]));
      const reply = await get(port, '/3/movie/1');
      expect(reply.all('content-encoding')[0]).toBe('gzip');
      expect(reply.body.equals(BYTES)).toBe(true);
      expect(reply.get('vary')).toBeUndefined();
    }
  });

  it('is nothing where nothing was coded', async () => {
    const { port } = await start(() => filled(['Content-Encoding', 'gzip', 'Content-Length', '0'], bodyOf()));
    const reply = await get(port, '/3/movie/1');
    expect([reply.status, reply.broken, reply.body.length]).toEqual([200, false, 0]);
    expect(reply.get('content-encoding')).toBeUndefined();
  });

  it('is an error where it is no gzip at all, and cut where it ends early', async () => {
    const { port, failures } = await start(({ request: { target } }) =>
      filled(CODED, target.endsWith('1') ? bodyOf('not gzip') : bodyOf(BYTES.subarray(0, 40))),
    );
    expect((await get(port, '/3/movie/1')).status).toBe(502);
    const cut = await get(port, '/3/movie/2');
    expect(cut.status === 502 || cut.broken).toBe(true);
    expect(failures.every(({ code }) => code === 'origin_protocol')).toBe(true);
  });

  it('keeps to the pace of a client, and is given up with it', async () => {
    const body = new ManualBody();
    const { port, records } = await start(() => filled(CODED, body));
    const socket = dial(port);
    socket.write(request('GET', '/3/movie/1'));
    await until(() => body.sink !== undefined);
    body.sink!.data(BYTES.subarray(0, 40));
    socket.destroy();
    await until(() => records.length === 1);
    expect(body.cancelled).toBe(true);
  });

  it('of what was passed through with the client’s own Accept-Encoding nothing is undone', async () => {
    const { port } = await start(() => raw(200, 'OK', CODED, bodyOf(BYTES)));
    const reply = await get(port, '/3/account/1');
    expect(reply.headers.slice(0, CODED.length)).toEqual(CODED);
    expect(reply.body.equals(BYTES)).toBe(true);
    expect(reply.get('vary')).toBeUndefined();
  });
});
