import type { Clock } from '../clock.js';

/** Wrong keys an address may send at once before the brake bites. */
const FREE = 10;
/** One more wrong key is forgiven every so often, ms. CONTRACT: the brake is off again within 20 s at most. */
const FORGIVE_MS = 1_000;
/** Addresses remembered; beyond it the oldest is forgotten, so that an attacker's many addresses cost no memory. */
const MOST_ADDRESSES = 10_000;

/**
 * Slows guessing per address: a leaking bucket of wrong keys. It judges wrong keys only. A lock that also refused the
 * right key would let anyone behind the same address (a reverse proxy, a NAT) keep the operator out for ever.
 */
export class Brake {
  readonly #clock: Pick<Clock, 'steady'>;
  readonly #buckets = new Map<string, { level: number; at: number }>();

  constructor(clock: Pick<Clock, 'steady'>) {
    this.#clock = clock;
  }

  /** Notes a wrong key. Seconds the sender should wait, or 0 while there are few. */
  wrong(address: string): number {
    const now = this.#clock.steady();
    const known = this.#buckets.get(address);
    const leaked = known === undefined ? 0 : Math.max(0, known.level - (now - known.at) / FORGIVE_MS);
    const level = Math.min(FREE + 1, leaked + 1);
    this.#buckets.delete(address);
    this.#buckets.set(address, { level, at: now });
    if (this.#buckets.size > MOST_ADDRESSES) this.#buckets.delete(this.#buckets.keys().next().value!);
    return level > FREE ? Math.max(1, Math.ceil(((level - FREE) * FORGIVE_MS) / 1000)) : 0;
  }

  /** Addresses remembered at present. */
  get size(): number {
    return this.#buckets.size;
  }
}
