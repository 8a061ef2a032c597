import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../support/fake-clock.js';
import { until } from '../unit/server/helpers.js';
import { KIND_NAMES } from './origin.js';
import { Side } from './side.js';
import { stillness, Wire } from './wire.js';

const path = (kind: string) => `/x/${KIND_NAMES.indexOf(kind)}`;
const request = (kind: string) => `GET ${path(kind)} HTTP/1.1\r\nHost: a\r\n\r\n`;

const sides: Side[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const side of sides.splice(0)) await side.close();
});

/** A node that has these answers in memory. */
async function node(...kinds: string[]): Promise<Side> {
  return start(true, kinds);
}

async function start(fast: boolean, kinds: readonly string[]): Promise<Side> {
  const side = await new Side({ site: 'letter', l2: 'prompt', clock: new FakeClock(), fast }).open();
  sides.push(side);
  const wire = await Wire.open(side);
  for (const kind of kinds) {
    for (let i = 0; i < 3; i++) {
      wire.send(Buffer.from(request(kind)));
      await stillness([wire]);
    }
  }
  wire.close();
  await until(() => side.listener.connections.size === 0);
  side.ids.splice(0);
  side.hits = 0;
  return side;
}

/** A client that reads only when told. */
async function reader(side: Side): Promise<Socket> {
  const socket = connect({ port: side.port, host: '127.0.0.1', noDelay: true });
  socket.on('error', () => {});
  sockets.push(socket);
  await new Promise<void>((resolve) => socket.once('connect', resolve));
  socket.pause();
  return socket;
}

const serverOf = (side: Side, client: Socket) => side.sockets.get(client.localPort!)!;

/** Asks again and again, one at a time, until an answer is stuck on its way. */
async function fill(side: Side, client: Socket, kind: string): Promise<number> {
  const bytes = request(kind);
  let asked = 0;
  await until(() => serverOf(side, client) !== undefined);
  const server = serverOf(side, client);
  while (server.writableLength === 0) {
    client.write(bytes);
    asked += 1;
    await until(() => server.bytesRead === asked * bytes.length);
    await new Promise(setImmediate);
    expect(asked).toBeLessThan(20_000);
  }
  return asked;
}

interface Answer {
  readonly id: string;
  readonly body: string;
}

/** Reads everything until so many whole answers are there. */
async function answers(client: Socket, count: number): Promise<Answer[]> {
  const chunks: Buffer[] = [];
  let size = 0;
  client.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    size += chunk.length;
  });
  client.resume();
  let read: Answer[] = [];
  let parsed = -1;
  await until(() => {
    if (size === parsed) return false;
    parsed = size;
    read = parse(Buffer.concat(chunks).toString('latin1'));
    return read.length >= count;
  });
  return read;
}

function parse(text: string): Answer[] {
  const found: Answer[] = [];
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('\r\n\r\n', at);
    if (end < 0) break;
    const head = text.slice(at, end);
    const length = Number(/\r\nContent-Length: (\d+)/.exec(head)![1]);
    if (text.length < end + 4 + length) break;
    found.push({
      id: /\r\nX-Request-Id: (\S+)/.exec(head)![1]!,
      body: text.slice(end + 4, end + 4 + length),
    });
    at = end + 4 + length;
  }
  return found;
}

