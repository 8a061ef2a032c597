import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { lendsSockets } from '../../../src/server/fast-path-probe.js';

describe('the probe of the fast path', () => {
  it('finds that this Node lends its sockets', async () => {
    expect(await lendsSockets()).toBe(true);
  });

  it('finds that a Node does not which no longer listens to the data of a socket', async () => {
    const http = await import('node:http');
    const server = http.createServer();
    const [handOver] = server.listeners('connection') as ((socket: Socket) => void)[];
    const deaf = (socket: Socket) => {
      const on = socket.on.bind(socket) as (name: string, listener: (...values: unknown[]) => void) => Socket;
      socket.on = ((name: string, listener: (...values: unknown[]) => void) =>
        name === 'data' ? socket : on(name, listener)) as typeof socket.on;
      handOver!.call(server, socket);
    };
    expect(await lendsSockets(deaf)).toBe(false);
  });

  it('counts silence as no', async () => {
    expect(await lendsSockets(() => {}, 20)).toBe(false);
  });
});
