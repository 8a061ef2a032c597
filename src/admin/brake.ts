import type { Clock } from '../clock.js';
import { clientOf } from '../http/client-of.js';

/** Wrong keys of one client that are answered as what they are; those beyond are told to wait. */
const FREE = 10;
/** Wrong keys of one client after which none is looked at until some are forgiven. */
const MOST = 40;
/** One more wrong key is forgiven every so often, ms. CONTRACT: the right one is admitted within 20 s. */
const FORGIVE_MS = 500;
/** Clients remembered; beyond it the oldest is forgotten, so that an attacker's many addresses cost no memory. */
const MOST_ADDRESSES = 10_000;
/** Clients remembered that have shown the right key; beyond it the one that did so longest ago is forgotten. */
const MOST_ADMITTED = 1000;
/** After which a client that showed the right key is one like any other, ms. */
const ADMITTED_MS = 24 * 3_600_000;
/** Other processes are told of a client that shows the right key again and again so often, ms. */
const TELL_MS = 3_600_000;

/** Tells the other processes of the node whether a client's key was right. */
export type TellKey = (client: string, right: boolean) => void;

/**
 * Slows guessing: a leaking bucket of wrong keys for each client (an IPv4 address, a /64 of IPv6). While it is full no key of
 * that client is looked at, so that a guesser learns of two keys a second however many it sends. Where the right key has
 * been shown of late all are looked at: else anyone behind the same address (a reverse proxy, a NAT) could keep the
 * operator out for ever.
 */
export class Brake {
  readonly #clock: Pick<Clock, 'steady'>;
  readonly #tell: TellKey;
  readonly #buckets = new Map<string, { level: number; at: number }>();
  /** When each showed the right key, and when others were told. */
  readonly #admitted = new Map<string, { at: number; told: number }>();

  constructor(clock: Pick<Clock, 'steady'>, tell: TellKey = () => {}) {
    this.#clock = clock;
    this.#tell = tell;
  }

  /** Seconds until so many keys of this address are looked at; 0: now. */
  wait(address: string, keys = 1): number {
    const client = clientOf(address);
    const admitted = this.#admitted.get(client);
    if (admitted !== undefined && this.#clock.steady() - admitted.at < ADMITTED_MS) return 0;
    return secondsAbove(MOST, this.#level(client) + keys);
  }

  /** Notes a wrong key. Seconds the sender should wait, or 0 while there are few. */
  wrong(address: string): number {
    const client = clientOf(address);
    const level = this.#add(client);
    // What is beyond the brim changes nothing elsewhere: a flood is no flood of messages.
    if (level <= MOST) this.#tell(client, false);
    return secondsAbove(FREE, Math.min(MOST, level));
  }

  /** Notes the right key. */
  right(address: string): void {
    const client = clientOf(address);
    const now = this.#clock.steady();
    const told = this.#admitted.get(client)?.told ?? Number.NEGATIVE_INFINITY;
    const isNews = now - told >= TELL_MS;
    this.#admit(client, isNews ? now : told);
    if (isNews) this.#tell(client, true);
  }

  /** What another process of the node has seen. */
  note(client: string, right: boolean): void {
    if (right) this.#admit(client, this.#clock.steady());
    else this.#add(client);
  }

  /** There is another key: what was said of the old one holds no longer. */
  clear(): void {
    this.#buckets.clear();
    this.#admitted.clear();
  }

  /** Clients remembered for wrong keys at present. */
  get size(): number {
    return this.#buckets.size;
  }

  /** Clients remembered for the right key at present. */
  get admitted(): number {
    return this.#admitted.size;
  }

  #level(client: string): number {
    const known = this.#buckets.get(client);
    return known === undefined
      ? 0
      : Math.max(0, known.level - (this.#clock.steady() - known.at) / FORGIVE_MS);
  }

  /** The level with one wrong key more, of which the brim is kept. */
  #add(client: string): number {
    const level = this.#level(client) + 1;
    keep(this.#buckets, client, { level: Math.min(MOST, level), at: this.#clock.steady() }, MOST_ADDRESSES);
    return level;
  }

  #admit(client: string, told: number): void {
    keep(this.#admitted, client, { at: this.#clock.steady(), told }, MOST_ADMITTED);
  }
}

/** Until a bucket of this level has sunk to `brim`, whole seconds. */
function secondsAbove(brim: number, level: number): number {
  return level > brim ? Math.max(1, Math.ceil(((level - brim) * FORGIVE_MS) / 1000)) : 0;
}

/** The last to be kept is the last to go. */
function keep<V>(map: Map<string, V>, key: string, value: V, most: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > most) map.delete(map.keys().next().value!);
}
