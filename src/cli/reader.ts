import { PROGRAM } from './command.js';
import { EXIT } from './exit-status.js';

const left = new AbortController();

/** Fires when nobody reads standard output any more; the exit status is set by then. */
export const readerLeft: AbortSignal = left.signal;

/**
 * Whoever reads the output may leave early (`… | head -1`): an error event that nobody listens to would end the process with a
 * stack. A server goes on; a tool that has more to do than print looks at the signal.
 */
export function followReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (left.signal.aborted) return;
    if (error.code === 'EPIPE') process.exitCode = EXIT.unread;
    else {
      // A full disk, say.
      process.stderr.write(`${PROGRAM}: standard output: ${error.message}\n`);
      process.exitCode = EXIT.failed;
    }
    left.abort();
  });
  process.stderr.on('error', () => {}); // nowhere is left to tell it
}
