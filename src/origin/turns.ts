import type { Priority } from './source.js';

/** Highest first. */
export const PRIORITIES: readonly Priority[] = ['user', 'refresh', 'background'];

const USUAL = PRIORITIES;
const REFRESH_FIRST: readonly Priority[] = ['refresh', 'user', 'background'];
const BACKGROUND_FIRST: readonly Priority[] = ['background', 'user', 'refresh'];

/**
 * Who is looked at first when the `turn`-th waiter is let through. Of 32 turns people have 28, refreshes 3 (else a busy
 * hour would turn everything stale) and background work 1 (else a warm-up would never end).
 */
export function classesByTurn(turn: number): readonly Priority[] {
  const place = turn % 32;
  if (place === 31) return BACKGROUND_FIRST;
  return place % 8 === 7 ? REFRESH_FIRST : USUAL;
}
