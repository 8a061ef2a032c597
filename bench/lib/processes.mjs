// Processes of a run: pinned to a core where that can be done, on free ports, in a folder that goes with them, ended by pid.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

/** The server under test has one core for itself; load, origin, Redis and this program share the other. */
export const SERVER_CORE = 0;
export const LOAD_CORE = 1;

const canPin = cpus().length > 1 && spawnSync('taskset', ['--version']).status === 0;

/** Said in the results. */
export const pinning = canPin
  ? `taskset: server on core ${SERVER_CORE}, load and origin on core ${LOAD_CORE}`
  : 'none: no taskset, or one core only';

/** Every child that has not ended. @type {Set<import('node:child_process').ChildProcess>} */
const living = new Set();
/** @type {Set<string>} */
const folders = new Set();

/** Moves this program out of the server's way. */
export function pinOurselves() {
  if (canPin) execFileSync('taskset', ['-acp', String(LOAD_CORE), String(process.pid)], { stdio: 'ignore' });
}

/**
 * @param {number} core
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnOptions} [options] output is thrown away unless `stdio` says otherwise
 * @returns {import('node:child_process').ChildProcess}
 */
export function launch(core, command, args, options = {}) {
  const whole = canPin ? ['taskset', '-c', String(core), command, ...args] : [command, ...args];
  const child = spawn(whole[0], whole.slice(1), { stdio: 'ignore', ...options });
  living.add(child);
  child.once('exit', () => living.delete(child));
  child.once('error', () => living.delete(child));
  return child;
}

/**
 * Runs a program to its end. Rejects with what it wrote to standard error when it fails.
 * @param {number} core @param {string} command @param {readonly string[]} args
 * @param {{ interruptAfterMs?: number }} [options]
 * @returns {Promise<string>} standard output
 */
export function output(core, command, args, { interruptAfterMs } = {}) {
  return new Promise((resolve, reject) => {
    const child = launch(core, command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const [out, err] = [[], []];
    child.stdout?.on('data', (chunk) => out.push(chunk));
    child.stderr?.on('data', (chunk) => err.push(chunk));
    child.once('error', reject);
    const interrupt =
      interruptAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGINT'), interruptAfterMs);
    child.once('close', (code) => {
      clearTimeout(interrupt);
      if (code === 0) resolve(Buffer.concat(out).toString());
      else reject(new Error(`${command} ended with ${code}: ${Buffer.concat(err).toString().slice(-2000)}`));
    });
  });
}

/** Ends a child: politely, after 5 s by force. @param {import('node:child_process').ChildProcess} child */
export async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), 5000);
  await gone;
  clearTimeout(force);
}

/** @returns {string} a new folder, gone with this program at the latest */
export function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'tmdb-bench-'));
  folders.add(folder);
  return folder;
}

/** @param {string} folder */
export function removeFolder(folder) {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  folders.delete(folder);
}

/** A free port whose Redis Cluster bus port (+10000) exists. @returns {Promise<number>} */
export async function freePort() {
  for (;;) {
    const server = createServer();
    const port = await new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', () => resolve(server.address().port));
    });
    await new Promise((resolve) => server.close(resolve));
    if (port < 50_000) return port;
  }
}

/**
 * Waits until `ready` resolves with true; a child that ends meanwhile ends the waiting.
 * @param {() => Promise<boolean>} ready @param {import('node:child_process').ChildProcess} child @param {string} name
 */
export async function until(ready, child, name, { pauseMs = 10, limitMs = 20_000 } = {}) {
  const limit = Date.now() + limitMs;
  while (!(await ready().catch(() => false))) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`${name} ended at its start`);
    if (Date.now() > limit) throw new Error(`${name} did not answer within ${limitMs} ms`);
    await wait(pauseMs);
  }
}

process.once('exit', () => {
  // Not by force: nginx and Varnish have processes of their own to end.
  for (const child of living) child.kill('SIGTERM');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
