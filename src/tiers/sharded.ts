import { hashOf } from './recent-marks.js';
import { type Queued, SecondChanceCache } from './second-chance.js';

/**
 * Bytes of one shard. A Map that grows is copied at once, and the process stands still meanwhile: the longer the larger it is.
 * Into a shard fit some 80 000 records of 3 kB.
 */
const SHARD_BYTES = 256 * 1024 ** 2;

/** About a millisecond's worth, of one shard. */
const EVICTED_AT_ONCE = 500;

/** Records of one cache, divided by their keys among several that are each small enough to grow without a pause. */
export class ShardedCache<R extends Queued> {
  /** Bytes that fit into one shard. */
  shardBytes: number;
  readonly #shards: SecondChanceCache<R>[];

  /** `maxBytes` > 0. `onEvict`: see `SecondChanceCache`. */
  constructor(maxBytes: number, onEvict: (unused: boolean) => void, shardBytes = SHARD_BYTES) {
    const count = Math.max(1, Math.floor(maxBytes / shardBytes));
    this.shardBytes = Math.floor(maxBytes / count);
    this.#shards = Array.from({ length: count }, () => new SecondChanceCache(this.shardBytes, onEvict));
  }

  /**
   * Another bound, among as many shards as before. Evicts a few records of each; whether the bound holds now. Called again
   * until it does, so that the process does not stand still for all of them.
   */
  resize(maxBytes: number): boolean {
    this.shardBytes = Math.max(1, Math.floor(maxBytes / this.#shards.length));
    const held = this.#shards.map((shard) => shard.resize(this.shardBytes, EVICTED_AT_ONCE));
    return held.every(Boolean);
  }

  get size(): number {
    return this.#shards.reduce((sum, shard) => sum + shard.size, 0);
  }

  get bytes(): number {
    return this.#shards.reduce((sum, shard) => sum + shard.bytes, 0);
  }

  get(key: string): R | undefined {
    return this.#of(key).get(key);
  }

  set(key: string, record: R): void {
    this.#of(key).set(key, record);
  }

  delete(key: string): boolean {
    return this.#of(key).delete(key);
  }

  /** All keys, one shard after the other, each as it is when it is come to. */
  *keys(): Generator<string> {
    for (const shard of this.#shards) yield* shard.keys();
  }

  #of(key: string): SecondChanceCache<R> {
    const count = this.#shards.length;
    return this.#shards[count === 1 ? 0 : shardOf(key, count)]!;
  }
}

/**
 * Number of the shard of a key. Its hash is mixed once more: the bits as they are choose the slots in a shard's marks, of which it
 * would have only some.
 */
export function shardOf(key: string, count: number): number {
  const mixed = Math.imul(hashOf(key), 0x9e3779b1) >>> 0;
  return Math.floor((mixed / 2 ** 32) * count);
}
