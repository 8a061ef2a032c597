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
