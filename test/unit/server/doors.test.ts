import { describe, expect, it } from 'vitest';
import type { Answer } from '../../../src/cache/answer.js';
import { DoorCounts } from '../../../src/observe/metrics-doors.js';
import { LIMITS, MAX_FIELDS, MAX_TARGET } from '../../../src/server/limits.js';
import { answerOf, dial, entryOf, exchange, get, request, start, until } from './helpers.js';

/** A listener with these bounds. Answers to /3/slow are given by hand. */
async function node(bounds: { connections?: number; perClient?: number; requests?: number }) {
  const counts = new DoorCounts();
  const finish: (() => void)[] = [];
  const started = await start(
    (context) =>
      context.request.target.startsWith('/3/slow')
        ? new Promise<Answer>((resolve) => finish.push(() => resolve(answerOf(entryOf('late')))))
        : answerOf(entryOf('ok')),
    {
      doors: {
        bounds: () => ({ connections: 100, perClient: 0, requests: 100, ...bounds }),
        isProxy: () => false,
        counts,
      },
    },
  );
  const refusal = async () => {
    const reply = await exchange(started.port, request('GET', '/3/movie/1'));
    return { status: reply.status, code: JSON.parse(reply.body.toString()).code as string, reply };
  };
  return { ...started, counts, finish, refusal };
}

