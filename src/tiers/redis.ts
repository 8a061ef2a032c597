import type { Clock } from '../clock.js';
import type { RedisKeys } from '../redis/keys.js';
import type { RedisLink } from '../redis/link.js';
import type { RedisDeadlines } from '../redis/options.js';
import { RedisTrouble } from '../redis/trouble.js';
import { type Entry, type EntryHead, primaryKeyOf } from './entry.js';
import { LARGE_BYTES, LargeValues } from './redis-large.js';
import { listEntries } from './redis-list.js';
import { type Measured, measureMasters, NOTHING_MEASURED } from './redis-measure.js';
import { RedisProbe } from './redis-probe.js';
import { ValueReader } from './redis-read.js';
import { readHeads, removeEntries, type ScanParts } from './redis-scan.js';
import { KeyTurns } from './redis-turns.js';
import { type EncodedValue, encodeValue } from './redis-value.js';
import { WRITE_SCRIPT } from './redis-write.js';
import type { ListPage, ListQuery, SetResult, Tier, TierStats } from './tier.js';

export interface RedisTierParts {
  /** Values up to `LARGE_BYTES` only, so that nothing large delays them. */
  readonly small: RedisLink;
  /** Values above it; none: they go over `small`. */
  readonly large: readonly RedisLink[];
  /** SCAN, UNLINK of many, DBSIZE, INFO. */
  readonly control: RedisLink;
  readonly keys: RedisKeys;
  readonly clock: Clock;
  readonly deadlines: RedisDeadlines;
  /** Largest value kept, bytes with its head. */
  readonly maxEntryBytes: number;
  /** False in a worker process: it reads itself and leaves writing to the core (ADR 0001). */
  readonly writable: boolean;
  /** Answers are kept for at least this long after the origin gave them, ms (`keptUntil`). Default 0. */
  readonly keepMs?: number;
}

/**
 * L2 in Redis, shared by all nodes. Entries leave by Redis' TTL: when a store need not keep them any longer. `read`, `write` and
 * `ping` reject with RedisTrouble, for whoever has something to fall back to; the methods of `Tier` never do.
 */
export class RedisTier implements Tier {
  readonly name = 'redis';
  readonly sorted = false;
  readonly #parts: RedisTierParts;
  readonly #large: LargeValues;
  readonly #reader: ValueReader;
  readonly #probe: RedisProbe;
  readonly #turns: KeyTurns;
  #measured: Measured = NOTHING_MEASURED;
  #hits = 0;
  #misses = 0;
  #writes = 0;
  #corrupt = 0;
  #errors = 0;

  constructor(parts: RedisTierParts) {
    this.#parts = parts;
    this.#large = new LargeValues(parts.large.length > 0 ? parts.large : [parts.small]);
    this.#reader = new ValueReader({ ...parts, large: this.#large });
    this.#probe = new RedisProbe(parts.small, parts.keys, parts.writable);
    this.#turns = new KeyTurns(parts.clock);
  }

  /** The entry, its `storedAt` on this process' clock. Rejects with RedisTrouble. */
  async read(key: string): Promise<Entry | undefined> {
    const decoded = await this.#counted(() => this.#reader.read(this.#nameOf(key), key));
    if (decoded.ok) {
      this.#hits += 1;
      return decoded.value;
    }
    this.#misses += 1;
    if (decoded.reason !== 'gone') this.#corrupt += 1;
    return undefined;
  }

