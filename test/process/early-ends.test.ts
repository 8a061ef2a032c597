import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { endWithUs } from '../support/end-with-us.js';

const MAIN = new URL('../../dist/main.js', import.meta.url).pathname;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'early-ends-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function start(args: readonly string[], env: Record<string, string> = {}): ChildProcess {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH, TMPDIR: folder, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  endWithUs(child);
  return child;
}

async function ended(child: ChildProcess): Promise<{ code: number | null; stderr: string }> {
  let stderr = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stderr };
}

it('a tool whose reader has left ends as Unix tools do, without a stack', async () => {
  const file = join(folder, 'keys.json');
  await ended(start(['keys', 'add', 'alice', '--file', file]));
  for (const args of [['list'], ['list', '--json'], ['add', 'bob']]) {
    const child = start(['keys', ...args, '--file', file]);
    child.stdout?.destroy();
    const { code, stderr } = await ended(child);
    expect(code, args.join(' ')).toBe(141);
    expect(stderr).not.toMatch(/Error|EPIPE|\n {4}at /);
  }
});

it('check tells whether all is well although nobody reads it', async () => {
  const child = start(['check'], { PORT: '0', OFFLINE: 'true', CACHE_DIR: join(folder, 'data') });
  child.stdout?.destroy();
  expect(await ended(child)).toEqual({ code: 0, stderr: '' });
});

it.each(['1', '3'])(
  'the demo whose port is taken, %s workers: one line, status 1, nothing is left',
  async (WORKERS) => {
    const other = createServer().listen(0);
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    const temporary = mkdtempSync(join(folder, 'tmp-'));
    try {
      const { code, stderr } = await ended(
        start(['demo'], { PORT: String(port), WORKERS, TMPDIR: temporary }),
      );
      expect(code).toBe(1);
      const after = stderr.slice(stderr.indexOf('\ntmdb-cache-proxy: ')).trim();
      expect(after).toBe(
        `tmdb-cache-proxy: PORT: port ${port} is in use; stop what uses it or set PORT to another`,
      );
      expect(stderr).not.toContain('    at ');
      expect(readdirSync(temporary)).toEqual([]);
    } finally {
      other.close();
    }
  },
);

it('the demo with a mistake in its settings leaves nothing either', async () => {
  const temporary = mkdtempSync(join(folder, 'tmp-'));
  const { code } = await ended(start(['demo'], { PORT: 'abc', TMPDIR: temporary }));
  expect(code).toBe(78);
  expect(readdirSync(temporary)).toEqual([]);
});
