import { bodyMatches, type DecodeFailure } from './codec.js';
import type { FailureLog } from './disk-errors.js';
import type { DiskIndex, IndexRow, RowFacts } from './disk-index.js';
import { indexKey, plainKey } from './disk-key.js';
import { type SegmentReader, SYNC_READ_BYTES } from './disk-segments.js';
import type { Entry } from './entry.js';
import type { ListPage, ListQuery, Row } from './tier.js';

/** Rows decoded between two turns of the event loop: about a millisecond. */
const LIST_STEP = 256;

/** Why a value under an existing row was not an entry. `gone`: its body's file is no longer there or too short. */
export type Damage = DecodeFailure | 'gone' | 'other-key';

/** Told when a row turned out to be damaged, so that the writer may remove it. */
export type DamageListener = (key: Buffer, facts: RowFacts, damage: Damage) => void;

/** Reading, as the writer and the readers share it. */
export class DiskView {
  hits = 0;
  misses = 0;
  /** Rows that could not be turned into their entry; each was a miss (I-25). */
  corrupt = 0;
  /** Set when the index is about to be closed: what runs on stops instead of reading on. */
  closed = false;

  constructor(
    readonly index: DiskIndex,
    readonly bodies: SegmentReader,
    readonly failures: FailureLog,
    readonly onDamage: DamageListener,
  ) {}

  async get(key: string): Promise<Entry | undefined> {
    if (this.closed) return undefined;
    const entry = await this.#read(key);
    if (entry === undefined) this.misses += 1;
    else this.hits += 1;
    return entry;
  }

  async #read(key: string): Promise<Entry | undefined> {
    try {
      // A row replaced between the look at the index and the read of the body points to a file that is gone: look again.
      return (await this.#attempt(key, false)) ?? undefined;
    } catch (error) {
      this.failures.failed('read', error);
      return undefined;
    }
  }

  async #attempt(key: string, again: boolean): Promise<Entry | undefined> {
    const bytes = indexKey(key);
    if (again) this.index.table.resetReadTxn();
    const row = this.index.get(bytes);
    if (row === undefined) return undefined;
    const { facts, stored } = row;
    if (!stored.ok) return this.#damaged(bytes, facts, stored.reason);
    const { head, bodyLength } = stored.value;
    if (head.key !== key) return this.#damaged(bytes, facts, 'other-key');
    if (bodyLength !== facts.place.length) return this.#damaged(bytes, facts, 'malformed');
    if (bodyLength === 0) return { ...head, body: Buffer.alloc(0) };
    const body =
      bodyLength <= SYNC_READ_BYTES ? this.bodies.readNow(facts.place) : await this.bodies.read(facts.place);
    if (body === undefined && this.closed) return undefined;
    if (body === undefined) return again ? this.#damaged(bytes, facts, 'gone') : this.#attempt(key, true);
    if (!bodyMatches(stored.value, body)) return this.#damaged(bytes, facts, 'checksum');
    return { ...head, body };
  }

  #damaged(key: Buffer, facts: RowFacts, damage: Damage): undefined {
    this.corrupt += 1;
    this.onDamage(key, facts, damage);
    return undefined;
  }

  /** Reads no bodies, and yields between steps, so that a listing of a million rows holds up nobody. */
  async list(query: ListQuery): Promise<ListPage> {
    const found: Row[] = [];
    let after = query.after === '' ? Buffer.alloc(0) : indexKey(query.after);
    let last = query.after;
    for (let looked = 0; looked < query.scanLimit && found.length < query.limit; ) {
      const rows = this.index.rows(after, Math.min(LIST_STEP, query.scanLimit - looked));
      if (rows.length === 0) return { rows: found, next: null };
      for (const row of rows) {
        looked += 1;
        after = Buffer.from(row.key);
        const listed = this.#listed(row, query);
        last = listed.key ?? last;
        if (listed.row !== undefined) found.push(listed.row);
        if (found.length >= query.limit) break;
      }
      await new Promise(setImmediate);
      if (this.closed) return { rows: found, next: null };
    }
    const more = this.index.rows(after, 1).length > 0;
    return { rows: found, next: more ? last : null };
  }

  #listed(row: IndexRow, query: ListQuery): { key?: string; row?: Row } {
    const key = plainKey(row.key);
    if (key !== undefined && !key.includes(query.contains)) return { key };
    const stored = row.head();
    if (!stored.ok) {
      this.#damaged(row.key, row, stored.reason);
      return key === undefined ? {} : { key };
    }
    const { head } = stored.value;
    if (!head.key.includes(query.contains)) return { key: head.key };
    if (query.class !== undefined && head.class !== query.class) return { key: head.key };
    return { key: head.key, row: { head, bytes: row.recordBytes + row.indexBytes, tier: 'disk' } };
  }
}
