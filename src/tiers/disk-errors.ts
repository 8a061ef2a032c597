import type { Clock } from '../clock.js';
import type { DiskEventListener } from './disk-types.js';

/** Counts every failure and tells of at most one a second: a full disk must not flood the log. */
export class FailureLog {
  #count = 0;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(
    readonly clock: Clock,
    readonly onEvent: DiskEventListener,
  ) {}

  get count(): number {
    return this.#count;
  }

  failed(operation: string, error: unknown): void {
    this.#count += 1;
    const now = this.clock.steady();
    if (now - this.#toldAt < 1000) return;
    this.#toldAt = now;
    this.onEvent({ type: 'error', operation, message: messageOf(error), code: codeOf(error) });
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The system's code (ENOSPC, EROFS…) or '' when there is none. */
export function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return '';
  return String(error.code);
}

/** Whether the medium has no space left; LMDB gives the bare number. */
export function isFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', '28', '122'].includes(codeOf(error));
}
