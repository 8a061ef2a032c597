/** Time, randomness and timers, injected everywhere so that tests step them. */
export interface Clock {
  /** Wall clock, ms since epoch. Compared only with values of this same machine (I-13). */
  now(): number;
  /**
   * Whole ms since some moment in the life of this process, for durations: nobody sets it. The wall clock is set back and forward (NTP, a
   * machine that slept, an operator), and a rest measured by it would last for hours, or a deadline be over at once.
   */
  steady(): number;
  /** In [0, 1). */
  random(): number;
  /** Runs `task` once after `ms`; the returned function cancels it. Never keeps the process alive. */
  after(ms: number, task: () => void): () => void;
}

export const systemClock: Clock = {
  now: Date.now,
  steady: () => Math.floor(performance.now()),
  random: Math.random,
  after(ms, task) {
    const timer = setTimeout(task, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
