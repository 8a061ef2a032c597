import { spawn } from 'node:child_process';
import { endWithUs } from './end-with-us.js';

const MAIN = new URL('../../dist/main.js', import.meta.url).pathname;

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly env?: Record<string, string>;
  readonly cwd?: string;
  /** Default: `node dist/main.js`. */
  readonly program?: readonly [file: string, ...args: string[]];
  /** Typed once standard output matches. */
  readonly typed?: { readonly after: RegExp; readonly text: string };
}

/** Runs one command of the built program to its end, without a terminal; its environment is `PATH` and what is given. */
export function runCommand(args: readonly string[], options: CommandOptions = {}): Promise<Ended> {
  const [file, ...before] = options.program ?? [process.execPath, MAIN];
  const child = spawn(file, [...before, ...args], {
    cwd: options.cwd,
    env: { PATH: process.env.PATH, ...options.env },
    stdio: [options.typed === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  endWithUs(child);
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name]!.on('data', (chunk: Buffer) => {
      text[name] += chunk.toString();
    });
  let { typed } = options;
  child.stdout!.on('data', () => {
    if (typed === undefined || !typed.after.test(text.stdout)) return;
    child.stdin!.write(typed.text);
    typed = undefined;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, ...text }));
  });
}
