import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { RedisAddress, RedisSettings } from '../../src/redis/options.js';
import { endWithUs } from './end-with-us.js';
import { findRedis } from './redis-binary.js';

export { findRedis };

const run = promisify(execFile);

export interface RedisServer {
  readonly port: number;
  readonly pid: number;
  /** Runs one command through redis-cli. */
  cli(...args: string[]): Promise<string>;
  /** SIGKILL and gone. */
  kill(): Promise<void>;
  /** Starts again on the same port, empty. */
  restart(): Promise<void>;
  pause(): void;
  resume(): void;
  stop(): Promise<void>;
}

export interface RedisCluster {
  readonly nodes: readonly RedisServer[];
  /** As `REDIS_CLUSTER_NODES` wants it. */
  readonly seeds: string;
  readonly address: RedisAddress;
  /** The master that serves the slot of `key` now, asked of any living node. */
  masterOf(key: string): Promise<RedisServer>;
  masters(): Promise<RedisServer[]>;
  /** Ends all nodes at once. */
  killAll(): Promise<void>;
  /** Starts all nodes again, empty, and forms the cluster anew. */
  restartAll(): Promise<void>;
  stop(): Promise<void>;
}

const NO_PERSISTENCE = ['--save', '', '--appendonly', 'no', '--bind', '127.0.0.1', '--protected-mode', 'no'];

/**
 * Below the ports that systems give away by themselves (Linux: 32 768 and up), with and without what is added for the cluster's bus: else
 * somebody's connection may have a server's port between its end and its start again.
 */
const FIRST_PORT = 10_000;
const BUS = 10_000;
/**
 * Each worker of Vitest looks in a part of its own: two that look at one time would find the same port free, and one may be free for as
 * long as another's server is down.
 */
const PARTS = 8;
const given = new Set<number>();

/** A free port whose cluster bus port is free as well. */
export async function freePort(): Promise<number> {
  const part = Number(process.env.VITEST_POOL_ID ?? 0) % PARTS;
  const first = FIRST_PORT + part * (BUS / PARTS);
  for (;;) {
    const port = first + randomInt(BUS / PARTS);
    if (given.has(port)) continue;
    given.add(port);
    const both = [port, port + BUS].map((wanted) => listenOnce(wanted).catch(() => 0));
    if (!(await Promise.all(both)).includes(0)) return port;
  }
}

