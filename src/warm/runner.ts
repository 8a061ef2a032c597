import { setMaxListeners } from 'node:events';
import type { Clock } from '../clock.js';
import { pause } from './pause.js';
import type { TargetQueue } from './target-queue.js';
import type { Warmed, Warmer } from './warmer.js';

export interface RunParts {
  readonly warmer: Pick<Warmer, 'warm'>;
  readonly queue: TargetQueue;
  readonly clock: Clock;
  /** Targets in flight. */
  readonly concurrency: number;
  readonly onWarmed: (warmed: Warmed) => void;
}

/** So many in a row that cost the origin nothing, then others have a turn: a list of what is fresh must not take a core. */
const EASY = 64;
const REST_MS = 20;
/** So many refusals of our key in a row end a job: the rest would be refused too. */
const MAX_REFUSED = 20;

/**
 * Works a list off until its end or until `signal` fires. Rejects when the list can't be read or the origin does not take our
 * key; what is not done then stays in the queue.
 */
export async function runTargets(parts: RunParts, signal: AbortSignal): Promise<void> {
  const ended = new AbortController();
  const either = AbortSignal.any([signal, ended.signal]);
  // One or two for each lane: Node warns of eleven.
  setMaxListeners(0, either);
  const run = new Run(parts);
  const lanes = Array.from({ length: parts.concurrency }, () => run.lane(either));
  try {
    await Promise.all(lanes);
  } catch (thrown) {
    ended.abort();
    await Promise.allSettled(lanes);
    if (!signal.aborted) throw thrown;
  }
}

class Run {
  readonly #parts: RunParts;
  #easy = 0;
  #refused = 0;
  #rest: Promise<void> | undefined;

  constructor(parts: RunParts) {
    this.#parts = parts;
  }

  async lane(signal: AbortSignal): Promise<void> {
    const { queue, warmer, onWarmed } = this.#parts;
    for (;;) {
      await this.#rest;
      const taken = await queue.take(signal);
      if (taken === undefined) return;
      const warmed = await warmer.warm(taken.target, signal);
      queue.done(taken);
      onWarmed(warmed);
      this.#pace(warmed, signal);
    }
  }

  #pace(warmed: Warmed, signal: AbortSignal): void {
    this.#refused = warmed.result === 'errors' && warmed.refused === true ? this.#refused + 1 : 0;
    if (this.#refused >= MAX_REFUSED)
      throw new Error('TMDB does not take the key (401): set TMDB_API_KEY to one that works');
    const easy = warmed.result === 'hits' || warmed.result === 'skipped';
    this.#easy = easy ? this.#easy + 1 : 0;
    if (this.#easy < EASY) return;
    this.#easy = 0;
    this.#rest = pause(this.#parts.clock, REST_MS, signal);
    this.#rest.catch(() => {});
  }
}
