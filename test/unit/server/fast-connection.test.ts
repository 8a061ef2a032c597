import { once } from 'node:events';
import { createServer, type Server, type ServerOptions } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Connections } from '../../../src/server/connections.js';
import { FastConnection, type FirstTimes } from '../../../src/server/fast-connection.js';
import type { FastPath, PlainRequest } from '../../../src/server/fast-path.js';
import { Side } from '../../fast-path/side.js';
import { FakeClock } from '../../support/fake-clock.js';
import { until } from './helpers.js';

const HOT = 'GET /x/0 HTTP/1.1\r\nHost: a\r\n\r\n';
const FOREVER = 3_600_000;

let side: Side;
let server: Server | undefined;
const clients: Socket[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  server?.close();
  server?.closeAllConnections();
  server = undefined;
  await side.close();
});

/** A connection's life with times a test can wait for; the answers are those of a real node. */
async function serve(times: Partial<FirstTimes>, options: ServerOptions = {}, path?: FastPath) {
  side = await new Side({ site: 'letter', l2: 'prompt', clock: new FakeClock(), fast: true }).open();
  const warm = connect(side.port, '127.0.0.1');
  clients.push(warm);
  for (let i = 0; i < 3; i++) {
    warm.write(HOT);
    await once(warm, 'data');
  }
  const connections = new Connections();
  const passed: string[] = [];
  const made = createServer({ keepAliveTimeout: FOREVER, ...options }, (incoming, response) => {
    passed.push(incoming.url ?? '');
    response.end('passed');
  });
  server = made;
  const handOver = made.listeners('connection') as ((socket: Socket) => void)[];
  made.removeAllListeners('connection');
  const served: Socket[] = [];
  made.on('connection', (socket: Socket) => {
    served.push(socket);
    new FastConnection(socket, {
      path: path ?? side.fastPath!,
      connections,
      state: connections.opened(socket),
      times: { firstRequest: FOREVER, keepAlive: FOREVER, ...times },
      attach: (attached) => {
        for (const listener of handOver) listener.call(made, attached);
      },
      tooLate: (late) => void late.end('too late'),
    });
  });
  made.listen(0, '127.0.0.1');
  await once(made, 'listening');
  const { port } = made.address() as AddressInfo;
  return { connections, passed, served, dial: () => dial(port) };
}

function dial(port: number) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  clients.push(socket);
  let text = '';
  let closed = false;
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  socket.on('close', () => {
    closed = true;
  });
  return {
    socket,
    send: (bytes: string) => void socket.write(bytes, 'latin1'),
    text: () => text,
    answers: () => text.split('HTTP/1.1 200 OK').length - 1,
    closed: () => closed,
  };
}

describe('how long a connection may be silent', () => {
  it('before its first request: then it is told so, and closed', async () => {
    const { dial, connections } = await serve({ firstRequest: 50 });
    const client = dial();
    await until(client.closed);
    expect(client.text()).toBe('too late');
    await until(() => connections.size === 0);
  });

  it('after an answer: then it is closed without a word', async () => {
    const { dial, connections, passed } = await serve({ keepAlive: 50 });
    const client = dial();
    client.send(HOT);
    await until(client.closed);
    expect([client.answers(), client.text().endsWith('}'), passed]).toEqual([1, true, []]);
    await until(() => connections.size === 0);
  });

  it('after an answer of node:http: as long as node:http says', async () => {
    const { dial, passed } = await serve({}, { keepAliveTimeout: 50 });
    const client = dial();
    client.send(HOT);
    client.send('GET /other HTTP/1.1\r\nHost: a\r\n\r\n');
    await until(client.closed);
    expect(passed).toContain('/other');
  });

  it.each([
    ['', []],
    [', also after an answer of node:http', ['GET /other HTTP/1.1\r\nHost: a\r\n\r\n']],
  ])(
    'in the middle of an answer that its client does not take: as long as one that asks nothing%s',
    async (_when, before) => {
      const body = Buffer.alloc(64 * 1024 * 1024); // more than the kernel's buffers hold
      const path = {
        read: (chunk: Buffer) => chunk,
        answer: (chunk: Buffer, socket: Socket) =>
          chunk.toString('latin1').startsWith('GET /x') && (socket.write(body) || true),
      };
      const { dial, served, connections } = await serve(
        { keepAlive: 50 },
        { keepAliveTimeout: 50 },
        path as unknown as FastPath,
      );
      const client = dial();
      for (const bytes of before) {
        client.send(bytes);
        await until(() => client.answers() === 1);
      }
      client.socket.pause();
      client.send(HOT);
      await until(() => served[0]?.destroyed === true);
      expect(served[0]?.bytesWritten).toBeGreaterThan(body.length / 2); // all of it, as queued
      await until(() => connections.size === 0);
    },
  );

  it.each([
    ['at once', ''],
    ['after an answer', HOT],
    ['after an answer of node:http', 'GET /other HTTP/1.1\r\nHost: a\r\n\r\n'],
  ])('within a head that comes in pieces: as long as node:http says, %s', async (_when, before) => {
    const { dial, connections } = await serve({}, { headersTimeout: 60, connectionsCheckingInterval: 20 });
    const client = dial();
    if (before !== '') {
      client.send(before);
      await until(() => client.answers() === 1);
    }
    client.send('GET /x/0 HT');
    await until(client.closed);
    expect(client.text()).toMatch(/HTTP\/1\.1 408 /);
    await until(() => connections.size === 0);
  });
});