function listenOnce(wanted: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(wanted, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

export async function startRedis(args: readonly string[] = [], wantedPort?: number): Promise<RedisServer> {
  const { server, cli, env } = findRedis();
  const folder = mkdtempSync(join(tmpdir(), 'tmdb-proxy-redis-'));
  const passwordAt = args.indexOf('--requirepass');
  const login = passwordAt < 0 ? [] : ['-a', args[passwordAt + 1]!, '--no-auth-warning'];
  let port = wantedPort ?? (await freePort());
  let child!: ChildProcess;
  const ask = async (...command: string[]) => {
    const { stdout } = await run(cli, ['-p', String(port), ...login, ...command], { env, timeout: 5000 });
    return stdout.trim();
  };
  const start = async (): Promise<boolean> => {
    child = spawn(server, ['--port', String(port), ...NO_PERSISTENCE, '--dir', folder, ...args], {
      env,
      stdio: 'ignore',
    });
    endWithUs(child);
    let ended = false;
    child.once('exit', () => {
      ended = true;
    });
    for (let i = 0; i < 400 && !ended; i++) {
      if ((await ask('ping').catch(() => '')) === 'PONG') return true;
      await wait(25);
    }
    return false;
  };
  const end = (signal: NodeJS.Signals) =>
    new Promise<void>((resolve) => {
      if (child.exitCode !== null || child.signalCode !== null) return resolve();
      child.once('exit', () => resolve());
      child.kill(signal);
      child.kill('SIGCONT');
    });
  // Somebody else may have taken the port between the look and the start.
  for (let attempt = 0; !(await start()); attempt++) {
    await end('SIGKILL');
    if (attempt === 5 || wantedPort !== undefined)
      throw new Error(`redis-server did not start on port ${port}`);
    port = await freePort();
  }
  return {
    get port() {
      return port;
    },
    get pid() {
      return child.pid!;
    },
    cli: ask,
    kill: () => end('SIGKILL'),
    restart: async () => {
      await end('SIGKILL');
      rmSync(join(folder, 'nodes.conf'), { force: true });
      if (!(await start())) throw new Error(`redis-server did not start again on port ${port}`);
    },
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    stop: async () => {
      await end('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const CLUSTER = [
  ...['--cluster-enabled', 'yes', '--cluster-node-timeout', '1000', '--cluster-replica-validity-factor', '0'],
  ...['--cluster-require-full-coverage', 'no', '--repl-diskless-sync-delay', '0'],
];

/** Three masters and three replicas on loopback, ready in about two seconds. */
export async function startRedisCluster(args: readonly string[] = []): Promise<RedisCluster> {
  const nodes = await Promise.all(Array.from({ length: 6 }, () => startRedis([...CLUSTER, ...args])));
  await form(nodes);
  const seeds = nodes.map(({ port }) => `127.0.0.1:${port}`).join(',');
  const rows = async () => {
    for (const node of nodes) {
      const text = await node.cli('cluster', 'nodes').catch(() => '');
      if (text.includes('myself')) return text.split('\n').map((line) => line.split(' '));
    }
    throw new Error('no node of the cluster answers');
  };
  const byPort = (row: string[]) => nodes.find(({ port }) => row[1]!.includes(`:${port}@`))!;
  const isMaster = ([, , flags]: string[]) => flags!.includes('master') && !flags!.includes('fail');
  return {
    nodes,
    seeds,
    address: {
      mode: 'cluster',
      nodes: nodes.map(({ port }) => ({ host: '127.0.0.1', port })),
      sentinelName: undefined,
      username: undefined,
      password: undefined,
      db: 0,
      tls: false,
    },
    masterOf: async (key) => {
      const all = await rows();
      const living = byPort(all.find(isMaster)!);
      const slot = Number(await living.cli('cluster', 'keyslot', key));
      const owns = (row: string[]) =>
        row.slice(8).some((range) => {
          const [from, to = from] = range.split('-').map(Number);
          return slot >= from! && slot <= to!;
        });
      return byPort(all.find((row) => isMaster(row) && owns(row))!);
    },
    masters: async () => (await rows()).filter(isMaster).map(byPort),
    killAll: async () => {
      await Promise.all(nodes.map((node) => node.kill()));
    },
    restartAll: async () => {
      await Promise.all(nodes.map((node) => node.restart()));
      await form(nodes);
    },
    stop: async () => {
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
}

async function form(nodes: readonly RedisServer[]): Promise<void> {
  const { cli, env } = findRedis();
  const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`);
  await run(cli, ['--cluster', 'create', ...addresses, '--cluster-replicas', '1', '--cluster-yes'], {
    env,
    timeout: 30_000,
  });
  const ready = async (node: RedisServer) => {
    const info = await node.cli('cluster', 'info').catch(() => '');
    const replication = await node.cli('info', 'replication').catch(() => '');
    if (!info.includes('cluster_state:ok') || !info.includes('cluster_known_nodes:6')) return false;
    return replication.includes('role:master') || replication.includes('master_link_status:up');
  };
  for (let i = 0; i < 400; i++) {
    if ((await Promise.all(nodes.map(ready))).every(Boolean)) return;
    await wait(25);
  }
  throw new Error('the Redis cluster did not become ready');
}

export interface RedisSentinels {
  readonly master: RedisServer;
  readonly replica: RedisServer;
  readonly sentinels: readonly RedisServer[];
  readonly address: RedisAddress;
  stop(): Promise<void>;
}

/** A master, a replica and three Sentinels that fail over within about two seconds. */
export async function startSentinels(name = 'tmdb'): Promise<RedisSentinels> {
  const master = await startRedis();
  const replica = await startRedis([
    '--replicaof',
    '127.0.0.1',
    String(master.port),
    '--repl-diskless-sync-delay',
    '0',
  ]);
  const { server, cli, env } = findRedis();
  const sentinels = await Promise.all(
    Array.from({ length: 3 }, async (): Promise<RedisServer> => {
      const folder = mkdtempSync(join(tmpdir(), 'tmdb-proxy-sentinel-'));
      const port = await freePort();
      const file = join(folder, 'sentinel.conf');
      writeFileSync(
        file,
        [
          `port ${port}`,
          'bind 127.0.0.1',
          'protected-mode no',
          `dir ${folder}`,
          `sentinel monitor ${name} 127.0.0.1 ${master.port} 2`,
          `sentinel down-after-milliseconds ${name} 1000`,
          `sentinel failover-timeout ${name} 3000`,
        ].join('\n'),
      );
      const child = spawn(server, [file, '--sentinel'], { env, stdio: 'ignore' });
      endWithUs(child);
      const ask = async (...args: string[]) =>
        (await run(cli, ['-p', String(port), ...args], { env, timeout: 5000 })).stdout.trim();
      for (let i = 0; i < 400 && (await ask('ping').catch(() => '')) !== 'PONG'; i++) await wait(25);
      const end = () =>
        new Promise<void>((resolve) => {
          if (child.exitCode !== null || child.signalCode !== null) return resolve();
          child.once('exit', () => resolve());
          child.kill('SIGKILL');
        });
      return {
        port,
        pid: child.pid!,
        cli: ask,
        kill: end,
        restart: () => Promise.reject(new Error('a sentinel is not restarted by these tests')),
        pause: () => void child.kill('SIGSTOP'),
        resume: () => void child.kill('SIGCONT'),
        stop: async () => {
          await end();
          rmSync(folder, { recursive: true, force: true });
        },
      };
    }),
  );
  // Each has heard of the other two and of the replica: a failover can be agreed on.
  for (let i = 0; i < 400; i++) {
    const rows = await Promise.all(sentinels.map((sentinel) => sentinel.cli('sentinel', 'master', name)));
    const told = rows.every((text) => {
      const lines = text.split('\n');
      const value = (field: string) => lines[lines.indexOf(field) + 1];
      return value('num-other-sentinels') === '2' && value('num-slaves') === '1';
    });
    if (told) break;
    await wait(50);
  }
  return {
    master,
    replica,
    sentinels,
    address: {
      mode: 'sentinel',
      nodes: sentinels.map(({ port }) => ({ host: '127.0.0.1', port })),
      sentinelName: name,
      username: undefined,
      password: undefined,
      db: 0,
      tls: false,
    },
    stop: async () => {
      await Promise.all([...sentinels, replica, master].map((server) => server.stop()));
    },
  };
}

/** Short enough to see deadlines pass, long enough for two busy cores. */
export const LINK_SETTINGS: RedisSettings = {
  connectTimeoutMs: 1000,
  retryDelayMs: 50,
  maxRetries: 3,
  deadlines: { read: 250, bulk: 1000, write: 500, control: 1000 },
};

export function standaloneAddress(port: number): RedisAddress {
  return {
    mode: 'standalone',
    nodes: [{ host: '127.0.0.1', port }],
    sentinelName: undefined,
    username: undefined,
    password: undefined,
    db: 0,
    tls: false,
  };
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Resolves when the replica of a master has said that it has what was written before: else that may be gone with the master. */
export async function replicated(master: RedisServer): Promise<void> {
  const offset = async (pattern: RegExp) =>
    Number(pattern.exec(await master.cli('info', 'replication'))?.[1]);
  const written = await offset(/^master_repl_offset:(\d+)/m);
  while (!((await offset(/^slave0:.*offset=(\d+)/m)) >= written)) await wait(25);
}
