import type { Clock } from '../clock.js';
import { FillBell, type Listener } from './fill-bell.js';
import type { RedisKeys } from './keys.js';
import { HeldLease } from './lease-held.js';
import { ACQUIRE, LEASE_DEADLINE_MS } from './lease-scripts.js';
import { Waiting } from './lease-wait.js';
import type { RedisLink } from './link.js';
import { asTrouble, type RedisTrouble } from './trouble.js';

/** Length of a lease, ms: a crashed or paused leader delays nobody for longer (I-23). */
export const LEASE_MS = 3000;
/** After lasting trouble one claim in so long, ms, tries again; the others go alone without paying the deadline. */
const REST_MS = 1000;

/** What `Leases` of cache/lease.ts wants, which this folder does not know. */
export type RedisClaim =
  | { readonly kind: 'ours'; readonly lease: HeldLease; readonly filledBefore: boolean }
  | { readonly kind: 'theirs'; wait: Waiting['until'] }
  | { readonly kind: 'alone' };

export interface RedisLeasesParts {
  /** For short commands. */
  readonly link: RedisLink;
  /** For subscribing, shared with nothing else. */
  readonly subscriber: RedisLink;
  readonly keys: RedisKeys;
  readonly clock: Clock;
  /** Whether L2 is this Redis at the moment: without it a lease would announce what others can't find. */
  readonly available: () => boolean;
  /** A claim, an extension or a release failed. Nothing needs to be done; it is for the log and the metrics. */
  readonly onTrouble: (trouble: RedisTrouble) => void;
  /** Length of a lease, ms. */
  readonly leaseMs?: number;
}

/** Leases in Redis: one key per primary key, in the slot of its entry. Trouble means no lease, never no answer. */
export class RedisLeases {
  readonly #parts: RedisLeasesParts;
  readonly #leaseMs: number;
  readonly #channel: string;
  readonly #bell: FillBell;
  #troubled = false;
  #restUntil = 0;
  /** When the first of the claims that failed in a row did. */
  #failedAt: number | undefined;

  constructor(parts: RedisLeasesParts) {
    this.#parts = parts;
    this.#leaseMs = parts.leaseMs ?? LEASE_MS;
    this.#channel = parts.keys.channel('fills');
    this.#bell = new FillBell(parts.subscriber, this.#channel, parts.clock, parts.onTrouble);
  }

  /** Claims the fill of a primary key for a fill with this stamp; `purgedAt`: of the latest purge that may name it. Never rejects; bounded by a deadline of its own. */
  async claim(primaryKey: string, stamp: number, purgedAt: number): Promise<RedisClaim> {
    if (!this.#mayTry()) return { kind: 'alone' };
    const { link, keys } = this.#parts;
    const key = keys.lease(primaryKey);
    const began = this.#parts.clock.steady();
    // Before the claim, so that a ring between its answer and the wait is heard.
    const listener = this.#bell.listen(key);
    try {
      const names = [key, keys.entry(primaryKey, primaryKey)];
      const answer = await link.run(ACQUIRE, names, [this.#leaseMs, stamp, purgedAt], LEASE_DEADLINE_MS);
      this.#troubled = false;
      this.#failedAt = undefined;
      return this.#read(key, stamp, answer, listener);
    } catch (thrown) {
      // A lease that was granted after all ends by itself.
      this.#parts.onTrouble(asTrouble('lease', thrown));
      this.#failed(began);
      listener.close();
      return { kind: 'alone' };
    }
  }

  /** Stops listening. Leases that are held end by themselves or are released. */
  close(): void {
    this.#bell.close();
  }

  #read(
    key: string,
    stamp: number,
    [granted, text, filled]: readonly [granted: number, text: string, filled?: number],
    listener: Listener,
  ): RedisClaim {
    const fence = Number.parseInt(text, 10);
    if (granted === 0 && !text.endsWith(':u')) {
      const waiting = new Waiting(this.#parts, key, fence, listener);
      return { kind: 'theirs', wait: (signal) => waiting.until(signal) };
    }
    listener.close();
    if (granted === 0) return { kind: 'alone' };
    const parts = { ...this.#parts, leaseMs: this.#leaseMs, channel: this.#channel };
    return { kind: 'ours', lease: new HeldLease(parts, key, fence, stamp), filledBefore: filled === 1 };
  }

  #mayTry(): boolean {
    const { available, clock } = this.#parts;
    if (!available() || clock.steady() < this.#restUntil) return false;
    // One probe at a time: the next one waits whether this one has been answered or not.
    if (this.#troubled) this.#rest();
    return true;
  }

  /**
   * Claims that were under way together fail together, and say no more than one: a Redis that was slow for once would have
   * each key of the next second fetched by every node (seen: 27 of 200 twice, test/scenarios/one-fetch).
   */
  #failed(began: number): void {
    if (this.#failedAt !== undefined && began >= this.#failedAt) this.#rest();
    this.#failedAt ??= this.#parts.clock.steady();
  }

  #rest(): void {
    this.#troubled = true;
    this.#restUntil = this.#parts.clock.steady() + REST_MS;
  }
}
