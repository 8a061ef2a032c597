import { LRUCache } from 'lru-cache';
import { inflatedHere } from '../cache/inflate.js';
import type { Entry } from '../tiers/entry.js';
import { decodeWhole } from './coded-body.js';

interface Decoded {
  readonly entry: Entry;
  readonly bytes: Buffer;
}

/**
 * The decoded bytes of entries stored as gzip, for clients that take no gzip: made when first asked for and
 * kept within a bound. What is not small is made off the event loop, once for all who wait.
 */
export class IdentityBodies {
  readonly #kept: LRUCache<string, Decoded>;
  readonly #making = new Map<Entry, Promise<Buffer | undefined>>();
  readonly #onMade: () => void;

  /** @param maxBytes bound of all decoded bodies kept; `onMade` is called for each that was decoded */
  constructor(maxBytes: number, onMade: () => void) {
    this.#onMade = onMade;
    this.#kept = new LRUCache({
      maxSize: Math.max(1, Math.floor(maxBytes)),
      sizeCalculation: ({ bytes }) => Math.max(1, bytes.length),
    });
  }

  /** What is at hand without waiting, or soon made. */
  now(entry: Entry): Buffer | undefined {
    const known = this.#kept.get(entry.key);
    if (known?.entry === entry) return known.bytes;
    const bytes = this.#making.has(entry) ? undefined : inflatedHere(entry.body);
    if (bytes !== undefined) this.#keep(entry, bytes);
    return bytes;
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
    if (bytes !== undefined) this.#keep(entry, bytes);
    return bytes;
  }

  #keep(entry: Entry, bytes: Buffer): void {
    this.#onMade();
    this.#kept.set(entry.key, { entry, bytes });
  }
}
