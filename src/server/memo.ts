/**
 * Results of pure functions by their text, bounded. Two generations: what is asked for again lives on, the rest goes when the
 * young one is full. A third of the price of an LRU's look, which was felt at every hit.
 */
export class Memo<V extends object> {
  #young = new Map<string, V>();
  #old = new Map<string, V>();
  #room: number;
  readonly #generation: number;

  /** @param max bound of all costs; `cost` of one: how much of it the entry under a text takes */
  constructor(
    max: number,
    private readonly cost: (text: string) => number,
  ) {
    this.#generation = max / 2;
    this.#room = this.#generation;
  }

  get(text: string): V | undefined {
    const young = this.#young.get(text);
    if (young !== undefined) return young;
    const old = this.#old.get(text);
    if (old !== undefined) this.set(text, old);
    return old;
  }

  set(text: string, value: V): void {
    this.#room -= this.cost(text);
    if (this.#room < 0) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#room = this.#generation - this.cost(text);
    }
    this.#young.set(text, value);
  }
}
