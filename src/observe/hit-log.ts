import type { Clock } from '../clock.js';

/**
 * Which hits get a line in the access log: the first few of each second. A line costs more than the hit it tells of, and
 * nobody reads thousands a second; everything but hits is logged within LOG_LINES.
 */
export class HitLog {
  readonly #clock: Clock;
  readonly #hasRoom: () => boolean;
  #perSecond: number;
  #windowEnds = 0;
  #logged = 0;
  #silent = 0;

  /**
   * @param perSecond `LOG_HITS`
   * @param hasRoom whether the log takes another line: a hit whose line would be left out is counted with the next
   */
  constructor(clock: Clock, perSecond: number, hasRoom: () => boolean = () => true) {
    this.#clock = clock;
    this.#hasRoom = hasRoom;
    this.#perSecond = perSecond;
  }

  /** @param perSecond `LOG_HITS`, from now on */
  limit(perSecond: number): void {
    this.#perSecond = perSecond;
  }

  /** How many hits a line for this one stands for: itself and those before it that got none. 0: no line. */
  take(): number {
    if ((this.#logged >= this.#perSecond && !this.#nextWindow()) || !this.#hasRoom()) {
      this.#silent += 1;
      return 0;
    }
    if (this.#logged === 0) this.#windowEnds = this.#clock.steady() + 1000;
    this.#logged += 1;
    const hits = this.#silent + 1;
    this.#silent = 0;
    return hits;
  }

  /** How many hits no line stands for yet: to be said when there will be no next one. 0 where none is wanted. */
  rest(): number {
    const hits = this.#perSecond === 0 ? 0 : this.#silent;
    this.#silent = 0;
    return hits;
  }

  /** Begins another second if the last one is over. */
  #nextWindow(): boolean {
    if (this.#perSecond === 0 || this.#clock.steady() < this.#windowEnds) return false;
    this.#logged = 0;
    return true;
  }
}
