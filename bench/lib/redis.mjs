// Redis servers of a run, on the load's core: the product is what has a core for itself.
import { execFileSync } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { end, freePort, LOAD_CORE, launch, removeFolder, temporaryFolder, until } from './processes.mjs';

const cli = (port, ...args) =>
  execFileSync('redis-cli', ['-p', String(port), ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });

/** @param {readonly string[]} args @returns {Promise<{ port: number, stop: () => Promise<void> }>} */
export async function startRedis(args = []) {
  const [port, folder] = [await freePort(), temporaryFolder()];
  const always = [
    '--port',
    String(port),
    '--save',
    '',
    '--bind',
    '127.0.0.1',
    '--dir',
    folder,
    '--protected-mode',
    'no',
  ];
  const child = launch(LOAD_CORE, 'redis-server', [...always, ...args]);
  await until(async () => cli(port, 'ping').includes('PONG'), child, 'redis-server', { pauseMs: 50 });
  const stop = async () => {
    await end(child);
    removeFolder(folder);
  };
  return { port, stop };
}

/** Three masters without replicas. @returns {Promise<{ ports: number[], seeds: string, commands: () => number, stop: () => Promise<void> }>} */
export async function startCluster() {
  const nodes = [];
  for (let i = 0; i < 3; i += 1) nodes.push(await startRedis(['--cluster-enabled', 'yes']));
  const ports = nodes.map(({ port }) => port);
  const seeds = ports.map((port) => `127.0.0.1:${port}`);
  cli(ports[0], '--cluster', 'create', ...seeds, '--cluster-yes');
  while (!ports.every((port) => cli(port, 'cluster', 'info').includes('cluster_state:ok'))) await wait(100);
  return {
    ports,
    seeds: seeds.join(','),
    commands: () => ports.reduce((sum, port) => sum + reads(port), 0),
    stop: async () => {
      for (const node of nodes) await node.stop();
    },
  };
}

/** Commands that a look-up may consist of; what nodes tell each other and this program's own questions do not count. */
const LOOKUPS =
  /^cmdstat_(get|getrange|getex|mget|strlen|hget|hgetall|hmget|exists|pttl|ttl|eval|evalsha|fcall):calls=(\d+)/gm;
/** What the product's script does inside the server, once each: Redis counts it like what a client sends. */
const WITHIN = ['pttl', 'getrange'];

function reads(port) {
  const calls = new Map();
  for (const [, name, count] of cli(port, 'info', 'commandstats').matchAll(LOOKUPS))
    calls.set(name, Number(count));
  const scripts = calls.get('evalsha') ?? 0;
  for (const name of WITHIN) calls.set(name, Math.max(0, (calls.get(name) ?? 0) - scripts));
  return [...calls.values()].reduce((sum, count) => sum + count, 0);
}
