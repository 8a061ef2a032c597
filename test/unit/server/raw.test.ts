import { describe, expect, it } from 'vitest';
import type { Answer } from '../../../src/cache/answer.js';
import type { RawHeaders } from '../../../src/http/headers.js';
import type { BodySource } from '../../../src/origin/source.js';
import { bodyOf, dial, exchange, get, ManualBody, PASS, request, start, until } from './helpers.js';

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
      for await (const part of context.body!) parts.push(part);
      return raw(201, 'Created', [], bodyOf(Buffer.concat(parts)));
    });
    const text = request('POST', '/3/account/1/favorite', 'Content-Length: 7');
    expect((await exchange(port, `${text}{"a":1}`)).body.toString()).toBe('{"a":1}');
  });

  it('has none where none was sent', async () => {
    const { port } = await start((context) => raw(context.body === undefined ? 200 : 500, '', []));
    expect((await get(port, '/3/account/1')).status).toBe(200);
    expect((await exchange(port, request('POST', '/3/account/1', 'Content-Length: 0'))).status).toBe(200);
  });

  it('invites it with 100 only when it is wanted', async () => {
    const { port } = await start(async (context) => {
      if (context.request.target.endsWith('no')) return raw(403, 'No', ['Content-Length', '0']);
      const parts: Buffer[] = [];
      for await (const part of context.body!) parts.push(part);
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
    const { port } = await start((context) => {
      const { body } = context;
      body!.destroy(new Error('origin failed'));
      return raw(503, 'Busy', ['Content-Length', '0']);
    });
    const reply = await exchange(port, `${request('POST', '/3/account/1', 'Content-Length: 3')}abc`);
    expect(reply.status).toBe(503);
  });
});
