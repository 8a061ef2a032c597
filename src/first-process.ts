import { constants } from 'node:os';

/**
 * The kernel gives the first process of a container (pid 1) only signals that it has a handler for. Without this, Ctrl-C and
 * `docker stop` would do nothing until serving listens, and never during `check`. Whoever else listens decides:
 * draining takes its time.
 */
export function obeySignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (process.listenerCount(signal) === 1) process.exit(128 + constants.signals[signal]);
    });
  }
}
