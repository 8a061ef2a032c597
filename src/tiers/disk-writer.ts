import { statSync } from 'node:fs';
import { encodeHead } from './codec.js';
import type { Account } from './disk-account.js';
import { type FailureLog, isFull } from './disk-errors.js';
import { type DiskIndex, type IndexWrite, MAX_HEAD_BYTES, rowBytes, valueBytes } from './disk-index.js';
import type { IndexGrowth } from './disk-index-growth.js';
import { indexKey, MAX_KEY_BYTES } from './disk-key.js';
import { type DiskLimits, indexGrowth } from './disk-limits.js';
import { onDisk, recordBytes, type SegmentLog } from './disk-log.js';
import { type Change, changesOf, type KeyState, lost, type Op, type SetOp } from './disk-ops.js';
import { Reclaimer } from './disk-reclaim.js';
import type { Place } from './disk-segments.js';
import type { UseBits } from './disk-touch.js';
import { type Entry, keptUntil } from './entry.js';
import type { SetResult } from './tier.js';

export interface WriterParts {
  readonly index: DiskIndex;
  readonly log: SegmentLog;
  readonly account: Account;
  readonly limits: DiskLimits;
  readonly failures: FailureLog;
  readonly used: UseBits;
  readonly growth: IndexGrowth;
  readonly indexPath: string;
  readonly maxPendingBytes: number;
  /** See `DiskOptions`. */
  readonly keepMs: number;
  readonly now: () => number;
}

/**
 * The one queue of changes. Batches run strictly one after another: bodies to the segment, then the rows in one
 * transaction. So a row never names a body that was not written, and the accounting always knows what a batch found.
 */
export class DiskWriter {
  writes = 0;
  refused = 0;
  readonly reclaimer: Reclaimer;
  #queue: Op[] = [];
  #pendingBytes = 0;
  #indexFileBytes = 0;
  #running: Promise<void> | undefined;
  #closed = false;

  constructor(readonly parts: WriterParts) {
    this.reclaimer = new Reclaimer(parts, () => this.fileBytes());
  }

  /** Bytes of all our files now. */
  fileBytes(): number {
    return onDisk(this.indexFileBytes()) + this.parts.log.bytes + this.parts.limits.slack;
  }

  /** As last seen where it cannot be looked at (no rights, something else in its place): it is open all the same. */
  indexFileBytes(): number {
    try {
      this.#indexFileBytes = statSync(this.parts.indexPath, { throwIfNoEntry: false })?.size ?? 0;
    } catch {
      // Writes tell of it.
    }
    return this.#indexFileBytes;
  }

  /** Evicts until the bounds hold, when one has become smaller. */
  async trim(): Promise<void> {
    await this.idle();
    // In this very turn: nothing else has begun.
    this.#running ??= this.#run(() => this.reclaimer.trim());
    await this.idle();
  }

