import type { Database, RootDatabase } from 'lmdb';
import type { Clock } from '../clock.js';
import { committed, flushed } from './disk-index.js';
import type { DurableArea } from './disk-types.js';

const MAX_DURABLE_KEY = 1000;
const MAX_DURABLE_VALUE = 64 * 1024;

/** The table of durable areas and the bytes they may take together. */
export class DurableTable {
  #bytes = 0;

  constructor(
    readonly root: RootDatabase<Buffer, Buffer>,
    readonly table: Database<Buffer, Buffer>,
    readonly clock: Clock,
    readonly maxBytes: number,
    readonly writable: boolean,
  ) {
    for (const { key, value } of table.getRange({})) this.#bytes += key.length + value.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  area(name: string): DurableArea {
    const prefix = Buffer.from(`${name}\0`, 'utf8');
    const full = (key: string) => Buffer.concat([prefix, Buffer.from(key, 'utf8')]);
    const end = Buffer.concat([prefix.subarray(0, -1), Buffer.from([1])]);
    return {
      get: (key) => this.#get(full(key)),
      put: (key, value) => this.#put(full(key), value),
      remove: (key) => this.#remove(full(key)),
      entries: () => this.#entries(prefix, end),
    };
  }

  /** Of the newest commit: a reader that was just told of one must not see its snapshot from a millisecond ago. */
  #get(key: Buffer): Buffer | undefined {
    this.table.resetReadTxn();
    const value = this.table.getBinary(key);
    return value === undefined ? undefined : Buffer.from(value);
  }

  async #put(key: Buffer, value: Buffer): Promise<void> {
    this.#mustWrite();
    if (key.length > MAX_DURABLE_KEY) throw new RangeError(`durable key of ${key.length} bytes`);
    if (value.length > MAX_DURABLE_VALUE) throw new RangeError(`durable value of ${value.length} bytes`);
    const old = this.table.getBinary(key);
    const growth = key.length + value.length - (old === undefined ? 0 : key.length + old.length);
    if (growth > 0 && this.#bytes + growth > this.maxBytes) throw new RangeError('the durable area is full');
    this.#bytes += growth;
    try {
      await committed(this.table.put(key, Buffer.from(value)));
    } catch (error) {
      this.#bytes -= growth;
      throw error;
    }
    await flushed(this.root, this.clock);
  }

  async #remove(key: Buffer): Promise<void> {
    this.#mustWrite();
    const old = this.table.getBinary(key);
    if (old === undefined) return;
    await committed(this.table.remove(key));
    this.#bytes -= key.length + old.length;
    await flushed(this.root, this.clock);
  }

  /** A copy taken at once: an open cursor would hold back free pages for as long as the caller iterates. */
  #entries(prefix: Buffer, end: Buffer): [string, Buffer][] {
    this.table.resetReadTxn();
    const found: [string, Buffer][] = [];
    for (const { key, value } of this.table.getRange({ start: prefix, end })) {
      found.push([key.toString('utf8', prefix.length), Buffer.from(value)]);
    }
    return found;
  }

  #mustWrite(): void {
    if (!this.writable) throw new Error('the disk store is open for reading only');
  }
}
