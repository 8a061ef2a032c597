import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { findRedis, freePort } from '../../support/redis-server.js';
import { readCompose } from './compose-file.js';

const run = promisify(execFile);
const { services } = readCompose();
const PASSWORD = services['redis-1']!.environment.REDISCLI_AUTH!;

export interface ComposeNode {
  readonly port: number;
  /** One command; the answer as redis-cli prints it. */
  ask(...command: string[]): Promise<string>;
  /** Ends the process and starts another one with an empty folder, as a recreated container has; at once, or with the file's pause. */
  recreate(pause?: 'at once' | 'as in the file'): Promise<void>;
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/** PATH and libraries with which `redis-server` and `redis-cli` are found by name, as in the image. */
function withRedis(): NodeJS.ProcessEnv {
  const { server, env } = findRedis();
  return { ...env, PATH: `${dirname(server)}${delimiter}${process.env.PATH ?? ''}` };
}

/** Runs the command of service `redis-<node>` as the file has it; only address and port are those of a free place here. */
export async function startComposeNode(node: number): Promise<ComposeNode> {
  const service = services[`redis-${node}`]!;
  const port = await freePort();
  const command = service
    .command![2]!.replace('"700$NODE"', String(port))
    .replace('"$NET_PREFIX.1$NODE"', '127.0.0.1');
  if (!command.includes(`--port ${port} `)) throw new Error('the port was not found in the command');
  let folder: string;
  let child: ChildProcess;
  const ask = async (...words: string[]) => {
    const env = { ...withRedis(), REDISCLI_AUTH: PASSWORD };
    const { stdout } = await run(findRedis().cli, ['-p', String(port), ...words], { env, timeout: 5000 });
    return stdout.trim();
  };
  const start = async (pause: 'at once' | 'as in the file') => {
    folder = mkdtempSync(join(tmpdir(), 'tmdb-proxy-compose-'));
    child = spawn('sh', ['-euc', `${command} --bind 127.0.0.1`], {
      cwd: folder,
      env: { ...withRedis(), ...service.environment, ...(pause === 'at once' && { START_DELAY: '0' }) },
      stdio: 'ignore',
    });
    for (let i = 0; i < 800 && child.exitCode === null; i++) {
      if ((await ask('ping').catch(() => '')) === 'PONG') return;
      await wait(25);
    }
    await kill();
    throw new Error(`redis-${node} did not start with: ${command}`);
  };
  const kill = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
    }
    rmSync(folder, { recursive: true, force: true });
  };
  await start('at once');
  return {
    port,
    ask,
    kill,
    stop: kill,
    recreate: async (pause = 'at once') => {
      await kill();
      await start(pause);
    },
  };
}

/** Runs the script of the init service against these nodes; rejects when it does not end with 0. */
export async function runInit(nodes: readonly ComposeNode[]): Promise<string> {
  const init = services['redis-init']!;
  const { stdout } = await run('sh', ['-euc', init.command![2]!], {
    env: {
      ...withRedis(),
      ...init.environment,
      NODES: nodes.map(({ port }) => `127.0.0.1:${port}`).join(' '),
    },
    timeout: 120_000,
  });
  return stdout;
}

/** What a cluster is, without what changes by itself: id, role, master, epoch and slots of each node, as `node` sees it. */
export async function shapeOf(node: ComposeNode): Promise<string[]> {
  const lines = (await node.ask('cluster', 'nodes')).split('\n').map((line) => line.trim().split(' '));
  return lines
    .map(([id, , flags, master, , , epoch, , ...slots]) =>
      [id, flags!.replace('myself,', ''), master, epoch, ...slots].join(' '),
    )
    .sort();
}