describe('what node:http is given', () => {
  it('the first request that is not for the fast path, and every one in between, in order', async () => {
    const { dial, passed, served } = await serve({});
    const client = dial();
    const asked = [HOT, '/a', HOT, HOT, '/b', HOT];
    let answers = 0;
    for (const request of asked) {
      client.send(request === HOT ? HOT : `GET ${request} HTTP/1.1\r\nHost: a\r\n\r\n`);
      answers += 1;
      await until(() => client.answers() === answers);
    }
    expect(passed).toEqual(['/a', '/b']);
    expect(served[0]!.listenerCount('data')).toBe(1);
  });

  it('all from the first bytes that are not one plain request', async () => {
    const { dial, passed } = await serve({});
    const client = dial();
    client.send(HOT);
    await until(() => client.answers() === 1);
    client.send(HOT + HOT);
    await until(() => client.answers() === 3);
    client.send(HOT);
    await until(() => client.answers() === 4);
    expect(passed).toEqual(['/x/0', '/x/0', '/x/0']);
  });

  it('what came before others have sent something, although all read into one buffer', async () => {
    let decide = (_answered: boolean) => {};
    const asked: string[] = [];
    const slow = {
      read: (chunk: Buffer) => side.fastPath!.read(chunk),
      answer: ({ split }: PlainRequest) => {
        asked.push(split.target);
        if (split.target !== '/slow') return false;
        const answered = new Promise<boolean>((resolve) => {
          decide = resolve;
        });
        return { answered, left: () => {} };
      },
    } as unknown as FastPath;
    const { dial, passed, served } = await serve({}, {}, slow);
    const [waiting, other] = [dial(), dial()];
    waiting.send('GET /slow HTTP/1.1\r\nHost: a\r\n\r\n');
    await until(() => asked.length === 1);
    waiting.send('GET /behind HTTP/1.1\r\nHost: a\r\n\r\n');
    await until(() => served[0]!.bytesRead > 60);
    other.send('GET /o HTTP/1.1\r\nHost: elsewhere-and-elsewhere\r\n\r\n');
    await until(() => other.answers() === 1);
    decide(false);
    await until(() => waiting.answers() === 2);
    expect(passed).toEqual(['/o', '/slow', '/behind']);
  });

  it('nothing of a connection that only has hits', async () => {
    const { dial, passed, served } = await serve({});
    const client = dial();
    for (let n = 1; n <= 20; n++) {
      client.send(HOT);
      await until(() => client.answers() === n);
    }
    expect(passed).toEqual([]);
    expect(served[0]!.bytesRead).toBe(20 * HOT.length);
  });
});

describe('a connection whose answer waits for L2', () => {
  let decide: (answered: boolean) => void;
  let left: number;

  function waiting(): FastPath {
    left = 0;
    return {
      read: (chunk: Buffer) => side.fastPath!.read(chunk),
      answer: () => ({
        answered: new Promise<boolean>((resolve) => {
          decide = resolve;
        }),
        left: () => void left++,
      }),
    } as unknown as FastPath;
  }

  it('is not closed by a draining node, once answered, while its next request is half here', async () => {
    const { dial, served, connections } = await serve({}, {}, waiting());
    const client = dial();
    client.send(HOT);
    await until(() => connections.active === 1);
    decide(true);
    await until(() => connections.active === 0);
    client.send('GET /x');
    await until(() => served[0]!.bytesRead === HOT.length + 6);
    connections.closeIdle();
    expect(served[0]!.destroyed).toBe(false);
    client.socket.destroy();
    await until(() => connections.size === 0);
    expect(left).toBe(0);
  });

  it.each([
    ['before L2 has told', false],
    ['when L2 has told but the socket has not said so yet', true],
  ])('says once that its client has left, %s', async (_when, early) => {
    const { dial, served, connections, passed } = await serve({}, {}, waiting());
    dial().send(HOT);
    await until(() => connections.active === 1);
    served[0]!.destroy();
    if (early) decide(false);
    await until(() => connections.size === 0);
    expect([left, connections.active]).toEqual([1, 0]);
    decide(false);
    for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
    expect([left, connections.active, passed]).toEqual([1, 0, []]);
  });
});
