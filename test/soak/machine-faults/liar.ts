import { connect, createServer, type Socket } from 'node:net';

/** What a server that lies sends for a reply. */
export type Lie = (reply: Buffer) => Buffer | 'hang up';

/** The same, if it lies this time; undefined: the reply itself. */
export type Liars = (reply: Buffer, command: readonly string[]) => ReturnType<Lie> | undefined;

export interface Liar {
  readonly port: number;
  /** From now on; undefined: the truth. */
  tell(lies: Liars | undefined): void;
  close(): Promise<void>;
}

/** Where the RESP2 value that begins at `at` ends; -1 when it is not all there yet. */
function endOf(bytes: Buffer, at: number): number {
  const line = bytes.indexOf('\r\n', at);
  if (line < 0) return -1;
  const kind = String.fromCharCode(bytes[at]!);
  const size = Number(bytes.toString('latin1', at + 1, line));
  let end = line + 2;
  if (kind === '$' && size >= 0) end += size + 2;
  if (kind === '*') for (let i = 0; i < size && end >= 0; i++) end = endOf(bytes, end);
  return end < 0 || end > bytes.length ? -1 : end;
}

/** Cuts a stream into values. */
function values(onValue: (value: Buffer) => void): (chunk: Buffer) => void {
  let held: Buffer = Buffer.alloc(0);
  return (chunk) => {
    held = Buffer.concat([held, chunk]);
    for (let end = endOf(held, 0); held.length > 0 && end >= 0; end = endOf(held, 0)) {
      const value = held.subarray(0, end);
      held = held.subarray(end);
      onValue(value);
    }
  };
}

function wordsOf(command: Buffer): string[] {
  const words: string[] = [];
  let at = command.indexOf('\r\n') + 2;
  while (at < command.length) {
    const line = command.indexOf('\r\n', at);
    const size = Number(command.toString('latin1', at + 1, line));
    words.push(command.toString('latin1', line + 2, line + 2 + size));
    at = line + size + 4;
  }
  return words;
}

/** Stands before a Redis and changes what it says. */
export async function startLiar(targetPort: number): Promise<Liar> {
  let lies: Liars | undefined;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const redis = connect(targetPort, '127.0.0.1');
    const asked: string[][] = [];
    for (const socket of [client, redis]) {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      socket.on('error', () => {});
    }
    client.on('close', () => redis.destroy());
    redis.on('close', () => client.destroy());
    client.on(
      'data',
      values((command) => {
        asked.push(wordsOf(command));
        redis.write(command);
      }),
    );
    redis.on(
      'data',
      values((reply) => {
        const push = reply.includes('$7\r\nmessage');
        const command = push ? ['push'] : (asked.shift() ?? ['?']);
        const told = lies?.(reply, command);
        if (told === 'hang up') client.resetAndDestroy();
        else if (!client.destroyed) client.write(told ?? reply);
      }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as { port: number }).port,
    tell: (next) => {
      lies = next;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