describe('a client that does not read', () => {
  it.each(['joined', 'large', 'huge'])(
    'gets its own answers whole, whatever others are given of the same entry meanwhile: %s',
    async (kind) => {
      const side = await node(kind);
      const slow = await reader(side);
      const stuck = await fill(side, slow, kind);
      const other = await Wire.open(side);
      for (let i = 0; i < 20; i++) {
        other.send(Buffer.from(request(kind)));
        await until(() => side.ids.length === stuck + i + 1);
        await new Promise(setImmediate);
      }
      const got = await answers(slow, stuck);
      await until(() => other.quiet);
      const theirs = parse(other.take().toString('latin1'));
      expect(new Set([...got, ...theirs].map(({ body }) => body)).size).toBe(1);
      expect(theirs.map(({ id }) => id)).toEqual(side.ids.slice(stuck));
      expect(got.map(({ id }) => id)).toEqual(side.ids.slice(0, stuck));
      expect(side.hits).toBeGreaterThan(20);
    },
  );

  it('has nothing begun for it of what it asks for next, until it reads', async () => {
    const side = await node('huge');
    const slow = await reader(side);
    await fill(side, slow, 'huge');
    const asked = side.origin.asked.length;
    slow.write(request('strong'));
    await until(() => side.listener.connections.active === 1);
    for (let i = 0; i < 20; i++) await new Promise(setImmediate);
    expect(side.origin.asked).toHaveLength(asked);
    slow.resume();
    await until(() => side.origin.asked.length === asked + 1 && side.listener.connections.active === 0);
  });

  it('has no more waiting for it than node:http would let wait', async () => {
    const [plain, fast] = [await start(false, ['huge']), await start(true, ['huge'])];
    const waiting: number[] = [];
    for (const side of [plain, fast]) {
      const client = await reader(side);
      await until(() => serverOf(side, client) !== undefined);
      const server = serverOf(side, client);
      let most = 0;
      client.write(request('huge'));
      await until(() => side.ids.length === 1);
      for (let i = 0; i < 1000; i++) {
        client.write(request('huge'));
        await new Promise(setImmediate);
        most = Math.max(most, server.writableLength);
      }
      waiting.push(most);
    }
    const [byNode, byFast] = waiting as [number, number];
    expect(fast.hits).toBeGreaterThan(0);
    expect(byFast).toBeLessThanOrEqual(byNode + 305_000);
    expect(fast.active).toBeLessThanOrEqual(plain.active + 1);
  });

  it('costs no memory for 1000 requests pipelined in one go', async () => {
    const side = await node('huge');
    const client = await reader(side);
    const before = process.memoryUsage().arrayBuffers;
    client.write(request('huge').repeat(1000));
    for (let i = 0; i < 500; i++) await new Promise(setImmediate);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 * 1024 * 1024);
  });
});

describe('a node that drains', () => {
  it('lets answers of the fast path leave before it closes their connections', async () => {
    const side = await node('large');
    const slow = await reader(side);
    const asked = await fill(side, slow, 'large');
    side.ready = false;
    side.listener.closeIdle();
    await new Promise(setImmediate);
    expect(serverOf(side, slow).destroyed).toBe(false);
    expect(await answers(slow, asked)).toHaveLength(asked);
    side.listener.closeIdle();
    await until(() => side.listener.connections.size === 0);
  });

  it('closes connections that the fast path has answered, and those that never asked', async () => {
    const side = await node('strong');
    const [answered, silent, asking] = [await reader(side), await reader(side), await reader(side)];
    answered.write(request('strong'));
    asking.write(request('strong').slice(0, 20));
    await until(() => side.hits === 1 && serverOf(side, asking)?.bytesRead === 20);
    side.listener.closeIdle();
    await until(() => serverOf(side, answered).destroyed && serverOf(side, silent).destroyed);
    expect(serverOf(side, asking).destroyed).toBe(false);
    side.listener.closeAll();
    await until(() => side.listener.connections.size === 0);
  });

  it('says so to a client of the fast path, and closes', async () => {
    const side = await node('strong');
    const wire = await Wire.open(side);
    wire.send(Buffer.from(request('strong')));
    await stillness([wire]);
    expect(wire.take().toString('latin1')).toMatch(/\r\nConnection: keep-alive\r\n/);
    side.ready = false;
    wire.send(Buffer.from(request('strong')));
    await stillness([wire]);
    expect(wire.take().toString('latin1')).toMatch(/\r\nConnection: close\r\n/);
    expect([wire.over, side.hits]).toEqual([true, 1]);
    wire.close();
  });
});

