import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

const INFO = 'redis_version:7.0.0\r\nloading:0\r\n';

/** What is sent for a command that holds this word, as bytes of RESP, or what is done. */
export type Answers = Readonly<Record<string, string | ((socket: Socket) => void)>>;

/** Listens until the test is over, and resolves with its port. `onData` is told what came on a connection, in lower case. */
async function listening(onData: (socket: Socket, said: string) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (data) => onData(socket, data.toString().toLowerCase()));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** Something that a client takes for a Redis, until the test is over; resolves with its port. */
export function lyingServer(answers: Answers): Promise<number> {
  const all: Answers = {
    setname: '+OK\r\n',
    ping: '+PONG\r\n',
    info: `$${INFO.length}\r\n${INFO}\r\n`,
    ...answers,
  };
  return listening((socket, said) => {
    for (const [word, answer] of Object.entries(all)) {
      if (!said.includes(word)) continue;
      if (typeof answer === 'string') socket.write(answer);
      else answer(socket);
    }
  });
}

/** A Sentinel that knows the port of its master; `onSubscribe` has the say on who wants to hear of failovers. */
export function lyingSentinel(master: number, onSubscribe: (socket: Socket) => void): Promise<number> {
  const address = `*2\r\n$9\r\n127.0.0.1\r\n$${String(master).length}\r\n${master}\r\n`;
  return listening((socket, said) => {
    for (const command of said.split(/(?=\*\d)/)) {
      if (command.includes('get-master-addr-by-name')) socket.write(address);
      else if (command.includes('\r\nsubscribe\r\n')) onSubscribe(socket);
      else socket.write(command.includes('\r\nsentinels\r\n') ? '*0\r\n' : '+OK\r\n');
    }
  });
}
