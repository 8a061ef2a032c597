import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endWithUs } from './end-with-us.js';
import { get } from './raw-client.js';
import { freePort } from './redis-server.js';

/** The built program. */
export const MAIN = new URL('../../dist/main.js', import.meta.url).pathname;

/** Characters. */
const LAST_WORDS = 4000;

export interface ProxyProcess {
  readonly url: string;
  readonly pid: number;
  readonly cacheDir: string;
  /** Everything printed so far, both streams. */
  output(): string;
  /** What a test that failed should show: whether it lives, and the end of what it printed. */
  lastWords(): string;
  /** Sends a signal and resolves with how the process ended. */
  stop(signal?: NodeJS.Signals): Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

export interface ProxyOptions {
  readonly env?: Record<string, string>;
  /** Kept by the caller when given, else a temporary one that goes with the process. */
  readonly cacheDir?: string;
  readonly args?: readonly string[];
  /** The program to start, in place of the one in dist/. */
  readonly main?: string;
  /** A port to listen on, with `quiet` only; else a free one. */
  readonly port?: number;
  /** Logs warnings only: a line for each of many requests would cost more than the request. */
  readonly quiet?: boolean;
  /** Where the log goes, a file descriptor, in place of `output()`; with `quiet` only. */
  readonly log?: number;
}

/** Starts the built program as a user does and resolves once it answers. Rejects with its output when it does not. */
export async function startProxy(options: ProxyOptions = {}): Promise<ProxyProcess> {
  const cacheDir = options.cacheDir ?? mkdtempSync(join(tmpdir(), 'tmdb-proxy-test-'));
  const port = options.quiet === true ? (options.port ?? (await freePort())) : 0;
  const quiet: Record<string, string> = port === 0 ? {} : { LOG_LEVEL: 'warn', PORT: String(port) };
  const { child, output } = spawnProxy({ ...options, env: { ...options.env, ...quiet }, cacheDir });
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  const failed = ended.then(({ code }) => {
    throw new Error(`the proxy ended with ${code}:\n${output()}`);
  });
  failed.catch(() => {}); // ends like this in every test, later
  const url = await Promise.race([failed, port === 0 ? announced(child, output) : answering(port)]);
  return {
    url,
    pid: child.pid!,
    cacheDir,
    output,
    lastWords: () => {
      const { exitCode, signalCode } = child;
      const state =
        exitCode === null && signalCode === null ? 'lives' : `ended with ${exitCode ?? signalCode}`;
      return `the proxy ${state}; its log ends with\n${output().slice(-LAST_WORDS)}`;
    },
    stop: async (signal = 'SIGTERM') => {
      child.kill(signal);
      const result = await ended;
      if (options.cacheDir === undefined) rmSync(cacheDir, { recursive: true, force: true });
      return result;
    },
  };
}

function announced(child: ChildProcess, output: () => string): Promise<string> {
  return new Promise((resolve) => {
    const look = () => {
      const address = /"main":"(http:[^"]+)"/.exec(output())?.[1];
      if (address === undefined) return;
      child.stdout?.off('data', look);
      resolve(address);
    };
    child.stdout?.on('data', look);
  });
}

async function answering(port: number): Promise<string> {
  const url = `http://127.0.0.1:${port}`;
  for (;;) {
    const ready = await get(`${url}/readyz`).then(
      ({ status }) => status === 200,
      () => false,
    );
    if (ready) return url;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Runs the program until it ends by itself (a start that must fail) and resolves with its status and output. */
export async function runProxy(options: ProxyOptions): Promise<{ code: number | null; output: string }> {
  const cacheDir = options.cacheDir ?? mkdtempSync(join(tmpdir(), 'tmdb-proxy-test-'));
  const { child, output } = spawnProxy({ ...options, cacheDir });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (options.cacheDir === undefined) rmSync(cacheDir, { recursive: true, force: true });
  return { code, output: output() };
}

function spawnProxy(options: ProxyOptions & { cacheDir: string }): {
  child: ChildProcess;
  output: () => string;
} {
  let text = '';
  const { PATH, HOME, FAST_PATH = 'true' } = process.env;
  const child = spawn(process.execPath, [options.main ?? MAIN, ...(options.args ?? [])], {
    cwd: options.cacheDir,
    env: {
      PATH,
      HOME,
      FAST_PATH,
      HOST: '127.0.0.1',
      PORT: '0',
      USE_REDIS: 'false',
      CHANGE_FEED: 'false',
      CACHE_DIR: join(options.cacheDir, 'data'),
      ...options.env,
    },
    stdio: ['ignore', options.log ?? 'pipe', 'pipe'],
  });
  const gather = (chunk: Buffer) => {
    text += chunk.toString();
  };
  endWithUs(child);
  child.stdout?.on('data', gather);
  child.stderr?.on('data', gather);
  return { child, output: () => text };
}

/** The environment that points a proxy at an origin standing in for TMDB. */
export function pointedAt(originUrl: string, more: Record<string, string> = {}): Record<string, string> {
  return { TMDB_API_URLS: originUrl, TMDB_IMAGE_URLS: originUrl, TMDB_API_KEY: 'proxy-own-key', ...more };
}
