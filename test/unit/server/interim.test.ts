import { describe, expect, it } from 'vitest';
import type { Answer } from '../../../src/cache/answer.js';
import type { RequestContext } from '../../../src/cache/engine.js';
import { bodyOf, dial, ManualBody, PASS, request, start, until } from './helpers.js';

const ok = (target: string): Answer => ({
  kind: 'raw',
  share: false,
  head: { status: 200, statusText: 'OK', headers: ['Content-Length', '1', 'X-Target', target] },
  body: bodyOf('.'),
  outcome: PASS,
});

/** Everything sent up to the head of the final response. */
async function interim(tell: (context: RequestContext) => void, text = request('GET', '/3/account/1')) {
  const { port } = await start((context) => {
    tell(context);
    return ok(context.request.target);
  });
  const socket = dial(port);
  let seen = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    seen += chunk;
  });
  socket.write(text);
  await until(() => / 200 OK\r\n/.test(seen) && seen.endsWith('.'));
  const final = seen.search(/HTTP\/1\.1 200 OK/);
  return { before: seen.slice(0, final), final: seen.slice(final) };
}

describe('interim responses, RFC 9110 section 15.2', () => {
  it.each([
    ['103 with Link and any other field', 103, ['Link', '</a>', 'X-Two', 'a', 'x-two', 'b'], 'Early Hints'],
    ['103 without Link, of which Node sends nothing', 103, ['Server', 'x'], 'Early Hints'],
    ['102 with a field, of which Node sends none', 102, ['Date', 'now'], 'Processing'],
    ['one without fields', 102, [], 'Processing'],
    ['a Link that is not well-formed: ours is not to judge', 103, ['Link', 'rubbish'], 'Early Hints'],
    ['one that nobody knows', 199, ['X', 'caf\xe9'], ''],
  ])('%s goes on as it came', async (_, status, headers, reason) => {
    const lines = headers.flatMap((name, i) => (i % 2 === 0 ? [`${name}: ${headers[i + 1]}\r\n`] : []));
    const { before } = await interim((context) => context.onInfo?.(status, headers));
    expect(before).toBe(`HTTP/1.1 ${status} ${reason}\r\n${lines.join('')}\r\n`);
  });

  it('several go on in their order, and no field of theirs is in the final response', async () => {
    const { before, final } = await interim((context) => {
      context.onInfo?.(102, ['X-Interim', '1']);
      context.onInfo?.(103, ['X-Interim', '2']);
    });
    expect(before.match(/HTTP\/1\.1 \d+|X-Interim: \d/g)).toEqual([
      'HTTP/1.1 102',
      'X-Interim: 1',
      'HTTP/1.1 103',
      'X-Interim: 2',
    ]);
    expect(final).not.toContain('X-Interim');
  });

  it('100 and 101 belong to each connection', async () => {
    const { before } = await interim((context) => {
      context.onInfo?.(100, []);
      context.onInfo?.(101, ['Upgrade', 'x']);
    });
    expect(before).toBe('');
  });

  it.each([
    ['of one connection', ['Connection', 'X-Mine', 'X-Mine', '1', 'Keep-Alive', 'timeout=5']],
    ['of framing', ['Content-Length', '5', 'Transfer-Encoding', 'chunked']],
    ['of this node', ['Cache-Status', 'x; hit', 'X-Cache', 'HIT', 'X-Request-Id', '1', 'X-TMDB-Proxy', 'n']],
    ['that would begin a line or a response of their own', ['X-A', 'a\r\nX-B: 1', 'X-C', 'a\0', 'X D', '1']],
  ])('fields %s stay here', async (_, headers) => {
    const { before } = await interim((context) => context.onInfo?.(103, [...headers, 'Kept', 'yes']));
    expect(before).toBe('HTTP/1.1 103 Early Hints\r\nKept: yes\r\n\r\n');
  });

  it('HTTP/1.0 has none', async () => {
    const { before } = await interim(
      (context) => context.onInfo?.(103, ['Link', '</a>']),
      'GET /3/account/1 HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n',
    );
    expect(before).toBe('');
  });
});

