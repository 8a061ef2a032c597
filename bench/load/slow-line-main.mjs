// Run by lib/slow-line.mjs: {port, target, delayMs} as JSON in the first argument; prints `ready`.
import { connect, createServer } from 'node:net';

const { port, target, delayMs } = JSON.parse(process.argv[2]);

createServer((client) => {
  const server = connect(target, '127.0.0.1');
  client.setNoDelay(true);
  server.setNoDelay(true);
  client.pipe(server);
  // Equal delays keep the order.
  server.on('data', (chunk) => setTimeout(() => client.write(chunk), delayMs));
  const close = () => {
    client.destroy();
    server.destroy();
  };
  for (const socket of [client, server]) socket.on('error', close).on('close', close);
}).listen(port, '127.0.0.1', () => process.stdout.write('ready\n'));
