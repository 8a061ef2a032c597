import { vi } from 'vitest';

/**
 * What a promise about time may take longer where it is tested: such machines are busy, and a broken one hangs for good or fails
 * otherwise. How long things really take is measured by `npm run bench` and `npm run scenario`.
 */
export const PATIENCE_MS = 4000;

/** Tries again until it no longer throws: what happens soon may take a busy machine much longer than a default of one second. */
export function eventually<T>(attempt: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(attempt, { timeout: 3 * PATIENCE_MS, interval: 20 });
}
