import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ISOLATES } from '../support/container.js';
import { endWithUs } from '../support/end-with-us.js';
import { childrenOf } from '../support/processes.js';

const DIST = new URL('../../dist/', import.meta.url).pathname;

/** Runs a program that has obeySignals(), tells it to stop once it says something, and resolves with what it said and its status. */
function told(signal: NodeJS.Signals, program: string): Promise<string> {
  const code = `import { obeySignals } from '${DIST}first-process.js'; obeySignals(); setInterval(() => {}, 1000); ${program}; console.log('up');`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  endWithUs(child);
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk;
    if (`${chunk}` === 'up\n') child.kill(signal);
  });
  return new Promise((resolve) => child.once('close', (status) => resolve(`${said}${status}`)));
}

describe('a signal to the first process of a container', () => {
  it.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('%s ends it where nobody else listens', async (signal, status) => {
    expect(await told(signal, '')).toBe(`up\n${status}`);
  });

  it('is left to those who listen, however late they began', async () => {
    const program = `process.on('SIGTERM', () => { console.log('draining'); process.exit(0); })`;
    expect(await told('SIGTERM', program)).toBe('up\ndraining\n0');
  });
});

describe.runIf(ISOLATES)('process 1', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tmdb-proxy-first-'));
  const sockets: Socket[] = [];
  const silent = createServer((socket) => sockets.push(socket));
  afterEach(() => {
    for (const socket of sockets) socket.destroy();
    silent.close();
    rmSync(folder, { recursive: true });
  });

  it('can be stopped while a command that is no server waits', async () => {
    const port = await new Promise<number>((resolve) => {
      silent.listen(0, '127.0.0.1', () => resolve((silent.address() as { port: number }).port));
    });
    const origin = `http://127.0.0.1:${port}`;
    const asked = new Promise((resolve) => silent.once('connection', resolve));
    const args = ['--pid', '--fork', '--kill-child', process.execPath, `${DIST}main.js`, 'check'];
    const env = {
      PATH: process.env.PATH ?? '',
      TMDB_API_URLS: origin,
      TMDB_IMAGE_URLS: origin,
      CACHE_DIR: folder,
    };
    const child = spawn('unshare', args, { env, stdio: 'ignore' });
    endWithUs(child);
    const ended = new Promise((resolve) => child.once('exit', (code) => resolve(code)));
    await asked;
    process.kill(childrenOf(child.pid!)[0]!, 'SIGTERM');
    expect(await ended).toBe(143);
  });
});
