import type { Clock } from '../clock.js';
import { RedisTrouble } from '../redis/trouble.js';

/**
 * Writes of one key one after the other: large and small values go over different connections, and a script that the
 * server does not know yet is sent twice, so the order of sending is not the order of arrival.
 */
export class KeyTurns {
  readonly #clock: Clock;
  readonly #last = new Map<string, Promise<unknown>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Keys with a write under way. */
  get size(): number {
    return this.#last.size;
  }

  /** Runs `task` after the earlier ones of `key`. Who has waited `deadlineMs` already is not sent at all. */
  run<T>(key: string, deadlineMs: number, task: () => Promise<T>): Promise<T> {
    const since = this.#clock.steady();
    const turn = async (): Promise<T> => {
      if (this.#clock.steady() - since >= deadlineMs)
        throw new RedisTrouble(
          'deadline',
          `redis write: waited ${deadlineMs} ms for an earlier one of its key`,
        );
      return task();
    };
    const before = this.#last.get(key);
    const mine = before === undefined ? task() : before.then(turn, turn);
    this.#last.set(key, mine);
    const done = () => {
      if (this.#last.get(key) === mine) this.#last.delete(key);
    };
    mine.then(done, done);
    return mine;
  }
}
