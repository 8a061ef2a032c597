import { encodeRow, type IndexWrite, type RowFacts, samePlace } from './disk-index.js';
import { indexKey } from './disk-key.js';
import { indexGrowth } from './disk-limits.js';
import type { Found, Segment } from './disk-log.js';
import type { WriterParts } from './disk-writer.js';

/** A row that still names its record in the segment being reclaimed. */
interface Live {
  readonly found: Found;
  readonly key: Buffer;
  readonly facts: RowFacts;
}

/** One that is to be written again. */
interface Kept {
  readonly live: Live;
  readonly body: Buffer;
  readonly head: Buffer;
}

interface Moved {
  readonly write: IndexWrite;
  readonly before: RowFacts;
  readonly after: RowFacts;
}

/**
 * Makes room by giving up whole segments: the oldest, whose entries are dropped unless they were used since they were
 * last considered (then they are appended again: second chance); or, when more than half of some segment is dead, that
 * one, whose living entries all move. Runs only inside the writer's queue, so nothing changes under it.
 */
export class Reclaimer {
  evictions = 0;
  expired = 0;

  constructor(
    readonly parts: WriterParts,
    readonly fileBytes: () => number,
  ) {}

  /**
   * Whether `bodies` bytes of segments, a transaction that takes `pages` bytes, and `rows` bytes of rows fit now, after giving up
   * what was needed.
   */
  async makeRoom(bodies: number, pages: number, rows: number): Promise<boolean> {
    const grows = this.parts.growth.by(pages);
    if (grows === undefined) return false;
    const growth = bodies + grows;
    // What would not fit into an empty store evicts nothing.
    if (this.fileBytes() - this.parts.log.bytes + growth > this.#room()) return false;
    while (!this.#fits(growth, rows)) {
      if (!(await this.#reclaimOne())) return false;
    }
    return true;
  }

  /** Frees a segment's worth while nobody waits, so that the next batch need not. */
  async ahead(): Promise<void> {
    const { limits, log } = this.parts;
    if (log.segments.size > 8) await this.makeRoom(limits.batchBytes, indexGrowth(limits.batchEntries, 0), 0);
  }

  /** Frees the oldest segment on a medium that is full, while there is more than a handful. */
  async giveUpOne(): Promise<void> {
    if (this.parts.log.segments.size > 4) await this.#reclaimOne();
  }

  /** Brings rows and files within their bounds as far as giving up segments can. */
  async trim(): Promise<void> {
    const { account, limits } = this.parts;
    while (account.indexBytes > limits.indexRowBytes && (await this.#reclaimOne()));
    while (
      this.fileBytes() > limits.maxBytes &&
      this.parts.log.bytes > limits.maxBytes / 4 &&
      (await this.#reclaimOne())
    );
  }

  #fits(growth: number, rows: number): boolean {
    const { limits, account } = this.parts;
    return this.fileBytes() + growth <= this.#room() && account.indexBytes + rows <= limits.indexRowBytes;
  }

  /** A reclaimed segment's survivors and removals are written before it goes: that much stays free. */
  #room(): number {
    const { limits } = this.parts;
    return limits.maxBytes - limits.survivorBytes - indexGrowth(limits.batchEntries, 0);
  }

  async #reclaimOne(): Promise<boolean> {
    const { log } = this.parts;
    const choice = this.#choose();
    if (choice === undefined) return false;
    const { segment, keepAll } = choice;
    if (segment.id === log.current) await log.seal();
    if (segment.entries > 0) await this.#empty(segment, keepAll);
    await log.drop(segment);
    return true;
  }

  async #empty(segment: Segment, keepAll: boolean): Promise<void> {
    const { log, failures, limits } = this.parts;
    let survivors = limits.survivorBytes;
    let batch: Live[] = [];
    try {
      for await (const found of log.records(segment)) {
        const key = indexKey(found.key);
        const facts = this.parts.index.facts(key);
        if (facts === undefined || !samePlace(facts.place, found.place)) continue;
        batch.push({ found, key, facts });
        if (batch.length < limits.batchEntries) continue;
        survivors -= await this.#move(batch, keepAll, survivors);
        batch = [];
      }
      await this.#move(batch, keepAll, survivors);
    } catch (error) {
      // Rows that still name the segment are misses from now on and are removed when they are met. The segment must
      // go all the same: on a full disk this is what makes the next transaction possible.
      failures.failed('evict', error);
    }
  }

  /** The deadest segment if more than half of it is dead, else the oldest. */
  #choose(): { segment: Segment; keepAll: boolean } | undefined {
    let oldest: Segment | undefined;
    let deadest: Segment | undefined;
    for (const segment of this.parts.log.segments.values()) {
      if (oldest === undefined || segment.id < oldest.id) oldest = segment;
      if (segment.id === this.parts.log.current || segment.live * 2 >= segment.size) continue;
      if (deadest === undefined || segment.live * deadest.size < deadest.live * segment.size)
        deadest = segment;
    }
    if (deadest !== undefined) return { segment: deadest, keepAll: true };
    return oldest === undefined ? undefined : { segment: oldest, keepAll: false };
  }

  /** Appends the ones to keep again and removes the others; gives the bytes of survivors. */
  async #move(batch: readonly Live[], keepAll: boolean, budget: number): Promise<number> {
    if (batch.length === 0) return 0;
    const { index, account } = this.parts;
    const { kept, gone, expired, bytes } = await this.#sorted(batch, keepAll, budget);
    const moved = await this.#appendAgain(kept);
    const writes: IndexWrite[] = gone.map(({ key }) => ({ key, value: undefined }));
    await index.write([...writes, ...moved.map(({ write }) => write)]);
    for (const { facts } of gone) account.remove(facts);
    for (const { before, after } of moved) {
      account.remove(before);
      account.add(after);
    }
    this.expired += expired;
    this.evictions += gone.length - expired;
    return bytes;
  }

  /** Which are to be kept, up to `budget` bytes, and which go; some of those have `expired`. */
  async #sorted(batch: readonly Live[], keepAll: boolean, budget: number) {
    const { index, log, used, now } = this.parts;
    const kept: Kept[] = [];
    const gone: Live[] = [];
    let bytes = 0;
    let expired = 0;
    for (const live of batch) {
      const { facts, found, key } = live;
      const dead = facts.expires < now();
      const wanted = !dead && (used.take(found.key) || keepAll) && bytes + facts.recordBytes <= budget;
      const body = wanted ? await log.reader.read(found.place) : undefined;
      const head = wanted ? index.headBytes(key) : undefined;
      if (body !== undefined && head !== undefined) {
        kept.push({ live, body, head });
        bytes += facts.recordBytes;
      } else {
        gone.push(live);
        if (dead) expired += 1;
      }
    }
    return { kept, gone, expired, bytes };
  }

  /** Writes their records once more, and says which rows that makes. */
  async #appendAgain(kept: readonly Kept[]): Promise<Moved[]> {
    if (kept.length === 0) return [];
    const records = kept.map(({ live, body }) => ({ key: Buffer.from(live.found.key), body }));
    const places = await this.parts.log.append(records);
    return places.map((place, i) => {
      const { live, head } = kept[i]!;
      const { key, facts } = live;
      return {
        write: { key, value: encodeRow(place, facts.recordBytes, facts.expires, head) },
        before: facts,
        after: { ...facts, place },
      };
    });
  }
}
