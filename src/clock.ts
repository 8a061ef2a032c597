/** Time, randomness and timers, injected everywhere so that tests step them. */
export interface Clock {
  /** Wall clock, ms since epoch. Compared only with values of this same machine (I-13). */
  now(): number;
  /** In [0, 1). */
  random(): number;
  /** Runs `task` once after `ms`; the returned function cancels it. Never keeps the process alive. */
  after(ms: number, task: () => void): () => void;
}

export const systemClock: Clock = {
  now: Date.now,
  random: Math.random,
  after(ms, task) {
    const timer = setTimeout(task, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
