import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endWithUs } from '../support/end-with-us.js';
import { freePort } from '../support/redis-server.js';
import type { Results } from './classify.js';

export interface Origin {
  readonly url: string;
  stop(): Promise<void>;
}

export interface ClientRun {
  readonly results: Results;
  /** Statuses of the answers to each test's requests, in order. */
  readonly statuses: Readonly<Record<string, readonly number[]>>;
}

/** ms; a run of the whole suite takes about 15 s. */
const CLIENT_DEADLINE = 180_000;

const SERVER = createRequire(import.meta.url).resolve('http-cache-tests/server/server.mjs');
const CLIENT = new URL('client.mjs', import.meta.url).pathname;

/** Starts the suite's own origin on a free port. */
export async function startOrigin(): Promise<Origin> {
  const folder = mkdtempSync(join(tmpdir(), 'tmdb-proxy-conformance-'));
  const port = await freePort();
  // The suite reads npm's configuration, which is how its own scripts pass these.
  const env = {
    PATH: process.env.PATH,
    npm_config_protocol: 'http',
    npm_config_port: String(port),
    npm_config_pidfile: join(folder, 'server.pid'),
  };
  const child = spawn(process.execPath, [SERVER], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const stop = async () => {
    await end(child);
    rmSync(folder, { recursive: true, force: true });
  };
  const output = gather(child);
  try {
    await listening(child, output);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: `http://127.0.0.1:${port}`, stop };
}

/** Runs the suite's client against `base`, all tests or those named. */
export async function runClient(
  base: string,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<ClientRun> {
  signal.throwIfAborted();
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(CLIENT_DEADLINE)]);
  const child = spawn(process.execPath, [CLIENT, base, ...ids], { stdio: ['ignore', 'pipe', 'pipe'] });
  endWithUs(child);
  const give = () => child.kill('SIGKILL');
  deadline.addEventListener('abort', give);
  let answer = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    answer += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  deadline.removeEventListener('abort', give);
  deadline.throwIfAborted();
  if (code !== 0) throw new Error(`the suite's client ended with ${code}:\n${errors}`);
  return JSON.parse(answer) as ClientRun;
}

function gather(child: ChildProcess): () => string {
  let text = '';
  endWithUs(child);
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
  return () => text;
}

function listening(child: ChildProcess, output: () => string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the suite's origin ended with ${code}:\n${output()}`)));
    child.stdout?.on('data', () => {
      if (output().includes('Listening on')) resolve();
    });
  });
}

function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}
