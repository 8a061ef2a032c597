import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { endWithUs } from '../../support/end-with-us.js';

/** A script of this folder in a process of its own, told apart by lines. */
export interface Helper {
  /** The next line it prints; rejects when it has ended. */
  line(): Promise<string>;
  tell(text: string): void;
  stop(): Promise<void>;
}

export function startHelper(script: string, argument?: unknown): Helper {
  const path = new URL(script, import.meta.url).pathname;
  const child = spawn(
    process.execPath,
    [path, ...(argument === undefined ? [] : [JSON.stringify(argument)])],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  endWithUs(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    line: async () => {
      const { value, done } = await lines.next();
      if (done === true) throw new Error(`${script} has ended`);
      return value;
    },
    tell: (text) => void child.stdin.write(`${text}\n`),
    stop: () => ended(child),
  };
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill();
  });
}
