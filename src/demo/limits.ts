/** TMDB's limits; an absent one is off. */
export interface Limits {
  /** API requests a second and address; images are not counted. */
  readonly rate?: number;
  /** Connections an address may have. */
  readonly connections?: number;
}

/** Counts requests by address in whole seconds of the origin's clock. */
export class RateMeter {
  #second = 0;
  readonly #seen = new Map<string, number>();

  /** Notes a request at `now` (ms) and tells whether it is within `rate` a second. */
  admit(address: string, rate: number, now: number): boolean {
    const second = Math.floor(now / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#seen.clear();
    }
    const count = (this.#seen.get(address) ?? 0) + 1;
    this.#seen.set(address, count);
    return count <= rate;
  }
}
