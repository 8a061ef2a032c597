import { bodyMatches, type DecodeFailure, type StoredHead, withBody } from './codec.js';
import type { FailureLog } from './disk-errors.js';
import type { DiskIndex, IndexRow, RowFacts } from './disk-index.js';
import { indexKey, plainKey } from './disk-key.js';
import { type Place, type SegmentReader, SYNC_READ_BYTES } from './disk-segments.js';
import type { Entry } from './entry.js';
import { SharedBodies } from './shared-bodies.js';
import type { ListPage, ListQuery, Row } from './tier.js';

/** Rows decoded between two turns of the event loop: about a millisecond. */
const LIST_STEP = 256;

/** Why a value under an existing row was not an entry. `gone`: its body's file is no longer there or too short. */
export type Damage = DecodeFailure | 'gone' | 'other-key';

/** A row that can be trusted as far as its head tells; the body is yet to be read. */
interface SoundRow {
  /** Its key in the index. */
  readonly bytes: Buffer;
  readonly facts: RowFacts;
  readonly place: Place;
  readonly stored: StoredHead;
}

/** A body that is what its head says, or why there is none. */
type Body = Buffer | 'gone' | 'checksum';

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
  readonly #shared = new SharedBodies();

  constructor(
    readonly index: DiskIndex,
    readonly bodies: SegmentReader,
    readonly failures: FailureLog,
    readonly onDamage: DamageListener,
  ) {}

  async get(key: string): Promise<Entry | undefined> {
    const told = this.lookNow(key);
    if (told !== 'ask') return told;
    try {
      return this.#counted(await this.#readLarge(key));
    } catch (error) {
      return this.#failed(error);
    }
  }

  /** 'ask' for a body above `SYNC_READ_BYTES`; its head is then read once more, which is little beside the body. */
  lookNow(key: string): Entry | undefined | 'ask' {
    if (this.closed) return undefined;
    try {
      const told = this.#readSmall(key);
      return told === 'ask' ? told : this.#counted(told);
    } catch (error) {
      return this.#failed(error);
    }
  }

  #counted(entry: Entry | undefined): Entry | undefined {
    if (entry === undefined) this.misses += 1;
    else this.hits += 1;
    return entry;
  }

  #failed(error: unknown): undefined {
    this.failures.failed('read', error);
    this.misses += 1;
    return undefined;
  }

  #readSmall(key: string): Entry | undefined | 'ask' {
    let row = this.#row(key, false);
    if (row === undefined) return undefined;
    if (row.place.length > SYNC_READ_BYTES) return 'ask';
    let body = this.#bodyNow(row);
    if (body === 'gone') {
      row = this.#row(key, true);
      if (row === undefined) return undefined;
      if (row.place.length > SYNC_READ_BYTES) return 'ask';
      body = this.#bodyNow(row);
    }
    return this.#entry(row, body);
  }

  #bodyNow({ place, stored }: SoundRow): Body {
    return sound(stored, place.length === 0 ? Buffer.alloc(0) : this.bodies.readNow(place));
  }

  async #readLarge(key: string): Promise<Entry | undefined> {
    let row = this.#row(key, false);
    if (row === undefined) return undefined;
    let body = await this.#bodyLater(row);
    if (body === 'gone' && !this.closed) {
      row = this.#row(key, true);
      if (row === undefined) return undefined;
      body = await this.#bodyLater(row);
    }
    return this.#entry(row, body);
  }

  #bodyLater({ place, stored }: SoundRow): Promise<Body> {
    return this.#shared.get(stored, async () => sound(stored, await this.bodies.read(place)));
  }

  /** `again`: the body was not where the row said. A row replaced since the look at the index tells of a file that is gone. */
  #row(key: string, again: boolean): SoundRow | undefined {
    const bytes = indexKey(key);
    if (again) this.index.table.resetReadTxn();
    const row = this.index.get(bytes);
    if (row === undefined) return undefined;
    const { facts, stored } = row;
    if (!stored.ok) return this.#damaged(bytes, facts, stored.reason);
    if (stored.value.head.key !== key) return this.#damaged(bytes, facts, 'other-key');
    if (stored.value.bodyLength !== facts.place.length) return this.#damaged(bytes, facts, 'malformed');
    return { bytes, facts, place: facts.place, stored: stored.value };
  }

  #entry({ bytes, facts, stored }: SoundRow, body: Body): Entry | undefined {
    if (body === 'gone' && this.closed) return undefined;
    if (typeof body === 'string') return this.#damaged(bytes, facts, body);
    return withBody(stored.head, body);
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

function sound(stored: StoredHead, body: Buffer | undefined): Body {
  if (body === undefined) return 'gone';
  return bodyMatches(stored, body) ? body : 'checksum';
}
