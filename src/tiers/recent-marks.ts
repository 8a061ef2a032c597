/** Slots per entry of the cache: with fewer, keys push each other out before they come again. */
const SLOTS_PER_ENTRY = 4;
const LEAST_SLOTS = 1024;
/** 2 bytes each: 8 MB at the very most. */
const MOST_SLOTS = 4 * 1024 * 1024;

/**
 * Remembers which keys came lately, by 16 bits each in a table where a later key takes the place of an earlier one: what it costs
 * does not grow with the number of keys (I-17). Two keys taken for one are harmless here.
 */
export class RecentMarks {
  #marks = new Uint16Array(LEAST_SLOTS);

  /** `entries`: how many the cache has now; the table follows it, and forgets when it grows. */
  note(key: string, entries: number): void {
    this.#grow(entries);
    const hash = hashOf(key);
    this.#marks[hash & (this.#marks.length - 1)] = markOf(hash);
  }

  /** Whether the key was noted lately. It is forgotten then. */
  take(key: string): boolean {
    const hash = hashOf(key);
    const slot = hash & (this.#marks.length - 1);
    if (this.#marks[slot] !== markOf(hash)) return false;
    this.#marks[slot] = 0;
    return true;
  }

  #grow(entries: number): void {
    if (entries * SLOTS_PER_ENTRY <= this.#marks.length || this.#marks.length === MOST_SLOTS) return;
    let slots = this.#marks.length;
    while (slots < entries * SLOTS_PER_ENTRY && slots < MOST_SLOTS) slots *= 2;
    this.#marks = new Uint16Array(slots);
  }
}

/** 0 stands for an empty slot. */
function markOf(hash: number): number {
  return (hash >>> 16) | 1;
}

/** 32 bits of a key, well mixed (FNV-1a and the finish of MurmurHash3). Never negative. */
export function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
