import type { AddressInfo, Server } from 'node:net';

/** Opens a free port of the loopback interface; resolves with its address. */
export async function listening(server: Server): Promise<string> {
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
