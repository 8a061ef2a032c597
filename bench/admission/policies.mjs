// What is compared: each policy is given every request (`ask(key, size)` → whether it was a hit) and `maxBytes`.
import { LRUCache } from 'lru-cache';
import { RecentMarks } from '../../dist/tiers/recent-marks.js';
import { MOST_USES, SecondChanceCache } from '../../dist/tiers/second-chance.js';

function secondTime(marks, key, entries) {
  if (marks.take(String(key))) return true;
  marks.note(String(key), entries);
  return false;
}

/** Sizes by key in the order of use. Not a plain Map: its first key is slow to find behind many that were deleted. */
class Recency {
  map = new LRUCache({ maxSize: Number.MAX_SAFE_INTEGER, sizeCalculation: (size) => size });

  get bytes() {
    return this.map.calculatedSize;
  }

  touch(key) {
    return this.map.get(key) !== undefined;
  }

  add(key, size) {
    this.map.set(key, size);
  }

  oldest() {
    return this.map.rkeys().next().value;
  }

  remove(key) {
    const size = this.map.peek(key);
    if (size === undefined) return 0;
    this.map.delete(key);
    return size;
  }
}

export class Lru {
  constructor(maxBytes) {
    this.maxBytes = maxBytes;
    this.store = new Recency();
  }

  ask(key, size) {
    if (this.store.touch(key)) return true;
    if (this.admits(key, size)) {
      this.store.add(key, size);
      while (this.store.bytes > this.maxBytes) this.store.remove(this.store.oldest());
    }
    return false;
  }

  admits() {
    return true;
  }
}

/** Once full, what was not asked for lately is refused the first time. */
export class LruSecondHit extends Lru {
  constructor(maxBytes) {
    super(maxBytes);
    this.door = new RecentMarks();
  }

  admits(key, size) {
    if (this.store.bytes + size <= this.maxBytes) return true;
    return secondTime(this.door, key, this.store.map.size);
  }
}

/** Sketch of how often a key was asked for: four rows of counters to 15, halved after ten requests per entry. */
class Sketch {
  constructor(entries) {
    this.mask = 2 ** Math.ceil(Math.log2(Math.max(64, entries))) - 1;
    this.rows = [0, 1, 2, 3].map(() => new Uint8Array(this.mask + 1));
    this.left = this.mask * 10;
  }

  static mix(key, row) {
    let h = Math.imul(key ^ (row * 0x9e3779b9), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    return (h ^ (h >>> 16)) >>> 0;
  }

  note(key) {
    this.rows.forEach((row, i) => {
      const at = Sketch.mix(key, i) & this.mask;
      if (row[at] < 15) row[at] += 1;
    });
    this.left -= 1;
    if (this.left > 0) return;
    for (const row of this.rows) for (let i = 0; i < row.length; i += 1) row[i] >>= 1;
    this.left = this.mask * 5;
  }

  often(key) {
    let least = 15;
    for (let i = 0; i < 4; i += 1) least = Math.min(least, this.rows[i][Sketch.mix(key, i) & this.mask]);
    return least;
  }
}

/** W-TinyLFU: a window of 1 %, the rest in two segments (20 % on probation, 80 % protected); a duel by frequency. */
export class TinyLfu {
  constructor(maxBytes, averageSize) {
    this.windowBytes = maxBytes * 0.01;
    this.mainBytes = maxBytes * 0.99;
    this.sketch = new Sketch(maxBytes / averageSize);
    this.window = new Recency();
    this.probation = new Recency();
    this.guarded = new Recency();
  }

  ask(key, size) {
    this.sketch.note(key);
    if (this.window.touch(key) || this.guarded.touch(key)) return true;
    if (this.probation.remove(key) > 0) {
      this.guarded.add(key, size);
      while (this.guarded.bytes > this.mainBytes * 0.8) {
        const down = this.guarded.oldest();
        this.probation.add(down, this.guarded.remove(down));
      }
      return true;
    }
    this.window.add(key, size);
    while (this.window.bytes > this.windowBytes) {
      const candidate = this.window.oldest();
      this.duel(candidate, this.window.remove(candidate));
    }
    return false;
  }

  duel(candidate, size) {
    const often = this.sketch.often(candidate);
    while (this.probation.bytes + this.guarded.bytes + size > this.mainBytes) {
      const from = this.probation.map.size > 0 ? this.probation : this.guarded;
      const victim = from.oldest();
      if (victim === undefined || this.sketch.often(victim) >= often) return;
      from.remove(victim);
    }
    this.probation.add(candidate, size);
  }
}

/** SIEVE: a queue, a bit for what was asked for again, and a hand that goes from the oldest to the youngest. */
export class Sieve {
  constructor(maxBytes) {
    this.maxBytes = maxBytes;
    this.bytes = 0;
    this.nodes = new Map();
    this.hand = undefined;
    this.youngest = undefined;
    this.oldest = undefined;
  }

  ask(key, size) {
    const known = this.nodes.get(key);
    if (known !== undefined) {
      known.again = true;
      return true;
    }
    while (this.bytes + size > this.maxBytes) this.evict();
    const node = { key, size, again: false, older: this.youngest, younger: undefined };
    if (this.youngest === undefined) this.oldest = node;
    else this.youngest.younger = node;
    this.youngest = node;
    this.nodes.set(key, node);
    this.bytes += size;
    return false;
  }

  evict() {
    let node = this.hand ?? this.oldest;
    while (node.again) {
      node.again = false;
      node = node.younger ?? this.oldest;
    }
    this.hand = node.younger;
    if (node.older === undefined) this.oldest = node.younger;
    else node.older.younger = node.younger;
    if (node.younger === undefined) this.youngest = node.older;
    else node.younger.older = node.older;
    this.nodes.delete(node.key);
    this.bytes -= node.size;
  }
}

/** Second chance: a hit sets a mark and moves nothing; the oldest with a mark goes back to the end without it. */
export class Clock extends Lru {
  again = new Set();

  ask(key, size) {
    if (this.store.map.peek(key) !== undefined) {
      this.again.add(key);
      return true;
    }
    if (this.admits(key, size)) {
      this.store.add(key, size);
      while (this.store.bytes > this.maxBytes) this.evict();
    }
    return false;
  }

  evict() {
    const oldest = this.store.oldest();
    const size = this.store.remove(oldest);
    if (this.again.delete(oldest)) this.store.add(oldest, size);
  }
}

export class ClockSecondHit extends Clock {
  constructor(maxBytes) {
    super(maxBytes);
    this.door = new RecentMarks();
  }

  admits(key, size) {
    if (this.store.bytes + size <= this.maxBytes) return true;
    return secondTime(this.door, key, this.store.map.size);
  }
}

/** S3-FIFO as the product has it. */
export class Product {
  constructor(maxBytes) {
    this.cache = new SecondChanceCache(maxBytes, () => {});
  }

  ask(number, size) {
    const key = String(number);
    const record = this.cache.get(key);
    if (record === undefined) {
      this.cache.set(key, { bytes: size, uses: 0 });
      return false;
    }
    if (record.uses < MOST_USES) record.uses += 1;
    return true;
  }
}
