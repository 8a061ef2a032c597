/** Ids of one chunk; a chunk is 8 KiB. */
const CHUNK_BITS = 16;
const CHUNK_MASK = (1 << CHUNK_BITS) - 1;
/** Far above TMDB's highest id (some 6 million persons): what a wrong number can cost is bounded by 8 MiB. */
export const MAX_ID = 2 ** 26;

/** An exact set of small whole numbers: one bit each, in chunks that are made when needed. */
export class IdSet {
  readonly #chunks = new Map<number, Uint8Array>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Whether it was not in the set before. Numbers from `MAX_ID` on are not taken in. */
  add(id: number): boolean {
    if (!(id >= 0 && id < MAX_ID)) return false;
    const chunk = this.#chunkOf(id);
    const at = (id & CHUNK_MASK) >> 3;
    const bit = 1 << (id & 7);
    if ((chunk[at]! & bit) !== 0) return false;
    chunk[at]! |= bit;
    this.#size++;
    return true;
  }

  has(id: number): boolean {
    const chunk = this.#chunks.get(id >>> CHUNK_BITS);
    return chunk !== undefined && (chunk[(id & CHUNK_MASK) >> 3]! & (1 << (id & 7))) !== 0;
  }

  *values(): Generator<number> {
    for (const [number, chunk] of this.#chunks) {
      for (let at = 0; at < chunk.length; at++) {
        if (chunk[at] === 0) continue;
        for (let bit = 0; bit < 8; bit++)
          if ((chunk[at]! & (1 << bit)) !== 0) yield number * (CHUNK_MASK + 1) + at * 8 + bit;
      }
    }
  }

  /** At most so many members, which leave the set. */
  take(most: number): number[] {
    const taken: number[] = [];
    for (const id of this.values()) {
      if (taken.length === most) break;
      taken.push(id);
    }
    for (const id of taken) this.#chunks.get(id >>> CHUNK_BITS)![(id & CHUNK_MASK) >> 3]! &= ~(1 << (id & 7));
    this.#size -= taken.length;
    if (this.#size === 0) this.#chunks.clear();
    return taken;
  }

  clear(): void {
    this.#chunks.clear();
    this.#size = 0;
  }

  #chunkOf(id: number): Uint8Array {
    const number = id >>> CHUNK_BITS;
    let chunk = this.#chunks.get(number);
    if (chunk === undefined) {
      chunk = new Uint8Array((CHUNK_MASK + 1) / 8);
      this.#chunks.set(number, chunk);
    }
    return chunk;
  }
}
