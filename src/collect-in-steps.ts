import { availableParallelism } from 'node:os';
import { setFlagsFromString } from 'node:v8';

/**
 * On one core V8 must not mark in the background: its threads have no core of their own to run on, and the program waits for them at
 * the end, for seconds with a million entries in memory. Marked in steps by the program itself, the same work pauses it for
 * some ms at a time (`npm run bench -- memory`). To be called before anything else is loaded.
 */
export function collectInSteps(): void {
  if (availableParallelism() < 2) setFlagsFromString('--no-concurrent-marking');
}