it('a connection that the system can not give is counted, and ends nothing', async () => {
  const { port, listener, counts } = await node({});
  listener.server.emit('error', Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' }));
  expect(counts.refused.system).toBe(1);
  expect((await exchange(port, request('GET', '/3/movie/1'))).status).toBe(200);
});

describe('a connection beyond the bound', () => {
  it.each([
    [{ connections: 2 }, 503, 'node_full', 'connections'],
    [{ perClient: 2 }, 429, 'client_full', 'client'],
  ] as const)(
    'of %j is told so and closed, and one that ends makes room',
    async (bounds, status, code, bound) => {
      const { port, listener, counts, refusal } = await node(bounds);
      const held = [dial(port), dial(port)];
      await until(() => listener.connections.size === 2);
      const refused = await refusal();
      expect(refused).toMatchObject({ status, code });
      expect(refused.reply.get('retry-after')).toBe('1');
      expect(refused.reply.get('connection')).toBe('close');
      expect(counts.refused[bound]).toBe(1);
      held[0]!.destroy();
      await until(() => listener.connections.size === 1);
      expect((await get(port, '/3/movie/1')).status).toBe(200);
    },
  );

  it('is let go also by a client that does not hang up', async () => {
    const { port, listener, counts } = await node({ connections: 1 });
    dial(port);
    await until(() => listener.connections.size === 1);
    const stubborn = dial(port);
    stubborn.pause();
    await until(() => counts.refused.connections === 1);
    stubborn.on('close', () => {});
    stubborn.resume();
    await until(() => stubborn.readableEnded);
    expect(counts.connections).toBe(1);
  });
});

describe('requests beyond the bound', () => {
  it('are refused while as many are under way, but not those of management', async () => {
    const { port, counts, finish, refusal } = await node({ requests: 2 });
    const slow = [get(port, '/3/slow/1'), get(port, '/3/slow/2')];
    await until(() => finish.length === 2);
    const { status, reply } = await refusal();
    expect(status).toBe(503);
    expect(reply.get('retry-after')).toBe('1');
    expect((await get(port, '/livez')).status).toBe(200);
    for (const end of finish) end();
    expect((await Promise.all(slow)).map((answer) => answer.status)).toEqual([200, 200]);
    await until(() => counts.requests === 0);
    expect((await get(port, '/3/movie/1')).status).toBe(200);
    expect(counts.refused.requests).toBe(1);
  });

  it('that wait behind another of their connection end it: their refusals would pile up', async () => {
    const { port, counts, finish, listener } = await node({ requests: 2 });
    const socket = dial(port);
    socket.write(request('GET', '/3/slow/1').repeat(3));
    await until(() => socket.destroyed || socket.readableEnded);
    await until(() => counts.requests === 0 && listener.connections.size === 0);
    expect(finish).toHaveLength(1);
    expect(counts.refused.requests).toBe(1);
  });

  it('pipelined by the thousand end their connection', async () => {
    const { port, counts, records } = await node({ requests: 1_000_000 });
    const socket = dial(port);
    socket.write(request('GET', '/3/slow/1').repeat(1001));
    await until(() => socket.destroyed || socket.readableEnded);
    await until(() => counts.requests === 0);
    expect(records).toHaveLength(1001);
    expect(counts.refused.pipelined).toBe(1);
  });
});

describe('heads of requests that wait', () => {
  /** Nearly as large as one may be. */
  const large = (path: string) =>
    request('GET', path, ...Array.from({ length: 780 }, (_, i) => `X-${i}: ${'y'.repeat(30)}`));

  it('end a connection that pipelines more than 1 MiB of them', async () => {
    const { port, counts, records } = await node({ requests: 1_000_000 });
    const socket = dial(port);
    socket.write(large('/3/slow/1').repeat(100));
    await until(() => socket.destroyed || socket.readableEnded);
    await until(() => counts.requests === 0);
    expect(records.length).toBeGreaterThan(5);
    expect(records.length).toBeLessThan(11);
    expect(counts.refused.pipelined).toBe(1);
  });

  it('of all connections are 64 MiB at most: then 503, but for management, until there is room', async () => {
    const { port, counts, finish } = await node({ connections: 1000, requests: 1_000_000 });
    for (let i = 0; i < 700; i++) dial(port).write(large('/3/slow/1'));
    await until(() => finish.length + counts.refused.heads === 700);
    const refused = await exchange(port, large('/3/movie/1'));
    expect(refused.status).toBe(503);
    expect(refused.get('retry-after')).toBe('1');
    expect((await get(port, '/livez')).status).toBe(200);
    expect(finish.length).toBeGreaterThan(500);
    expect(finish.length).toBeLessThan(600);
    for (const end of finish) end();
    await until(() => counts.requests === 0);
    expect((await get(port, '/3/movie/1')).status).toBe(200);
  });

  it('bring no warning about listeners, however many are pipelined', async () => {
    const warned: string[] = [];
    const onWarning = ({ name }: Error) => void warned.push(name);
    process.on('warning', onWarning);
    const { port, counts, finish } = await node({});
    const socket = dial(port);
    for (const path of ['/3/slow/1', '/livez', '/3/movie/1']) socket.write(request('GET', path).repeat(30));
    await until(() => counts.requests === 90);
    await until(() => {
      for (const end of finish.splice(0)) end();
      return counts.requests === 0;
    });
    process.off('warning', onWarning);
    expect(warned).toEqual([]);
  });
});

describe('what a request may be as long as', () => {
  it(`a target of ${MAX_TARGET} characters`, async () => {
    const { port } = await node({});
    const path = `/3/x?${'y'.repeat(MAX_TARGET - 5)}`;
    expect((await get(port, path)).status).toBe(200);
    expect((await get(port, `${path}y`)).status).toBe(414);
  });

  it(`${MAX_FIELDS} field lines, and none is dropped in silence`, async () => {
    const { port } = await node({});
    const lines = Array.from({ length: MAX_FIELDS }, (_, i) => `X-${i}: y`); // with Host one too many
    expect((await get(port, '/3/x', ...lines.slice(1))).status).toBe(200);
    expect((await get(port, '/3/x', ...lines)).status).toBe(431);
    const most = Array.from({ length: 6000 }, () => 'a:');
    expect((await get(port, '/3/x', ...most)).status).toBe(431);
  });

  it('and may take, in time and bytes, as limits.ts has it', async () => {
    const { server } = (await node({})).listener;
    const { headersTimeout, requestTimeout, keepAliveTimeout } = LIMITS;
    expect(server).toMatchObject({ headersTimeout, requestTimeout, keepAliveTimeout });
  });
});
