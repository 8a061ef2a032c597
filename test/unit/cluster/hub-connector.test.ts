import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { systemClock } from '../../../src/clock.js';
import { HubConnector } from '../../../src/cluster/hub-socket.js';

it('a connection to the core that breaks before it is used does not end the worker', async () => {
  const path = join(tmpdir(), `hub-${process.pid}.sock`);
  const server = createServer(() => {});
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const socket = await new HubConnector(path, async () => path, systemClock).connect();
  expect(() => socket.emit('error', new Error('reset'))).not.toThrow();
  socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});
