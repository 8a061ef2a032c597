import { LRUCache } from 'lru-cache';
import type { RedisLink } from '../redis/link.js';

/**
 * Bytes of a value above which it goes over a connection of its own, and that a first read asks for. While bodies are
 * read without a pause, the median of 2 kB reads over the same connection is 0.5 ms with bodies of 16 and 32 kB, 0.9 ms
 * with 64 kB, 1.1 ms with 128 and 256 kB and 30 ms with 5 MB; with a connection of their own 0.2 to 0.6 ms, and 7 ms
 * (bench/redis/large-bodies.mjs, two busy cores; p99 was 9 to 20 ms either way below 5 MB: other processes). So up to
 * 64 kB sharing costs half a millisecond at most, and nearly all JSON is read in one round trip.
 */
export const LARGE_BYTES = 64 * 1024;

/** Keys remembered to be large. About 100 bytes each beside the key. */
const REMEMBERED = 10_000;

/** The connections for large bodies, and which keys are known to need them. */
export class LargeValues {
  readonly #links: readonly RedisLink[];
  readonly #inFlight: number[];
  readonly #keys = new LRUCache<string, true>({ max: REMEMBERED });
  #next = 0;

  /** `links`: at least one. */
  constructor(links: readonly RedisLink[]) {
    this.#links = links;
    this.#inFlight = links.map(() => 0);
  }

  knows(key: string): boolean {
    return this.#keys.get(key) === true;
  }

  /** Remembers for the next read whether the value under `key` is large. */
  note(key: string, bytes: number): void {
    if (bytes > LARGE_BYTES) this.#keys.set(key, true);
    else this.#keys.delete(key);
  }

  /** Runs `task` on the link with the fewest under way; among equals in turn. */
  async use<T>(task: (link: RedisLink) => Promise<T>): Promise<T> {
    const chosen = this.#choose();
    this.#inFlight[chosen]! += 1;
    try {
      return await task(this.#links[chosen]!);
    } finally {
      this.#inFlight[chosen]! -= 1;
    }
  }

  #choose(): number {
    let chosen = this.#next;
    for (let i = 1; i < this.#links.length; i += 1) {
      const candidate = (this.#next + i) % this.#links.length;
      if (this.#inFlight[candidate]! < this.#inFlight[chosen]!) chosen = candidate;
    }
    this.#next = (chosen + 1) % this.#links.length;
    return chosen;
  }
}