  set(entry: Entry): Promise<SetResult> {
    const { limits } = this.parts;
    const fullKey = Buffer.from(entry.key, 'utf8');
    const size = recordBytes(fullKey.length, entry.body.length);
    if (this.#closed) return Promise.resolve('failed');
    const key = indexKey(entry.key);
    if (size > limits.maxEntryBytes || fullKey.length > MAX_KEY_BYTES) return this.#tooLarge(key);
    const head = encodeHead(entry);
    if (head.length > MAX_HEAD_BYTES) return this.#tooLarge(key);
    const cost = size + head.length;
    if (this.#pendingBytes + cost > this.parts.maxPendingBytes) {
      this.refused += 1;
      return Promise.resolve('not-admitted');
    }
    this.#pendingBytes += cost;
    const { body } = entry;
    return new Promise((done) => {
      this.#push({
        kind: 'set',
        key,
        fullKey,
        head,
        body,
        expires: keptUntil(entry, this.parts.keepMs),
        cost,
        done,
      });
    });
  }

  /** What lies there is older than what was just offered: it goes, as in memory. */
  async #tooLarge(key: Buffer): Promise<SetResult> {
    await this.delete(key);
    return 'too-large';
  }

  delete(key: Buffer, only?: Place): Promise<boolean> {
    if (this.#closed) return Promise.resolve(false);
    return new Promise((done) => this.#push({ kind: 'delete', key, only, done }));
  }

  clear(): Promise<number> {
    if (this.#closed) return Promise.resolve(0);
    return new Promise((done) => this.#push({ kind: 'clear', done }));
  }

  /** Resolves when everything accepted so far is committed. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  /** Accepts nothing more, and waits. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.idle();
  }

  #push(op: Op): void {
    this.#queue.push(op);
    // One turn later, so that what arrives together is committed together.
    this.#running ??= new Promise<void>(setImmediate).then(() => this.#run());
  }

  async #run(first?: () => Promise<void>): Promise<void> {
    try {
      await first?.();
      while (this.#queue.length > 0) await this.#next();
      await this.reclaimer.ahead();
    } catch (error) {
      this.parts.failures.failed('write', error);
    } finally {
      this.#running = undefined;
      if (this.#queue.length > 0) this.#running = this.#run();
    }
  }

  async #next(): Promise<void> {
    const first = this.#queue[0];
    if (first?.kind === 'clear') {
      this.#queue.shift();
      first.done(await this.#clear());
      return;
    }
    await this.#batch(this.#takeBatch());
  }

  #takeBatch(): Change[] {
    const { batchEntries, batchBytes } = this.parts.limits;
    const batch: Change[] = [];
    let bytes = 0;
    for (const op of this.#queue) {
      if (op.kind === 'clear' || batch.length >= batchEntries) break;
      if (op.kind === 'set') bytes += op.cost;
      if (batch.length > 0 && bytes > batchBytes) break;
      batch.push(op);
    }
    this.#queue = this.#queue.slice(batch.length);
    return batch;
  }

  /** Whatever goes wrong, everyone is told: those who wait would else be kept for ever, with their part of the bound. */
  async #batch(batch: readonly Change[]): Promise<void> {
    let answers: readonly (() => void)[];
    try {
      const { outcome, places } = await this.#append(batch);
      answers = await this.#commit(batch, outcome, places);
    } catch (error) {
      this.parts.failures.failed('write', error);
      answers = lost(batch, 'failed');
    }
    for (const op of batch) if (op.kind === 'set') this.#pendingBytes -= op.cost;
    for (const answer of answers) answer();
  }

  /** Writes the bodies; says where they lie, or why they don't. */
  async #append(batch: readonly Change[]): Promise<{ outcome: SetResult; places: Place[] }> {
    const sets = batch.filter((op) => op.kind === 'set');
    if (sets.length === 0) return { outcome: 'stored', places: [] };
    try {
      const outcome = await this.#room(batch, sets);
      if (outcome !== 'stored') return { outcome, places: [] };
      const records = sets.map(({ fullKey, body }) => ({ key: fullKey, body }));
      return { outcome, places: await this.parts.log.append(records) };
    } catch (error) {
      this.parts.failures.failed('write', error);
      // The medium is full before our bound is reached: the cache is what can go, so that it goes on turning over.
      if (isFull(error)) await this.reclaimer.giveUpOne();
      return { outcome: 'failed', places: [] };
    }
  }

  /** Makes room for a batch, evicting what was not used lately. */
  async #room(batch: readonly Op[], sets: readonly SetOp[]): Promise<SetResult> {
    let records = 0;
    let rows = 0;
    for (const op of sets) {
      records += recordBytes(op.fullKey.length, op.body.length);
      rows += rowBytes(op.key.length, valueBytes(op.head.length));
    }
    if (await this.reclaimer.makeRoom(onDisk(records), indexGrowth(batch.length, rows), rows))
      return 'stored';
    this.refused += sets.length;
    return 'not-admitted';
  }

  /** Writes the rows; gives what to tell the callers, which must happen after the accounting is right. */
  async #commit(
    batch: readonly Change[],
    outcome: SetResult,
    places: readonly Place[],
  ): Promise<readonly (() => void)[]> {
    const { states, answers } = changesOf(batch, outcome, places, (key) => this.parts.index.facts(key));
    try {
      await this.#write(states);
    } catch (error) {
      this.parts.failures.failed('commit', error);
      if (isFull(error)) await this.reclaimer.giveUpOne();
      return lost(batch, outcome);
    }
    this.writes += places.length;
    return answers;
  }

  async #write(states: readonly KeyState[]): Promise<void> {
    const { index, account } = this.parts;
    const writes: IndexWrite[] = [];
    for (const { key, before, after } of states) {
      if (after === 'removed' && before !== undefined) writes.push({ key, value: undefined });
      else if (after !== undefined && after !== 'removed') writes.push({ key, value: after.row });
    }
    await index.write(writes);
    for (const { before, after } of states) {
      if (after === undefined) continue;
      if (before !== undefined) account.remove(before);
      if (after !== 'removed') account.add(after.facts);
    }
  }

  async #clear(): Promise<number> {
    const { index, log, account, failures } = this.parts;
    const removed = account.entries;
    try {
      await index.clear();
      account.cleared();
      await log.seal();
      for (const segment of [...log.segments.values()]) await log.drop(segment);
      return removed;
    } catch (error) {
      failures.failed('clear', error);
      return 0;
    }
  }
}
