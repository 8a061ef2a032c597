import type { Redis } from 'ioredis';
import type { RedisKeys } from '../redis/keys.js';
import type { RedisLink } from '../redis/link.js';
import type { RedisDeadlines } from '../redis/options.js';
import { RedisTrouble } from '../redis/trouble.js';
import { type Master, mastersOf } from './redis-masters.js';

/** Names tried until one lies on the master: with 16 masters of equal size none fits once in 60 000. */
const MOST_NAMES = 170;
/** The same of all nodes: they share the names. */
const VALUE = '1';
/** A probe's key leaves by itself, ms. */
const PROBE_PX = 10_000;

/**
 * Proves that requests would be served: every master takes a write (READONLY, OOM, CLUSTERDOWN show) and gives it back.
 * One master alone is not enough: with it back and another dead, a part of the keys would cost each request a deadline.
 */
export class RedisProbe {
  readonly #link: RedisLink;
  readonly #keys: RedisKeys;
  readonly #writes: boolean;
  /** A name that lies on each master, by its address. */
  readonly #names = new Map<string, number>();

  /** `writes` false: only reads are proved, where only reads are made. */
  constructor(link: RedisLink, keys: RedisKeys, writes: boolean) {
    this.#link = link;
    this.#keys = keys;
    this.#writes = writes;
  }

  /** Rejects with RedisTrouble. Each step has the deadline that requests have: slower would pass here and fail there. */
  async run(deadlines: RedisDeadlines): Promise<void> {
    const masters = mastersOf(this.#link);
    if (masters.length === 0) throw new RedisTrouble('unreachable', 'redis probe: no master is known');
    await Promise.all(masters.map((master) => this.#probe(master, deadlines)));
  }

  async #probe({ address, node }: Master, deadlines: RedisDeadlines): Promise<void> {
    let number = this.#names.get(address) ?? 0;
    for (let tried = 0; tried < MOST_NAMES; tried += 1) {
      try {
        // Named like a lease, so that it is spread over the slots like one; no primary key holds a space.
        await this.#ask(node, this.#keys.lease(`probe ${number}`), deadlines);
        this.#names.set(address, number);
        return;
      } catch (error) {
        // "Not my slot": the node answers, and another name may lie on it. A master without slots has none.
        if (!(error instanceof RedisTrouble) || error.reason !== 'wrong-topology') throw error;
        number = (number + 1) % MOST_NAMES;
      }
    }
  }

  async #ask(node: Redis, name: string, { read, write }: RedisDeadlines): Promise<void> {
    const link = this.#link;
    if (this.#writes) {
      const said: unknown = await link.call('probe', write, () => node.set(name, VALUE, 'PX', PROBE_PX));
      if (said !== 'OK') throw new RedisTrouble('error', 'redis probe: an answer to something else');
    }
    const value: unknown = await link.call('probe', read, () => node.get(name));
    if (value !== VALUE && (this.#writes || value !== null))
      throw new RedisTrouble('error', 'redis probe: a value was not given back');
  }
}
