import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

const INFO = 'redis_version:7.0.0\r\nloading:0\r\n';

/** What is sent for a command that holds this word, as bytes of RESP, or what is done. */
export type Answers = Readonly<Record<string, string | ((socket: Socket) => void)>>;

/** Something that a client takes for a Redis, until the test is over; resolves with its port. */
export async function lyingServer(answers: Answers): Promise<number> {
  const all: Answers = {
    setname: '+OK\r\n',
    ping: '+PONG\r\n',
    info: `$${INFO.length}\r\n${INFO}\r\n`,
    ...answers,
  };
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (data) => {
      const said = data.toString().toLowerCase();
      for (const [word, answer] of Object.entries(all)) {
        if (!said.includes(word)) continue;
        if (typeof answer === 'string') socket.write(answer);
        else answer(socket);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}
