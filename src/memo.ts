/**
 * Results of pure functions by their text, bounded. Two generations: what is asked for again lives on, the rest goes when the
 * young one is full. Cheaper than an LRU, whose order every look changes.
 */
export class Memo<V extends object | string> {
  #young = new Map<string, V>();
  #old = new Map<string, V>();
  #room: number;
  readonly #generation: number;

  /** @param max bound of all costs; `cost` of one: how much of it a text and what is kept under it take */
  constructor(
    max: number,
    private readonly cost: (text: string, value: V) => number,
  ) {
    this.#generation = max / 2;
    this.#room = this.#generation;
  }

  /** Texts held; some twice, in either generation. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  get(text: string): V | undefined {
    const young = this.#young.get(text);
    if (young !== undefined) return young;
    const old = this.#old.get(text);
    if (old !== undefined) this.set(text, old);
    return old;
  }

  /** Whether it is held, without making it more likely to stay. */
  has(text: string): boolean {
    return this.#young.has(text) || this.#old.has(text);
  }

  set(text: string, value: V): void {
    const cost = this.cost(text, value);
    const replaced = this.#young.get(text);
    this.#room -= cost - (replaced === undefined ? 0 : this.cost(text, replaced));
    if (this.#room < 0) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#room = this.#generation - cost;
    }
    this.#young.set(text, value);
  }
}
