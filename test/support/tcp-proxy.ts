import { connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP proxy between a client and a server that can be told to misbehave. */
export interface TcpProxy {
  readonly port: number;
  /** `pass`: as if it were not there. `hang`: connections stay open, nothing crosses. `refuse`: connections are reset. */
  set(mode: 'pass' | 'hang' | 'refuse'): void;
  /** Holds every chunk back for so long, ms. */
  delay(ms: number): void;
  /** Resolves when a client says what matches, which goes on to the server: the moment to misbehave. */
  heard(pattern: RegExp): Promise<void>;
  close(): Promise<void>;
}

export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  let mode: 'pass' | 'hang' | 'refuse' = 'pass';
  let delayMs = 0;
  const sockets = new Set<Socket>();
  const listeners = new Map<RegExp, () => void>();
  const listen = (chunk: Buffer) => {
    for (const [pattern, told] of listeners) if (pattern.test(chunk.toString('latin1'))) told();
  };
  const forward = (from: Socket, to: Socket) => {
    const held: Buffer[] = [];
    const flush = () => {
      if (mode === 'hang') return;
      while (held.length > 0) to.write(held.shift()!);
    };
    from.on('data', (chunk) => {
      held.push(chunk);
      if (delayMs > 0) setTimeout(flush, delayMs).unref();
      else flush();
    });
    from.on('flush' as 'data', flush);
    from.on('close', () => to.destroy());
    from.on('error', () => to.destroy());
  };
  const server: Server = createServer((client) => {
    if (mode === 'refuse') {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect(targetPort, '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    }
    client.on('data', listen);
    forward(client, upstream);
    forward(upstream, client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as { port: number }).port,
    set(next) {
      mode = next;
      for (const socket of sockets) {
        if (mode === 'refuse') socket.resetAndDestroy();
        else if (mode === 'pass') socket.emit('flush');
      }
    },
    delay(ms) {
      delayMs = ms;
    },
    heard: (pattern) =>
      new Promise((resolve) => {
        listeners.set(pattern, () => {
          listeners.delete(pattern);
          resolve();
        });
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
