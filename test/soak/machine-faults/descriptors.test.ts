// Out of file descriptors, in a worker, in the core, in a node of one process: a flood of connections takes all there are. Afterwards
// everything is as before, with nobody's help.
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type SampleOrigin, startSampleOrigin } from '../../../src/demo/index.js';
import { childrenOf, limitDescriptors, openFiles } from '../../support/processes.js';
import { type ProxyProcess, pointedAt, startProxy } from '../../support/proxy-process.js';
import { within } from '../../support/region.js';
import { Soak } from '../../support/soak.js';
import { type Excuse, readyWorkersOf, Witness } from './witness.js';

const TITLES = 30;
/** Descriptors beyond those that a process has at rest. */
const SPARE = 12;
/** Connections of a flood: more than all processes of the node have descriptors for. */
const FLOOD = 150;
const PATIENCE = 20_000;

const soak = new Soak('descriptors');
let origin: SampleOrigin;
let witness: Witness;
let many: ProxyProcess;
let alone: ProxyProcess;

beforeAll(async () => {
  origin = await startSampleOrigin({});
  witness = new Witness(soak, origin);
  await witness.learn(TITLES);
  const start = (WORKERS: string) =>
    startProxy({
      quiet: true,
      env: pointedAt(origin.url, {
        WORKERS,
        ADMIN_API_KEY: 'admin-secret',
        UPSTREAM_RATE: '2000',
        JSON_MEMORY_TTL: '0.02',
      }),
    });
  [many, alone] = await Promise.all([start('2'), start('1')]);
});
afterAll(async () => {
  await Promise.all([many.stop(), alone.stop()]);
  await origin.close();
  soak.end();
});

/** Every process of a node has few descriptors left; resolves with how to lift the bound. */
function starve(proxy: ProxyProcess): () => void {
  const pids = [proxy.pid, ...childrenOf(proxy.pid)];
  for (const pid of pids) limitDescriptors(pid, openFiles(pid) + SPARE);
  return () => {
    for (const pid of pids) limitDescriptors(pid, 1024);
  };
}

/** Connections that ask nothing. Resolves with how many were closed on us at once, and with how to end the rest. */
async function flood(proxy: ProxyProcess): Promise<{ refused: () => number; end: () => void }> {
  const { hostname, port } = new URL(proxy.url);
  let refused = 0;
  const sockets: Socket[] = [];
  await Promise.all(
    Array.from({ length: FLOOD }, () => {
      const socket = connect(Number(port), hostname);
      sockets.push(socket);
      socket.on('error', () => {});
      socket.once('close', () => refused++);
      return new Promise((resolve) => {
        socket.once('connect', resolve);
        socket.once('close', resolve);
      });
    }),
  );
  return { refused: () => refused, end: () => sockets.forEach((socket) => void socket.destroy()) };
}

/** A closed connection, or an error that says so in TMDB's form; nothing else. */
const turnedAway: Excuse = (_began, _ended, what) =>
  /^Error: (?:connect ECONNREFUSED|read ECONNRESET|write EPIPE|socket hang up)/.test(what) ||
  /^50[234] \{.*"success":false.*"status_message"/.test(what);

async function floodAndRecover(proxy: ProxyProcess): Promise<void> {
  await witness.askAll(proxy.url);
  const before = openFiles(proxy.pid);
  const lift = starve(proxy);
  const { refused, end } = await flood(proxy);
  await within(PATIENCE, async () => expect(refused()).toBeGreaterThan(FLOOD / 4));
  // While it lasts a client may find the door shut; what it is given is right, and it is never left waiting.
  await witness.askAll(proxy.url, turnedAway);
  soak.fault('out of file descriptors');
  end();
  const ended = performance.now();
  await within(PATIENCE, async () => expect(await witness.ask(proxy.url, 1, turnedAway)).toBe(true));
  await within(PATIENCE, async () => expect(openFiles(proxy.pid)).toBeLessThanOrEqual(before + SPARE));
  const recovery = Math.round(performance.now() - ended);
  soak.measures.descriptors_recovery_longest_ms = Math.max(
    soak.measures.descriptors_recovery_longest_ms ?? 0,
    recovery,
  );
  // Still under the bound: more clients at once than one worker could take alone.
  for (let i = 0; i < 3; i++) await witness.askAll(proxy.url);
  lift();
}

it(
  'a flood that takes every descriptor is refused by closing; afterwards all workers answer again',
  async () => {
    await soak.rounds(1, 0.5, () => floodAndRecover(many));
    expect(soak.complaints).toEqual([]);
    expect(many.output()).not.toContain('worker ended');
  },
  soak.timeout(0.5),
);

it(
  'a node of one process outlives it, too',
  async () => {
    await soak.rounds(1, 0.2, () => floodAndRecover(alone));
    expect(soak.complaints).toEqual([]);
  },
  soak.timeout(0.2),
);

it(
  'a worker that can not be started for want of descriptors is started when there are some',
  async () => {
    await soak.rounds(1, 0.2, async () => {
      limitDescriptors(many.pid, 4);
      process.kill(childrenOf(many.pid)[0]!, 'SIGKILL');
      soak.fault('no descriptor for a new worker');
      await within(PATIENCE, async () => expect(many.output()).toContain('no start'));
      limitDescriptors(many.pid, 1024);
      await within(PATIENCE, async () => expect(await readyWorkersOf(many.url)).toBe(2));
      await witness.askAll(many.url);
    });
    expect(soak.complaints).toEqual([]);
  },
  soak.timeout(0.2),
);
