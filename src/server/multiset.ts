/** How often each key is in it: connections of a client, say. A key of which nothing is left takes no memory. */
export class Multiset<K> {
  readonly #counts = new Map<K, number>();

  /** Different keys. */
  get size(): number {
    return this.#counts.size;
  }

  count(key: K): number {
    return this.#counts.get(key) ?? 0;
  }

  add(key: K): void {
    this.#counts.set(key, this.count(key) + 1);
  }

  /** Takes away one that was added. */
  remove(key: K): void {
    const left = this.count(key) - 1;
    if (left > 0) this.#counts.set(key, left);
    else this.#counts.delete(key);
  }
}
