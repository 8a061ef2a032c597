import type { Clock } from '../clock.js';

const SLOTS = 1 << 20;

/**
 * Which keys were used since they were last considered for eviction: one bit a key, as the hand of a clock clears it.
 * A megabyte whatever the number of keys; two keys in one slot keep each other a round longer, no more.
 */
export class UseBits {
  readonly #bits = new Uint8Array(SLOTS);

  mark(key: string): void {
    this.#bits[slot(key)] = 1;
  }

  /** Whether it was used; forgets it. */
  take(key: string): boolean {
    const at = slot(key);
    const used = this.#bits[at] === 1;
    this.#bits[at] = 0;
    return used;
  }
}

/** FNV-1a over UTF-16 units. */
function slot(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i += 1) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return (hash ^ (hash >>> 20)) & (SLOTS - 1);
}

/** Collects the keys a reader has used and hands them over at most once a second, each once. */
export class TouchBatch {
  readonly #keys = new Set<string>();
  #cancel: (() => void) | undefined;

  constructor(
    readonly clock: Clock,
    readonly send: (keys: string[]) => void,
  ) {}

  add(key: string): void {
    this.#keys.add(key);
    if (this.#keys.size >= MAX_BATCH) this.flush();
    else this.#cancel ??= this.clock.after(1000, () => this.flush());
  }

  flush(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    if (this.#keys.size === 0) return;
    const keys = [...this.#keys];
    this.#keys.clear();
    this.send(keys);
  }
}

/** Keys that make a message of their own before the second is over. */
const MAX_BATCH = 1000;