  /**
   * Keeps the entry until it is of no use to anyone. An older value under its key goes also when this one is not kept.
   * Rejects with RedisTrouble; whether it was written is then not known.
   */
  write(entry: Entry, fence?: number): Promise<SetResult> {
    if (!this.#parts.writable) return Promise.resolve('read-only');
    const { deadlines } = this.#parts;
    const deadline = entry.body.length > LARGE_BYTES ? deadlines.bulk : deadlines.write;
    return this.#counted(() => this.#turns.run(entry.key, deadline, () => this.#store(entry, fence)));
  }

  /** Proves that every master serves what requests need. Rejects with RedisTrouble. */
  ping(): Promise<void> {
    return this.#probe.run(this.#parts.deadlines);
  }

  get(key: string): Promise<Entry | undefined> {
    return this.read(key).catch(otherwise(undefined));
  }

  set(entry: Entry, fence?: number): Promise<SetResult> {
    return this.write(entry, fence).catch(otherwise<SetResult>('failed'));
  }

  delete(key: string): Promise<boolean> {
    const { small, deadlines, writable } = this.#parts;
    if (!writable) return Promise.resolve(false);
    const remove = () => small.call('delete', deadlines.write, (redis) => redis.unlink(this.#nameOf(key)));
    return this.#counted(() => this.#turns.run(key, deadlines.write, remove)).then(
      (count) => count > 0,
      otherwise(false),
    );
  }

  list(query: ListQuery): Promise<ListPage> {
    return listEntries(this.#scan(), query);
  }

  /** Best effort: a purge of all has made the entries invalid already. */
  async clear(): Promise<number> {
    if (!this.#parts.writable) return 0;
    return removeEntries(this.#scan(), async (_master, names) => names);
  }

  async sweep(dead: (head: EntryHead) => boolean): Promise<number> {
    if (!this.#parts.writable) return 0;
    const scan = this.#scan();
    return removeEntries(scan, async (master, names) => {
      const rows = await readHeads(scan, master, names);
      return rows.filter(({ head }) => dead(head)).map(({ name }) => name);
    });
  }

  /** Refreshes what `stats` says of the servers. Never rejects: without an answer the last one stays. */
  async measure(): Promise<void> {
    const { control, deadlines } = this.#parts;
    await this.#counted(() => measureMasters(control, deadlines.control)).then((measured) => {
      this.#measured = measured;
    }, otherwise(undefined));
  }

  /** `entries`, `bytes`, `maxBytes`, `evictions` and `expired` are of the servers, as of the last `measure`; the rest of this process. */
  stats(): TierStats {
    return {
      ...this.#measured,
      hits: this.#hits,
      misses: this.#misses,
      writes: this.#writes,
      corrupt: this.#corrupt,
      errors: this.#errors,
    };
  }

  /** Closes its links. */
  async close(): Promise<void> {
    const { small, large, control } = this.#parts;
    await Promise.all([small, ...large, control].map((link) => link.close()));
  }

  async #store(entry: Entry, fence: number | undefined): Promise<SetResult> {
    const { clock, maxEntryBytes, keepMs } = this.#parts;
    const value = encodeValue(entry, clock.now(), fence, keepMs);
    const refused =
      value.bytes.length > maxEntryBytes ? 'too-large' : value.px <= 0 ? 'not-admitted' : undefined;
    const kept = refused === undefined ? value : NO_VALUE;
    const written = await this.#send(entry.key, kept, fence);
    this.#large.note(entry.key, kept.bytes.length);
    if (!written) return 'fenced';
    if (refused !== undefined) return refused;
    this.#writes += 1;
    return 'stored';
  }

  /** Whether it was written; false when a later leader has the key. */
  async #send(key: string, value: EncodedValue, fence: number | undefined): Promise<boolean> {
    const { small, keys, deadlines } = this.#parts;
    const name = this.#nameOf(key);
    const over = async (link: RedisLink, deadline: number): Promise<boolean> => {
      if (fence !== undefined) {
        const lease = keys.lease(primaryKeyOf(key));
        return (await link.run(WRITE_SCRIPT, [name, lease], [fence, value.px, value.bytes], deadline)) === 1;
      }
      await link.call<unknown>('write', deadline, (redis) =>
        value.px === 0 ? redis.unlink(name) : redis.set(name, value.bytes, 'PX', value.px),
      );
      return true;
    };
    if (value.bytes.length <= LARGE_BYTES) return over(small, deadlines.write);
    return this.#large.use((link) => over(link, deadlines.bulk));
  }

  #nameOf(key: string): string {
    return this.#parts.keys.entry(primaryKeyOf(key), key);
  }

  #scan(): ScanParts {
    const { control, keys, clock, deadlines } = this.#parts;
    const onTrouble = (error: unknown) => {
      if (!(error instanceof RedisTrouble)) throw error;
      this.#errors += 1;
    };
    return { control, entries: keys.entries, deadline: deadlines.control, now: clock.now, onTrouble };
  }

  async #counted<T>(task: () => Promise<T>): Promise<T> {
    try {
      return await task();
    } catch (error) {
      this.#errors += 1;
      throw error;
    }
  }
}

/** Takes away what is there. */
const NO_VALUE: EncodedValue = { bytes: Buffer.alloc(0), px: 0 };

/** Trouble becomes `value`: it has been counted. Anything else is a fault of ours and is not hidden. */
function otherwise<T>(value: T): (error: unknown) => T {
  return (error) => {
    if (error instanceof RedisTrouble) return value;
    throw error;
  };
}
