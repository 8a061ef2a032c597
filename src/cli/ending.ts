import { ConfigError } from '../config/config-error.js';
import { PROGRAM } from './command.js';
import { CommandError, EXIT, type ExitStatus } from './exit-status.js';
import { readerLeft } from './reader.js';

/**
 * Runs what a command does and sets the exit status: what it resolves with, or what the thing thrown stands for, which is told on
 * standard error. With `json`, standard output gets `{"error": …}` as well, so that a program always reads one object. When nobody reads
 * standard output any more, it ends at once unless `unread` is `goes-on`.
 */
export async function ending(
  name: string,
  json: boolean | undefined,
  run: () => Promise<ExitStatus>,
  unread: 'ends' | 'goes-on' = 'ends',
): Promise<void> {
  if (unread === 'ends') readerLeft.addEventListener('abort', leave);
  try {
    process.exitCode = await run();
  } catch (thrown) {
    const { message, status } = failureOf(thrown);
    process.stderr.write(`${PROGRAM} ${name}: ${message}\n`);
    if (json === true) process.stdout.write(`${JSON.stringify({ error: message })}\n`);
    process.exitCode = status;
  }
}

function leave(): void {
  process.exit();
}

/** What to say of a thing thrown, and how the command ends. */
function failureOf(thrown: unknown): { message: string; status: ExitStatus } {
  if (thrown instanceof CommandError) return thrown;
  if (thrown instanceof ConfigError)
    return { message: `the configuration has mistakes:\n${thrown.message}`, status: EXIT.configuration };
  return { message: thrown instanceof Error ? thrown.message : String(thrown), status: EXIT.failed };
}