describe('an interim response that comes at the wrong time', () => {
  it('is not put into the answer to an earlier request on the same connection', async () => {
    let answerFirst: ((_: Answer) => void) | undefined;
    const told: string[] = [];
    const { port, listener } = await start((context) => {
      const { target } = context.request;
      if (!target.endsWith('first')) {
        context.onInfo?.(103, ['Link', '</second>']);
        told.push(target);
        return ok(target);
      }
      return new Promise<Answer>((resolve) => {
        answerFirst = resolve;
      });
    });
    const socket = dial(port);
    let seen = '';
    socket.on('data', (chunk) => {
      seen += chunk;
    });
    socket.write(request('GET', '/3/account/first') + request('GET', '/3/account/second'));
    await until(() => listener.connections.active === 2 && answerFirst !== undefined);
    expect([seen, told]).toEqual(['', []]);
    answerFirst!(ok('first'));
    await until(() => /X-Target: \/3\/account\/second[\s\S]*\./.test(seen));
    expect(seen.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 103', 'HTTP/1.1 200']);
  });

  it('is not put into the next answer on the same connection', async () => {
    const late: RequestContext['onInfo'][] = [];
    const { port } = await start((context) => {
      late.push(context.onInfo);
      return ok(context.request.target);
    });
    const socket = dial(port);
    let seen = '';
    socket.on('data', (chunk) => {
      seen += chunk;
    });
    for (const path of ['/3/account/1', '/3/account/2']) {
      socket.write(request('GET', path));
      await until(() => seen.includes(`X-Target: ${path}`) && seen.endsWith('.'));
      late[0]?.(103, ['Link', '</a>']);
    }
    socket.write(request('GET', '/3/account/3'));
    await until(() => seen.includes('X-Target: /3/account/3'));
    expect(seen).not.toContain('HTTP/1.1 103');
  });

  it('is not put into the body of the answer it comes too late for', async () => {
    const body = new ManualBody();
    let tell: RequestContext['onInfo'];
    const { port } = await start((context) => {
      tell = context.onInfo;
      return {
        kind: 'raw',
        share: false,
        head: { status: 200, statusText: 'OK', headers: [] },
        body,
        outcome: PASS,
      };
    });
    const socket = dial(port);
    let seen = '';
    socket.on('data', (chunk) => {
      seen += chunk;
    });
    socket.write(request('GET', '/3/account/1'));
    await until(() => body.sink !== undefined);
    body.sink!.data(Buffer.from('a'));
    tell?.(103, ['Link', '</a>']);
    body.sink!.data(Buffer.from('b'));
    body.sink!.end();
    await until(() => seen.endsWith('0\r\n\r\n'));
    expect(seen).not.toContain('HTTP/1.1 103');
  });

  it('finds its client gone, and that does no harm', async () => {
    let tell: RequestContext['onInfo'];
    let gone = false;
    const { port } = await start((context) => {
      tell = context.onInfo;
      context.signal.addEventListener('abort', () => {
        gone = true;
      });
      return new Promise<Answer>(() => {});
    });
    const socket = dial(port);
    socket.write(request('GET', '/3/account/1'));
    await until(() => tell !== undefined);
    socket.destroy();
    await until(() => gone);
    expect(() => tell?.(103, ['Link', '</a>'])).not.toThrow();
  });

  it('is dropped for a client that does not read, however many there are', async () => {
    let sent = 0;
    let held = 0;
    let done = false;
    const { port } = await start(async (context) => {
      const { response } = context as unknown as { response: { socket: { writableLength: number } } };
      const pad = 'x'.repeat(8000);
      for (; sent < 2000; sent++) context.onInfo?.(103, ['X-Pad', pad]);
      held = response.socket.writableLength;
      done = true;
      return ok('x');
    });
    const socket = dial(port).pause();
    socket.write(request('GET', '/3/account/1'));
    await until(() => done);
    socket.destroy();
    expect([sent, held < 100_000]).toEqual([2000, true]);
  });
});
