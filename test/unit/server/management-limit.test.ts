import { describe, expect, it } from 'vitest';
import { isRefusable } from '../../../src/admin/paths.js';
import type { ManagementApp } from '../../../src/server/app.js';
import { answerOf, dial, entryOf, exchange, get, type Reply, request, start, until } from './helpers.js';

/** A listener whose management answers when told; `counts` of what it was asked and of what was refused. */
async function node(trusting = false) {
  const waiting: (() => void)[] = [];
  let open = false;
  const refused: string[] = [];
  const management: ManagementApp = {
    isRefusable,
    fetch: () =>
      open
        ? Response.json({})
        : new Promise((resolve) => waiting.push(() => resolve(Response.json({ held: true })))),
  };
  const started = await start(() => answerOf(entryOf('ok')), {
    app: { management, doors: { refuse: (bound) => void refused.push(bound) } },
    ...(trusting && { settings: { clientAddress: ({ headers }) => String(headers['x-forwarded-for']) } }),
  });
  const release = () => {
    open = true;
    for (const end of waiting.splice(0)) end();
  };
  return { ...started, waiting, refused, release };
}

const isRefusal = ({ status, get: field }: Reply) => status === 503 && field('retry-after') === '1';

describe('requests of management beyond a bound', () => {
  it.each(['/metrics', '/health', '/config'])(
    'of one connection are refused: of 900 pipelined for %s sixteen are begun',
    async (path) => {
      const { port, waiting, refused, release } = await node();
      const socket = dial(port);
      let text = '';
      socket.on('data', (chunk: Buffer) => {
        text += chunk.toString('latin1');
      });
      socket.write(request('GET', path).repeat(900));
      await until(() => waiting.length + refused.length === 900);
      expect(waiting).toHaveLength(16);
      expect(new Set(refused)).toEqual(new Set(['management']));
      release();
      await until(() => text.split('HTTP/1.1 ').length === 901);
      expect(text.match(/HTTP\/1\.1 200/g)).toHaveLength(16);
      expect(
        text.match(
          /HTTP\/1\.1 503[\s\S]*?Content-Type: application\/problem\+json[\s\S]*?Retry-After: 1\r\n/g,
        ),
      ).toHaveLength(884);
      expect((await exchange(port, request('GET', path), socket)).status).toBe(200);
    },
  );

  it('are forgotten with a client that leaves', async () => {
    const { port, waiting, listener, release } = await node();
    for (let round = 1; round <= 20; round++) {
      const socket = dial(port);
      socket.write(request('GET', '/metrics').repeat(20));
      await until(() => waiting.length === 16 * round);
      socket.destroy();
      await until(() => listener.connections.size === 0);
    }
    release();
    expect((await get(port, '/metrics')).status).toBe(200);
  });

  it('of one client are refused; not its probes, not what needs the key, and not another’s', async () => {
    const { port, waiting, release } = await node(true);
    const from = (client: string) => `X-Forwarded-For: ${client}`;
    const asked = [1, 2, 3, 4].map(() => dial(port));
    for (const socket of asked) socket.write(request('GET', '/stats', from('2001:db8::1')).repeat(16));
    await until(() => waiting.length === 64);
    expect(isRefusal(await get(port, '/api/stats', from('2001:db8::2')))).toBe(true);
    const others = [
      get(port, '/health', from('2001:db8::1')),
      get(port, '/health/redis', from('2001:db8::1')),
      get(port, '/livez', from('2001:db8::1')),
      get(port, '/cache/info', from('2001:db8::1')),
      get(port, '/stats', from('2001:db8:0:1::1')),
    ];
    await until(() => waiting.length === 64 + others.length);
    release();
    expect((await Promise.all(others)).map(({ status }) => status)).toEqual(others.map(() => 200));
    for (const socket of asked) socket.destroy();
  });

  it('of all clients are refused, and taken again when there is room', async () => {
    const { port, waiting, release } = await node(true);
    for (let client = 0; client < 32; client++)
      dial(port).write(request('GET', '/openapi.json', `X-Forwarded-For: 10.0.0.${client}`).repeat(16));
    await until(() => waiting.length === 512);
    const ask = () => get(port, '/metrics', 'X-Forwarded-For: 10.0.1.1');
    expect(isRefusal(await ask())).toBe(true);
    release();
    await until(() => waiting.length === 0);
    let answer = await ask();
    while (answer.status === 503) answer = await ask();
    expect(answer.status).toBe(200);
  });
});
