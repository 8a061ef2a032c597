import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { HubFetcher } from '../../../src/cluster/hub-server.js';
import { HubConnector, HubSocket } from '../../../src/cluster/hub-socket.js';
import { FakeClock, settle } from '../../support/fake-clock.js';

const fetcher: HubFetcher = { fill: () => new Promise(() => {}), pass: () => new Promise(() => {}) };
const { TMPDIR } = process.env;
let folder: string;
const opened: HubSocket[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hub-socket-'));
});
afterEach(() => {
  for (const socket of opened.splice(0)) socket.close();
  if (TMPDIR === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = TMPDIR;
  rmSync(folder, { recursive: true });
});

async function open(directory: string): Promise<HubSocket> {
  const socket = await HubSocket.open(directory, fetcher, () => {});
  opened.push(socket);
  return socket;
}

/** Socket files that nobody listens on any more, as `kill -9` leaves them. */
function abandon(paths: readonly string[]): void {
  const listen = `let left = ${paths.length};
    for (const path of process.argv.slice(1))
      require('node:net').createServer().listen(path, () => --left || process.kill(process.pid, 'SIGKILL'));`;
  spawnSync(process.execPath, ['-e', listen, ...paths]);
  expect(paths.filter((path) => !existsSync(path))).toEqual([]);
}

it('a start takes away the temporary folders that killed cores have left, and no others', async () => {
  process.env.TMPDIR = folder;
  const tooLong = join(folder, 'x'.repeat(100));
  const living = await open(tooLong);
  expect(living.path.startsWith(join(folder, 'tmdb-cache-proxy-'))).toBe(true);
  const left = ['tmdb-cache-proxy-dead', 'tmdb-cache-proxy-full', 'other'].map((name) => join(folder, name));
  for (const each of left) mkdirSync(each);
  abandon(left.map((each) => join(each, 'core.sock')));
  writeFileSync(join(folder, 'tmdb-cache-proxy-full', 'kept'), '');
  const next = await open(tooLong);
  const kept = [
    'other',
    'tmdb-cache-proxy-full',
    ...[living, next].map(({ path }) => path.split('/').at(-2)),
  ];
  expect(readdirSync(folder).sort()).toEqual(kept.sort());
});

it('is closed for good, also while it is being opened anew', async () => {
  const socket = await open(folder);
  const { path } = socket;
  rmSync(path);
  const renewed = socket.renew(path);
  socket.close();
  await renewed;
  expect(existsSync(path)).toBe(false);
  await socket.renew(path);
  expect(existsSync(path)).toBe(false);
});

it('a worker waits for a core that has too many connections to take in, by the clock it is given', async () => {
  const path = join(folder, 'busy.sock');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen({ path, backlog: 1 }, resolve));
  const clock = new FakeClock();
  const connector = new HubConnector(path, async (lost) => lost, clock);
  const others = Array.from({ length: 4 }, () => connect(path).on('error', () => {})); // in one step: none is taken in
  let connected: Socket | undefined;
  const connecting = connector.connect().then((socket) => (connected = socket));
  await settle();
  expect(connected).toBeUndefined();
  clock.advance(5);
  await connecting;
  for (const socket of [...others, connected!]) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});
