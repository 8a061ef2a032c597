import type { LRUCache } from 'lru-cache';
import { inflatedHere, saysSmall } from '../cache/inflate.js';
import { ownBody } from '../tiers/compact.js';
import type { Entry } from '../tiers/entry.js';
import { decodeWhole } from './coded-body.js';
import { lruOf, resized } from './sized-lru.js';

const sizeOf = ({ bytes }: Decoded) => OVERHEAD + bytes.length;

interface Decoded {
  /** Weak: entries are counted where they are kept. */
  readonly of: WeakRef<Entry>;
  readonly bytes: Buffer;
}

/** Charged for the objects of one, bytes. */
const OVERHEAD = 256;

/**
 * The decoded bytes of entries stored as gzip, for clients that take no gzip: made when first asked for and
 * kept within a bound. What is not small is made off the event loop, once for all who wait.
 */
export class IdentityBodies {
  #kept: LRUCache<string, Decoded>;
  readonly #making = new Map<Entry, Promise<Buffer | undefined>>();
  readonly #onMade: () => void;

  /** @param maxBytes bound of all decoded bodies kept; `onMade` is called for each that was decoded */
  constructor(maxBytes: number, onMade: () => void) {
    this.#onMade = onMade;
    this.#kept = lruOf(maxBytes, sizeOf);
  }

  /** Another bound, bytes; what is used most recently stays. */
  resize(maxBytes: number): void {
    this.#kept = resized(this.#kept, maxBytes, sizeOf);
  }

  /** Whether `now` would give the bytes, if they are what they say they are. */
  atHand(entry: Entry): boolean {
    return this.#kept.peek(entry.key)?.of.deref() === entry || saysSmall(entry.body);
  }

  /** What is at hand without waiting, or soon made. */
  now(entry: Entry): Buffer | undefined {
    const known = this.#kept.get(entry.key);
    if (known?.of.deref() === entry) return known.bytes;
    const bytes = this.#making.has(entry) ? undefined : inflatedHere(entry.body);
    return bytes && this.#keep(entry, bytes);
  }

  /** Decodes if need be. Undefined when that is more than is held for one client. Rejects with a ProxyError. */
  of(entry: Entry): Promise<Buffer | undefined> {
    const known = this.now(entry);
    if (known !== undefined) return Promise.resolve(known);
    let making = this.#making.get(entry);
    if (making === undefined) {
      making = this.#make(entry).finally(() => this.#making.delete(entry));
      this.#making.set(entry, making);
    }
    return making;
  }

  async #make(entry: Entry): Promise<Buffer | undefined> {
    const bytes = await decodeWhole(entry.body);
    return bytes && this.#keep(entry, bytes);
  }

  /** The bytes in memory of their own: zlib's are part of a larger block, which they would keep alive (I-18). */
  #keep(entry: Entry, bytes: Buffer): Buffer {
    this.#onMade();
    const own = ownBody(bytes);
    this.#kept.set(entry.key, { of: new WeakRef(entry), bytes: own });
    return own;
  }
}
