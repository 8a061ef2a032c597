interface Ranked {
  readonly id: number;
  readonly popularity: number;
}

/** The `most` most popular of any number of records, ties by the lower id: a heap whose root is the least of them. */
export class TopN<R extends Ranked> {
  readonly #heap: R[] = [];
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  add(record: R): void {
    const heap = this.#heap;
    if (heap.length < this.#most) {
      heap.push(record);
      this.#rise(heap.length - 1);
    } else if (this.#most > 0 && precedes(record, heap[0]!)) {
      heap[0] = record;
      this.#sink();
    }
  }

  /** Most popular first. */
  sorted(): R[] {
    return [...this.#heap].sort((a, b) => (precedes(a, b) ? -1 : 1));
  }

  #rise(from: number): void {
    const heap = this.#heap;
    let i = from;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!precedes(heap[parent]!, heap[i]!)) return;
      [heap[parent], heap[i]] = [heap[i]!, heap[parent]!];
      i = parent;
    }
  }

  #sink(): void {
    const heap = this.#heap;
    let i = 0;
    for (;;) {
      let least = i;
      for (const child of [2 * i + 1, 2 * i + 2]) {
        if (child < heap.length && precedes(heap[least]!, heap[child]!)) least = child;
      }
      if (least === i) return;
      [heap[least], heap[i]] = [heap[i]!, heap[least]!];
      i = least;
    }
  }
}

function precedes(a: Ranked, b: Ranked): boolean {
  return a.popularity > b.popularity || (a.popularity === b.popularity && a.id < b.id);
}
