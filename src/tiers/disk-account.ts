import type { RowFacts } from './disk-index.js';
import type { SegmentLog } from './disk-log.js';

/** Running totals of what the index names. Recomputed from the index at every open, so they cannot drift for good. */
export class Account {
  entries = 0;
  /** Bytes of all rows in the index. */
  indexBytes = 0;
  /** Bytes of records in segments that rows name. */
  recordBytes = 0;

  constructor(readonly log: SegmentLog) {}

  add(facts: RowFacts): void {
    this.#change(facts, 1);
  }

  remove(facts: RowFacts): void {
    this.#change(facts, -1);
  }

  cleared(): void {
    this.entries = 0;
    this.indexBytes = 0;
    this.recordBytes = 0;
    for (const segment of this.log.segments.values()) {
      segment.live = 0;
      segment.entries = 0;
    }
  }

  #change(facts: RowFacts, sign: 1 | -1): void {
    this.entries += sign;
    this.indexBytes += sign * facts.indexBytes;
    this.recordBytes += sign * facts.recordBytes;
    const segment = this.log.segments.get(facts.place.segment);
    if (segment === undefined) return;
    segment.entries += sign;
    segment.live += sign * facts.recordBytes;
  }
}
