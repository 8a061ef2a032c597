// Trouble between the processes of a node: a stopped worker, a stopped core, the socket between them gone, garbage on it, a peer that does not read.
import { rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Frame, writeFrame, writeJson } from '../../../src/cluster/frames.js';
import { type SampleOrigin, startSampleOrigin } from '../../../src/demo/index.js';
import { childrenOf } from '../../support/processes.js';
import { type ProxyProcess, pointedAt, startProxy } from '../../support/proxy-process.js';
import { pause, within } from '../../support/region.js';
import { residentBytes, Soak } from '../../support/soak.js';
import { type Excuse, readyWorkersOf, Witness } from './witness.js';

const TITLES = 24;
const CLIENTS = 6;
/** How long a process stands still, ms: less than a worker may before it is replaced. */
const STANDSTILL_MS = 700;
/** A worker that hangs for good is replaced within three looks of 2 s with 2.5 s each, and purges replace it within 3 s. */
const REPLACED_MS = 30_000;

/** Peers that ask for it and do not read. */
const LAZY = 15;
const LARGE_MB = 20;
const LARGE = `/t/p/original/big-${LARGE_MB}mb.jpg`;

const soak = new Soak('ipc');
let origin: SampleOrigin;
let witness: Witness;
let proxy: ProxyProcess;
let socketPath: string;

beforeAll(async () => {
  origin = await startSampleOrigin({});
  witness = new Witness(soak, origin);
  await witness.learn(TITLES);
  proxy = await startProxy({
    quiet: true,
    env: pointedAt(origin.url, {
      WORKERS: '2',
      ADMIN_API_KEY: 'admin-secret',
      UPSTREAM_RATE: '2000',
      JSON_MEMORY_TTL: '0.02',
      JSON_DISK_TTL: '0.02',
    }),
  });
  socketPath = join(proxy.cacheDir, 'data', 'core.sock');
});
afterAll(async () => {
  await proxy.stop();
  await origin.close();
  soak.end();
});

async function standStill(pid: number, kind: string): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  soak.fault(kind);
  try {
    await pause(STANDSTILL_MS);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
}

/** Bytes on the socket that no worker sends; resolves once the core has hung up on them, or they are sent. */
function speak(kind: string, say: (socket: ReturnType<typeof connect>) => void): Promise<void> {
  soak.input(kind);
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    socket.on('error', () => {});
    socket.on('close', () => resolve());
    socket.on('data', () => {});
    socket.on('connect', () => {
      say(socket);
      socket.end();
    });
  });
}

const SAYINGS: Readonly<Record<string, (socket: ReturnType<typeof connect>) => void>> = {
  'random bytes': (socket) =>
    void socket.write(Buffer.from(Array.from({ length: 4096 }, () => Math.floor(soak.random() * 256)))),
  'a request that is no JSON': (socket) => void writeFrame(socket, Frame.request, Buffer.from('{"kind":')),
  'a request of no kind': (socket) => void writeJson(socket, Frame.request, { kind: 'other' }),
  'a request that is null': (socket) => void writeJson(socket, Frame.request, null),
  'a fill without a route': (socket) => void writeJson(socket, Frame.request, { kind: 'fill' }),
  'a pass-through without a target': (socket) => void writeJson(socket, Frame.request, { kind: 'pass' }),
  'a frame of 4 GB': (socket) => void socket.write(Buffer.from([255, 255, 255, 255, Frame.request, 1])),
  'half a head': (socket) => void socket.write(Buffer.from([0, 0])),
  'the end of a body before a request': (socket) => {
    writeFrame(socket, Frame.end);
    writeFrame(socket, Frame.data, Buffer.from('late'));
  },
  'two requests': (socket) => {
    const pass = { kind: 'pass', upstream: 'api', method: 'GET', target: '/3/movie/1', headers: [] };
    writeJson(socket, Frame.request, { ...pass, retryable: true, hasBody: false });
    writeJson(socket, Frame.request, { ...pass, retryable: true, hasBody: false });
  },
};

it(
  'a worker or the core that stands still for a while costs time and no request',
  async () => {
    const crowd = witness.crowd(proxy.url, CLIENTS);
    await soak.rounds(1, 0.2, async () => {
      await standStill(childrenOf(proxy.pid)[0]!, 'SIGSTOP of a worker');
      await standStill(proxy.pid, 'SIGSTOP of the core');
      await witness.edit(proxy.url, witness.any());
    });
    await crowd.stop();
    expect(soak.complaints).toEqual([]);
  },
  soak.timeout(0.2),
);

it(
  'a worker that stands still for good is ended by the next purge, and what waited for it is answered by another',
  async () => {
    await soak.rounds(1, 0.2, async () => {
      const [stopped] = childrenOf(proxy.pid);
      process.kill(stopped!, 'SIGSTOP');
      const stoppedAt = performance.now();
      soak.fault('SIGSTOP of a worker for good');
      // What it had taken is lost with it; what was only handed to it is not.
      const taken: Excuse = (began) => began <= stoppedAt;
      const asking = witness.askAll(proxy.url, taken);
      await witness.edit(proxy.url, witness.any());
      await within(REPLACED_MS, async () => {
        expect([childrenOf(proxy.pid).includes(stopped!), await readyWorkersOf(proxy.url)]).toEqual([
          false,
          2,
        ]);
      });
      await asking;
    });
    expect(soak.complaints).toEqual([]);
  },
  soak.timeout(0.2),
);

it(
  'the socket to the core that is taken away is opened again, without a lost request',
  async () => {
    const crowd = witness.crowd(proxy.url, CLIENTS);
    await soak.rounds(3, 0.2, async () => {
      rmSync(socketPath, { force: true });
      soak.fault('socket of the core removed');
      await witness.askAll(proxy.url);
    });
    await crowd.stop();
    expect(soak.complaints).toEqual([]);
    expect(proxy.output()).toContain('opened again');
  },
  soak.timeout(0.2),
);

it(
  'garbage on the socket, and one who does not read from it, harm nobody else',
  async () => {
    await witness.askAll(proxy.url);
    const pids = childrenOf(proxy.pid);
    const before = residentBytes(proxy.pid);
    const crowd = witness.crowd(proxy.url, CLIENTS);
    const lazy = Array.from({ length: LAZY }, () => {
      const socket = connect(socketPath).pause();
      socket.on('error', () => {});
      const pass = { kind: 'pass', upstream: 'image', method: 'GET', target: LARGE, headers: [] };
      writeJson(socket, Frame.request, { ...pass, retryable: true, hasBody: false });
      soak.fault('a peer that does not read');
      return socket;
    });
    await soak.rounds(3, 0.2, async () => {
      for (const [kind, say] of Object.entries(SAYINGS)) await speak(kind, say);
    });
    for (const socket of lazy) socket.destroy();
    await crowd.stop();
    expect(soak.complaints).toEqual([]);
    expect(childrenOf(proxy.pid)).toEqual(pids);
    expect(residentBytes(proxy.pid) - before).toBeLessThan((LAZY * LARGE_MB * 1024 * 1024) / 2);
  },
  soak.timeout(0.2),
);
