import { LRUCache } from 'lru-cache';
import type { Entry } from '../tiers/entry.js';
import { decodeWhole } from './coded-body.js';

interface Decoded {
  readonly entry: Entry;
  readonly bytes: Buffer;
}

/**
 * The decoded bytes of entries stored as gzip, for clients that take no gzip: made when first asked for, off the event
 * loop and once for all who wait, then kept within a bound.
 */
export class IdentityBodies {
  readonly #kept: LRUCache<string, Decoded>;
  readonly #making = new Map<Entry, Promise<Buffer | undefined>>();
  readonly #onMade: () => void;

  /** @param maxBytes bound of all decoded bodies kept; `onMade` is called for each that is decoded */
  constructor(maxBytes: number, onMade: () => void) {
    this.#onMade = onMade;
    this.#kept = new LRUCache({
      maxSize: Math.max(1, Math.floor(maxBytes)),
      sizeCalculation: ({ bytes }) => Math.max(1, bytes.length),
    });
  }

  /** What is at hand without waiting. */
  now(entry: Entry): Buffer | undefined {
    const known = this.#kept.get(entry.key);
    return known?.entry === entry ? known.bytes : undefined;
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
    this.#onMade();
    const bytes = await decodeWhole(entry.body);
    if (bytes !== undefined) this.#kept.set(entry.key, { entry, bytes });
    return bytes;
  }
}
