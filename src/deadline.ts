import type { Clock } from './clock.js';

/**
 * What `task` comes to, or what `late` gives (or throws) when that takes longer than `ms`. The task itself goes on: nobody waits
 * for it, and its rejection is no fault then. The timer never outlives the task.
 */
export async function within<T, L>(
  clock: Clock,
  ms: number,
  task: Promise<T>,
  late: () => L,
): Promise<T | L> {
  let cancel = () => {};
  const over = new Promise<void>((resolve) => {
    cancel = clock.after(ms, resolve);
  }).then(late);
  try {
    return await Promise.race([task, over]);
  } finally {
    cancel();
  }
}

/** A timer that comes so late, ms, says that this process was busy, not that others were slow. */
const OVERSLEPT_MS = 10;

/**
 * Runs `onLate` after `ms`; the returned function cancels it. A timer that is due runs before the answers that lie in the socket are
 * read. So a process that was busy, waited for a core or stood still with its machine would call others slow for its own fault:
 * a timer that comes late is set once more, for `againMs`.
 */
export function afterAwake(clock: Clock, ms: number, againMs: number, onLate: () => void): () => void {
  const due = clock.steady() + ms;
  let cancel = clock.after(ms, () => {
    if (clock.steady() - due < OVERSLEPT_MS) onLate();
    else cancel = clock.after(againMs, onLate);
  });
  return () => cancel();
}
