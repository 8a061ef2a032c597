/** One request that arrived (those to the control paths are not noted). */
export interface LoggedRequest {
  readonly method: string;
  /** Path and query as received. */
  readonly target: string;
  /** Names and values in turn, as received. */
  readonly headers: readonly string[];
  readonly host: string;
  /** Milliseconds since 1970, by the origin's clock. */
  readonly time: number;
  /** Counts connections from 1. */
  readonly connection: number;
  /** Status sent; undefined while the request is in flight, and when it ended without one. */
  status: number | undefined;
}

/** Whether a request counts. */
export type RequestTest = (request: LoggedRequest) => boolean;

/** The last requests, and how many there were. */
export class Journal {
  readonly #limit: number;
  #kept: LoggedRequest[] = [];
  #total = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(request: LoggedRequest): void {
    this.#total++;
    this.#kept.push(request);
    // Dropped by the half: to shift an array of thousands at every request would cost more than the request.
    if (this.#kept.length > this.#limit) this.#kept = this.#kept.slice(-Math.ceil(this.#limit / 2));
  }

  /** All requests since the start or the last reset, also those no longer kept. */
  get total(): number {
    return this.#total;
  }

  /** The requests kept, oldest first. */
  all(): readonly LoggedRequest[] {
    return this.#kept;
  }

  last(): LoggedRequest | undefined {
    return this.#kept.at(-1);
  }

  /** How many of the requests kept pass the test. */
  count(test: RequestTest = () => true): number {
    return this.#kept.filter(test).length;
  }

  /** How many of the requests kept have a target that begins with `prefix`. */
  countOf(prefix: string): number {
    return this.count(({ target }) => target.startsWith(prefix));
  }

  reset(): void {
    this.#kept = [];
    this.#total = 0;
  }
}
