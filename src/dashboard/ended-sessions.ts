import type { Clock } from '../clock.js';

/** Sessions remembered as ended; who is not signed in cannot add any. */
const MOST = 1000;

/** Sessions that were signed out of before their token ran out. */
export class EndedSessions {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #until = new Map<string, number>();

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  /** @param until when the token runs out by itself, ms since epoch */
  add(id: string, until: number): void {
    const now = this.#clock.now();
    for (const [other, end] of this.#until) if (end <= now) this.#until.delete(other);
    this.#until.set(id, until);
    if (this.#until.size > MOST) this.#until.delete(this.#until.keys().next().value!);
  }

  has(id: string): boolean {
    return this.#until.has(id);
  }
}