describe('connections', () => {
  it('are counted while they last, a thousand of them, and all answered', async () => {
    const side = await node('strong');
    const wires = await Promise.all(Array.from({ length: 1000 }, () => Wire.open(side)));
    for (let round = 0; round < 2; round++) {
      for (const wire of wires) wire.send(Buffer.from(request('strong')));
      await stillness(wires);
    }
    expect([side.hits, side.listener.connections.size, side.active]).toEqual([2000, 1000, 0]);
    expect(new Set(side.ids).size).toBe(2000);
    for (const wire of wires) {
      const got = parse(wire.take().toString('latin1'));
      expect(got).toHaveLength(2);
      wire.close();
    }
    await until(() => side.listener.connections.size === 0);
  });

  it('are no more than the server may have', async () => {
    const side = await node('strong');
    side.listener.server.maxConnections = 3;
    const clients = await Promise.all(Array.from({ length: 8 }, () => reader(side)));
    for (const client of clients) client.resume();
    await until(() => clients.filter((client) => client.destroyed).length === 5);
    expect(side.listener.connections.size).toBe(3);
  });

  it('that are reset at any moment leave nothing behind', async () => {
    const side = await node('strong', 'huge');
    const hot = request('strong');
    const sendings = [
      hot,
      request('huge'),
      hot + hot,
      hot.slice(0, 20),
      request('unstored'),
      'nonsense\r\n\r\n',
    ];
    for (let i = 0; i < 240; i++) {
      const client = await reader(side);
      if (i % 3 === 0) client.resume();
      for (let n = 0; n < i % 4; n++) client.write(sendings[(i + n) % sendings.length]!);
      for (let turn = 0; turn < i % 5; turn++) await new Promise(setImmediate);
      if (i % 2 === 0) client.resetAndDestroy();
      else client.destroy();
    }
    await until(() => side.listener.connections.size === 0 && side.quiet);
    expect(side.hits).toBeGreaterThan(0);
  });
});

describe('a connection that node:http has let go of', () => {
  it.each([
    ['from its first bytes', ''],
    ['after a hit', request(KIND_NAMES[0]!)],
    ['after an answer of node:http', 'GET /x/0 HTTP/1.1\r\nHost: a\r\nX-Odd: 1\r\n\r\n'],
  ])('gives none of its bytes to the parser of another, %s (request smuggling)', async (_when, before) => {
    const side = await node(KIND_NAMES[0]!);
    const tunnel = connect({ port: side.port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    sockets.push(tunnel);
    let text = '';
    tunnel.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    tunnel.on('error', () => {});
    const answers = () => text.split('HTTP/1.1 ').length - 1;
    if (before !== '') {
      tunnel.write(before);
      await until(() => answers() === 1);
    }
    tunnel.write('CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n');
    await until(() => text.includes('405'));
    const seen = answers();
    // Its parser is free now: the next connection that node:http is given takes it.
    const victim = await Wire.open(side);
    victim.send(Buffer.from('GET /x/0 HTTP/1.1\r\nHost: a\r\nX-Odd: 1\r\n'));
    await stillness([victim]);
    const told = side.told.length;
    tunnel.write('\r\nGET /injected HTTP/1.1\r\nHost: evil\r\n\r\n');
    await stillness([victim]);
    victim.send(Buffer.from('\r\n'));
    await stillness([victim]);
    expect(side.told.slice(told).filter((line) => line.includes('injected'))).toEqual([]);
    expect(victim.take().toString('latin1').split('HTTP/1.1 200').length - 1).toBe(1);
    expect(answers()).toBe(seen);
    victim.close();
  });

  it('is closed when its client does not hang up by itself, not even if that goes on sending', async () => {
    const side = await node(KIND_NAMES[0]!);
    const tunnel = connect({ port: side.port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    sockets.push(tunnel);
    tunnel.on('error', () => {});
    tunnel.resume();
    tunnel.write('CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n');
    await until(() => side.listener.connections.size === 1);
    const trickle = setInterval(() => tunnel.write('x'), 50);
    await until(() => side.listener.connections.size === 0).finally(() => clearInterval(trickle));
  });
});
